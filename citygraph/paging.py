"""The page of a list that a request asks for.

Of a large list, first the things are put in order, by the columns that this needs, and then the rows of the page are
asked for. Where the graph does not change the order is kept, so that another page costs no more than its rows.
"""

from citygraph import listing, queries
from citygraph.engine import Engine
from citygraph.globe import PLACE
from citygraph.listing import projected
from citygraph.lists import NEAR, SEARCH, SORT, Listed, Rows, Wanted, among, filled, iri, item, searched
from citygraph.names import Index
from citygraph.narrowing import ORDER, VARIABLE, narrowed
from citygraph.ordering import DISTANCE, by_column, by_distance, together

LARGE = 1_500
"""Things of a class from which on a list of them is large."""
KEPT = 500_000
"""Things in the orders that are kept."""


def page(engine: Engine, index: Index, wanted: Wanted, lasting: bool = False) -> Listed:
    """The page. Beyond the last one there is nothing: no items and no rows. `lasting` says that the graph does not
    change."""
    query = queries.load(f"pages/{wanted.name}")
    variable, kind = item(query.text)
    text, found = searched(filled(wanted), wanted, index)
    columns = projected(query.text) + ([DISTANCE] if wanted.near else [])
    said = [SEARCH.name] if found is not None else []
    beside = [*said, *(name for name in (NEAR.name, SORT.name) if name in wanted.given)]
    start, end = (wanted.page - 1) * wanted.per_page, wanted.page * wanted.per_page
    named = found is None and SEARCH.name in wanted.given
    if named or index.size(kind) <= LARGE:
        rows = arranged(engine.select(text), wanted, variable)
        things = [thing for thing in rows if found is None or thing in found]
        items = things[start:end]
    else:
        things = [thing for thing in ordered(engine, index, wanted, text, lasting) if found is None or thing in found]
        items = things[start:end]
        rows = arranged(engine.select(among(text, variable, items)), wanted, variable) if items else {}
    shown = [row for one in items for row in rows[one]]
    return Listed(wanted, text, beside, columns, shown, items, len(things))


def arranged(rows: Rows, wanted: Wanted, variable: str) -> dict[str, Rows]:
    """The rows of each thing, in the order that is asked for."""
    rows = listing.in_order(queries.load(f"pages/{wanted.name}").text, rows)
    if wanted.near:
        rows = by_distance(rows, *wanted.near)
    if wanted.sort:
        rows = by_column(rows, wanted.sort)
    return together((iri(row, variable), row) for row in rows)


def ordered(engine: Engine, index: Index, wanted: Wanted, text: str, lasting: bool) -> list[str]:
    """All things of a list in the order that is asked for."""
    key = (text, wanted.near, wanted.sort)
    if (known := index.orders.get(key)) is not None:
        return known
    things = list(arranged(engine.select(for_order(text, wanted)), wanted, item(text)[0]))
    if lasting:
        while index.orders and sum(map(len, index.orders.values())) + len(things) > KEPT:
            index.orders.pop(next(iter(index.orders)), None)
        index.orders[key] = things
    return things


def for_order(text: str, wanted: Wanted) -> str:
    """The query for what the things of a list are put in order by, and no more."""
    variable, _ = item(text)
    order = ORDER.search(text)
    sort = wanted.sort.removeprefix("-")
    names = [variable, *(VARIABLE.findall(order[1]) if order else ()), sort, f"{sort}Label"]
    told = {*projected(text), *(VARIABLE.findall(order[1]) if order else ())}
    columns = [name for name in dict.fromkeys([*names, *(PLACE if wanted.near else ())]) if name in told]
    told_apart = " ".join(f"?{name}" for name in columns)
    # Not every store keeps an order through DISTINCT; things that are told twice are put together afterwards.
    if listing.by_label(text):
        return narrowed(text, f"DISTINCT {told_apart}", columns)
    return narrowed(text, told_apart, columns, ordered=True)
