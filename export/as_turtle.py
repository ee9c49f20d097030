"""Turtle and TriG: one fact a line as in the files of data/, the things of each class under a heading of their own."""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from citygraph import turtle
from citygraph.namespaces import RDF_TYPE
from export.facts import Fact, Section, literal, read

KNOWN = 100_000
"""Short names that are remembered: there are as many IRIs as things, most of which are named a few times, close by."""
UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029]")
"""What N-Triples do not escape, and some editors take for the end of a line."""
ESCAPE = re.compile(r"\\.")
LIKE_OTHERS = {"\\b": "\\u0008", "\\f": "\\u000C"}
"""Controls that have a letter in N-Triples, and are written by their number in the files of data/."""
RULE = 100


class Names(turtle.Names):
    """Short names by the same rules, found by one expression instead of prefix by prefix."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        super().__init__(prefixes)
        spaces = sorted(set(prefixes.values()), key=lambda space: (-len(space), space))
        self.space = re.compile("|".join(map(re.escape, spaces)) or "(?!)")
        self.prefix = {space: prefix for prefix, space in reversed(self.by_length)}

    def shorten(self, iri: str) -> str:
        space = self.space.match(iri)
        if space is None:
            return f"<{iri}>"
        local = iri[space.end() :]
        if not turtle.LOCAL.fullmatch(local):
            return super().shorten(iri)
        prefix = self.prefix[space[0]]
        self.used.add(prefix)
        return f"{prefix}:{local}" if local.isalnum() else f"{prefix}:{re.sub('[/#]', turned, local)}"


def turned(found: re.Match[str]) -> str:
    return "\\" + found[0]


class Writer:
    """Writes things as Turtle, and knows which prefixes that took."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.names = Names(prefixes)
        self.predicates: dict[str, tuple[int, str, str]] = {}
        self.nodes: dict[str, str] = {}

    def thing(self, subject: str, facts: Sequence[Fact]) -> str:
        """A thing with its facts, in the order of the house."""
        rows = []
        for predicate, value in facts:
            place = self.predicates.get(predicate) or self.predicate(predicate)
            rows.append((*place, *self.value(value)) if value[0] == '"' else (*place, "", value, "", self.node(value)))
        rows.sort()
        lines = [f"    {row[2]} {row[6]} ;\n" for row in rows]
        return f"{self.node(subject)}\n{''.join(lines)}    .\n"

    def predicate(self, text: str) -> tuple[int, str, str]:
        """Where a predicate stands, and what it is called."""
        iri = text[1:-1]
        name = "a" if iri == RDF_TYPE.value else self.names.iri(iri)
        self.predicates[text] = (turtle.FIRST.get(iri, 9), iri, name)
        return self.predicates[text]

    def node(self, text: str) -> str:
        """An IRI by its short name; other terms are written as N-Triples write them."""
        found = self.nodes.get(text)
        if found is None:
            if len(self.nodes) > KNOWN:
                self.nodes.clear()
            found = self.names.shorten(text[1:-1]) if text[0] == "<" and text[1] != "<" else text
            self.nodes[text] = found
        return found

    def value(self, text: str) -> tuple[str, str, str, str]:
        """A literal: language, text and datatype, by which values are put in order, and how it is written."""
        said, language, datatype = literal(text)
        if not text.isascii():
            text = UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04X}", text)
        if "\\b" in text or "\\f" in text:
            text = ESCAPE.sub(lambda found: LIKE_OTHERS.get(found[0], found[0]), text)
        if not datatype:
            return language, said, "", text
        iri = datatype[1:-1]
        native = turtle.NATIVE.get(iri)
        if native and native.fullmatch(said):
            return "", said, iri, said
        return "", said, iri, f"{text[: -len(datatype)]}{self.node(datatype)}"


def body(
    sections: Sequence[Section], prefixes: Mapping[str, str], labels: Mapping[str, str], place: Path
) -> dict[str, str]:
    """Write the things of a graph under headings, without prefixes; returns those that it takes."""
    writer = Writer(prefixes)
    with place.open("w", encoding="utf-8", newline="\n") as file:
        for section in sections:
            file.write(f"\n{heading(section, prefixes, labels)}")
            file.writelines(f"\n{writer.thing(*thing)}" for thing in read(section.path))
    return {prefix: prefixes[prefix] for prefix in writer.names.used}


def heading(section: Section, prefixes: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """What a section has, as a comment."""
    if not section.kind:
        return comment(f"Things of no class: {section.things:,}")
    # By names of its own: a class that only a heading mentions needs no prefix declared.
    called = turtle.Names(prefixes).iri(section.kind).replace("\\", "")
    label = f", {labels[section.kind]}" if section.kind in labels else ""
    return comment(f"{called}{label}: {section.things:,}")


def comment(*lines: str) -> str:
    """Lines between two rules."""
    rule = "#" * RULE
    return "\n".join([rule, *(f"# {' '.join(line.split())}" for line in lines), rule, ""])


def declared(prefixes: Mapping[str, str]) -> str:
    """The declarations of prefixes."""
    return "".join(f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(prefixes))


def turtle_file(head: Sequence[str], used: Mapping[str, str], place: Path, out: Path) -> None:
    """A graph whose body is written, as Turtle."""
    with out.open("wb") as file:
        file.write(f"{comment(*head)}\n{declared(used)}".encode())
        append(place, file)


def trig_file(head: Sequence[str], graphs: Sequence[tuple[str, Mapping[str, str], Path]], out: Path) -> None:
    """Graphs whose bodies are written, each by its IRI with its prefixes, as TriG."""
    used = {prefix: space for _, prefixes, _ in graphs for prefix, space in prefixes.items()}
    with out.open("wb") as file:
        file.write(f"{comment(*head)}\n{declared(used)}".encode())
        for iri, _, place in graphs:
            file.write(f"\n<{iri}> {{\n".encode())
            append(place, file)
            file.write(b"}\n")


def append(place: Path, file: BinaryIO) -> None:
    """Copy a file to the end of another."""
    with place.open("rb") as source:
        shutil.copyfileobj(source, file, 1 << 20)
