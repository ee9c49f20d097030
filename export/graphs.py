"""The graph as files of RDF: each named graph and the default graph in four syntaxes, all graphs in TriG and N-Quads.

The canonical N-Quads come first: they are sorted on disk, and everything else is written from them, thing by thing, so
that no graph is ever in memory as a whole.
"""

from collections.abc import Callable, Iterator
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
    many; `gathered` is a folder for its things by class, `body` a file for its Turtle without prefixes."""

    name: str
    title: str
    iri: str | None
    lines: Path
    triples: int
    gathered: Path
    body: Path


@dataclass
class Graphs:
    """What the dumps of a dataset are made of, and those that are written. `head` begins each Turtle, `labels` has the
    names of classes, `fresh` is the folder for the files; `left_out` says which cannot be written, and why."""

    loaded: Dataset
    name: str
    context: Context
    head: tuple[str, str]
    labels: dict[str, str]
    fresh: Path
    scratch: Path
    work: Work
    say: Callable[[str], None]
    files: list[File] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def begin(self) -> dict[str, int]:
        """Write the sorted lines and have other processes write the rest from them; how many triples each named graph
        has."""
        self.say(f"{self.name}.nq")
        quads = self.fresh / f"{self.name}.nq"
        with quads.open("wb") as file:
            file.writelines(canonical(self.loaded.store, self.scratch))
        self.work.later(self.take, packed, quads, titled(EVERYTHING, formats.N_QUADS), formats.N_QUADS.media_type)
        self.say(f"{self.name}.nt")
        contents = self.split(quads)
        bodies: list[tuple[Content, dict[str, str]]] = []
        named = sum(content.iri is not None for content in contents)

        def turtled(content: Content, result: tuple[list[File], dict[str, str]]) -> None:
            self.take(result[0])
            bodies.extend([(content, result[1])] if content.iri else [])
            if content.iri and len(bodies) == named:
                self.trig(sorted(bodies, key=lambda pair: pair[0].name))

        def by_class(content: Content, sections: list[Section]) -> None:
            head, prefixes = self.heading(content.title, content.triples), self.loaded.prefixes
            to_turtle = partial(turtled, content)
            self.work.later(to_turtle, turtle, content, sections, prefixes, self.labels, head)
            for format, write in (
                (formats.JSON_LD, partial(as_json_ld.file, sections, self.context)),
                (formats.RDF_XML, partial(as_rdf_xml.file, sections, prefixes)),
            ):
                about = (titled(content.title, format), format.media_type, content.iri)
                self.work.later(self.take_or_leave, attempt, write, content.lines.with_suffix(format.suffix), *about)

        for content in sorted(contents, key=lambda content: -content.triples):
            self.work.later(partial(by_class, content), gathered, content.lines, content.gathered, self.own)
            about = (titled(content.title, formats.N_TRIPLES), formats.N_TRIPLES.media_type, content.iri)
            self.work.later(self.take, packed, content.lines, *about)
        return {content.name: content.triples for content in contents if content.iri}

    @property
    def own(self) -> str:
        """What the IRIs of our own classes begin with."""
        return f"{self.loaded.base}ontology#"

    def take(self, files: list[File]) -> None:
        """Files that are written."""
        self.files += files
        for file in files[:1]:
            self.say(f"{file.path} ({len(self.work.pending)} to go)")

    def take_or_leave(self, result: tuple[list[File], str]) -> None:
        """Files that are written, or why there are none."""
        if result[0]:
            self.take(result[0])
        else:
            self.left_out.append(result[1])

    def heading(self, title: str, triples: int) -> tuple[str, ...]:
        """What a Turtle file begins with."""
        return (self.head[0], f"{title}: {triples:,} triples", self.head[1])

    def trig(self, bodies: list[tuple[Content, dict[str, str]]]) -> None:
        """Have the named graphs, whose bodies are written, put into one file."""
        graphs = [(content.iri, used, content.body) for content, used in bodies]
        head = self.heading(EVERYTHING, sum(content.triples for content, _ in bodies))
        self.work.later(self.take, trig, graphs, head, self.fresh / f"{self.name}{formats.TRIG.suffix}")

    def split(self, quads: Path) -> list[Content]:
        """The lines of each named graph and of the default graph, each in a file."""
        graphs = {f"<{self.loaded.graph(part)}>": part for part in (*PARTS, "derived") if self.loaded.counts[part]}
        with ExitStack() as stack:
            opened = {
                name: stack.enter_context((self.fresh / f"{name}.nt").open("wb"))
                for name in (self.name, *graphs.values())
            }
            counts = dict.fromkeys(opened, 0)
            for name, lines in divided(quads, self.name, {iri.encode(): part for iri, part in graphs.items()}):
                opened[name].writelines(lines)
                counts[name] += len(lines)
        iris = {part: iri[1:-1] for iri, part in graphs.items()}
        return [
            Content(
                name, TITLES.get(name, WHOLE), iris.get(name), self.fresh / f"{name}.nt", count,
                self.scratch / name, self.scratch / f"{name}.body",
            )
            for name, count in counts.items()
        ]  # fmt: skip


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
    content: Content, sections: list[Section], prefixes: dict[str, str], labels: dict[str, str], head: tuple[str, ...]
) -> tuple[list[File], dict[str, str]]:
    """Write a graph as Turtle; the files, and the prefixes that it takes."""
    out = content.lines.with_suffix(formats.TURTLE.suffix)
    used = as_turtle.body(sections, prefixes, labels, content.body)
    as_turtle.turtle_file(head, used, content.body, out)
    return packed(out, titled(content.title, formats.TURTLE), formats.TURTLE.media_type, content.iri), used


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
