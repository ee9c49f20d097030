"""The graph as files of RDF: each named graph and the default graph in four syntaxes, all graphs in TriG and N-Quads.

The canonical N-Quads come first: they are sorted on disk, and everything else is written from them, thing by thing, so
that no graph is ever in memory as a whole.
"""

import gzip
import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from citygraph import formats
from citygraph.context import Context
from citygraph.dataset import PARTS, Dataset
from citygraph.digest import canonical
from citygraph.distributions import File
from citygraph.formats import Format
from export import as_json_ld, as_rdf_xml, as_turtle
from export.facts import NotWritable, Section, gathered
from export.files import packed
from export.workers import Work

BLOCK = 4 << 20
TITLES = {
    "ontology": "The ontology",
    "data": "The facts as they are recorded",
    "shapes": "The shapes",
    "derived": "What is derived from the facts",
}
WHOLE = "The whole graph: the ontology, the facts and what is derived from them"
EVERYTHING = "All named graphs, the shapes among them"


@dataclass(frozen=True)
class Content:
    """A graph to be written. `iri` is that of a named graph; `lines` are its sorted N-Triples, of which there are so
    many; `fresh` is the folder for its files, `scratch` for what they are made from."""

    name: str
    title: str
    iri: str | None
    lines: Path
    triples: int
    fresh: Path
    scratch: Path

    def out(self, format: Format) -> Path:
        """Its file in a syntax."""
        return self.fresh / f"{self.name}{format.suffix}"

    @property
    def body(self) -> Path:
        """Its Turtle without prefixes."""
        return self.scratch / f"{self.name}.body"

    @property
    def things(self) -> Path:
        """The folder of its things by class."""
        return self.scratch / self.name

    def about(self, format: Format) -> tuple[str, str, str | None]:
        """What the manifest says of a file of it."""
        return titled(self.title, format), format.media_type, self.iri


@dataclass
class Graphs:
    """What the dumps of a dataset are made of, and those that are written.

    `head` begins each Turtle, `labels` has the names of classes, `syntaxes` says which are wanted, `fresh` is the
    folder for the files; `hash` is that of the canonical N-Quads, `left_out` says what cannot be written, and why.
    """

    loaded: Dataset
    name: str
    context: Context
    head: tuple[str, str]
    labels: dict[str, str]
    syntaxes: Set[str]
    fresh: Path
    scratch: Path
    work: Work
    say: Callable[[str], None]
    hash: str = ""
    files: list[File] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    bodies: list[tuple[Content, dict[str, str]]] = field(default_factory=list)
    readers: Counter[str] = field(default_factory=Counter)

    def begin(self) -> dict[str, int]:
        """Write the sorted lines and have other processes write the rest from them; how many triples each named graph
        has."""
        self.say(f"{self.name}.nq")
        quads = self.place(formats.N_QUADS) / f"{self.name}.nq"
        seen = hashlib.sha256()
        with quads.open("wb") as file:
            for block in blocks(self.loaded, self.scratch):
                seen.update(block)
                file.write(block)
        self.hash = seen.hexdigest()
        if self.hash != self.loaded.digest:
            raise ValueError(
                f"the quads have the hash {self.hash}, the dataset {self.loaded.digest}; build its store anew"
            )
        if formats.N_QUADS.name in self.syntaxes:
            self.work.later(self.take, packed, quads, titled(EVERYTHING, formats.N_QUADS), formats.N_QUADS.media_type)
        self.say(f"{self.name}.nt")
        contents = self.split(quads)
        for content in sorted(contents, key=lambda content: -content.triples):
            own = f"{self.loaded.base}ontology#"
            self.work.later(partial(self.by_class, content), gathered, content.lines, content.things, own)
            if formats.N_TRIPLES.name in self.syntaxes:
                self.work.later(self.take, packed, content.lines, *content.about(formats.N_TRIPLES))
        return {content.name: content.triples for content in contents if content.iri}

    def place(self, format: Format) -> Path:
        """Where a file is written that others are made from: beside them only where it is wanted."""
        return self.fresh if format.name in self.syntaxes else self.scratch

    def by_class(self, content: Content, sections: list[Section]) -> None:
        """Have a graph, whose things are gathered, written in the other syntaxes."""
        if formats.N_TRIPLES.name not in self.syntaxes:
            content.lines.unlink()
        prefixes = self.loaded.prefixes
        if self.syntaxes & {formats.TURTLE.name, formats.TRIG.name}:
            self.readers[content.name] += 1
            head = self.heading(content.title, content.triples) if formats.TURTLE.name in self.syntaxes else None
            self.work.later(partial(self.turtled, content), turtle, content, sections, prefixes, self.labels, head)
        for format, write in (
            (formats.JSON_LD, partial(as_json_ld.file, sections, self.context)),
            (formats.RDF_XML, partial(as_rdf_xml.file, sections, prefixes)),
        ):
            if format.name in self.syntaxes:
                self.readers[content.name] += 1
                done = partial(self.written, content)
                self.work.later(done, attempt, write, content.out(format), *content.about(format))

    def turtled(self, content: Content, result: tuple[list[File], dict[str, str]]) -> None:
        """A graph is there as Turtle; when all named graphs are, they can be put into TriG."""
        self.written(content, (result[0], ""))
        if formats.TRIG.name not in self.syntaxes or not content.iri:
            content.body.unlink()
            return
        self.bodies.append((content, result[1]))
        if len(self.bodies) == sum(1 for triples in self.loaded.counts.values() if triples):
            bodies = sorted(self.bodies, key=lambda pair: pair[0].name)
            head = self.heading(EVERYTHING, sum(content.triples for content, _ in bodies))
            graphs = [(content.iri, used, content.body) for content, used in bodies]
            self.work.later(self.take, trig, graphs, head, self.fresh / f"{self.name}{formats.TRIG.suffix}")

    def written(self, content: Content, result: tuple[list[File], str]) -> None:
        """A graph is there in a syntax, or cannot be; after the last of them nobody needs its things by class."""
        self.take(result[0])
        self.left_out += [result[1]] if result[1] else []
        self.readers[content.name] -= 1
        if not self.readers[content.name]:
            shutil.rmtree(content.things)

    def take(self, files: list[File]) -> None:
        """Files that are written."""
        self.files += files
        for file in files[:1]:
            self.say(f"{file.path} ({len(self.work.pending)} to go)")

    def heading(self, title: str, triples: int) -> tuple[str, ...]:
        """What a Turtle file begins with."""
        return (self.head[0], f"{title}: {triples:,} triples", self.head[1])

    def split(self, quads: Path) -> list[Content]:
        """The lines of each named graph and of the default graph, each in a file."""
        graphs = {f"<{self.loaded.graph(part)}>": part for part in (*PARTS, "derived") if self.loaded.counts[part]}
        names, place = (self.name, *graphs.values()), self.place(formats.N_TRIPLES)
        with ExitStack() as stack:
            opened = {name: stack.enter_context((place / f"{name}.nt").open("wb")) for name in names}
            counts = dict.fromkeys(opened, 0)
            for name, lines in divided(quads, self.name, {iri.encode(): part for iri, part in graphs.items()}):
                opened[name].writelines(lines)
                counts[name] += len(lines)
        if place is self.scratch and quads.parent is self.scratch:
            quads.unlink()
        iris = {part: iri[1:-1] for iri, part in graphs.items()}
        return [
            Content(
                name, TITLES.get(name, WHOLE), iris.get(name), place / f"{name}.nt", count, self.fresh, self.scratch
            )
            for name, count in counts.items()
        ]  # fmt: skip


def blocks(loaded: Dataset, scratch: Path) -> Iterator[bytes]:
    """The canonical N-Quads: as they were kept when a store on disk was built, else out of the store."""
    if loaded.quads is None:
        yield from canonical(loaded.store, scratch)
        return
    with gzip.open(loaded.quads, "rb") as file:
        while block := file.read(BLOCK):
            yield block


def divided(quads: Path, whole: str, graphs: dict[bytes, str]) -> Iterator[tuple[str, list[bytes]]]:
    """The N-Triples of sorted N-Quads, some at a time, by the name of the graph; those of the default graph, which is
    all but the shapes, under the name `whole`."""
    last = b""
    with quads.open("rb") as file:
        while lines := file.readlines(BLOCK):
            found: dict[str, list[bytes]] = {name: [] for name in (whole, *graphs.values())}
            for line in lines:
                fact, _, graph = line[:-3].rpartition(b" ")
                name, fact = graphs[graph], fact + b" .\n"
                found[name].append(fact)
                # The same fact of several graphs stands in lines that follow each other.
                if name != "shapes" and fact != last:
                    found[whole].append(fact)
                    last = fact
            yield from found.items()


def titled(title: str, format: Format) -> str:
    """The title of a file."""
    return f"{title}, as {format.label}"


def turtle(
    content: Content, sections: list[Section], prefixes: dict[str, str], labels: dict[str, str],
    head: tuple[str, ...] | None,
) -> tuple[list[File], dict[str, str]]:  # fmt: skip
    """Write a graph as Turtle, or without a head no more than its body; the files, and the prefixes that it takes."""
    used = as_turtle.body(sections, prefixes, labels, content.body)
    if head is None:
        return [], used
    out = content.out(formats.TURTLE)
    as_turtle.turtle_file(head, used, content.body, out)
    return packed(out, *content.about(formats.TURTLE)), used


def trig(graphs: list[tuple[str, dict[str, str], Path]], head: tuple[str, ...], out: Path) -> list[File]:
    """Write all named graphs as TriG."""
    as_turtle.trig_file(head, graphs, out)
    return packed(out, titled(EVERYTHING, formats.TRIG), formats.TRIG.media_type)


def attempt(
    write: Callable[[Path], None], out: Path, title: str, media_type: str, graph: str | None
) -> tuple[list[File], str]:
    """Write a graph in a syntax that cannot carry everything; the files, or why there are none."""
    try:
        write(out)
    except NotWritable as error:
        out.unlink()
        return [], f"{out.name} is left out: {error}"
    return packed(out, title, media_type, graph), ""
