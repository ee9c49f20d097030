"""Named queries over HTTP: the list of them, and each as a page or as data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from pyoxigraph import RdfFormat, parse
from werkzeug.datastructures import Headers

from citygraph import documents, formats, incoming, listing, protocol, replies
from citygraph.addresses import home, local, with_query
from citygraph.errors import EngineError
from citygraph.formats import Format
from citygraph.named import asked, catalogue, results
from citygraph.named.asked import Asked
from citygraph.queries import Query
from citygraph.replies import link
from citygraph.results import SHOWN, truth
from citygraph.site import site
from citygraph.sparql import form, volatile
from citygraph.views import Table
from citygraph.wording import gettext

blueprint = Blueprint("named", __name__)
INDEX = (formats.HTML, formats.JSON)
SRJ = replace(formats.RESULTS_JSON, name="srj", names=())
SRX = replace(formats.RESULTS_XML, name="srx", names=("xml",))
OF_ENGINE = {SRJ: formats.RESULTS_JSON, SRX: formats.RESULTS_XML}
"""Results in the syntaxes of SPARQL, by their suffixes: `json` is tidy JSON here, as everywhere but at /sparql."""
ROWS = (formats.HTML, formats.JSON, formats.RESULTS_CSV, formats.RESULTS_TSV, SRJ, SRX)
GRAPH = (formats.HTML, *formats.GRAPH_FORMATS)


@blueprint.get("/queries/")
def index() -> Response:
    """Every named query, by topic, or as JSON with what each takes."""
    if not request.path.endswith("/"):
        return replies.redirected(incoming.carried(url_for("named.index")), 308)
    format = incoming.wanted(INDEX)
    make = index_page if format is formats.HTML else as_json
    return replies.cached(site, make, format.content_type, description(), negotiated=True)


@blueprint.get("/queries/<name>")
def page(name: str) -> Response:
    """A named query: a page, or its answer in the format of the suffix or the one that the request wants."""
    if request.path.endswith("/"):
        return replies.redirected(incoming.carried(url_for("named.page", name=name)), 308)
    stem, dot, suffix = name.rpartition(".")
    query = site.named.get(stem if dot else name)
    if query is None:
        return elsewhere(name)
    if not dot:
        return reply(query, None)
    format = formats.lookup(suffix, offered(query))
    if format is None or "/" in suffix:
        suffixes = ", ".join(offer.suffix[1:] for offer in offered(query))
        raise catalogue.NoSuchQuery(f"This query comes as {suffixes}.", allowed=suffixes.split(", "))
    return reply(query, format)


def elsewhere(name: str) -> Response:
    """Where a name leads that is no query's: to its right spelling, to a thing of the graph, or nowhere."""
    right = name.rstrip("/").lower()
    if right != name and right.partition(".")[0] in site.named:
        return replies.redirected(incoming.carried(url_for("named.page", name=right)), 308)
    if site.known(f"queries/{name}") or site.known(f"queries/{name.rpartition('.')[0]}"):
        found = current_app.view_functions["graph.thing"](path=f"queries/{name}")
        assert isinstance(found, Response)
        return found
    raise catalogue.missing(name, site.named)


def offered(query: Query) -> tuple[Format, ...]:
    """The formats of a query's answer; rows are JSON for developers before they are SPARQL's."""
    return GRAPH if is_graph(query) else ROWS


def reply(query: Query, suffix: Format | None) -> Response:
    """The answer to a query, in a format. What is wrong with a request is said on the page, if it is for one."""
    given = protocol.parameters(request.query_string)
    chosen = incoming.agreed(suffix) if suffix else incoming.wanted(offered(query))
    started = perf_counter()
    try:
        wanted = asked.read(query, given, site.index, g.language)
        body = written(wanted, chosen)
    except EngineError as error:
        if chosen is not formats.HTML:
            raise
        return wrong(query, given, error)
    lasting = not volatile(wanted.text)
    response = Response(body, headers=replies.of_answer(body, chosen.content_type, lasting, perf_counter() - started))
    response.headers.extend(Headers([("Link", each) for each in links(wanted)]))
    if chosen is formats.HTML:
        response.vary.add("Accept-Language")
    if lasting and not site.changes:
        response.last_modified = site.modified
    response.make_conditional(request)
    return response


def wrong(query: Query, given: Sequence[tuple[str, str]], error: EngineError) -> Response:
    """The page of a query with what is wrong, and the form as it was filled in."""
    said = {parameter.name: dict(given).get(parameter.name, "") for parameter in query.declared}
    response = Response(html(Asked(query, said, ""), None, error), error.status, content_type=formats.HTML.content_type)
    response.headers.update({**error.headers, "Cache-Control": "no-store"})
    response.vary.update(("Accept", "Accept-Language"))
    return response


def written(wanted: Asked, format: Format) -> bytes:
    """The answer in a format. All but the page and tidy JSON are the engine's own bytes."""
    if format not in (formats.HTML, formats.JSON):
        return site.engine.query(wanted.text, format=OF_ENGINE.get(format, format)).body
    if is_graph(wanted.query):
        return html(wanted, site.engine.query(wanted.text, format=formats.TURTLE).body).encode()
    body = site.engine.query(wanted.text, format=formats.RESULTS_JSON).body
    if format is formats.HTML:
        return html(wanted, body).encode()
    return results.as_json(results.named(results.read(body), site.engine, g.language))


def address(wanted: Asked, format: Format | None = None) -> str:
    """Where a query stands with its parameters, in a format and in the language that the address asks for."""
    name = wanted.query.name + (format.suffix if format else "")
    lang = [("lang", spoken)] if (spoken := g.parameters.get("lang")) else []
    return with_query(url_for("named.page", name=name), [*wanted.given.items(), *lang])


def shown_whole(wanted: Asked, format: Format) -> str:
    """The same with every parameter that it has, to show how one asks."""
    said = {**asked.example(wanted.query, site.index), **wanted.given}
    return address(Asked(wanted.query, {name: value for name, value in said.items() if value}, ""), format)


def links(wanted: Asked) -> list[str]:
    """The Link headers: other formats, licence, description."""
    made = [link(address(wanted, each), "alternate", each.media_type) for each in offered(wanted.query)]
    if site.license:
        made.append(link(site.license, "license"))
    return [*made, *description()]


def description() -> list[str]:
    """The Link headers to what explains all queries, for programs."""
    return [
        link(url_for("graph.void"), "describedby"),
        link(url_for("graph.api"), "service-desc", formats.JSON.media_type),
    ]


def html(wanted: Asked, body: bytes | None, error: EngineError | None = None) -> str:
    """The page of a query: its form, its answer, downloads, and the query itself."""
    query, graph = wanted.query, is_graph(wanted.query)
    told = zip(query.columns.values(), listing.headings([*query.columns], site.terms, g.language), strict=True)
    return render_template(
        "named/query.html",
        query=query,
        text=wanted.text,
        fields=asked.fields(query, wanted.given, site.index, g.language),
        table=table(wanted, body) if body is not None and not graph else None,
        turtle=turtle(body) if body is not None and graph else None,
        error=error,
        downloads=[(address(wanted, each), each) for each in offered(query) if each is not formats.HTML],
        curl=shown_whole(wanted, formats.TURTLE if graph else formats.RESULTS_CSV).removeprefix(home()),
        columns=[(heading, gettext(words)) for words, heading in told],
    )


def is_graph(query: Query) -> bool:
    """Whether a query is answered with a graph."""
    return form(query.text) in ("construct", "describe")


def table(wanted: Asked, body: bytes) -> Table:
    """The rows of an answer as a table, up to 1,000 of them; an ASK is one cell."""
    found = results.read(body)
    if found.truth is not None:
        return truth(wanted.query.title, found.truth)
    first = results.named(found.first(SHOWN), site.engine, g.language)
    shown = listing.table(found.columns, results.shown(first), site.terms, local, g.language)
    return Table(wanted.query.title, "", *shown, len(found.rows))


def turtle(body: bytes) -> str:
    """A graph as the page shows it: with the prefixes of the dataset, in the order of its own files."""
    facts = [quad.triple for quad in parse(body, format=RdfFormat.TURTLE)]
    return documents.write(facts, formats.TURTLE, site.dataset).decode()


def index_page() -> str:
    """The list of the queries as a page."""
    return render_template("named/index.html", topics=site.topics)


def as_json() -> bytes:
    """The list of the queries as JSON."""
    made = [told(query) for query in site.named.values()]
    return (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()


def told(query: Query) -> Mapping[str, object]:
    """A query as an object: its address on the web, what it asks, and what it takes."""
    parameters = [
        {
            "name": parameter.name,
            "type": parameter.kind,
            "comment": parameter.comment,
            **({"default": value} if (value := asked.default(query, parameter, site.index)) else {}),
        }
        for parameter in query.declared
    ]
    here = site.public_url + url_for("named.page", name=query.name).removeprefix(home())
    about = {"title": query.title, "comment": query.comment, "topic": query.topic}
    formats_ = [each.suffix[1:] for each in offered(query)]
    return {"name": query.name, "id": here, **about, "parameters": parameters, "formats": formats_}
