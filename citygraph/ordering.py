"""The order of the rows of a list: by a column, up or down, by distance from a point, or as its query says."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pyoxigraph import Literal, NamedNode

from citygraph import globe
from citygraph.labels import NUMBERS, Term, folded, written
from citygraph.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
DISTANCE = "km"
"""The column of the distance from a point."""

Row = dict[str, Term]
Key = tuple[int, float, str]
T = TypeVar("T")


def own_column(text: str) -> str:
    """The column that a query orders its rows by, where it is one that is shown."""
    by = re.search(r"ORDER BY LCASE\(STR\(\?(\w+?)(?:Label)?\)\)", text)
    return by[1] if by else ""


def by_column(rows: Sequence[Row], sort: str) -> list[Row]:
    """Rows by a column, downwards after a minus; what has nothing there comes last, equals stay in their order."""
    column = sort.removeprefix("-")
    placed = [(key, row) for row in rows if (key := place(row, column))]
    placed.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [*(row for _, row in placed), *(row for row in rows if place(row, column) is None)]


def place(row: Mapping[str, Term], column: str) -> Key | None:
    """Where a row stands by a column: numbers before texts, a thing by its label."""
    term = row.get(f"{column}Label") or row.get(column)
    if term is None:
        return None
    text = written(term)
    if isinstance(term, Literal) and term.datatype.value.removeprefix(XSD) in NUMBERS:
        number = float(text)
        if math.isfinite(number):
            return (0, number, "")
    return (1, 0.0, folded(text))


def by_distance(rows: Sequence[Row], latitude: float, longitude: float) -> list[Row]:
    """Rows with the kilometres from a point, nearest first; those without a place come last."""
    places = [(globe.place(row), row) for row in rows]
    there = [(globe.kilometres((latitude, longitude), place) if place else None, row) for place, row in places]
    there.sort(key=lambda pair: math.inf if pair[0] is None else pair[0])
    decimal = NamedNode(XSD + "decimal")
    return [row if km is None else {**row, DISTANCE: Literal(f"{km:.1f}", datatype=decimal)} for km, row in there]


def together(pairs: Iterable[tuple[T, Row]]) -> dict[T, list[Row]]:
    """The rows of each thing, the things in the order of the first row of each."""
    found: dict[T, list[Row]] = {}
    for thing, row in pairs:
        found.setdefault(thing, []).append(row)
    return found
