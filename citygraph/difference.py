"""What came and what went between two states of a graph, from their canonical N-Quads, line by line.

Compared is the default graph: ontology, data and derived facts. Both files are sorted, so they are read side by side,
and what is in memory is only what has blank nodes. A blank node is called by the content of everything that hangs
together with it through blank nodes, so that it has the same name in both states as long as nothing of that changes;
if something does, all of it goes and comes again, because nobody can say which node became which.
"""

import hashlib
import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse, serialize

from citygraph.digest import has_blank_node
from citygraph.turtle import stable

END = b" .\n"
LOOSE = re.compile(b"_:")
"""A blank node, or a text that looks like one."""


class Line(NamedTuple):
    """A fact of the default graph as N-Triples writes it, without the dot; `derived` where nobody wrote it down."""

    text: bytes
    derived: bool


class Change(NamedTuple):
    """A fact that is in one of two states only."""

    line: Line
    added: bool


def lines(path: Path, base: str, form: re.Pattern[bytes] | None = None) -> Iterator[Line]:
    """The facts of the default graph in a file of sorted N-Quads, each once; with `form`, those that have it."""
    shapes, derived = (f" <{base}graph/{name}>".encode() for name in ("shapes", "derived"))
    last, alone = b"", True
    with path.open("rb") as file:
        for line in filter(form.search, file) if form else file:
            # An IRI has no space in it, so the last one stands before the graph.
            text, graph = split(line.removesuffix(END))
            if graph == shapes:
                continue
            if text != last and last:
                yield Line(last, alone)
            alone = (alone if text == last else True) and graph == derived
            last = text
    if last:
        yield Line(last, alone)


def split(line: bytes) -> tuple[bytes, bytes]:
    """The fact of a line, and its graph with the space before it."""
    place = line.rfind(b" ")
    return line[:place], line[place:]


def compare(old: Path, new: Path, base: str) -> Iterator[Change]:
    """What is in one state only, in the order of the lines."""
    before, after = (loose(lines(path, base, LOOSE)) for path in (old, new))
    removed, added = before - after, after - before
    mine = [Change(Line(text, False), False) for text in removed.elements()]
    mine += [Change(Line(text, False), True) for text in added.elements()]
    yield from heapq.merge(sorted(mine), side_by_side(fixed(lines(old, base)), fixed(lines(new, base))))


def side_by_side(old: Iterator[Line], new: Iterator[Line]) -> Iterator[Change]:
    """What is in one of two sorted files only."""
    left, right = next(old, None), next(new, None)
    while left or right:
        if left and right and left.text == right.text:
            left, right = next(old, None), next(new, None)
        elif right is None or (left and key(left) < key(right)):
            assert left is not None
            yield Change(left, False)
            left = next(old, None)
        else:
            yield Change(right, True)
            right = next(new, None)


def key(line: Line) -> bytes:
    """Where a fact stands in a file in which its graph comes after it."""
    return line.text + b" "


def fixed(found: Iterable[Line]) -> Iterator[Line]:
    """The facts without blank nodes."""
    return (line for line in found if not LOOSE.search(line.text) or not has_blank_node(fact(line.text)))


def loose(found: Iterable[Line]) -> Counter[bytes]:
    """The facts with blank nodes, under names that their content gives them; alike ones are counted."""
    facts = [one for line in found if has_blank_node(one := fact(line.text))]
    return Counter(text for part in parts(facts) for text in named(part))


def fact(text: bytes) -> Triple:
    """A fact of N-Triples."""
    found: Triple = next(parse(text + END, format=RdfFormat.N_TRIPLES)).triple
    return found


def nodes(triple: Triple) -> Iterator[BlankNode]:
    """The blank nodes of a fact, also those of a fact that it speaks of."""
    for term in (triple.subject, triple.object):
        if isinstance(term, BlankNode):
            yield term
        elif isinstance(term, Triple):
            yield from nodes(term)


def parts(facts: Iterable[Triple]) -> Iterable[list[Triple]]:
    """Facts that hang together through blank nodes."""
    parent: dict[BlankNode, BlankNode] = {}

    def root(node: BlankNode) -> BlankNode:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    kept = list(facts)
    for each in kept:
        first, *rest = nodes(each)
        for other in rest:
            parent[root(other)] = root(first)
    found: dict[BlankNode, list[Triple]] = defaultdict(list)
    for each in kept:
        found[root(next(nodes(each)))].append(each)
    return found.values()


def named(part: list[Triple]) -> list[bytes]:
    """Facts that hang together, with names for their blank nodes that are made of the SHA-256 of their content."""
    canonical = stable(part)
    name = hashlib.sha256(written(canonical)).hexdigest()[:16]
    called: dict[BlankNode, BlankNode] = {}
    for each in sorted(canonical, key=str):
        for node in nodes(each):
            called.setdefault(node, BlankNode(f"b{name}n{node.value.removeprefix('c14n')}"))
    lines = written([renamed(each, called) for each in canonical]).splitlines(keepends=True)
    return [line.removesuffix(END) for line in lines]


def renamed(triple: Triple, called: dict[BlankNode, BlankNode]) -> Triple:
    """A fact with other names for its blank nodes."""
    subject, value = triple.subject, triple.object
    if isinstance(subject, BlankNode):
        subject = called[subject]
    if isinstance(value, BlankNode):
        value = called[value]
    elif isinstance(value, Triple):
        value = renamed(value, called)
    assert isinstance(subject, NamedNode | BlankNode)
    return Triple(subject, triple.predicate, value)


def written(facts: Iterable[Triple]) -> bytes:
    """Facts as sorted N-Triples."""
    text = serialize(facts, format=RdfFormat.N_TRIPLES) or b""
    return b"".join(sorted(text.splitlines(keepends=True)))
