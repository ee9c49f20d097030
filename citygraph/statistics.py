"""The page of statistics: what can be counted of a graph, each count one query of `citygraph/queries/statistics/`,
drawn as a chart and told as a table. A query that finds nothing in a graph makes no chart of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response, g, render_template
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from citygraph import charts, formats, incoming, listing, queries, replies
from citygraph.addresses import local
from citygraph.charts import FAINT, Bar, Layer
from citygraph.labels import Term, written
from citygraph.listing import cell, projected
from citygraph.protocol import BadRequest
from citygraph.site import once, site
from citygraph.views import Table, Value
from citygraph.wording import gettext, message

blueprint = Blueprint("statistics", __name__)

Rows = Sequence[Mapping[str, Term]]
DRAWN = 20
"""Bars of a chart, at most; the table beside it has all."""
KEPT = 256


@dataclass(frozen=True)
class Chart:
    """How the rows of a query are shown: `form` is bars, columns (stacked), multiples or table.

    `label` is the column that says what a bar or a layer is of, `values` are the columns of its numbers, `thing` the
    column of what it leads to where that is another one; `whole` is what a bar is a part of, `across` the column that
    columns stand for. `title` is that of the query unless it has its own."""

    name: str
    form: str
    label: str = ""
    values: tuple[str, ...] = ()
    thing: str = ""
    across: str = ""
    whole: str = ""
    unit: str = ""
    title: str = ""
    query: str = ""


CHARTS = (
    Chart("growth", "columns", "field", ("members",), across="year", unit=message("member cities")),
    Chart("fields", "multiples", "field", ("members",), across="year", unit=message("member cities"),
          title=message("The growth of each field"), query="growth"),
    Chart("joining", "columns", "", ("earlierCountries", "newCountries"), across="year", unit=message("countries")),
    Chart("rounds", "bars", "year", ("countedCities",), thing="round", whole="announcedCities", unit=message("cities")),
    Chart("countries", "bars", "country", ("cities",), unit=message("cities")),
    Chart("regions", "bars", "region", ("cities",), unit=message("cities")),
    Chart("retention", "bars", "field", ("stillHeld",), whole="designated", unit=message("cities")),
    Chart("changes", "table"),
    Chart("intervals", "bars", "years", ("days",), thing="round", unit=message("days")),
    Chart("classes", "bars", "class", ("things",), unit=message("things")),
    Chart("properties", "bars", "property", ("statements",), unit=message("statements")),
)  # fmt: skip
"""The charts there can be, in their order on the page."""


@dataclass(frozen=True)
class Figure:
    """A chart as a page shows it. `drawings` are several where each stands beside the name of what it is of; `more` is
    how many rows the table has that are not drawn; `gaps` say where what was announced differs from what is counted."""

    name: str
    form: str
    title: str
    comment: str
    drawings: list[tuple[Value | None, Markup]]
    table: Table
    gaps: Rows
    more: int = 0


@blueprint.get("/statistics")
def page() -> Response:
    """What can be counted of the graph, as charts and tables. Raises `BadRequest` for a parameter there is not."""
    if unknown := sorted(g.parameters.keys() - {"lang"}):
        raise BadRequest(f"This page has no parameter {unknown[0]}; it takes lang.", allowed=["lang"])
    incoming.wanted((formats.HTML,))
    return replies.cached(site, statistics_page, formats.HTML.content_type, negotiated=True)


def statistics_page() -> str:
    return render_template("statistics.html", figures=[made for chart in CHARTS if (made := figure(chart))])


@lru_cache(KEPT)
def asked(name: str, language: str) -> str:
    """The text of a query of statistics."""
    return queries.load(f"statistics/{name}").filled({"lang": Literal(language)})


def rows(name: str, language: str) -> Rows:
    """The rows of a query of statistics. It is asked once for each edition of the data, or once for each page where the
    data may change under our hands."""
    text = asked(name, language)
    seen: dict[str, Rows] = g.setdefault("counted", {})
    if text not in seen:
        seen[text] = found(text)
    return seen[text]


@once(KEPT)
def found(text: str) -> Rows:
    """The rows of a query."""
    return site.engine.select(text)


def named(name: str) -> Figure | None:
    """The figure of a name, where the graph has what it counts."""
    return next((figure(chart) for chart in CHARTS if chart.name == name), None)


def figure(chart: Chart) -> Figure | None:
    """A chart with its table, in the language of the page; None where its query finds nothing."""
    name = chart.query or chart.name
    found = rows(name, g.language)
    if not found:
        return None
    query = queries.load(f"statistics/{name}")
    title, text = gettext(chart.title or query.title), asked(name, g.language)
    comment = "" if chart.title else gettext(query.comment)
    cells = pivoted(chart, found) if chart.across and chart.label else plain(query.text, found)
    return Figure(
        chart.name, chart.form, title, comment, list(drawings(chart, found, title)),
        Table(title, comment, *cells, len(found), text),
        [row for row in rows("gaps", g.language) if written(row["chart"]) == chart.name],
        len(found) - len(first(chart, found)) if chart.form == "bars" else 0,
    )  # fmt: skip


def drawings(chart: Chart, found: Rows, title: str) -> Iterator[tuple[Value | None, Markup]]:
    """What a chart draws of its rows."""
    unit = gettext(chart.unit)
    if chart.form == "bars":
        yield None, charts.bars([bar(chart, row) for row in first(chart, found)], title, unit)
    elif chart.form == "columns":
        columns, layers = layered(chart, found)
        sums = [sum(layer.values[n] for layer in layers) for n in range(len(columns))]
        low, high = charts.figure(sums[0]), charts.figure(sums[-1])
        ends = {"low": low, "first": columns[0], "high": high, "last": columns[-1], "unit": unit}
        told = gettext("%(unit)s: from %(low)s (%(first)s) to %(high)s (%(last)s).") % ends
        yield None, charts.stacked(columns, layers, title, unit, told)
    elif chart.form == "multiples":
        columns, layers = layered(chart, found)
        for layer, drawn in zip(layers, charts.multiples(columns, layers, unit), strict=True):
            yield Value(layer.label, layer.href or None), drawn


def first(chart: Chart, found: Rows) -> Rows:
    """The rows that are drawn as bars: where not all are, none of those that have as much as the first one left out."""
    if len(found) <= DRAWN:
        return found
    left_out = amount(found[DRAWN], chart.values[0])
    return [row for row in found[:DRAWN] if amount(row, chart.values[0]) != left_out] or found[:DRAWN]


def bar(chart: Chart, row: Mapping[str, Term]) -> Bar:
    """The bar of a row: what it is called, its number, where it leads, its hue, and what it is a part of."""
    label, thing = text(row, chart.label), row.get(chart.thing or chart.label)
    whole = amount(row, chart.whole) if chart.whole else 0
    return Bar(label, amount(row, chart.values[0]), *led(thing), whole)


def led(thing: Term | None) -> tuple[str, int]:
    """Where a thing has its page here, and its hue."""
    if not isinstance(thing, NamedNode):
        return "", 0
    return local(thing.value) or "", site.hues.get(thing.value, 0)


def layered(chart: Chart, found: Rows) -> tuple[list[str], list[Layer]]:
    """The columns of a chart and its layers: a layer for each thing, the greatest below; or for each column of numbers,
    all but the last one faint."""
    columns = list(dict.fromkeys(text(row, chart.across) for row in found))
    if not chart.label:
        headings = headed(list(chart.values))
        numbers = [[amount(row, name) for row in found] for name in chart.values]
        hue = [FAINT] * (len(numbers) - 1) + [0]
        return columns, [Layer(h.text, n, one) for h, n, one in zip(headings, numbers, hue, strict=True)]
    things: dict[Term, dict[str, float]] = {}
    labels = {row[chart.label]: text(row, chart.label) for row in found}
    for row in found:
        things.setdefault(row[chart.label], {})[text(row, chart.across)] = amount(row, chart.values[0])
    layers = []
    for thing, numbers_of in things.items():
        href, colour = led(thing)
        layers.append(Layer(labels[thing], [numbers_of.get(column, 0) for column in columns], colour, href))
    return columns, sorted(layers, key=lambda layer: (-layer.values[-1], layer.label))


def text(row: Mapping[str, Term], column: str) -> str:
    """What a row has in a column, as a list would show it."""
    shown = cell(row, column, local)
    return shown.text if shown else ""


def amount(row: Mapping[str, Term], column: str) -> float:
    """The number that a row has in a column; 0 where it has none."""
    return float(written(row[column])) if column in row else 0


def headed(columns: list[str]) -> list[Value]:
    """The headings of columns."""
    return listing.headings(columns, site.terms, g.language)


def plain(query: str, found: Rows) -> tuple[list[Value], list[list[Value | None]]]:
    """Headings and cells of the rows as they are."""
    columns = listing.columns(projected(query))
    return headed(columns), [[cell(row, column, local) for column in columns] for row in found]


def pivoted(chart: Chart, found: Rows) -> tuple[list[Value], list[list[Value | None]]]:
    """Headings and cells with a column for each layer, and the sum: the numbers as the chart has them."""
    columns, layers = layered(chart, found)
    headings = [*headed([chart.across]), *(Value(layer.label, layer.href) for layer in layers), Value(gettext("all"))]
    cells: list[list[Value | None]] = []
    for n, column in enumerate(columns):
        numbers = [layer.values[n] for layer in layers]
        cells.append([Value(column), *(Value(charts.figure(each), kind="number") for each in [*numbers, sum(numbers)])])
    return headings, cells
