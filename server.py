"""The web application: every route. A route reads, asks the graph once, and replies."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, g, render_template, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.local import LocalProxy
from werkzeug.urls import iri_to_uri

from citygraph import documents, formats, listing, pages, protocol, remote, replies
from citygraph.dataset import Dataset, checkout, load
from citygraph.engine import Answer, Embedded, Engine
from citygraph.errors import EngineError
from citygraph.formats import Format
from citygraph.negotiation import negotiate
from citygraph.protocol import BadRequest
from citygraph.site import CODE, Site
from citygraph.sparql import volatile
from citygraph.straight import FAILED

MAX_BODY = 1 << 20
MAX_URL = 1 << 16
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")

graph = Blueprint("graph", __name__)
site = cast(Site, LocalProxy(lambda: current_app.extensions["site"]))


def create_app(
    root: Path | str | None = None, *, engine: Engine | None = None, dataset: Dataset | None = None,
    public_url: str | None = None,
) -> Flask:  # fmt: skip
    """The application over a root, or over a dataset and an engine that are there already; without an engine, over
    the store that CITYGRAPH_ENDPOINT names or, where it names none, the embedded one.

    `public_url` is where the site stands on the web (default: CITYGRAPH_URL, else the base of the dataset).
    """
    dataset = dataset or load(Path(root) if root else checkout())
    app = Flask(
        __name__,
        static_folder=CODE / "citygraph" / "static",
        template_folder=CODE / "citygraph" / "templates",
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    # Werkzeug would redirect from // to / with an address made of the Host header.
    app.url_map.merge_slashes = app.url_map.strict_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    public = public_url or os.environ.get("CITYGRAPH_URL") or dataset.base
    engine = engine or remote.connect(dataset) or Embedded(dataset)
    app.extensions["site"] = Site(dataset, engine, public.rstrip("/") + "/")
    app.register_blueprint(graph)
    app.register_error_handler(EngineError, failed)
    app.register_error_handler(HTTPException, refused)
    app.before_request(read)
    app.after_request(replies.finished)
    app.context_processor(furniture)
    return app


def read() -> Response | None:
    """Read the parameters strictly; OPTIONS is answered here for every address."""
    if len(request.query_string) + len(request.path) > MAX_URL:
        abort(414, f"The address is longer than {MAX_URL} characters; send a long query by POST.")
    try:
        request.environ["PATH_INFO"].encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise BadRequest("The address is not UTF-8.") from None
    g.parameters = dict(reversed(protocol.parameters(request.query_string)))
    g.language = g.parameters.get("lang") or "en"
    if not LANGUAGE.fullmatch(g.language):
        raise BadRequest("lang is a language tag such as en, sv, fr or es.")
    if request.method == "OPTIONS":
        return replies.allowed((request.url_rule and request.url_rule.methods) or {"GET", "HEAD"})
    return None


def failed(error: EngineError) -> Response:
    """A query or a request that gets no answer, in the words of whoever found out."""
    return replies.problem(error.status, error.title, error.detail, error.extra, error.headers)


def refused(error: HTTPException) -> Response:
    """What the framework refuses, or what broke."""
    headers, detail = {}, error.description or error.name
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted({*(error.valid_methods or []), "OPTIONS"}))
        detail = f"This address takes {headers['Allow']}."
    if isinstance(error, RequestEntityTooLarge):
        detail = f"The body is longer than {MAX_BODY} bytes."
    return replies.problem(error.code or 500, error.name, detail, headers=headers)


def furniture() -> dict[str, object]:
    """What every page has around it."""
    return {"site": site, "language": g.get("language", "en"), "local": local}


def local(iri: str) -> str | None:
    """The address on this site of an IRI below the base; None for IRIs of others."""
    base = site.dataset.base
    if not iri.startswith(base):
        return None
    path, question, _ = (rest := iri.removeprefix(base)).partition("?")
    if question and path not in ("sparql", "rdf-graph-store"):
        return url_for("graph.resource", iri=iri)
    return url_for("graph.home") + iri_to_uri(rest)


def wanted(offers: Sequence[Format]) -> Format:
    """The format to answer in: `?format=` if it is there, else what Accept wants most."""
    named = g.parameters.get("format")
    if named is None:
        return negotiate(request.headers.get("Accept"), offers)
    found = formats.lookup(named, offers)
    if found is None:
        names = [offer.name for offer in offers]
        raise BadRequest(f"There is no such format here. format is one of {', '.join(names)}.", offers=names)
    return found


@graph.get("/")
def home() -> Response:
    """What this is, figures, lists, a query form, downloads; clients of RDF are sent to the description."""
    format = wanted((formats.HTML, *documents.RDF_FORMATS))
    if format is not formats.HTML:
        return replies.redirected(url_for("graph.void", format=format.name), 303, negotiated=True)
    return replies.cached(site, home_page, formats.HTML.content_type, negotiated=True)


def home_page() -> str:
    figures = listing.of_list(site.engine, "pages/home/figures", site.terms, local, g.language)
    classes = listing.of_list(site.engine, "pages/home/classes", site.terms, local, g.language)
    return render_template("home.html", figures=figures, classes=classes, formats=formats.GRAPH_FORMATS[:4])


@graph.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """The SPARQL 1.1 Protocol; without a query the page to write one, or the Service Description.

    Most queries never come here: `citygraph.straight` answers them, and sends here what failed."""
    if failed := request.environ.get(FAILED):
        raise failed
    asked = protocol.operation(request.method, request.headers.get("Content-Type", ""), request.query_string, body())
    page = asked.format is None and protocol.prefers_page(request.headers.get("Accept"))
    if page and not (asked.query or "").strip():
        return replies.cached(site, lambda: query_page(asked), formats.HTML.content_type, negotiated=True)
    if asked.query is None:
        return described()
    return query_reply(asked) if page else answered(asked)


def body() -> bytes:
    """The whole body: a chunked one is cut at the limit without a word, and half a query is another query."""
    read = request.get_data()
    if len(read) > MAX_BODY:
        raise RequestEntityTooLarge
    return read


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


def query_reply(asked: protocol.Operation) -> Response:
    """The query page with the query and its result, or with what is wrong with it and the status for that."""
    try:
        found = answer(asked, "application/sparql-results+json, text/turtle")
    except EngineError as error:
        response = Response(query_page(asked, error=error), error.status, content_type=formats.HTML.content_type)
        response.headers.update({**error.headers, "Cache-Control": "no-store"})
    else:
        response = Response(query_page(asked, found), content_type=formats.HTML.content_type)
        response.headers["Cache-Control"] = replies.CACHED
    response.vary.add("Accept")
    return response


def query_page(asked: protocol.Operation, answer: Answer | None = None, error: EngineError | None = None) -> str:
    shown = listing.query_page(asked, local, site.dataset.prefixes, answer, error)
    return render_template("query.html", **shown)


@graph.get("/.well-known/void", endpoint="void")
def described() -> Response:
    """The description of the dataset and of the endpoint; for a browser, the page of the dataset."""
    format = wanted((*documents.RDF_FORMATS, formats.HTML))
    if format is formats.HTML:
        return replies.redirected(
            url_for("graph.thing", path="dataset") if site.about else url_for("graph.home"),
            303,
            negotiated=True,
        )
    return replies.cached(
        site,
        lambda: documents.write(site.description, format, site.dataset),
        format.content_type,
        negotiated=True,
    )


@graph.get("/rdf-graph-store")
def graph_store() -> Response:
    """The Graph Store Protocol, for reading."""
    default, name = "default" in g.parameters, g.parameters.get("graph")
    if default == (name is not None):
        raise BadRequest("Name one graph: ?default, or ?graph= and its IRI.")
    if name is not None and protocol.absolute(name, "graph") not in site.dataset.graphs:
        abort(404, "There is no such graph. There are: " + ", ".join(sorted(site.dataset.graphs)))
    return whole_graph(name)


def whole_graph(name: str | None, format: Format | None = None) -> Response:
    """A named graph, or the default graph."""
    chosen = format or wanted(formats.GRAPH_FORMATS)

    def make() -> bytes:
        text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
        return site.engine.query(text, format=chosen, default_graphs=[name] if name else None).body

    return replies.cached(site, make, chosen.content_type, negotiated=True)


@graph.get("/resource")
def resource() -> Response:
    """What the graph says of an IRI that is not ours; ours are sent to their own address."""
    iri = protocol.absolute(g.parameters.get("iri", ""), "iri")
    here = None if "?" in iri else local(iri)
    if here:
        return replies.redirected(here, 303)
    if not documents.mentioned(site.engine, iri):
        abort(404, "The graph says nothing of this IRI.")
    format = wanted(documents.FORMATS)
    if "format" in g.parameters:
        return document(iri, format)
    return replies.redirected(url_for("graph.resource", iri=iri, format=format.name), 303, negotiated=True)


@graph.get("/<path:path>")
def thing(path: str) -> Response:
    """Whatever the graph has here: a thing (303 to its document), a document, a named graph, or a list."""
    base, (stem, format) = site.dataset.base, documents.split(path)
    if base + path in site.dataset.graphs:
        return whole_graph(base + path)
    if format in documents.RDF_FORMATS and base + stem in site.dataset.graphs:
        return whole_graph(base + stem, format)
    if iri := site.known(path):
        return see_other(iri, path)
    if format and (iri := site.known(stem)):
        return document(iri, format)
    if path in site.lists:
        if unknown := g.parameters.keys() - {"format", "lang"}:
            raise BadRequest(f"A list has no parameter {min(unknown)}; it takes lang. Ask /sparql for a part of it.")
        return replies.cached(site, lambda: list_page(path), formats.HTML.content_type)
    if current := documents.version_of(site.engine, base + path):
        return replies.redirected(local(current) or current, 303)
    if moved := site.right_path(path):
        question = "?" + request.query_string.decode("latin-1") if request.query_string else ""
        return replies.redirected(url_for("graph.thing", path=moved) + question, 308)
    raise NotFound("Nothing is published at this address.")


def see_other(iri: str, path: str) -> Response:
    """From a thing to the document about it; a vocabulary is Turtle unless a browser asks."""
    vocabulary = documents.own_graph(site.dataset, iri) is not None
    offers = (*documents.RDF_FORMATS, formats.HTML) if vocabulary else documents.FORMATS
    location = url_for("graph.thing", path=path + wanted(offers).suffix)
    return replies.redirected(location, 303, negotiated=True)


def document(iri: str, format: Format) -> Response:
    """The document of a thing in one format."""
    address = local(iri)
    alternates = [
        (address + f.suffix if address else url_for("graph.resource", iri=iri, format=f.name), f)
        for f in documents.FORMATS
    ]
    classes = documents.classes(site.engine, site.dataset, iri)
    path = site.collections.get(documents.first(classes, list(site.collections), ""))
    links = replies.described(site, iri, alternates, url_for("graph.thing", path=path) if path else None)

    def make() -> bytes | str:
        facts = documents.triples(site.engine, site.dataset, iri)
        if iri == site.dataset.iri:
            facts = [*facts, *site.description]
        if format is not formats.HTML:
            return documents.write(facts, format, site.dataset)
        derived = site.dataset.graph("derived")
        page = pages.thing(site.engine, iri, facts, derived, site.terms, local, g.language)
        templates = current_app.jinja_env.list_templates(filter_func=lambda name: name.startswith("things/"))
        template = documents.first([f"things/{name}.html" for name in classes], templates, "thing.html")
        return render_template(template, page=page, alternates=alternates, collection=path)

    return replies.cached(site, make, format.content_type, links)


def list_page(path: str) -> str:
    table = listing.of_list(site.engine, f"pages/{path}", site.terms, local, g.language)
    return render_template("list.html", table=table)
