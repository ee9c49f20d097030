"""What the query page shows of an answer: solutions as a table, a map or a chart, a graph as Turtle or as a table.

An answer has only the views that its columns allow: a map needs latitudes and longitudes, or points in WKT; a chart
needs a column of numbers beside one of words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from citygraph import globe, tabular, turtle
from citygraph.labels import Links, Term, written
from citygraph.listing import address
from citygraph.namespaces import RDF_TYPE
from citygraph.views import Table, Value
from citygraph.wording import gettext

VIEWS = ("table", "map", "chart", "turtle")
SHOWN = 1000
"""Rows of a table, points on a map, triples of a graph."""
BARS = 60
"""Bars of a chart."""

LATITUDE = re.compile(r"(?:.*_)?(?:lat|latitude)|\w*(?:Lat|Latitude)", re.ASCII)
LONGITUDE = re.compile(r"(?:.*_)?(?:lon|lng|long|longitude)|\w*(?:Lon|Lng|Long|Longitude)", re.ASCII)
NUMBER = r"\s*(-?\d{1,3}(?:\.\d+)?)"
WKT = re.compile(rf"(?:<[^<>]*>)?\s*POINT\s*\({NUMBER}\s{NUMBER}\s*\)\s*", re.IGNORECASE | re.ASCII)

Row = dict[str, Term]
"""A solution; what is unbound is absent."""


class Place(NamedTuple):
    """A row that has a place: degrees, what it is called, and where its page is."""

    latitude: float
    longitude: float
    label: str
    href: str


@dataclass(frozen=True)
class Solutions:
    """The solutions of a SELECT; `truth` is the answer to an ASK."""

    variables: list[str]
    rows: list[Row]
    truth: bool | None = None

    def values(self, variable: str) -> list[Term]:
        """What a column holds, without the cells that are empty."""
        return [row[variable] for row in self.rows if variable in row]

    @property
    def position(self) -> tuple[str, ...]:
        """The columns that hold places: latitude and longitude, or one of points in WKT; none where there are none."""
        found = [next((v for v in self.variables if form.fullmatch(v)), "") for form in (LATITUDE, LONGITUDE)]
        if all(found) and all(self.numeric(variable) for variable in found):
            return tuple(found)
        for variable in self.variables:
            if any(WKT.fullmatch(written(term)) for term in self.values(variable)[:SHOWN]):
                return (variable,)
        return ()

    def numeric(self, variable: str) -> bool:
        """Whether a column holds numbers and nothing else."""
        values = self.values(variable)
        return bool(values) and all(number(term) is not None for term in values)

    @property
    def numbers(self) -> list[str]:
        """The columns that a chart can show; where all are numbers, the first says what the others are of."""
        found = [v for v in self.variables if v not in self.position and self.numeric(v)]
        return found if self.words else found[1:]

    @property
    def words(self) -> list[str]:
        """The columns that say what a row is: those with texts, else with IRIs."""
        beside = [v for v in self.variables if v not in self.position and self.values(v) and not self.numeric(v)]
        return [v for v in beside if any(isinstance(term, Literal) for term in self.values(v))] or beside[:1]

    @property
    def views(self) -> list[str]:
        """How these solutions can be shown."""
        if self.truth is not None:
            return ["table"]
        charted = ["chart"] if self.numbers and len(self.rows) > 1 else []
        return ["table", *(["map"] if self.position else []), *charted]


def solutions(body: bytes) -> Solutions:
    """The solutions that SPARQL JSON results hold."""
    results = parse_query_results(body, format=QueryResultsFormat.JSON)
    if isinstance(results, QueryBoolean):
        return Solutions([], [], bool(results))
    assert isinstance(results, QuerySolutions)
    names = [variable.value for variable in results.variables]
    return Solutions(names, [{name: row[name] for name in names if row[name] is not None} for row in results])


def number(term: Term) -> float | None:
    """The number that a term is, if it is a finite one."""
    value = tabular.plain(term)
    return None if isinstance(value, bool | str) else value


def table(found: Solutions, links: Links, prefixes: Mapping[str, str]) -> Table:
    """The table of solutions, up to 1,000 rows of it; an ASK is one cell."""
    if found.truth is not None:
        return truth(gettext("Answer"), found.truth)
    names = turtle.Names(prefixes)
    rows = [[cell(row.get(v), links, names) for v in found.variables] for row in found.rows[:SHOWN]]
    return Table(gettext("Result"), "", [Value(v) for v in found.variables], rows, len(found.rows))


def truth(title: str, answer: bool) -> Table:
    """The answer to an ASK, as a table of one cell."""
    return Table(title, "", [Value(gettext("answer"))], [[Value(gettext("yes") if answer else gettext("no"))]], 1)


def cell(term: Term | None, links: Links, names: turtle.Names) -> Value | None:
    """One cell of a result: an IRI by its prefix, a literal as it is with its language."""
    if isinstance(term, NamedNode):
        value = address(term.value, links)
        return Value(word(term, names), value, None, links(term.value) is None, "link")
    if isinstance(term, Literal):
        return Value(term.value, None, term.language, False, "number" if number(term) is not None else "text")
    return None if term is None else Value(names.term(term))


def places(found: Solutions, links: Links) -> list[Place]:
    """The rows with a place, up to 1,000 of them, each called by its first word and linked by its first IRI."""
    made: list[Place] = []
    for row in found.rows:
        if (point := point_of(row, found.position)) is None:
            continue
        if len(made) == SHOWN:
            break
        iri = next((term.value for term in row.values() if isinstance(term, NamedNode)), "")
        label = next((written(row[v]) for v in found.words if v in row), iri)
        made.append(Place(*point, label, address(iri, links) or ""))
    return made


def point_of(row: Row, position: Sequence[str]) -> tuple[float, float] | None:
    """Latitude and longitude of a row, where it has both and they are on the globe."""
    if len(position) == 2:
        return globe.place(row, position)
    point = WKT.fullmatch(written(row[position[0]])) if position[0] in row else None
    return globe.point(point[2], point[1]) if point else None


def bars(found: Solutions, column: str, names: turtle.Names) -> list[tuple[str, float]]:
    """The rows of a bar chart: what the row is, and its number; up to 60 of them."""
    words = found.words or [v for v in found.variables if found.numeric(v)][:1]
    made = []
    for row in found.rows[:BARS]:
        if column in row and (size := number(row[column])) is not None:
            made.append((", ".join(word(row[v], names) for v in words if v in row), size))
    return made


def word(term: Term, names: turtle.Names) -> str:
    """A term in words: an IRI by its prefix."""
    return names.iri(term.value).replace("\\", "").strip("<>") if isinstance(term, NamedNode) else written(term)


class Line(NamedTuple):
    """A line of Turtle on a page: how far it is set in, its terms, and what ends it."""

    depth: int
    terms: list[Value]
    end: str


@dataclass(frozen=True)
class Graph:
    """A graph as it is shown: the lines of its Turtle, the same as a table, and how many triples it has."""

    prefixes: dict[str, str]
    lines: list[Line]
    table: Table
    total: int


def graph(body: bytes, links: Links, prefixes: Mapping[str, str]) -> Graph:
    """The graph that Turtle holds, up to 1,000 triples of it, in the order of our files."""
    facts = sorted({quad.triple for quad in parse(body, format=RdfFormat.TURTLE)}, key=turtle.order)
    names = turtle.Names(prefixes)
    lines: list[Line] = []
    rows: list[list[Value | None]] = []
    subject = predicate = None
    for fact in facts[:SHOWN]:
        cells = [said(term, links, names) for term in (fact.subject, fact.predicate, fact.object)]
        rows.append([*cells])
        verb = Value("a", cells[1].href, None, cells[1].outside) if fact.predicate == RDF_TYPE else cells[1]
        if fact.subject != subject:
            end(lines, " .")
            lines += [Line(0, [cells[0]], ""), Line(1, [verb, cells[2]], "")]
        elif fact.predicate != predicate:
            end(lines, " ;")
            lines.append(Line(1, [verb, cells[2]], ""))
        else:
            end(lines, " ,")
            lines.append(Line(2, [cells[2]], ""))
        subject, predicate = fact.subject, fact.predicate
    end(lines, " .")
    heads = [Value(name) for name in (gettext("subject"), gettext("predicate"), gettext("object"))]
    used = {prefix: prefixes[prefix] for prefix in sorted(names.used)}
    return Graph(used, lines, Table(gettext("Graph"), "", heads, rows, len(facts)), len(facts))


def end(lines: list[Line], mark: str) -> None:
    """Put a mark at the end of the last line, where there is one."""
    if lines:
        lines[-1] = lines[-1]._replace(end=mark)


def said(term: Term | Triple, links: Links, names: turtle.Names) -> Value:
    """A term as Turtle writes it, with a link where one can go."""
    if isinstance(term, NamedNode):
        return Value(names.iri(term.value), address(term.value, links), None, links(term.value) is None, "link")
    return Value(names.term(term), None, term.language if isinstance(term, Literal) else None)
