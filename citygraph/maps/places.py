"""What stands on the map: places with what they are shown for and when, and what a request wants to see of them.

`citygraph/queries/maps/places.rq` finds them in graphs of this network, `anything.rq` in any other: ?place, ?latitude
and ?longitude are needed; ?field gives a place its colour, ?country and ?region where it stands in the list, ?from,
?start and ?end when it was there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from citygraph import globe, hues, lists, queries
from citygraph.engine import Engine
from citygraph.labels import Term, folded, in_words, local_name, tag, written
from citygraph.maps.projection import WORLD, XY
from citygraph.maps.relaxing import relaxed
from citygraph.names import Index
from citygraph.namespaces import PREFIXES
from citygraph.protocol import BadRequest
from citygraph.queries import Query

QUERIES = ("maps/places", "maps/anything")
"""Asked in this order until one finds a place."""
MOST = 5000
"""Places on a map; the queries find one more."""
DAY = "at"
DATE = PREFIXES["xsd"] + "date"
BESIDE = ("lang",)
Positions = tuple[dict[int, tuple[float, float]], float]


@dataclass(frozen=True)
class Named:
    """A thing and what it is called; the language is that of the label."""

    iri: str
    label: str
    language: str | None = None

    @property
    def short(self) -> str:
        """How an address names it."""
        return local_name(self.iri)


@dataclass(frozen=True)
class Held:
    """What a place is shown for: from when, as the graph says it (`start`), the first day that this allows (`since`)
    and the day on which it is over, if it is."""

    field: Named | None
    start: str
    since: str
    end: str


@dataclass(frozen=True)
class Place:
    """A thing that has coordinates."""

    thing: Named
    latitude: float
    longitude: float
    country: Named | None
    region: Named | None
    held: tuple[Held, ...]

    def on(self, day: str | None) -> list[Held]:
        """What counts on a day, or at last: what was begun latest, as lists have it. Days compare as they are
        written."""
        if len(self.held) == 1 and day is None:
            return list(self.held)
        there = [h for h in self.held if day is None or (h.since <= day and not (h.end and h.end <= day))]
        latest = max((h.since for h in there), default=None)
        return [h for h in self.held if h.since == latest]


@dataclass(frozen=True)
class Shown:
    """A place as a map with filters has it: what it is shown for, and the hue of its field, 0 for none."""

    place: Place
    number: int
    held: Held
    hue: int


@dataclass(frozen=True)
class Wanted:
    """What a request asks: by the name of the filter the terms that are meant, and how addresses name them."""

    terms: Mapping[str, NamedNode | Literal]
    given: Mapping[str, str]

    @property
    def day(self) -> str | None:
        """The day on which the map is wanted, if one is."""
        return self.value(DAY)

    def value(self, name: str) -> str | None:
        """The IRI or the text of a filter."""
        return self.terms[name].value if name in self.terms else None

    def without(self, name: str) -> "Wanted":
        """The same without one filter."""
        return Wanted(*({key: of[key] for key in of if key != name} for of in (self.terms, self.given)))  # type: ignore[arg-type]

    def at_end_of(self, year: str) -> "Wanted":
        """The same on the last day of a year."""
        day = f"{year}-12-31"
        return Wanted({**self.terms, DAY: Literal(day, datatype=NamedNode(DATE))}, {**self.given, DAY: day})


@dataclass(frozen=True)
class Places:
    """All the places of a graph, in the order of their names, in one language."""

    query: Query
    found: tuple[Place, ...]
    hues: Mapping[str, int]
    more: bool

    @cached_property
    def fields(self) -> list[Named]:
        """What the colours mean, in their order."""
        seen = {h.field.iri: h.field for place in self.found for h in place.held if h.field}
        return sorted(seen.values(), key=lambda field: (field.short, field.iri))

    @cached_property
    def years(self) -> list[str]:
        """From the first year in which something began to the last."""
        begun = [h.since[:4] for place in self.found for h in place.held if h.since[:4].isdecimal()]
        return [f"{year:04}" for year in range(int(min(begun)), int(max(begun)) + 1)] if begun else []

    @cached_property
    def spots(self) -> list[XY]:
        """Where each place stands on the map of the world."""
        return [WORLD.at(place.latitude, place.longitude) for place in self.found]

    @cached_property
    def inset(self) -> Positions:
        """Where the dots of the larger drawing stand, by the number of their place, and how far the one that was moved
        most is from where it should be, in units."""
        return relaxed([(place.latitude, place.longitude) for place in self.found])

    @property
    def own(self) -> bool:
        """Whether this is a graph of this network."""
        return self.query.name == QUERIES[0]

    def shown(self, wanted: Wanted) -> list[Shown]:
        """The places that a request wants to see."""
        made = []
        day, field, country, region = wanted.day, *(wanted.value(name) for name in ("field", "country", "region"))
        for number, place in enumerate(self.found):
            if country and (place.country is None or place.country.iri != country):
                continue
            if region and (place.region is None or place.region.iri != region):
                continue
            for held in place.on(day):
                kind = held.field.iri if held.field else None
                if field in (None, kind):
                    made.append(Shown(place, number, held, self.hues.get(kind or "", 0)))
                    break
        return made


def find(engine: Engine, index: Index, language: str) -> Places:
    """The places of a graph; none where it says of nothing where it is."""
    query, rows = queries.load(QUERIES[0]), []
    for name in QUERIES:
        query = queries.load(name)
        if rows := engine.select(query.filled({"lang": Literal(language)})):
            break
    found, more = gathered(rows)
    kind = {parameter.name: parameter.kind for parameter in query.declared}.get("field")
    colours = index.of(kind).things if kind else [h.field.iri for p in found for h in p.held if h.field]
    return Places(query, tuple(found), hues.among(colours), more)


def gathered(rows: Sequence[Mapping[str, Term]]) -> tuple[list[Place], bool]:
    """One place for the rows about it, and whether there are more than a map shows. The first coordinates of a place
    count."""
    about: dict[str, list[Mapping[str, Term]]] = {}
    for row in rows:
        if globe.place(row):
            about.setdefault(written(row["place"]), []).append(row)
    made = []
    for several in about.values():
        row = several[0]
        held = dict.fromkeys(
            Held(named(r, "field"), text(r, "start"), text(r, "from"), text(r, "end")) for r in several
        )
        thing = named(row, "place")
        place = globe.place(row)
        if thing and place:
            made.append(Place(thing, *place, named(row, "country"), named(row, "region"), tuple(held)))
    made.sort(key=lambda place: (folded(place.thing.label), place.thing.iri))
    return made[:MOST], len(made) > MOST


def named(row: Mapping[str, Term], name: str) -> Named | None:
    """The thing in a column, by its label or by the last part of its IRI."""
    thing, label = row.get(name), row.get(f"{name}Label")
    if not isinstance(thing, NamedNode):
        return None
    if isinstance(label, Literal):
        return Named(thing.value, label.value, tag(label))
    return Named(thing.value, in_words(local_name(thing.value)))


def text(row: Mapping[str, Term], name: str) -> str:
    """What a column says, nothing where it is empty."""
    return written(row[name]) if name in row else ""


def read(given: Sequence[tuple[str, str]], query: Query, index: Index) -> Wanted:
    """What a request asks of a map, as strictly as of a list. Raises `BadRequest`."""
    known = {parameter.name: parameter for parameter in query.declared}
    said: dict[str, str] = {}
    for key, value in given:
        if key not in known and key not in BESIDE:
            allowed = [*known, *BESIDE]
            raise BadRequest(f"The map has no parameter {key[:80]}; it takes {', '.join(allowed)}.", allowed=allowed)
        if value.strip() and said.setdefault(key, value.strip()) != value.strip():
            raise BadRequest(f"{key} is there twice; give it once.")
    terms = {name: lists.term(known[name], said[name], index) for name in known if name in said}
    short = {
        name: index.of(known[name].kind).short_of(term.value) if isinstance(term, NamedNode) else term.value
        for name, term in terms.items()
    }
    return Wanted(terms, short)
