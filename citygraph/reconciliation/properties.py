"""The properties of things: what they are worth as evidence for a candidate, and as columns for a table.

A property has a short name where a query in `queries/reconciliation/properties/` says how it is found, else it is the
IRI of a property that the graph uses. Its values are read once, when somebody asks for it first.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from pyoxigraph import Literal, NamedNode
from rapidfuzz.distance import OSA

from citygraph import globe, queries
from citygraph.engine import Engine, Term
from citygraph.namespaces import PREFIXES
from citygraph.reconciliation.folding import key
from citygraph.reconciliation.register import Register, label_of
from citygraph.sparql import bind

FOLDER = "reconciliation/properties"
KEPT = 64
"""Properties whose values are kept in memory."""
ALIKE = 0.85
"""Similarity from which on two texts are taken for one."""
NEAR_KM, FAR_KM = 25.0, 100.0
TOLERANCE = 0.1
"""Part by which two figures may differ, since figures of different years and sources do."""
POINT = re.compile(
    r"\s*(?:POINT\s*\()?\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*\)?\s*", re.IGNORECASE
)
DATES = frozenset(PREFIXES["xsd"] + kind for kind in ("date", "dateTime", "gYear", "gYearMonth"))
NUMBERS = frozenset(PREFIXES["xsd"] + kind for kind in ("integer", "decimal", "double", "float", "nonNegativeInteger"))

AGREES, UNSURE, CONTRADICTS = 1.0, 0.5, 0.0


@dataclass(frozen=True)
class Column:
    """The values of one property: `values` by thing, `holders` the things by value."""

    values: Mapping[int, Sequence[Term]]
    holders: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Asked:
    """What a query says of one property. `meant` are the things that its texts are names of."""

    property: str
    texts: tuple[str, ...]
    meant: frozenset[int]
    points: tuple[tuple[float, float], ...]


class Properties:
    """The properties of a register's things, read from an engine when they are asked for."""

    def __init__(self, engine: Engine, register: Register) -> None:
        self.engine, self.register = engine, register
        self._columns: dict[str, Column] = {}
        self._of_class: dict[int, list[tuple[str, str]]] = {}
        self._lock = Lock()

    @cached_property
    def named(self) -> dict[str, str]:
        """The properties with a short name that the graph has values of, each with its title."""
        paths = queries.names(FOLDER)
        found = {path.rpartition("/")[2]: queries.load(path).title for path in paths}
        return {name: title for name, title in found.items() if self.column(name).values}

    def of_class(self, kind: int) -> list[tuple[str, str]]:
        """What can be asked of the things of a class: ids and names, short ones first."""
        if kind not in self._of_class:
            text = queries.load("reconciliation/properties-of-class").text
            rows = self.engine.select(bind(text, {"class": NamedNode(self.register.types[kind])}))
            iris = sorted(str(row["property"].value) for row in rows)  # type: ignore[union-attr]
            self._of_class[kind] = [(iri, self.title(iri)) for iri in iris]
        short = [
            (name, title)
            for name, title in self.named.items()
            if any(kind in self.register.classes[thing] for thing in self.column(name).values)
        ]
        return short + [(iri, title) for iri, title in self._of_class[kind]]

    def title(self, property: str) -> str:
        """What a property is called."""
        if property in self.named or ":" not in property:
            return self.named.get(property, property)
        return label_of(self.engine, property)

    def known(self, property: str) -> str | None:
        """The property of that short name or IRI; None for a text that is neither."""
        if property in self.named:
            return property
        if ":" in property:
            with suppress(ValueError):
                return NamedNode(property).value
        return None

    def column(self, property: str) -> Column:
        """The values of a property; empty for one that the graph has not."""
        found = self._columns.get(property)
        if found is None:
            found = self._read(property)
            with self._lock:
                if found.values and len(self._columns) < KEPT:
                    self._columns[property] = found
        return found

    def _read(self, property: str) -> Column:
        if ":" in property:
            text = bind(queries.load("reconciliation/property").text, {"property": NamedNode(property)})
        else:
            text = queries.load(f"{FOLDER}/{property}").text
        values: dict[int, list[Term]] = defaultdict(list)
        holders: dict[str, list[int]] = defaultdict(list)
        for row in self.engine.select(text):
            thing, value = self.register.numbers.get(getattr(row["thing"], "value", "")), row["value"]
            if thing is not None and value not in values[thing]:
                values[thing].append(value)
                holders[holding(value)].append(thing)
        return Column({thing: tuple(found) for thing, found in values.items() if found}, dict(holders))

    def asked(self, property: str, texts: Sequence[str]) -> Asked | None:
        """What a query says of a property; None for a property that is not known and for no value at all."""
        known, said = self.known(property), tuple(text.strip()[:200] for text in texts if text.strip())
        if known is None or not said:
            return None
        meant = frozenset(thing for text in said for thing in self.register.meant(text))
        return Asked(known, said, meant, tuple(found for text in said if (found := point(text))))

    def verdict(self, asked: Asked, thing: int) -> float | None:
        """Whether a thing has what was asked, from CONTRADICTS to AGREES; None where the graph has no value."""
        values = self.column(asked.property).values.get(thing)
        if not values:
            return None
        return max(self._compared(asked, value) for value in values)

    def holding(self, asked: Asked) -> set[int]:
        """The things that have what was asked, found without looking at all."""
        holders = self.column(asked.property).holders
        wanted = [self.register.iris[thing] for thing in asked.meant] + [key(text) for text in asked.texts]
        return {thing for value in wanted for thing in holders.get(value, ())}

    def _compared(self, asked: Asked, value: Term) -> float:
        if isinstance(value, NamedNode):
            return self._compared_thing(asked, value.value)
        if not isinstance(value, Literal):
            return UNSURE
        if value.datatype.value in DATES:
            return max(same_day(text, value.value) for text in asked.texts)
        if value.datatype.value in NUMBERS:
            return max(same_figure(text, value.value) for text in asked.texts)
        if place := point(value.value):
            return max((closeness(place, other) for other in asked.points), default=UNSURE)
        return max(alike(text, value.value) for text in asked.texts)

    def _compared_thing(self, asked: Asked, iri: str) -> float:
        number = self.register.numbers.get(iri)
        if number is None:
            return AGREES if iri in asked.texts else UNSURE
        if asked.meant:
            return AGREES if number in asked.meant else CONTRADICTS
        return max(AGREES if alike(text, self.register.names[number]) else UNSURE for text in asked.texts)


def holding(value: Term) -> str:
    """A value as the key under which its holders stand."""
    return value.value if isinstance(value, NamedNode) else key(str(getattr(value, "value", "")))


def alike(one: str, other: str) -> float:
    return AGREES if OSA.normalized_similarity(key(one), key(other)) >= ALIKE else CONTRADICTS


def same_day(text: str, day: str) -> float:
    """Whether a year, a month or a day lies in another."""
    short, long = sorted((text, day), key=len)
    if not re.match(r"\d{4}", short):
        return UNSURE
    return AGREES if long.startswith(short) else CONTRADICTS


def same_figure(text: str, figure: str) -> float:
    """Whether two figures are near enough to be of the same thing."""
    try:
        asked, known = float(re.sub(r"[\s,\u202f]", "", text)), float(figure)
    except ValueError:
        return UNSURE
    if not (math.isfinite(asked) and math.isfinite(known)):
        return UNSURE
    return AGREES if abs(asked - known) <= TOLERANCE * max(abs(asked), abs(known)) else CONTRADICTS


def point(text: str) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; WKT has them the other way round."""
    found = POINT.fullmatch(text)
    if not found:
        return None
    return globe.point(found[2], found[1]) if "(" in text else globe.point(found[1], found[2])


def closeness(one: tuple[float, float], other: tuple[float, float]) -> float:
    """AGREES up to NEAR_KM, CONTRADICTS from FAR_KM on, and in between the less the farther."""
    away = globe.kilometres(one, other)
    return min(1.0, max(0.0, (FAR_KM - away) / (FAR_KM - NEAR_KM)))
