"""Representations of what stands at an address: the redirect to a thing's document, documents, and named graphs."""

from collections.abc import Callable, Sequence
from functools import cache

from flask import Response, current_app, g, render_template, url_for
from pyoxigraph import Triple

from citygraph import (
    browsing,
    citations,
    documents,
    formats,
    maps,
    pages,
    replies,
    signposts,
    surroundings,
    tidy,
    vocabulary,
)
from citygraph.addresses import local, of_document
from citygraph.documents import Fate
from citygraph.formats import Format
from citygraph.incoming import carried, wanted
from citygraph.site import site

Writer = Callable[[str, Format], bytes | str]


def tidied(iri: str, format: Format) -> bytes:
    """The document of a thing as tidy JSON."""
    return tidy.document(iri, facts(iri), site.context, site.public_url + site.context.path)


WRITERS: dict[Format, Writer] = {
    formats.JSON: tidied,
    formats.CSV: browsing.of_thing,
    formats.GEOJSON: browsing.of_thing,
}
"""What writes a document that is neither HTML nor a syntax of RDF, from the thing's IRI and the format."""


def offered(iri: str) -> Sequence[Format]:
    """The formats that a thing's document comes in, in the order that decides ties."""
    if documents.own_graph(site.dataset, iri) is not None:
        # A vocabulary is Turtle unless a browser asks.
        return sorted(documents.FORMATS, key=lambda format: format not in documents.RDF_FORMATS)
    return documents.offered(documents.classes(site.engine, site.dataset, iri))


def see_other(iri: str) -> Response:
    """From a thing to the document about it, or to what replaced it; what was withdrawn is gone (410)."""
    if "#" in iri:
        return replies.redirected(local(iri) or iri, 303)
    fate = documents.fate(site.engine, iri)
    if fate.moved:
        here = local(fate.moved)
        return replies.redirected(carried(here) if here else fate.moved, 301)
    format = wanted(offered(iri))
    if fate.withdrawn:
        return document(iri, format)
    return replies.redirected(of_document(iri, format, g.parameters.get("lang")), 303, negotiated=True)


def facts(iri: str) -> list[Triple]:
    """What the document of a thing says, in every format."""
    found = documents.triples(site.engine, site.dataset, iri)
    return [*found, *site.description] if iri == site.dataset.iri else found


def document(iri: str, format: Format) -> Response:
    """The document of a thing in one format."""
    classes, fate = documents.classes(site.engine, site.dataset, iri), documents.fate(site.engine, iri)
    alternates = [(of_document(iri, f), f) for f in sorted(offered(iri), key=documents.EVERY.index)]
    path = site.collections.get(documents.first(classes, list(site.collections), ""))
    links = replies.described(site, iri, alternates, url_for("graph.thing", path=path) if path else None)
    if format is formats.JSON:
        links.append(context_link())
    links += [replies.link(local(later) or later, "successor-version") for later in fate.replacements]
    if iri == site.dataset.iri:
        links += signposts.headers(format)

    def make() -> bytes | str:
        if format in WRITERS:
            return WRITERS[format](iri, format)
        if format is formats.HTML:
            return page(iri, classes, alternates, path, fate)
        return documents.write(facts(iri), format, site.dataset)

    if fate.withdrawn:
        return replies.gone(make(), format.content_type, links)
    return replies.cached(site, make, format.content_type, links)


def context_link() -> str:
    """The Link header from tidy JSON to its context."""
    address = url_for("graph.context", version=site.context.version)
    return replies.link(address, "http://www.w3.org/ns/json-ld#context", formats.JSON_LD.media_type)


def page(
    iri: str, classes: Sequence[str], alternates: list[tuple[str, Format]], collection: str | None, fate: Fate
) -> str:
    """The document of a thing as HTML, by the template of its class."""
    told = facts(iri)
    if vocabulary.is_one(site, iri, told) and not (fate.withdrawn or fate.replacements):
        page = vocabulary.page(site, iri, told, local, g.language)
        return render_template("vocabulary.html", page=page, alternates=alternates)
    derived = site.dataset.graph("derived")
    links = cache(local)
    shown = pages.thing(site.engine, iri, told, derived, site.terms, links, g.language)
    templates = current_app.jinja_env.list_templates(filter_func=lambda name: name.startswith("things/"))
    template = documents.first([f"things/{name}.html" for name in classes], templates, "thing.html")
    if fate.withdrawn or fate.replacements:
        template = "tombstone.html"
    elif iri == site.dataset.iri:
        template = "dataset.html"
    found = surroundings.around(site.engine, iri, classes, site.terms, links, g.language, site.hues)
    points = [maps.Point(p.latitude, p.longitude, p.value.text, p.value.href or "", p.value.hue) for p in found.places]
    question = documents.question(site.engine, site.dataset, iri)
    return render_template(
        template, page=shown, alternates=alternates, collection=collection, fate=fate, question=question,
        told=found.told, groups=found.groups, places=found.places, cited=citations.of(site, shown),
        where=maps.small(points),
    )  # fmt: skip


def said(about: Callable[[], Sequence[Triple]], page: str) -> Response:
    """What the publisher says of itself, in a syntax of RDF; browsers are sent to a page."""
    format = wanted((*documents.RDF_FORMATS, formats.HTML))
    if format is formats.HTML:
        return replies.redirected(page, 303, negotiated=True)
    return replies.cached(
        site, lambda: documents.write(about(), format, site.dataset), format.content_type, negotiated=True
    )


def whole_graph(name: str | None, format: Format | None = None) -> Response:
    """A named graph, or the default graph."""
    chosen = format or wanted(formats.GRAPH_FORMATS)

    def make() -> bytes:
        text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
        return site.engine.query(text, format=chosen, default_graphs=[name] if name else None).body

    return replies.cached(site, make, chosen.content_type, signposts.of_content(), negotiated=True)
