"""python -m bench.generate --cities N OUT: a network of N cities that do not exist, in the shape of ours.

The real network is the pattern. Each copy of it has cities, designations, evidence, links and sources of its own;
countries, regions, fields and rounds are shared by all copies. Coordinates and populations are shaken by the seed,
and so is the choice of cities in the last copy, which is only begun. One file a copy is held in memory, no more.
"""

import argparse
import random
import re
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from citygraph import dataset, turtle
from citygraph.namespaces import PREFIXES, RDF_TYPE

BASE = "https://w3id.org/creative-cities/"
CCN = BASE + "ontology#"
CITY, SOURCE = BASE + "city/", BASE + "source/"
COPY = "0COPY0"
"""Stands in a template where a city's or source's copy is numbered: letters and digits, so that it needs no escape."""
SHAKEN = re.compile(r"(ccn:inhabitants |schema:latitude |schema:longitude )(-?[0-9.]+)")
NUMBERED = {PREFIXES["owl"] + "sameAs", PREFIXES["skos"] + "closeMatch", CCN + "linkTarget"}
NAMED = {PREFIXES["rdfs"] + "label", PREFIXES["skos"] + "altLabel", CCN + "nativeName"}
ABOUT_ALL = {"announcedCities", "announcedTotal", "announcedCountries", "announcedCountriesInRound", "knownGap"}
"""What is said of the real network as a whole, and is true of no other."""
TEXTS = {
    PREFIXES["rdfs"] + "label": {"en": "Synthetic network", "sv": "Syntetiskt nätverk"},
    PREFIXES["dcterms"] + "title": {"en": "Synthetic network", "sv": "Syntetiskt nätverk"},
    PREFIXES["dcterms"] + "description": {
        "en": "Cities that do not exist, for measuring", "sv": "Städer som inte finns, för mätning",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A triple of data/, where nodes have names and nothing is said of triples."""

    subject: NamedNode
    predicate: str
    object: NamedNode | Literal


@dataclass(frozen=True)
class Block:
    """One subject with its facts in our form; `key` is the IRI that it is ordered by."""

    key: str
    text: str
    used: frozenset[str]
    shaken: bool


@dataclass(frozen=True)
class Pattern:
    """What is copied: the blocks of each city, those of all sources, and what stays as it is."""

    cities: dict[str, list[Block]]
    sources: list[Block]
    shared: list[Fact]
    prefixes: dict[str, str]


def generate(root: Path, out: Path, cities: int, seed: int = 1) -> None:
    """Write a root of so many cities to a folder that does not exist yet. The same call writes the same bytes."""
    out.mkdir(parents=True)
    for part in ("ontology", "shapes"):
        shutil.copytree(root / part, out / part)
    pattern = read(root)
    shake = random.Random(seed)  # noqa: S311 (figures, no secrets)
    (out / "data" / "cities").mkdir(parents=True)
    (out / "data" / "sources").mkdir()
    chosen: set[str] = set()
    for copy, names in copies(list(pattern.cities), cities, shake):
        chosen |= set(names) if copy == 0 else set()
        blocks = [block for name in names for block in pattern.cities[name]]
        write(out / "data" / "cities" / f"{copy:04}.ttl", blocks, copy, pattern.prefixes, shake)
        write(out / "data" / "sources" / f"{copy:04}.ttl", pattern.sources, copy, pattern.prefixes, shake)
    shared = turtle.write(triples(kept(pattern.shared, chosen)), pattern.prefixes)
    (out / "data" / "network.ttl").write_text(shared.replace(COPY, "0000"), "utf-8")


def copies(names: list[str], cities: int, shake: random.Random) -> Iterator[tuple[int, list[str]]]:
    """The cities of each copy: all of them, and in the last copy as many as are still wanted."""
    for copy, begun in enumerate(range(0, cities, len(names))):
        wanted = min(len(names), cities - begun)
        yield copy, names if wanted == len(names) else sorted(shake.sample(names, wanted))


def read(root: Path) -> Pattern:
    """The real network as a pattern."""
    facts = [fact(*q.triple) for path in dataset.files(root, "data") for q in dataset.quads(path)]
    prefixes = dataset.declared_prefixes(root)
    holders = {t.subject: slug(t.object) for t in facts if t.predicate == CCN + "city"}
    by_city: dict[str, list[Fact]] = defaultdict(list)
    sources, shared = [], []
    for stated in facts:
        city = slug(stated.subject) or holders.get(stated.subject)
        if city:
            by_city[city].append(numbered(stated, city=True))
        elif stated.subject.value.startswith(SOURCE) and not slug(stated.object):
            sources.append(numbered(stated, city=False))
        else:
            shared.append(numbered(stated, city=False))
    cities = {city: blocks(by_city[city], prefixes) for city in sorted(by_city)}
    return Pattern(cities, blocks(sources, prefixes), shared, prefixes)


def fact(subject: object, predicate: NamedNode, value: object) -> Fact:
    """A triple as the pattern can copy it. Raises `ValueError` for what has no name."""
    if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode | Literal):
        raise ValueError(f"{subject} {predicate} {value}: the pattern needs names for all its nodes")
    return Fact(subject, predicate.value, value)


def triples(facts: Iterable[Fact]) -> Iterator[Triple]:
    return (Triple(f.subject, NamedNode(f.predicate), f.object) for f in facts)


def slug(term: object) -> str | None:
    """The city that a term is, or is a part of."""
    if not isinstance(term, NamedNode) or not term.value.startswith(CITY):
        return None
    return term.value.removeprefix(CITY).partition("#")[0]


def numbered(fact: Fact, *, city: bool) -> Fact:
    """A fact with the place where its copy will be numbered."""
    value = fact.object
    if city and fact.predicate in NUMBERED:
        end = "/" if value.value.endswith("/") else ""
        value = NamedNode(value.value.removesuffix("/") + COPY + end)
    elif city and fact.predicate in NAMED and isinstance(value, Literal) and "#" not in fact.subject.value:
        value = Literal(f"{value.value} {COPY}", language=value.language)
    elif isinstance(value, NamedNode):
        value = iri(value)
    return Fact(iri(fact.subject), fact.predicate, value)


def iri(term: NamedNode) -> NamedNode:
    """The IRI of a city, a designation or a source with the place for its copy's number."""
    for kind in (CITY, SOURCE, BASE + "designation/"):
        if term.value.startswith(kind):
            whole, mark, part = term.value.partition("#")
            return NamedNode(f"{whole}-{COPY}{mark}{part}")
    return NamedNode(re.sub(r"(creative-cities/[^/#]+)$", rf"\1-{COPY}", term.value) if unesco(term) else term.value)


def unesco(term: NamedNode) -> bool:
    return term.value.startswith("https://www.unesco.org/en/creative-cities/")


def blocks(facts: list[Fact], prefixes: dict[str, str]) -> list[Block]:
    """The facts as text, subject by subject."""
    by_subject: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_subject[fact.subject.value].append(fact)
    found = []
    for subject, group in by_subject.items():
        declared, _, text = turtle.write(triples(group), prefixes).partition("\n\n")
        used = frozenset(re.findall("^@prefix (.*?):", declared, re.MULTILINE))
        found.append(Block(subject, text, used, bool(SHAKEN.search(text))))
    return found


def write(path: Path, blocks: list[Block], copy: int, prefixes: dict[str, str], shake: random.Random) -> None:
    """One file of a copy, in our form."""
    number = f"{copy:04}"
    ordered = sorted(blocks, key=lambda block: block.key)
    text = "\n".join(shaken(block.text, shake) if block.shaken else block.text for block in ordered)
    text = text.replace(COPY, number)
    used = sorted(frozenset().union(*(block.used for block in blocks)))
    declared = "".join(f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in used)
    path.write_text(f"{declared}\n{text}", "utf-8")


def shaken(text: str, shake: random.Random) -> str:
    """A block with its figures moved a little, within their bounds. A last digit that is no zero keeps their form."""

    def moved(found: re.Match[str]) -> str:
        name, figure = found.groups()
        if "inhabitants" in name:
            return f"{name}{max(1, round(int(figure) * shake.uniform(0.8, 1.2)))}"
        limit = 89.0 if "latitude" in name else 179.0
        return f"{name}{max(-limit, min(limit, float(figure) + shake.uniform(-0.2, 0.2))):.4f}1"

    return SHAKEN.sub(moved, text)


def kept(facts: list[Fact], chosen: set[str]) -> Iterator[Fact]:
    """The shared facts that are true of the new network too."""
    cut = {f.subject.value for f in facts if f.object == NamedNode(CCN + "KnownGap")}
    absent = {f.subject.value for f in facts if (name := slug(f.object)) and name.rpartition("-")[0] not in chosen}
    cut |= {subject for subject in absent if not subject.startswith(SOURCE)}
    cut |= {f.subject.value for f in facts if f.predicate == CCN + "about" and f.object.value in cut}
    conferences = {
        f.subject.value for f in facts if f.predicate == RDF_TYPE.value and "AnnualConference" in f.object.value
    }
    for fact in facts:
        name, value = slug(fact.object), fact.object
        if fact.subject.value in cut or (name and name.rpartition("-")[0] not in chosen):
            continue
        if fact.predicate.removeprefix(CCN) in ABOUT_ALL:
            continue
        if fact.predicate.endswith("editorialNote") and fact.subject.value not in conferences:
            continue
        texts = TEXTS.get(fact.predicate, {}) if fact.subject.value == BASE + "dataset" else {}
        if isinstance(value, Literal) and value.language in texts:
            value = Literal(texts[value.language], language=value.language)
        yield Fact(fact.subject, fact.predicate, value)


def main(arguments: list[str] | None = None) -> int:
    """Write a network and say how long it took. Exit code 2 when the folder is there already."""
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description=__doc__)
    parser.add_argument("--cities", type=int, required=True, metavar="N", help="from 1 to 1,000,000")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--root", type=Path, default=dataset.checkout(), help="the pattern (default: this checkout)")
    parser.add_argument("out", type=Path, help="folder to make")
    given = parser.parse_args(arguments)
    if not 1 <= given.cities <= 1_000_000:
        parser.error("--cities is a number from 1 to 1,000,000")
    if given.out.exists():
        parser.error(f"{given.out} is there already; name a folder to make")
    started = time.perf_counter()
    generate(given.root, given.out, given.cities, given.seed)
    print(f"{given.cities:,} cities in {time.perf_counter() - started:.1f} s: {given.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
