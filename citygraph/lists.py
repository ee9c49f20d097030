"""Lists of things: what narrows them, and what a request asks of one.

A list is a query in `citygraph/queries/pages/`. The variable of its first `?x a prefix:Class` is its item; the
parameters that its head declares are its filters, and one that takes things may be given several. Every list can be
searched (`q`), sorted by each of its columns (`sort`) and comes in pages; one whose query gives ?latitude and
?longitude can be sorted by the distance from a point (`near`).
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from pyoxigraph import Literal, NamedNode, Triple

from citygraph import filters, globe, listing, queries, sparql
from citygraph.engine import Engine
from citygraph.filters import item as item
from citygraph.labels import Term
from citygraph.listing import projected
from citygraph.names import Index
from citygraph.namespaces import PREFIXES
from citygraph.ordering import DISTANCE
from citygraph.protocol import BadRequest
from citygraph.queries import Parameter

XSD = PREFIXES["xsd"]
POINT = "http://www.w3.org/2003/01/geo/wgs84_pos#lat_long"
PER_PAGE, MOST_PER_PAGE = 500, 1000
NAMED_IN_QUERY = 100
"""Things that a search finds, up to which the query names them; more are picked out of its rows."""
LONGEST_SEARCH = 500
"""Characters; a page repeats them in each of its links."""
SEARCH = Parameter("q", XSD + "string", "Only things with a name, in any language, that has these words in it.")
NEAR = Parameter("near", POINT, "Nearest first from a point, latitude,longitude in degrees, with the distance in km.")
SORT = Parameter("sort", XSD + "token", "The column to sort by, with - before it for downwards.")
COMMON = (
    Parameter("page", XSD + "positiveInteger", "The page, from 1."),
    Parameter("per_page", XSD + "positiveInteger", f"Things on a page: {PER_PAGE}, or up to {MOST_PER_PAGE}."),
    Parameter("lang", XSD + "language", "The language of labels: en unless told."),
    Parameter("format", XSD + "token", "The format, before what Accept says."),
)

Rows = list[dict[str, Term]]


@dataclass(frozen=True)
class Wanted:
    """What a request asks of a list. `given` is what it says, by name; `terms` are the filters that it sets; `sort` is
    a column, with a minus for downwards."""

    name: str
    given: dict[str, tuple[str, ...]]
    terms: dict[str, tuple[NamedNode | Literal, ...]]
    near: tuple[float, float] | None = None
    sort: str = ""
    page: int = 1
    per_page: int = PER_PAGE
    language: str = "en"

    def says(self, name: str) -> str:
        """What the request says by a parameter, or nothing."""
        return self.given.get(name, ("",))[0]

    def said(self, *without: str, **changes: tuple[str, ...]) -> dict[str, Any]:
        """What the request says, for an address: without some parameters, and with others instead. Nothing is sorted by
        the distance from a point that is left out."""
        found = {key: values for key, values in (self.given | changes).items() if key not in without and values}
        if "near" not in found and found.get("sort", ("",))[0].removeprefix("-") == DISTANCE:
            del found["sort"]
        return found


@dataclass(frozen=True)
class Listed:
    """A page of a list. `rows` hold the terms of `columns`, several for a thing that has several values; `query` is
    what they were asked with, `beside` the parameters that it knows nothing of, `items` the things on the page, `total`
    how many the whole list has."""

    wanted: Wanted
    query: str
    beside: list[str]
    columns: list[str]
    rows: Rows
    items: list[str]
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, math.ceil(self.total / self.wanted.per_page))

    @property
    def around(self) -> dict[str, int]:
        """The numbers of the first, the previous, the next and the last page."""
        here = self.wanted.page
        numbers = {"first": 1, "prev": here - 1, "next": here + 1, "last": self.pages}
        return {name: number for name, number in numbers.items() if 1 <= number <= self.pages}


def parameters(name: str) -> list[Parameter]:
    """What a list takes in its address: name, kind (a class, whose things are named by the last part of their IRI, a
    datatype, or `POINT`), and what it does. Raises `KeyError` for a list that there is not."""
    query = queries.load(f"pages/{name}")
    near = [NEAR] if placed(query.text) else []
    return [*query.declared, SEARCH, *near, SORT, *COMMON]


def takes_things(parameter: Parameter) -> bool:
    """Whether a filter takes things of a class, of which several may be given."""
    return not parameter.kind.startswith(XSD) and parameter.kind != POINT


def sortable(name: str) -> list[str]:
    """The columns that a list may be sorted by, besides the distance."""
    return listing.columns(projected(queries.load(f"pages/{name}").text))


def placed(query: str) -> bool:
    """Whether the rows of a query have places on the map."""
    return set(globe.PLACE) <= set(projected(query))


def read(name: str, given: Sequence[tuple[str, str]], index: Index) -> Wanted:
    """What a request asks of a list. Raises `BadRequest` that names what there is instead; a parameter without a value
    is one that nobody gave, since forms send them."""
    known = {parameter.name: parameter for parameter in parameters(name)}
    said: dict[str, tuple[str, ...]] = {}
    for key, value in given:
        if key not in known:
            names = [*get_close_matches(key, known, len(known), 0.6), *known]
            raise BadRequest(f"This list has no parameter {key[:80]}; it takes {', '.join(known)}.",
                             allowed=list(dict.fromkeys(names)))  # fmt: skip
        if value.strip():
            said[key] = tuple(dict.fromkeys((*said.get(key, ()), value.strip())))
            if len(said[key]) > 1 and not takes_things(known[key]):
                raise BadRequest(f"{key} is there twice; give it once.")
    terms = {}
    for parameter in queries.load(f"pages/{name}").declared:
        if parameter.name in said:
            found = tuple(dict.fromkeys(term(parameter, value, index) for value in said[parameter.name]))
            terms[parameter.name] = found
            if takes_things(parameter):
                said[parameter.name] = tuple(index.of(parameter.kind).short_of(str(one.value)) for one in found)
    first = {key: values[0] for key, values in said.items()}
    if len(first.get(SEARCH.name, "")) > LONGEST_SEARCH:
        raise BadRequest(f"{SEARCH.name} has at most {LONGEST_SEARCH} characters.")
    return Wanted(
        name,
        {key: said[key] for key in known if key in said},
        terms,
        point(first["near"]) if "near" in first else None,
        column(name, first["sort"], "near" in first) if "sort" in first else "",
        whole("page", first.get("page", "1"), 10**9),
        whole("per_page", first.get("per_page", str(PER_PAGE)), MOST_PER_PAGE),
        first.get("lang", "en"),
    )


def column(name: str, value: str, measured: bool) -> str:
    """What to sort by."""
    columns = [*sortable(name), *([DISTANCE] if measured else [])]
    if value.removeprefix("-") in columns:
        return value
    near = get_close_matches(value.removeprefix("-"), columns, len(columns), 0.6)
    raise BadRequest(f"sort is one of {', '.join(columns)}, with - before it for downwards; {value[:80]!r} is not.",
                     allowed=list(dict.fromkeys([*near, *columns])))  # fmt: skip


def term(parameter: Parameter, value: str, index: Index) -> NamedNode | Literal:
    """The term that a filter's value means. Raises `BadRequest` with the values that come nearest."""
    if parameter.kind in LITERALS:
        example, is_one = LITERALS[parameter.kind]
        if not is_one(value):
            raise BadRequest(f"{parameter.name} is {example}; {value[:80]!r} is not.")
        return Literal(value, datatype=NamedNode(parameter.kind))
    names = index.of(parameter.kind)
    found = names.find(value)
    if found is None:
        near = names.nearest(value[:80])
        told = f"one of {', '.join(near)}" if near else "nothing, since there are none in this graph"
        more = f" and {len(names.things) - len(near)} more" if len(names.things) > len(near) else ""
        raise BadRequest(f"{parameter.name} is {told}{more}; {value[:80]!r} is not.", allowed=near)
    return NamedNode(found)


def is_date(value: str) -> bool:
    """Whether a value is a day of the calendar."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


LITERALS: dict[str, tuple[str, Callable[[str], object]]] = {
    XSD + "date": ("a day such as 2017-12-31", is_date),
    XSD + "gYear": ("a year such as 2017", re.compile(r"\d{4}", re.ASCII).fullmatch),
    XSD + "integer": ("a whole number", re.compile(r"[+-]?\d{1,18}", re.ASCII).fullmatch),
    XSD + "decimal": ("a number such as 58.41", re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII).fullmatch),
    XSD + "string": ("a text", bool),
}
"""The datatypes that a filter may have, each with an example and with what tells its values."""


def whole(name: str, value: str, most: int) -> int:
    """A number from 1."""
    if re.fullmatch(r"\d{1,10}", value, re.ASCII) and 1 <= int(value) <= most:
        return int(value)
    raise BadRequest(f"{name} is a whole number from 1{f' to {most}' if most <= MOST_PER_PAGE else ''}.")


def point(value: str) -> tuple[float, float]:
    """Latitude and longitude."""
    number = r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*"
    found = re.fullmatch(f"{number},{number}", value, re.ASCII)
    if found and abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180:
        return float(found[1]), float(found[2])
    raise BadRequest("near is latitude,longitude in degrees, such as 58.59,16.18.")


def filled(wanted: Wanted) -> str:
    """The query of a list with the filters that a request sets."""
    return filters.filled(queries.load(f"pages/{wanted.name}"), wanted.terms, wanted.language)


def searched(text: str, wanted: Wanted, index: Index) -> tuple[str, Collection[str] | None]:
    """A query of a list with the things that the search found named in it; where they are too many, they come
    beside it."""
    if not (words := wanted.says(SEARCH.name)):
        return text, None
    variable, kind = item(queries.load(f"pages/{wanted.name}").text)
    found = index.of(kind).matching(words)
    return (text, found) if len(found) > NAMED_IN_QUERY else (among(text, variable, sorted(found)), None)


def iri(row: Mapping[str, Term], variable: str) -> str:
    """What a row is about."""
    thing = row[variable]
    return thing.value if isinstance(thing, NamedNode) else str(thing)


def among(text: str, variable: str, iris: Collection[str]) -> str:
    """A query that finds these things only; a query in it that has a row for each of them is told too, since it would
    be worked out for all."""
    terms = [sparql.serialise(NamedNode(iri)) for iri in iris]
    head, where, body = text.partition("WHERE {")
    inner = re.compile(rf"\bSELECT\s+\?{variable}\b[^{{}}]*\bWHERE\s*\{{")
    told = f" VALUES ?{variable} {{ {' '.join(terms)} }}"
    # Virtuoso fails, or answers wrongly, where an OPTIONAL query with VALUES follows VALUES outside it.
    optional = re.search(rf"\bOPTIONAL\s*\{{\s*SELECT\s+\?{variable}\b", body)
    outer = f" FILTER(?{variable} IN ({', '.join(terms)}))" if optional else told
    return f"{head}{where}\n {outer}{inner.sub(lambda found: found[0] + told, body)}"


def facts(engine: Engine, wanted: Wanted, items: Sequence[str]) -> list[Triple]:
    """What a list says of its items as a graph: `citygraph/queries/lists/<name>.rq`, else all that is said of them."""
    if not items:
        return []
    own = f"lists/{wanted.name}"
    query = queries.load(own if own in queries.names("lists") else "lists/any")
    values = " ".join(sparql.serialise(NamedNode(iri)) for iri in items)
    terms = {each.name: wanted.terms[each.name] for each in query.declared if each.name in wanted.terms}
    head, where, body = filters.filled(query, terms, wanted.language).partition("WHERE {")
    # In each branch, else each would be worked out for everything there is.
    return engine.construct(head + where + re.sub(r"\{(?=\s+\?item\b)", f"{{ VALUES ?item {{ {values} }}", body))
