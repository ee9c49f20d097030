"""The replies of the SPARQL endpoint: the engine's bytes for programs, the query page for people."""

from time import perf_counter

from flask import Response, render_template, request

from citygraph import formats, listing, protocol, replies
from citygraph.addresses import local
from citygraph.engine import Answer
from citygraph.errors import EngineError
from citygraph.site import site
from citygraph.sparql import volatile


def answer(asked: protocol.Operation, accept: str | None) -> Answer:
    """What the engine answers."""
    graphs = {"default_graphs": asked.default_graphs, "named_graphs": asked.named_graphs}
    return site.engine.query(asked.query or "", accept, format=asked.format, timeout=asked.timeout, **graphs)


def answered(asked: protocol.Operation) -> Response:
    """The engine's answer, byte by byte."""
    started = perf_counter()
    found = answer(asked, request.headers.get("Accept"))
    lasting, seconds = not volatile(asked.query or ""), perf_counter() - started
    response = Response(found.body, headers=replies.of_answer(found.body, found.format.content_type, lasting, seconds))
    response.make_conditional(request)
    return response


def on_page(asked: protocol.Operation) -> Response:
    """The query page with the query and its result, or with what is wrong with it and the status for that."""
    try:
        found = answer(asked, "application/sparql-results+json, text/turtle")
    except EngineError as error:
        response = Response(page(asked, error=error), error.status, content_type=formats.HTML.content_type)
        response.headers.update({**error.headers, "Cache-Control": "no-store"})
    else:
        response = Response(page(asked, found), content_type=formats.HTML.content_type)
        response.headers["Cache-Control"] = replies.CACHED
        response.add_etag()
        response.make_conditional(request)
    response.vary.update(("Accept", "Accept-Language"))
    return response


def page(asked: protocol.Operation, answer: Answer | None = None, error: EngineError | None = None) -> str:
    """The query page as HTML."""
    replies.spoken(formats.HTML)
    shown = listing.query_page(asked, local, site.dataset.prefixes, answer, error)
    return render_template("query.html", **shown)
