"""The sorted canonical N-Quads of a store, and their digest, without all lines at once in memory."""

import gzip
import hashlib
import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, BinaryIO, cast

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from citygraph.namespaces import name

QUADS = "quads.nq.gz"
"""The canonical N-Quads, beside a store on disk: to read them out of it again takes longer than to load them."""
RUN = 128 << 20
"""Bytes of lines that are sorted in memory; what is more goes to temporary files, run by run."""
BLOCK = 2 << 20
"""Bytes of each run that are in memory while the runs are merged."""
MANY = 10_000
"""Quads of which note is taken at a time."""
END = b" .\n"
ANY = NamedNode("urn:any")
AS_WRITTEN = {name("xsd:string"), name("rdf:langString")}
"""The datatypes of most literals, whose texts the store keeps."""


def canonical(store: Store, place: Path | None = None) -> Iterator[bytes]:
    """The sorted lines of the dataset's N-Quads, in blocks of whole lines; the default graph (a union) is left out.

    Blank nodes have the labels of RDFC-1.0. The quads that they stand in are all held in memory: their labels depend on
    each other.
    """
    with TemporaryDirectory(prefix="citygraph-", dir=place) as folder:
        runs = Runs(Path(folder))
        loose: set[Quad] = set()
        for graph in store.named_graphs():
            if isinstance(graph, NamedNode):
                lines = Lines(runs, graph, loose)
                store.dump(cast(IO[bytes], lines), RdfFormat.N_TRIPLES, from_graph=graph)
        runs.add(labelled(loose))
        yield from runs.merged()


class Passed:
    """The quads that have gone by, each perhaps more than once, and the digest of them all."""

    def __init__(self, folder: Path) -> None:
        self.runs = Runs(folder)
        self.waiting: list[str] = []
        self.loose: set[Quad] = set()

    def add(self, quad: Quad, graph: NamedNode) -> None:
        """Take note of a quad of a graph."""
        value = quad.object
        if isinstance(value, Triple) or (isinstance(value, Literal) and value.datatype not in AS_WRITTEN):
            quad = Quad(quad.subject, quad.predicate, as_stored(value), graph)
        if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode | Triple):
            self.loose.add(Quad(quad.subject, quad.predicate, quad.object, graph))
            return
        self.waiting.append(str(quad))
        if len(self.waiting) == MANY:
            self.settle()

    def settle(self) -> None:
        """Pass on what waits."""
        if self.waiting:
            self.runs.add((" .\n".join(self.waiting) + " .\n").encode())
            self.waiting = []

    def digest(self, kept: Path | None = None) -> str:
        """The SHA-256, in hex, of the sorted canonical N-Quads: of the lines of `canonical`, which go into the file
        `kept`, packed by gzip."""
        self.settle()
        self.runs.add(labelled(self.loose))
        seen = hashlib.sha256()
        with gzip.open(kept, "wb", 1) if kept else nullcontext() as file:
            for block in self.runs.merged():
                seen.update(block)
                if file:
                    file.write(block)
        return seen.hexdigest()


@lru_cache(1 << 16)
def as_stored(term: Literal | Triple) -> Literal | Triple:
    """A term as the store gives it back: it keeps the value of a number or a date, not how that was written."""
    scratch = Store()
    scratch.add(Quad(ANY, ANY, term))
    found = next(iter(scratch)).object
    assert isinstance(found, Literal | Triple)
    return found


def labelled(quads: Iterable[Quad]) -> bytes:
    """The N-Quads of all quads with blank nodes, which have canonical labels there; others have no part in these."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return serialize(dataset, format=RdfFormat.N_QUADS) or b""


class Lines(io.RawIOBase):
    """The N-Triples of one graph, as the store writes them; whole lines go on as N-Quads of that graph, those with
    blank nodes into `loose`."""

    def __init__(self, runs: "Runs", graph: NamedNode, loose: set[Quad]) -> None:
        self.runs, self.graph, self.loose = runs, graph, loose
        self.end = f" {graph} .\n".encode()
        self.rest = b""

    def write(self, data: Any, /) -> int:
        """Take some bytes, which may end inside a line."""
        whole, newline, self.rest = (self.rest + data).rpartition(b"\n")
        if newline:
            self.take((whole + newline).splitlines(keepends=True))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here but half a line."""

    def take(self, lines: list[bytes]) -> None:
        """Pass on what has no blank node, with the name of the graph."""
        blank = set()
        for line in lines:
            if b"_:" in line:
                triples = [quad.triple for quad in parse(line, format=RdfFormat.N_TRIPLES)]
                if any(map(has_blank_node, triples)):
                    blank.add(line)
                    self.loose.update(Quad(t.subject, t.predicate, t.object, self.graph) for t in triples)
        text = b"".join(line for line in lines if line not in blank)
        # A line feed in a literal is escaped, so this is the end of a line and nothing else.
        self.runs.add(text.replace(END, self.end))


def has_blank_node(triple: Triple) -> bool:
    """Whether a blank node stands in a triple, or in a triple that it speaks of."""
    ends = (triple.subject, triple.object)
    return any(isinstance(end, BlankNode) or (isinstance(end, Triple) and has_blank_node(end)) for end in ends)


class Runs:
    """Lines that are sorted when they are all there: in memory as many as fit, the others in files of `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text: list[bytes] = []
        self.size = 0
        self.files: list[Path] = []

    def add(self, text: bytes) -> None:
        """Some whole lines."""
        self.text.append(text)
        self.size += len(text)
        if self.size > RUN:
            path = self.folder / str(len(self.files))
            path.write_bytes(b"".join(self.lines()))
            self.files.append(path)

    def lines(self) -> list[bytes]:
        """The lines in memory, sorted; there are none afterwards."""
        lines = sorted(b"".join(self.text).splitlines(keepends=True))
        self.text, self.size = [], 0
        return lines

    def merged(self) -> Iterator[bytes]:
        """All lines in their order, in blocks."""
        last = self.lines()
        opened = [path.open("rb") for path in self.files]
        try:
            held = [last, *([] for _ in opened)]
            yield from merge(held, [None, *opened])
        finally:
            for file in opened:
                file.close()


def merge(held: list[list[bytes]], files: list[BinaryIO | None]) -> Iterator[bytes]:
    """Sorted lists, each of which goes on in its file, as one, in which no line comes twice.

    Each step takes all lines up to the least of the last lines held. That much is certain to be complete, and sorting
    it costs little, since it is made of pieces in order.
    """
    while True:
        for lines, file in zip(held, files, strict=True):
            if not lines and file:
                lines += file.readlines(BLOCK)
        ends = [lines[-1] for lines in held if lines]
        if not ends:
            return
        limit, part = min(ends), []
        for lines in held:
            count = bisect_right(lines, limit)
            part += lines[:count]
            del lines[:count]
        yield b"".join(dict.fromkeys(sorted(part)))
