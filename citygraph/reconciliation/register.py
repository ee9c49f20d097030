"""The things that can be reconciled, in columns: IRI, name, classes, what surrounds them, and all ways to name them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode

from citygraph import queries
from citygraph.engine import Engine
from citygraph.labels import in_words, local_name, pick
from citygraph.namespaces import name
from citygraph.reconciliation.folding import Form, keys
from citygraph.reconciliation.index import Index, build

Row = Mapping[str, object]

HERE = re.compile(r"^https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/")
"""What addresses of a copy on one's own machine begin with."""

MAIN = ("rdfs:label", "skos:prefLabel", "schema:name", "foaf:name", "dcterms:title")
ORDER = [name(curie).value for curie in MAIN]
"""The properties that say what a thing is called, the first that it has; all others give further names."""
NUMBERED = re.compile(r"\d{5,}|[A-Z]+\d+")
"""The end of another site's IRI that may be written without the rest, such as Q25724."""


@dataclass(frozen=True)
class Register:
    """Things by number, from 0. `classes[n]` are numbers of `types`, `surroundings[n]` numbers of things.

    `identifiers` has things by IRI without its scheme and by the end of an IRI, each with whether it is the same
    thing; `codes` by code in capitals. Things that share one stand there together. `ambiguous` are those that somebody
    who writes their name may well not mean."""

    iris: list[str]
    names: list[str]
    classes: list[tuple[int, ...]]
    types: list[str]
    labels: list[str]
    surroundings: list[tuple[int, ...]]
    numbers: dict[str, int]
    identifiers: dict[str, tuple[tuple[int, bool], ...]]
    codes: dict[str, tuple[int, ...]]
    index: Index
    homes: tuple[str, ...] = ()
    ambiguous: frozenset[int] = frozenset()

    def is_a(self, thing: int, types: frozenset[int]) -> bool:
        """Whether a thing has one of some classes; any thing has one of none."""
        return not types or not types.isdisjoint(self.classes[thing])

    def type_numbers(self, asked: Iterable[str]) -> frozenset[int] | None:
        """The numbers of classes by IRI or by the end of one; None when classes are asked for and none is known."""
        wanted = set(asked)
        found = {n for n, iri in enumerate(self.types) if iri in wanted or local_name(iri) in wanted}
        return frozenset(found) if found or not wanted else None

    def identified(self, text: str) -> list[tuple[int, bool]]:
        """The things that an identifier means: an IRI of ours or of others, a path, or the end of an IRI."""
        text = HERE.sub("/", text.strip())
        if (number := self.numbers.get(text)) is not None:
            return [(number, True)]
        for home in self.homes:
            path = text.removeprefix(home).removeprefix("/") if text.startswith((home, "/")) else text
            known = (self.numbers.get(self.homes[0] + end) for end in (path, path.rpartition(".")[0]) if end)
            if "/" in path and (number := next((n for n in known if n is not None), None)) is not None:
                return [(number, True)]
        return list(self.identifiers.get(plain(text), ()))

    def meant(self, text: str) -> set[int]:
        """The things that a text means without doubt: by identifier, by code, or by one of its exact names."""
        found = {thing for thing, _ in self.identified(text)} | set(self.codes.get(text.strip().upper(), ()))
        for key in keys(text):
            found |= {thing for thing, form in self.index.exact(key) if form is not Form.SHORTENED}
        return found


def plain(iri: str) -> str:
    """An identifier without what is written differently from place to place: scheme, www., prefix, last slash, and
    the page instead of the thing."""
    text = re.sub(r"^(https?://)?(www\.|sws\.|m\.)?", "", unquote(iri.strip())).rstrip("/")
    text = re.sub(r"^wikidata\.org/wiki/", "wikidata.org/entity/", text)
    text = re.sub(r"^(geonames\.org/\d+)/.*$", r"\1", text)
    short = re.fullmatch(r"(?:wd|wikidata|gn|geonames):\s*(Q?\d+)", text, re.IGNORECASE)
    text = short[1] if short else text
    return text.upper() if re.fullmatch(r"q\d+", text) else text


def load(engine: Engine, base: str, homes: Sequence[str] = ()) -> Register:
    """Everything with a name that the engine's graph has."""
    classes: dict[str, list[str]] = defaultdict(list)
    for row in ask(engine, "classes"):
        classes[text(row, "thing")].append(text(row, "class"))
    named: dict[str, list[tuple[str, Literal]]] = defaultdict(list)
    for row in ask(engine, "names"):
        if (iri := text(row, "thing")) in classes and isinstance(literal := row["name"], Literal):
            named[iri].append((text(row, "property"), literal))
    links = [(text(r, "thing"), text(r, "identifier"), text(r, "same") in ("true", "1")) for r in ask(engine, "links")]
    codes = [(text(r, "thing"), text(r, "code")) for r in ask(engine, "codes")]
    around = [(text(r, "thing"), text(r, "other")) for r in ask(engine, "surroundings")]
    types = ordered_types(classes, set(named), {thing for thing, _, _ in links}, base)
    labels = [label_of(engine, kind) for kind in types]
    made = assemble(named, classes, types, labels, links, codes, around, (base, *homes))
    doubtful = (made.numbers.get(text(row, "thing")) for row in ask(engine, "namesakes"))
    return replace(made, ambiguous=frozenset(number for number in doubtful if number is not None))


def ask(engine: Engine, query: str) -> Sequence[Row]:
    return engine.select(queries.load(f"reconciliation/{query}").text)


def text(row: Row, variable: str) -> str:
    return str(getattr(row[variable], "value", ""))


def ordered_types(classes: Mapping[str, list[str]], named: set[str], linked: set[str], base: str) -> list[str]:
    """The classes of named things: first those whose things are linked with others, then by the number of things, our
    own first."""
    counts = Counter(kind for thing in named for kind in classes[thing])
    links = Counter(kind for thing in named & linked for kind in classes[thing])
    return sorted(counts, key=lambda kind: (-links[kind], -counts[kind], not kind.startswith(base), kind))


def label_of(engine: Engine, iri: str) -> str:
    """What a class or a property is called, in English where it has an English label."""
    rows = engine.select(f"SELECT ?name {{ {NamedNode(iri)} {NamedNode(ORDER[0])} ?name }}")
    label = pick([row["name"] for row in rows if isinstance(row["name"], Literal)], "en")
    return label.value if label else in_words(local_name(iri))


def assemble(
    named: Mapping[str, Sequence[tuple[str, Literal]]], classes: Mapping[str, Sequence[str]], types: list[str],
    labels: list[str], links: Iterable[tuple[str, str, bool]], codes: Iterable[tuple[str, str]],
    around: Iterable[tuple[str, str]], homes: Sequence[str],
) -> Register:  # fmt: skip
    """A register from what the queries found. `named` has (property, name) by IRI; it is read once."""
    iris = sorted(named)
    numbers = {iri: number for number, iri in enumerate(iris)}
    kinds = {kind: number for number, kind in enumerate(types)}
    ordered = [tuple(sorted(kinds[kind] for kind in set(classes[iri]) if kind in kinds)) for iri in iris]
    surroundings: list[list[int]] = [[] for _ in iris]
    for thing, other in around:
        if thing in numbers and other in numbers:
            surroundings[numbers[thing]].append(numbers[other])
    for others in surroundings:
        others.sort(key=lambda number: (ordered[number], number))
    short: dict[str, list[int]] = defaultdict(list)
    for thing, code in codes:
        if thing in numbers:
            short[code.upper()].append(numbers[thing])
    return Register(
        iris=iris,
        names=[called(named[iri]) for iri in iris],
        classes=ordered,
        types=types,
        labels=labels,
        surroundings=[tuple(dict.fromkeys(others)) for others in surroundings],
        numbers=numbers,
        identifiers=identifiers(links, numbers),
        codes={code: tuple(things) for code, things in short.items()},
        index=build(entries(named, iris)),
        homes=tuple(homes),
    )


def entries(named: Mapping[str, Sequence[tuple[str, Literal]]], iris: Sequence[str]) -> Iterable[tuple[str, int, Form]]:
    """Every key of every name, with the number of its thing."""
    for number, iri in enumerate(iris):
        for written in {literal.value for _, literal in named[iri]}:
            for key, form in keys(written).items():
                yield key, number, form


def called(names: Sequence[tuple[str, Literal]]) -> str:
    """The one name that is shown: in English, of the first naming property that the thing has."""
    for property in ORDER:
        if found := pick([literal for p, literal in names if p == property], "en"):
            return found.value
    return min(literal.value for _, literal in names)


def identifiers(
    links: Iterable[tuple[str, str, bool]], numbers: Mapping[str, int]
) -> dict[str, tuple[tuple[int, bool], ...]]:
    """Things by the identifiers that others have for them, whole and, where that is a number, the end alone."""
    found: dict[str, dict[int, bool]] = defaultdict(dict)
    for thing, iri, same in links:
        if thing not in numbers:
            continue
        whole = plain(iri)
        end = whole.rpartition("/")[2]
        for written in {whole, end} if NUMBERED.fullmatch(end) else {whole}:
            found[written][numbers[thing]] = found[written].get(numbers[thing], False) or same
    return {written: tuple(sorted(things.items())) for written, things in found.items()}
