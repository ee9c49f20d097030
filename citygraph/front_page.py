"""The first page: what this is, how it grew, what is in it and what came last, and the doors to all the rest."""

from dataclasses import replace

from flask import g, render_template, url_for
from pyoxigraph import Literal, NamedNode

from citygraph import formats, listing, maps, queries, statistics
from citygraph.addresses import local
from citygraph.charts import Bar
from citygraph.labels import local_name
from citygraph.site import site
from citygraph.statistics import Chart
from citygraph.views import Table

GAPS = "gaps-and-doubts"
CAME = Chart("latest-fields", "bars", "field", ("cities",), unit="cities")


def page() -> str:
    """The first page in the language of the request. Of a graph that is not about a network it shows what it has."""
    figures = listing.of_list(site.engine, "pages/home/figures", site.terms, local, g.language)
    return render_template(
        "home.html",
        figures=figures,
        classes=classes(),
        world=maps.world(g.language),
        growth=statistics.named("growth"),
        fields=fields(),
        latest=latest(),
        gaps=statistics.rows("gaps", g.language),
        gaps_query=queries.load(GAPS).text,
        formats=formats.GRAPH_FORMATS[:4],
    )


def classes() -> Table:
    """How many things there are of each class. Where no list has them, their number leads to them."""
    query, things = queries.load("pages/home/classes"), queries.load("pages/home/things")
    lang = Literal(g.language)
    rows = site.engine.select(query.filled({"lang": lang}))
    headings, cells = listing.table(listing.columns(listing.projected(query.text)), rows, site.terms, local, g.language)
    for row, told in zip(rows, cells, strict=True):
        if not site.menu and isinstance(row["class"], NamedNode) and told[-1]:
            text = things.filled({"class": row["class"], "lang": lang})
            told[-1] = replace(told[-1], href=url_for("graph.sparql", query=text))
    return Table(query.title, query.comment, headings, cells, len(rows))


def fields() -> list[Bar]:
    """The fields, each with its members, its page and its hue."""
    return [
        Bar(statistics.text(row, "field"), statistics.amount(row, "cities"), *statistics.led(row["field"]))
        for row in statistics.rows("fields", g.language)
    ]


def latest() -> dict[str, object] | None:
    """What the last round brought: its own figures, where it has its page, and a chart by field."""
    found = statistics.rows("latest-round", g.language)
    if not found:
        return None
    row = found[0]
    numbers = {name: statistics.text(row, name) for name in row}
    return {
        **numbers,
        "href": statistics.led(row["round"])[0],
        "came": statistics.figure(CAME),
        "name": local_name(row["round"].value) if isinstance(row["round"], NamedNode) else "",
        "countries": [listing.cell(each, "country", local) for each in statistics.rows("latest-countries", g.language)],
    }
