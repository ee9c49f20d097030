"""What things are called: which have a name with certain words in it, and which may be named in an address."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from citygraph import queries
from citygraph.engine import Engine
from citygraph.labels import folded, in_words, local_name, pick, written
from citygraph.sparql import bind

NEAREST, COMPARED, MOST_CHOICES = 20, 1000, 300


@dataclass
class Names:
    """The things of one class and their names, folded, one name a line. `things` and `lines` go together."""

    things: list[str]
    lines: list[str]

    @cached_property
    def short(self) -> dict[str, str]:
        """The IRI of each thing by the last part of it, as an address names it."""
        return {local_name(iri): iri for iri in reversed(self.things)}

    def find(self, name: str) -> str | None:
        """The thing that a value in an address means: the last part of its IRI, or the whole of it."""
        return self.short.get(name) or (name if self.short.get(local_name(name)) == name else None)

    def short_of(self, iri: str) -> str:
        """How an address names a thing."""
        short = local_name(iri)
        return short if self.short.get(short) == iri else iri

    def matching(self, words: str) -> set[str]:
        """The things that have a name with all of these words, or beginnings and ends of words, in it."""
        wanted = folded(words).split()
        found = set()
        for thing, names in zip(self.things, self.lines, strict=True):
            if all(word in names for word in wanted) and (
                len(wanted) < 2 or any(all(word in name for word in wanted) for name in names.split("\n"))
            ):
                found.add(thing)
        return found

    def nearest(self, name: str) -> list[str]:
        """The values that come nearest to one that means nothing here, at most 20, the likeliest first."""
        wanted = folded(local_name(name))
        known: Iterable[tuple[str, str]] = zip(self.things, self.lines, strict=True)
        if len(self.things) > COMPARED:
            known = [(iri, names) for iri, names in known if local_name(iri)[:2] == wanted[:2]][:COMPARED]

        def unlike(pair: tuple[str, str]) -> tuple[float, str]:
            value = local_name(pair[0])
            alike = (SequenceMatcher(None, wanted, called).ratio() for called in (folded(value), *pair[1].split("\n")))
            return (-max(alike), value)

        return [local_name(iri) for iri, _ in sorted(known, key=unlike)[:NEAREST]]


@dataclass
class Index:
    """The names of everything that lists show or are narrowed by, each class read once, when it is first asked for."""

    engine: Engine
    read: dict[str, Names] = field(default_factory=dict)
    labels: dict[str, dict[str, list[Literal]]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    orders: dict[tuple[object, ...], list[str]] = field(default_factory=dict)
    """The things of large lists in an order, as `citygraph.lists` keeps them."""

    def of(self, kind: str) -> Names:
        """The names of the things of a class."""
        if kind not in self.read:
            rows = self.engine.select(bind(queries.load("lists/names").text, {"class": NamedNode(kind)}))
            named = sorted(
                (thing.value, names.value if isinstance(names := row.get("names"), Literal) else "")
                for row in rows
                if isinstance(thing := row.get("thing"), NamedNode)
            )
            self.read[kind] = Names([thing for thing, _ in named], [folded(names) for _, names in named])
        return self.read[kind]

    def size(self, kind: str) -> int:
        """How many things of a class there are."""
        if kind not in self.sizes:
            (row,) = self.engine.select(bind(queries.load("lists/size").text, {"class": NamedNode(kind)}))
            self.sizes[kind] = int(written(row["things"]))
        return self.sizes[kind]

    def choices(self, kind: str, language: str) -> dict[str, str]:
        """What may be chosen of a class: values for an address with their labels in a language, by label."""
        if kind not in self.labels:
            labels: dict[str, list[Literal]] = {iri: [] for iri in self.of(kind).things}
            for row in self.engine.select(bind(queries.load("lists/labels").text, {"class": NamedNode(kind)})):
                thing, label = row["thing"], row["label"]
                if isinstance(thing, NamedNode) and isinstance(label, Literal) and thing.value in labels:
                    labels[thing.value].append(label)
            self.labels[kind] = labels
        shown = {
            local_name(iri): best.value if (best := pick(found, language)) else in_words(local_name(iri))
            for iri, found in self.labels[kind].items()
        }
        return dict(sorted(shown.items(), key=lambda pair: (folded(pair[1]), pair[0])))
