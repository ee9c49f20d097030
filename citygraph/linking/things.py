"""The things here that Wikidata may have as well: their names, places, identifiers and links, by class.

Which classes, and what an item must be to be linked to, stands in `queries/linking/classes.rq`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from citygraph import queries, sparql
from citygraph.dataset import Dataset, solutions
from citygraph.namespaces import PREFIXES
from citygraph.wikidata import ENTITY, ITEM

LABEL = PREFIXES["rdfs"] + "label"
SAME_AS = PREFIXES["owl"] + "sameAs"


@dataclass(frozen=True)
class Kind:
    """A class of things to link. `type` is the class of Wikidata that an item must be of, empty where any will do;
    `within` is in kilometres."""

    iri: str
    type: str = ""
    property: str = SAME_AS
    within: float = 50.0


@dataclass
class Thing:
    """One of them. `labels` is by language, `names` all names with their languages, `place` in degrees, `country` the
    id of the country's item, `identifiers` values by property of Wikidata, `links` ids of items by property."""

    iri: str
    kind: Kind
    labels: dict[str, str] = field(default_factory=dict)
    names: list[tuple[str, str]] = field(default_factory=list)
    country: str = ""
    place: tuple[float, float] | None = None
    identifiers: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)

    @property
    def items(self) -> list[str]:
        """The ids of the items that it is linked to."""
        return sorted({id_ for ids in self.links.values() for id_ in ids})


def kinds(loaded: Dataset, named: str | None = None, type_: str | None = None) -> list[Kind]:
    """The classes to link; or the one that is named, by its IRI or prefixed name. Raises ValueError for a bad name."""
    if type_ and not ITEM.fullmatch(type_):
        raise ValueError(f"{type_!r} is no item of Wikidata, such as Q486972")
    found = []
    for row in solutions(loaded.store, queries.load("linking/classes").text):
        item, within = row["type"], row["within"]
        found.append(
            Kind(
                row["class"].value,
                item.value.removeprefix(ENTITY) if item else "",
                row["property"].value,
                float(within.value) if within else 50.0,
            )
        )
    if named is None:
        return found
    iri = expanded(named, loaded.prefixes)
    [known] = [kind for kind in found if kind.iri == iri] or [Kind(iri)]
    return [Kind(iri, type_ or known.type, known.property, known.within)]


def expanded(name: str, prefixes: dict[str, str]) -> str:
    """The IRI of a prefixed name, or of an IRI. Raises ValueError."""
    prefix, colon, local = name.strip("<>").partition(":")
    if colon and prefix in prefixes and not local.startswith("//"):
        return prefixes[prefix] + local
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", name.strip("<>")):
        raise ValueError(f"{name!r} is neither an IRI nor a name with a prefix that the graph declares")
    return name.strip("<>")


def things(loaded: Dataset, kind: Kind) -> list[Thing]:
    """All things of a class, in the order of their IRIs."""
    found: dict[str, Thing] = {}

    def rows(name: str) -> Iterable[tuple[Thing, dict[str, NamedNode | Literal]]]:
        text = sparql.bind(queries.load(f"linking/{name}").text, {"class": NamedNode(kind.iri)})
        result = solutions(loaded.store, text)
        columns = [variable.value for variable in result.variables]
        for row in result:
            terms = {column: row[column] for column in columns if row[column] is not None}
            if isinstance(thing := terms["thing"], NamedNode):
                yield found.setdefault(thing.value, Thing(thing.value, kind)), terms

    for thing, row in rows("places"):
        country, latitude, longitude = (row.get(name) for name in ("country", "latitude", "longitude"))
        thing.country = country.value.removeprefix(ENTITY) if country else ""
        if latitude and longitude:
            thing.place = float(latitude.value), float(longitude.value)
    for thing, row in rows("names"):
        name = row["name"]
        if isinstance(name, Literal) and (pair := (name.value, name.language or "")) not in thing.names:
            thing.names.append(pair)
        if isinstance(name, Literal) and row["property"].value == LABEL:
            thing.labels[name.language or ""] = name.value
    for thing, row in rows("identifiers"):
        thing.identifiers.setdefault(row["property"].value, []).append(row["value"].value)
    for thing, row in rows("links"):
        if ITEM.fullmatch(id_ := row["item"].value.removeprefix(ENTITY)):
            thing.links.setdefault(row["property"].value, []).append(id_)
    return [found[iri] for iri in sorted(found)]


def languages(all_things: Iterable[Thing]) -> list[str]:
    """The languages that at least half of the things have a label in."""
    listed = list(all_things)
    used: dict[str, int] = {}
    for thing in listed:
        for language in thing.labels:
            used[language] = used.get(language, 0) + 1
    return sorted(language for language, times in used.items() if language and 2 * times >= len(listed))


def chosen(all_things: Iterable[Thing], only: Iterable[str], loaded: Dataset) -> list[Thing]:
    """Those that are named, by IRI, prefixed name or path below the base; all where none is.

    Raises ValueError for a name that is none of them."""
    listed = {thing.iri: thing for thing in all_things}
    names = list(only)
    if not names:
        return list(listed.values())
    wanted = []
    for name in names:
        iri = loaded.base + name if loaded.base + name in listed else None
        iri = iri or expanded(name, loaded.prefixes)
        if iri not in listed:
            raise ValueError(f"{name} is nothing that can be linked here")
        wanted.append(listed[iri])
    return wanted
