"""Addresses on this site: where an IRI below the base is found here, wherever the site is mounted."""

from typing import Any
from urllib.parse import quote, unquote, urlencode

from flask import g, request, url_for
from werkzeug.urls import iri_to_uri

from citygraph import documents, wording
from citygraph.formats import Format
from citygraph.site import site

ENDPOINTS = ("sparql", "rdf-graph-store")


def local(iri: str) -> str | None:
    """The address on this site of an IRI below the base; None for IRIs of others."""
    if not iri.startswith(site.dataset.base):
        return None
    here = placed(iri)
    if here is None:
        return url_for("graph.resource", iri=iri)
    path, hash, fragment = here.partition("#")
    return f"{path}?lang={lang}{hash}{fragment}" if (lang := g.get("carried")) and "?" not in path else here


def url_on_page(endpoint: str, **values: Any) -> str:
    """An address for a template: pages go on in the language that the page's own address asks for."""
    to_data = "format" in values or documents.split(str(values.get("path", "")))[1]
    if (lang := g.get("carried")) and endpoint != "static" and not to_data:
        values.setdefault("lang", lang)
    return url_for(endpoint, **values)


def in_languages() -> list[dict[str, str]]:
    """The page that is asked for in the languages of labels: tag, address, own name, and once more the name of those
    of the interface.

    The last one is for readers of any other language."""
    given = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    made = [{"language": "x-default", "address": request.script_root + with_query(request.path, given)}]
    for tag in reversed(wording.LABELS):
        address = request.script_root + with_query(request.path, [*given, ("lang", tag)])
        made.insert(0, {"language": tag, "address": address, "called": wording.LABELS[tag],
                        "name": wording.INTERFACE.get(tag, "")})  # fmt: skip
    return made


def canonical() -> str:
    """Where the page that is asked for stands on the web."""
    return site.public_url + with_query(request.path, list(request.args.items(multi=True))).lstrip("/")


def with_query(path: str, given: list[tuple[str, str]]) -> str:
    """A path with parameters, as a browser may be sent to."""
    return quote(path, safe="/:@!$&'()*+,;=~") + (f"?{urlencode(given)}" if given else "")


def placed(iri: str) -> str | None:
    """The same for those whose path is their address; None for others."""
    base = site.dataset.base
    rest = iri.removeprefix(base)
    return home() + iri_to_uri(rest) if iri.startswith(base) and has_path(base, rest) else None


def of_document(iri: str, format: Format, lang: str | None = None) -> str:
    """The address of the document of a thing in one format, and in a language where one was asked for."""
    if here := placed(iri):
        return here + format.suffix + (f"?lang={lang}" if lang else "")
    return url_for("graph.resource", iri=iri, format=format.name, lang=lang)


def home() -> str:
    """What every path here begins with."""
    return f"{request.script_root}/"


def has_path(base: str, rest: str) -> bool:
    """Whether an IRI, the base and the rest, can be asked for by a path: that arrives decoded and without `..`."""
    path, question, _ = rest.partition("#")[0].partition("?")
    if question:
        return path in ENDPOINTS
    if "./" in path or path.endswith("."):
        return not {".", ".."} & set(path.split("/"))
    return "%" not in path or base + path in documents.spellings(unquote(path), base)
