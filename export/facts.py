"""The facts of a graph as its N-Triples have them, thing after thing, and things gathered by class.

Terms stay text, as N-Triples write them: a dump is tens of millions of lines, each of which is read once a format. The
files are sorted, so that all that is said of a thing stands together.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from citygraph.namespaces import RDF_TYPE, name

Fact = tuple[str, str]
"""A predicate and an object."""
TYPE = str(RDF_TYPE)
HELD = 8 << 20
"""Characters of gathered lines that wait in memory."""
FIRST = tuple(name(curie).value for curie in ("dcat:Dataset", "owl:Ontology", "skos:ConceptScheme"))
"""The classes of what speaks of a graph as a whole."""
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
PLAIN = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


class NotWritable(ValueError):
    """A fact that a format has no way to write."""


@dataclass(frozen=True)
class Section:
    """Things of one class, whose IRI is empty for those of none, and their facts in a file of their own."""

    kind: str
    things: int
    path: Path


def things(lines: Iterable[str]) -> Iterator[tuple[str, list[Fact]]]:
    """Each subject with its facts."""
    subject = ""
    facts: list[Fact] = []
    for line in lines:
        found, predicate, value = line.split(" ", 2)
        if found != subject:
            if facts:
                yield subject, facts
            subject, facts = found, []
        facts.append((predicate, value[:-3]))
    if facts:
        yield subject, facts


def read(path: Path) -> Iterator[tuple[str, list[Fact]]]:
    """The things of a file."""
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from things(file)


def literal(text: str) -> tuple[str, str, str]:
    """The parts of a literal: its text, still escaped, its language and its datatype in brackets."""
    end = text.rindex('"')
    tail = text[end + 1 :]
    return text[1:end], tail[1:] if tail.startswith("@") else "", tail[2:] if tail.startswith("^^") else ""


def unescaped(text: str) -> str:
    """What the text of a literal says."""
    if "\\" not in text:
        return text
    return ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else PLAIN.get(m[3], m[3]), text)


def gathered(source: Path, folder: Path, own: str) -> list[Section]:
    """The things of a file by class: what speaks of the whole, then classes below `own`, then others, each in the order
    of their IRIs. A thing of several classes stands with the first."""
    folder.mkdir()
    waiting: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    places: dict[str, Path] = {}
    held = 0

    def settle() -> None:
        for kind, lines in waiting.items():
            place = places.setdefault(kind, folder / str(len(places)))
            with place.open("a", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)
        waiting.clear()

    for subject, facts in read(source):
        classes = [value[1:-1] for predicate, value in facts if predicate == TYPE and value[0] == "<"]
        kind = min(classes, key=lambda iri: place_of(iri, own), default="")
        counts[kind] = counts.get(kind, 0) + 1
        text = "".join([f"{subject} {predicate} {value} .\n" for predicate, value in facts])
        waiting.setdefault(kind, []).append(text)
        held += len(text)
        if held > HELD:
            settle()
            held = 0
    settle()
    return [Section(kind, counts[kind], places[kind]) for kind in sorted(counts, key=lambda iri: place_of(iri, own))]


def place_of(iri: str, own: str) -> tuple[int, str]:
    """Where a class stands among others."""
    rank = FIRST.index(iri) if iri in FIRST else 3 if iri.startswith(own) else 4 if iri else 5
    return rank, iri
