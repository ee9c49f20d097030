"""The replies of the SPARQL endpoint: the engine's bytes for programs, the query page for people."""

from dataclasses import dataclass, field
from hashlib import blake2b
from time import perf_counter
from typing import Any

from flask import Response, current_app, g, render_template, request
from markupsafe import Markup

from citygraph import charts, editor, formats, maps, protocol, replies, results, turtle
from citygraph.addresses import local
from citygraph.engine import Answer
from citygraph.errors import EngineError
from citygraph.formats import GRAPH_FORMATS, SOLUTION_FORMATS
from citygraph.incoming import MAX_URL
from citygraph.site import site
from citygraph.sparql import volatile
from citygraph.views import Table

GRAPHS = GRAPH_FORMATS[:4]
START = "SELECT ?class (COUNT(?thing) AS ?things)\nWHERE { ?thing a ?class }\nGROUP BY ?class\nORDER BY DESC(?things)"
"""What stands in the form until somebody writes something else: it asks any graph what is in it."""
SHORT = MAX_URL // 4
"""Characters of a query up to which there are links that hold it, in whatever letters it is written."""


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
    started = perf_counter()
    try:
        view = wished()
        found = answer(asked, "application/sparql-results+json, text/turtle")
        seconds = perf_counter() - started
        body = page(asked, shown(found, view, seconds))
    except EngineError as error:
        return mistaken(error, asked)
    response = Response(body, content_type=formats.HTML.content_type)
    response.headers["Server-Timing"] = f"query;dur={seconds * 1000:.1f}"
    response.headers["Cache-Control"] = "no-store" if volatile(asked.query or "") else replies.CACHED
    # Without the time that it took, which differs from one to the next.
    about = f"{site.edition} {request.full_path} {request.script_root} {g.language}".encode("utf-8", "replace")
    response.set_etag(blake2b(about + found.body, digest_size=16).hexdigest())
    response.make_conditional(request)
    response.vary.update(("Accept", "Accept-Language"))
    return response


def mistaken(error: EngineError, asked: protocol.Operation | None = None) -> Response:
    """The query page with what is wrong. Raises the error where the reply is not for a person."""
    if not protocol.prefers_page(request.headers.get("Accept")) or (asked is None and "query" not in g.parameters):
        raise error
    asked = asked or protocol.Operation(g.parameters["query"], None, None, None, None)
    response = Response(page(asked, Shown(), error), error.status, content_type=formats.HTML.content_type)
    response.headers.update({**error.headers, "Cache-Control": "no-store"})
    response.vary.update(("Accept", "Accept-Language"))
    return response


def wished() -> str:
    """The view that the address asks for. Raises `BadRequest` for one that there is not."""
    view = str(g.parameters.get("view", ""))
    if view and view not in results.VIEWS:
        raise protocol.BadRequest(f"There is no such view. view is one of {', '.join(results.VIEWS)}.")
    return view


@dataclass(frozen=True)
class Shown:
    """A result as the page shows it, in one of its `views`; `missing` is a view that was asked for and that it has
    not. `drawn` is a map or a chart of `charted` rows, `column` the one of `columns` that it shows."""

    view: str = ""
    views: list[str] = field(default_factory=list)
    missing: str = ""
    table: Table | None = None
    graph: results.Graph | None = None
    drawn: Markup | None = None
    count: int = 0
    total: int = 0
    column: str = ""
    columns: list[str] = field(default_factory=list)
    seconds: float = 0.0
    size: int = 0


def shown(found: Answer, view: str, seconds: float) -> Shown:
    """An answer in the view that was asked for, if it has it, else in its first."""
    told: dict[str, Any] = {"seconds": seconds, "size": len(found.body)}
    prefixes = site.dataset.prefixes
    if found.kind == "graph":
        graph, views = results.graph(found.body, local, prefixes), ["turtle", "table"]
        told |= {"graph": graph, "table": graph.table, "count": len(graph.table.rows), "total": graph.total}
    else:
        rows = results.solutions(found.body)
        views = rows.views
        if view == "map" and "map" in views:
            points = results.places(rows, local)
            told |= {"drawn": maps.small([maps.Point(*place) for place in points]), "count": len(points)}
        elif view == "chart" and "chart" in views:
            told |= charted(rows)
        else:
            told |= {"table": (table := results.table(rows, local, prefixes)), "count": len(table.rows)}
        told |= {"total": max(len(rows.rows), rows.truth is not None)}
    missing = view if view not in views else ""
    return Shown(views[0] if missing or not view else view, views, missing, **told)


def charted(rows: results.Solutions) -> dict[str, Any]:
    """The chart of the column that the address names, or of the first that can be drawn."""
    columns, column = rows.numbers, g.parameters.get("column", "")
    if column and column not in columns:
        raise protocol.BadRequest(f"No chart can be drawn of that column. column is one of {', '.join(columns)}.")
    bars = results.bars(rows, column or columns[0], turtle.Names(site.dataset.prefixes))
    drawn = charts.bars(bars, column or columns[0])
    return {"drawn": drawn, "count": len(bars), "column": column or columns[0], "columns": columns}


def page(asked: protocol.Operation, result: Shown | None = None, error: EngineError | None = None) -> str:
    """The query page as HTML."""
    replies.spoken(formats.HTML)
    text = (asked.query or "").replace("\r\n", "\n")
    graph = result is not None and result.graph is not None
    return render_template(
        "query.html",
        text=text if text.strip() else START,
        given=given(asked, text),
        short=len(text) < SHORT,
        result=result if error is None else None,
        error=error,
        fault=fault(text, error) if error else None,
        prefixes=site.dataset.prefixes,
        downloads=GRAPHS if graph else SOLUTION_FORMATS,
        formats={"graph": [named(f) for f in GRAPHS], "solutions": [named(f) for f in SOLUTION_FORMATS]},
        editor=None if site.static else editor.files(),
        functions=current_app.view_functions,
    )


def named(format: formats.Format) -> tuple[str, str, str]:
    """A format as a download is called: its name, its suffix, and what people call it."""
    return format.name, format.suffix, format.label.removeprefix("SPARQL Results in ")


def given(asked: protocol.Operation, text: str) -> dict[str, object]:
    """What the address of the same question says, for the links of the page."""
    said: dict[str, object] = {"query": text}
    if asked.default_graphs:
        said["default-graph-uri"] = asked.default_graphs
    if asked.named_graphs:
        said["named-graph-uri"] = asked.named_graphs
    if asked.timeout is not None:
        said["timeout"] = f"{asked.timeout:g}"
    return said


@dataclass(frozen=True)
class Fault:
    """The line of a query that is wrong, in three pieces, of which the middle one is marked; numbers from 1."""

    line: int
    column: int
    before: str
    marked: str
    after: str
    above: str = ""


def fault(text: str, error: EngineError) -> Fault | None:
    """Where a query is wrong, if the error says it."""
    line, column = error.extra.get("line"), error.extra.get("column")
    lines = text.split("\n")
    if not isinstance(line, int) or not isinstance(column, int) or not 1 <= line <= len(lines):
        return None
    whole, start = lines[line - 1], max(column - 1, 0)
    end = start
    while end < len(whole) and (end == start or (not whole[end].isspace() and whole[end] not in "{}();,")):
        end += 1
    above = lines[line - 2] if line > 1 else ""
    return Fault(line, column, whole[:start], whole[start:end], whole[end:], above)
