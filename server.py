"""The web application: every route. A route reads, asks the graph once, and replies.

The routes of the graph itself stand below, those of a topic in the topic's own module; `TOPICS` lists them.
"""

import os
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, g, render_template, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from citygraph import (
    answering,
    browsing,
    discovery,
    documents,
    downloads,
    editor,
    exploring,
    formats,
    front_page,
    listing,
    listpages,
    lookups,
    maps,
    openapi,
    pictures,
    protocol,
    reconciling,
    remote,
    replies,
    reporting,
    signposts,
    statistics,
    wording,
)
from citygraph.addresses import canonical, in_languages, local, placed, url_on_page
from citygraph.addresses import home as begin
from citygraph.dataset import Dataset, checkout, load
from citygraph.engine import Embedded, Engine
from citygraph.errors import EngineError
from citygraph.incoming import MAX_BODY, agreed, body, carried, read, wanted
from citygraph.mounting import mounted
from citygraph.named import routes as named
from citygraph.permalinks import routes as permalinks
from citygraph.permalinks.kept import Kept
from citygraph.protocol import BadRequest
from citygraph.representations import document, offered, said, see_other, whole_graph
from citygraph.site import CODE, Site, site
from citygraph.straight import FAILED

graph = Blueprint("graph", __name__)
TOPICS = (
    exploring.blueprint,  # /explore: a list, narrowed by facets with counts
    maps.blueprint,  # /map and /map.svg: what has a place, under the same filters
    statistics.blueprint,  # /statistics: what can be counted, as charts and tables
    named.blueprint,  # /queries/ and /queries/<name>: queries with parameters, as pages and as data
    permalinks.blueprint,  # /q/ and /q/<id>: queries that somebody kept under a short link
    editor.blueprint,  # /assets/… and /sparql/terms.json: the editor of the query page, and what it completes
    downloads.blueprint,  # /downloads, /dump/…, /releases/…, the feed: files that lie ready
    reporting.blueprint,  # /validation: what is wrong with the graph, and what is missing
    pictures.blueprint,  # /card.png and /favicon.ico: pictures of the whole site
)
"""Where the other routes stand; each module says at its top what it is for."""


def create_app(
    root: Path | str | None = None, *, engine: Engine | None = None, dataset: Dataset | None = None,
    public_url: str | None = None, path: str | None = None, state: Path | str | None = None,
) -> Flask:  # fmt: skip
    """The application over a root, or over a dataset and an engine that are there already; without an engine, over
    the store that CITYGRAPH_ENDPOINT names or, where it names none, the embedded one.

    `public_url` is where the site stands on the web (default: CITYGRAPH_URL, else the base of the dataset), `path` is
    what its addresses begin with on this server (default: CITYGRAPH_PATH, else /), `state` the folder for what users
    leave here (default: CITYGRAPH_STATE, else .state in the root).
    """
    dataset = dataset or load(Path(root) if root else checkout())
    ours = CODE / "citygraph"
    app = Flask(__name__, static_folder=ours / "static", template_folder=ours / "templates")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 300
    # Werkzeug would redirect from // to / with an address made of the Host header.
    app.url_map.merge_slashes = app.url_map.strict_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    wording.install(app.jinja_env)
    public = public_url or os.environ.get("CITYGRAPH_URL") or dataset.base
    engine = engine or remote.connect(dataset) or Embedded(dataset)
    app.extensions["site"] = Site(dataset, engine, public.rstrip("/") + "/")
    reconciling.install(app, app.extensions["site"])
    for blueprint in (graph, *TOPICS):
        app.register_blueprint(blueprint)
    permalinks.install(app, Kept(Path(state or os.environ.get("CITYGRAPH_STATE") or dataset.root / ".state")))
    app.register_error_handler(EngineError, failed)
    app.register_error_handler(HTTPException, refused)
    app.before_request(read)
    app.after_request(replies.finished)
    app.context_processor(furniture)
    app.wsgi_app = mounted(app.wsgi_app, path or os.environ.get("CITYGRAPH_PATH") or "/")  # type: ignore[assignment,method-assign]
    return app


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
    words = {"language": wording.spoken(), "turned_to": in_languages(), "canonical": canonical()}
    explored = listpages.explored(site)
    return {"site": site, "local": local, "url_for": url_on_page, "explored": explored, **words}


@graph.get("/")
def home() -> Response:
    """What this is, figures, lists, a query form, downloads; clients of RDF are sent to the description."""
    format = wanted((formats.HTML, *documents.RDF_FORMATS))
    if format is not formats.HTML:
        return replies.redirected(url_for("graph.void", format=format.name), 303, negotiated=True)
    return replies.cached(site, front_page.page, formats.HTML.content_type, negotiated=True)


@graph.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """The SPARQL 1.1 Protocol; without a query the page to write one, or the Service Description.

    Most queries never come here: `citygraph.straight` answers them, and sends here what failed."""
    if failed := request.environ.get(FAILED):
        raise failed
    try:
        kind, sent = request.headers.get("Content-Type", ""), body()
        asked = protocol.operation(request.method, kind, request.query_string, sent)
    except EngineError as error:
        return answering.mistaken(error)
    page = asked.format is None and protocol.prefers_page(request.headers.get("Accept"))
    if page and not (asked.query or "").strip():
        return replies.cached(site, lambda: answering.page(asked), formats.HTML.content_type, negotiated=True)
    if asked.query is None:
        return described()
    return answering.on_page(asked) if page else answering.answered(asked)


@graph.get("/.well-known/void", endpoint="void")
def described() -> Response:
    """The description of the dataset and of the endpoint; for a browser, the page of the dataset."""
    page = url_for("graph.thing", path="dataset") if site.about else url_for("graph.home")
    return said(lambda: site.description, page)


@graph.get("/.well-known/sparql-examples")
def examples() -> Response:
    """The queries to start from as data; for a browser, the page to ask them on."""
    return said(lambda: site.example_queries, url_for("graph.sparql"))


@graph.get("/dataset.linkset.json")
def linkset() -> Response:
    """The typed links of the dataset's page."""
    if not site.about:
        raise NotFound("The graph says nothing of its own dataset.")
    return replies.cached(site, signposts.written_linkset, signposts.LINKSET.content_type)


@graph.get("/sitemap.xml")
@graph.get("/sitemap-<int:part>.xml")
def sitemap(part: int | None = None) -> Response:
    """Every page there is, for crawlers; in parts where there are very many."""
    return replies.cached(site, lambda: discovery.sitemap(site, part), "application/xml; charset=utf-8")


@graph.get("/robots.txt")
def robots() -> Response:
    """What crawlers may read."""
    return replies.cached(site, lambda: discovery.robots(site), formats.TEXT.content_type)


@graph.get("/llms.txt")
def llms() -> Response:
    """What a language model has to know to use this site."""
    return replies.cached(site, lambda: discovery.llms(site), formats.TEXT.content_type)


@graph.get("/rdf-graph-store")
def graph_store() -> Response:
    """The Graph Store Protocol, for reading."""
    default, name = "default" in g.parameters, g.parameters.get("graph")
    if default == (name is not None):
        raise BadRequest("Name one graph: ?default, or ?graph= and its IRI.")
    if name is not None and protocol.absolute(name, "graph") not in site.dataset.graphs:
        abort(404, "There is no such graph. There are: " + ", ".join(sorted(site.dataset.graphs)))
    return whole_graph(name)


@graph.get("/context/<version>.jsonld")
def context(version: str) -> Response:
    """The JSON-LD context of tidy JSON; one that is published never changes."""
    found = site.contexts.get(version) or abort(404, f"There is no such context; there is {', '.join(site.contexts)}.")
    reply = replies.cached(site, lambda: found.text, formats.JSON_LD.content_type)
    if found.final:
        reply.headers["Cache-Control"] = replies.IMMUTABLE
    return reply


@graph.get("/api/openapi.json")
def api() -> Response:
    """What a program can ask here, as OpenAPI 3.1."""
    return replies.cached(site, lambda: openapi.document(site, begin()), formats.JSON.content_type)


@graph.get("/resource")
def resource() -> Response:
    """What the graph says of an IRI that is not ours; ours are sent to their own address."""
    iri = protocol.absolute(g.parameters.get("iri", ""), "iri")
    if "?" not in iri and (here := placed(iri)):
        return replies.redirected(here, 303)
    if not documents.mentioned(site.engine, iri):
        abort(404, "The graph says nothing of this IRI.")
    format = wanted(offered(iri))
    if "format" in g.parameters:
        return document(iri, format)
    return replies.redirected(url_for("graph.resource", iri=iri, format=format.name), 303, negotiated=True)


@graph.get(f"/<any({', '.join(lookups.SCHEMES)}):scheme>/<path:code>")
def lookup(scheme: str, code: str) -> Response:
    """The thing that an identifier of others means; where it means several, a choice."""
    path = f"{scheme}/{code}"
    if site.known(path) or site.known(documents.split(path)[0]):
        return thing(path)
    found = [local(iri) or iri for iri in lookups.find(site.engine, scheme, code)]
    if not found:
        abort(404, f"Nothing here is linked with {code} of {scheme}.")
    if len(found) > 1:
        return replies.problem(300, "Several things", f"{code} of {scheme} means several things.", {"choices": found})
    return replies.redirected(carried(found[0]), 303)


@graph.get("/<path:path>.csv-metadata.json")
def csv_metadata(path: str) -> Response:
    """The dictionary of the columns of a list's CSV (CSV on the Web)."""
    return browsing.metadata(path)


@graph.get("/<path:path>")
def thing(path: str) -> Response:
    """Whatever the graph has here: a thing (303 to its document), a document, a named graph, or a list."""
    base, (stem, format) = site.dataset.base, documents.split(path)
    if base + path in site.dataset.graphs:
        return whole_graph(base + path)
    if format in documents.RDF_FORMATS and base + stem in site.dataset.graphs:
        return whole_graph(base + stem, agreed(format))
    if iri := site.known(path):
        return see_other(iri)
    if format and "#" not in stem and (iri := site.known(stem)) and format in offered(iri):
        return document(iri, agreed(format))
    if path in site.lists:
        return browsing.reply(path)
    if format and stem in site.lists:
        return browsing.reply(stem, format)
    if current := documents.version_of(site.engine, base + path):
        return replies.redirected(local(current) or current, 303)
    if moved := site.right_path(path):
        return replies.redirected(carried(url_for("graph.thing", path=moved)), 308)
    raise NotFound("Nothing is published at this address.")


@graph.get("/links")
def links() -> Response:
    """What is linked with other datasets, how well, and what is not or in doubt."""
    return replies.cached(site, links_page, formats.HTML.content_type)


def links_page() -> str:
    names = ("pages/links/counts", "pages/links/doubts")
    tables = [listing.of_list(site.engine, name, site.terms, local, g.language) for name in names]
    return render_template("links.html", tables=tables)


@graph.route("/reconcile", methods=["GET", "POST"])
def reconcile() -> Response:
    """The Reconciliation Service API; for a browser, the page to paste names on."""
    asked = reconciling.given(body())
    plain = request.method == "GET" and not asked.keys() & {"queries", "extend", "query", "callback"}
    if plain and wanted((formats.JSON, formats.HTML)) is formats.HTML:
        return replies.redirected(url_for("graph.reconcile_table"), 303, negotiated=True)
    return reconciling.reply(site, asked)


@graph.get("/reconcile/suggest/<kind>")
def reconcile_suggest(kind: str) -> Response:
    """Things, types or properties that begin with `prefix`."""
    return reconciling.suggested(kind, g.parameters)


@graph.get("/reconcile/properties")
def reconcile_properties() -> Response:
    """Columns that may be asked for things of a type."""
    return reconciling.proposed(g.parameters)


@graph.get("/reconcile/preview")
def reconcile_preview() -> Response:
    """A thing on a card, for the frame of another site."""
    return reconciling.preview(g.parameters)


@graph.route("/reconcile/table", methods=["GET", "POST"])
def reconcile_table() -> Response:
    """The page to paste a column of names on, and its result as a table or as CSV."""
    return reconciling.table(reconciling.given(body()))
