"""What the query page shows of an answer: solutions as a table, a map or a chart, a graph as Turtle or as a table.

An answer has only the views that its columns allow: a map needs latitudes and longitudes, or points in WKT; a chart
needs a column of numbers beside one of words.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from citygraph import turtle
from citygraph.labels import Links
from citygraph.listing import address
from citygraph.namespaces import PREFIXES, RDF_TYPE
from citygraph.views import Table, Value
from citygraph.wording import gettext

VIEWS = ("table", "map", "chart", "turtle")
SHOWN = 1000
"""Rows of a table, points on a map, triples of a graph."""
BARS = 60
"""Bars of a chart."""

XSD = PREFIXES["xsd"]
NUMBERS = {
    XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "int", "long", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "unsignedInt", "unsignedLong"),
    )
}
LATITUDE = re.compile(r"(?:.*_)?(?:lat|latitude)|\w*(?:Lat|Latitude)", re.ASCII)
LONGITUDE = re.compile(r"(?:.*_)?(?:lon|lng|long|longitude)|\w*(?:Lon|Lng|Long|Longitude)", re.ASCII)
NUMBER = r"\s*(-?\d{1,3}(?:\.\d+)?)"
WKT = re.compile(rf"(?:<[^<>]*>)?\s*POINT\s*\({NUMBER}\s{NUMBER}\s*\)\s*", re.IGNORECASE | re.ASCII)

Binding = Mapping[str, Any]
"""A term as SPARQL JSON results write it."""


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
    bindings: list[dict[str, Binding]]
    truth: bool | None = None

    def values(self, variable: str) -> list[Binding]:
        """What a column holds, without the cells that are empty."""
        return [row[variable] for row in self.bindings if variable in row]

    @property
    def position(self) -> tuple[str, ...]:
        """The columns that hold places: latitude and longitude, or one of points in WKT; none where there are none."""
        found = [next((v for v in self.variables if form.fullmatch(v)), "") for form in (LATITUDE, LONGITUDE)]
        if all(found) and all(self.numeric(variable) for variable in found):
            return tuple(found)
        for variable in self.variables:
            if any(WKT.fullmatch(str(term["value"])) for term in self.values(variable)[:SHOWN]):
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
        return [v for v in beside if any(is_literal(term) for term in self.values(v))] or beside[:1]

    @property
    def views(self) -> list[str]:
        """How these solutions can be shown."""
        if self.truth is not None:
            return ["table"]
        charted = ["chart"] if self.numbers and len(self.bindings) > 1 else []
        return ["table", *(["map"] if self.position else []), *charted]


def solutions(body: bytes) -> Solutions:
    """The solutions that SPARQL JSON results hold."""
    document = json.loads(body)
    if "boolean" in document:
        return Solutions([], [], bool(document["boolean"]))
    return Solutions(document["head"]["vars"], document["results"]["bindings"])


def is_literal(term: Binding) -> bool:
    """Whether a term is a literal, by its name of now or the one of old."""
    return term["type"] in ("literal", "typed-literal")


def number(term: Binding) -> float | None:
    """The number that a term is, if it is a finite one."""
    if not is_literal(term) or term.get("datatype") not in NUMBERS:
        return None
    value = float(term["value"])
    return value if abs(value) < float("inf") else None


def table(found: Solutions, links: Links, prefixes: Mapping[str, str]) -> Table:
    """The table of solutions, up to 1,000 rows of it; an ASK is one cell."""
    if found.truth is not None:
        answer = Value(gettext("yes") if found.truth else gettext("no"))
        return Table(gettext("Answer"), "", [Value(gettext("answer"))], [[answer]], 1)
    names = turtle.Names(prefixes)
    rows = [[cell(row.get(v), links, names) for v in found.variables] for row in found.bindings[:SHOWN]]
    return Table(gettext("Result"), "", [Value(v) for v in found.variables], rows, len(found.bindings))


def cell(term: Binding | None, links: Links, names: turtle.Names) -> Value | None:
    """One cell of a result: an IRI by its prefix, a literal as it is with its language."""
    if term is None:
        return None
    if term["type"] == "uri":
        return named(str(term["value"]), links, names)
    if term["type"] == "bnode":
        return Value(f"_:{term['value']}")
    if term["type"] == "triple":
        return Value(json.dumps(term["value"], ensure_ascii=False))
    kind = "number" if number(term) is not None else "text"
    return Value(str(term["value"]), None, term.get("xml:lang"), False, kind)


def named(iri: str, links: Links, names: turtle.Names) -> Value:
    """An IRI by its prefix, with a link to its page here, or out to the web."""
    return Value(names.iri(iri).replace("\\", "").strip("<>"), address(iri, links), None, links(iri) is None, "link")


def places(found: Solutions, links: Links) -> list[Place]:
    """The rows with a place, up to 1,000 of them, each called by its first word and linked by its first IRI."""
    made: list[Place] = []
    for row in found.bindings:
        if (point := point_of(row, found.position)) is None:
            continue
        if len(made) == SHOWN:
            break
        iri = next((str(term["value"]) for term in row.values() if term["type"] == "uri"), "")
        label = next((str(row[v]["value"]) for v in found.words if v in row), iri)
        made.append(Place(*point, label, address(iri, links) or ""))
    return made


def point_of(row: Mapping[str, Binding], position: Sequence[str]) -> tuple[float, float] | None:
    """Latitude and longitude of a row, where it has both and they are on the globe."""
    if any(variable not in row for variable in position):
        return None
    if len(position) == 1:
        point = WKT.fullmatch(str(row[position[0]]["value"]))
        longitude, latitude = (float(point[1]), float(point[2])) if point else (999.0, 999.0)
    else:
        latitude, longitude = (float(row[variable]["value"]) for variable in position)
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def bars(found: Solutions, column: str, names: turtle.Names) -> list[tuple[str, float]]:
    """The rows of a bar chart: what the row is, and its number; up to 60 of them."""
    words = found.words or [v for v in found.variables if found.numeric(v)][:1]
    made = []
    for row in found.bindings[:BARS]:
        if column in row and (size := number(row[column])) is not None:
            made.append((", ".join(word(row[v], names) for v in words if v in row), size))
    return made


def word(term: Binding, names: turtle.Names) -> str:
    """A term as a label of a chart."""
    text = str(term["value"])
    return names.iri(text).replace("\\", "").strip("<>") if term["type"] == "uri" else text


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
    heads = [Value(gettext(name)) for name in ("subject", "predicate", "object")]
    used = {prefix: prefixes[prefix] for prefix in sorted(names.used)}
    return Graph(used, lines, Table(gettext("Graph"), "", heads, rows, len(facts)), len(facts))


def end(lines: list[Line], mark: str) -> None:
    """Put a mark at the end of the last line, where there is one."""
    if lines:
        lines[-1] = lines[-1]._replace(end=mark)


def said(term: NamedNode | BlankNode | Literal | Triple, links: Links, names: turtle.Names) -> Value:
    """A term as Turtle writes it, with a link where one can go."""
    if isinstance(term, NamedNode):
        return Value(names.iri(term.value), address(term.value, links), None, links(term.value) is None, "link")
    return Value(names.term(term), None, term.language if isinstance(term, Literal) else None)
