"""Addresses on this site: where an IRI below the base is found here, wherever the site is mounted."""

from urllib.parse import unquote

from flask import url_for
from werkzeug.urls import iri_to_uri

from citygraph import documents
from citygraph.formats import Format
from citygraph.site import site

ENDPOINTS = ("sparql", "rdf-graph-store")


def local(iri: str) -> str | None:
    """The address on this site of an IRI below the base; None for IRIs of others."""
    if not iri.startswith(site.dataset.base):
        return None
    return placed(iri) or url_for("graph.resource", iri=iri)


def placed(iri: str) -> str | None:
    """The same for those whose path is their address; None for others."""
    base = site.dataset.base
    rest = iri.removeprefix(base)
    return url_for("graph.home") + iri_to_uri(rest) if iri.startswith(base) and has_path(base, rest) else None


def of_document(iri: str, format: Format, lang: str | None = None) -> str:
    """The address of the document of a thing in one format, and in a language where one was asked for."""
    if here := placed(iri):
        return here + format.suffix + (f"?lang={lang}" if lang else "")
    return url_for("graph.resource", iri=iri, format=format.name, lang=lang)


def has_path(base: str, rest: str) -> bool:
    """Whether an IRI, the base and the rest, can be asked for by a path: that arrives decoded and without `..`."""
    path, question, _ = rest.partition("#")[0].partition("?")
    if question:
        return path in ENDPOINTS
    if "./" in path or path.endswith("."):
        return not {".", ".."} & set(path.split("/"))
    return "%" not in path or base + path in documents.spellings(unquote(path), base)
