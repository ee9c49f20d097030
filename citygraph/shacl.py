"""The shapes of a root held against its graph by pyshacl, a bounded number of things at a time.

pyshacl reads the store itself, through `Quads`: nothing is copied, and every constraint sees the whole graph. What the
shapes aim at is found by the store's own engine and handed to pyshacl in batches, by as many processes as there are.
"""

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import pyshacl
import rdflib
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Store, Triple, serialize
from rdflib.namespace import OWL, RDF, RDFS, SH
from rdflib.plugins.stores.memory import Memory

from citygraph import dataset
from citygraph.dataset import Dataset
from citygraph.findings import n3
from citygraph.labels import local_name

logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
"""A literal that is no date is a finding of the shapes, with file and line; rdflib would print a traceback besides."""

BATCH = 2000
"""Things to check in one call of pyshacl, over all shapes."""
DISTINCT = "SELECT DISTINCT ?this { "
TARGETS = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
XSD_STRING = str(rdflib.XSD.string)
Term = NamedNode | BlankNode | Literal | Triple
Node = rdflib.term.Node
Aim = tuple[Node, Node]
"""A shape, and a thing to hold it against."""


@dataclass(frozen=True)
class Result:
    """One result of SHACL, with the fact that it speaks of as N-Triples writes it."""

    severity: str
    focus: str
    path: str
    inverse: str
    value: str
    shape: str
    message: str
    component: str = ""


def results(
    loaded: Dataset,
    say: Callable[[str], None] = lambda text: None,
    only: Sequence[str] = (),
    processes: int = 1,
) -> list[Result]:
    """What the shapes refuse in the ontology, the data and the derived facts; `only` names files in shapes/.

    Raises `ValueError` for shapes that cannot be used.
    """
    if not loaded.counts["shapes"]:
        return []
    checker = Checker(loaded, only)
    if checker.is_whole():
        return checker.check(None)
    batches = checker.batches(say)
    first = next(batches, [])
    if processes > 1 and len(first) == BATCH:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(processes, context, HELD.append, (checker,)) as pool:
            return shared(pool, chain([first], batches), 2 * processes)
    return [result for batch in chain([first], batches) for result in checker.check(batch)]


HELD: list["Checker"] = []
"""What a process of the pool checks by."""


def check_held(batch: list[Aim]) -> list[Result]:
    """One batch, in a process of the pool."""
    return HELD[0].check(batch)


def shared(pool: ProcessPoolExecutor, batches: Iterable[list[Aim]], most: int) -> list[Result]:
    """The results of all batches, of which at most so many wait at a time."""
    waiting: deque[Future[list[Result]]] = deque()
    found: list[Result] = []
    for batch in batches:
        waiting.append(pool.submit(check_held, batch))
        if len(waiting) >= most:
            found += waiting.popleft().result()
    for future in waiting:
        found += future.result()
    return found


class Checker:
    """Shapes whose targets have been taken off, and the graph that they are held against."""

    def __init__(self, loaded: Dataset, only: Sequence[str]) -> None:
        self.loaded = loaded
        self.shapes = shapes_of(loaded, loaded.graph("shapes"))
        self.chosen = shapes_in(loaded, only) if only else None
        self.data: rdflib.Graph | None = None

    def is_whole(self) -> bool:
        """Whether the shapes need all things at once: they derive facts (sh:rule), or aim by what is no SPARQL."""
        selects = [self.shapes.value(target, SH.select) for target in self.shapes.objects(None, SH.target)]
        return None in selects or (None, SH.rule, None) in self.shapes

    def batches(self, say: Callable[[str], None]) -> Iterator[list[Aim]]:
        """All aims, shape by shape; the shapes themselves then aim at nothing."""
        aims = self.targets()
        for way in (*TARGETS, SH.target):
            self.shapes.remove((None, way, None))
        for shape in aims:
            for kind in (RDFS.Class, OWL.Class):
                self.shapes.remove((shape, RDF.type, kind))
        batch: list[Aim] = []
        for shape, queries in aims.items():
            number = 0
            for number, thing in enumerate(self.things(queries), 1):
                batch.append((shape, thing))
                if len(batch) == BATCH:
                    say(f"{local_name(str(shape))}: {number:,}")
                    yield batch
                    batch = []
            say(f"{local_name(str(shape))}: {number:,}")
        if batch:
            yield batch

    def targets(self) -> dict[Node, list[str | Node]]:
        """What each shape aims at: nodes, and queries for ?this."""
        found: dict[Node, list[str | Node]] = {}
        patterns = {
            SH.targetClass: "?this a/<http://www.w3.org/2000/01/rdf-schema#subClassOf>* {}",
            SH.targetSubjectsOf: "?this {} ?any",
            SH.targetObjectsOf: "?any {} ?this",
        }
        shapes = {*self.shapes.subjects(RDF.type, SH.NodeShape), *self.shapes.subjects(RDF.type, SH.PropertyShape)}
        shapes |= {shape for way in (*TARGETS, SH.target) for shape in self.shapes.subjects(way)}
        for shape in sorted(shapes, key=str):
            if self.chosen is not None and shape not in self.chosen:
                continue
            ways = [(SH.targetClass, shape)] if self.is_class(shape) else []
            ways += [(way, term) for way in patterns for term in self.shapes.objects(shape, way)]
            union = " UNION ".join(sorted(f"{{ {patterns[way].format(n3(term))} }}" for way, term in ways))
            aims: list[str | Node] = [f"{DISTINCT}{union} }}"] if union else []
            aims += [self.select(target) for target in self.shapes.objects(shape, SH.target)]
            aims += self.shapes.objects(shape, SH.targetNode)
            if aims:
                found[shape] = aims
        return found

    def is_class(self, shape: Node) -> bool:
        """Whether a shape is a class as well, and so aims at its members."""
        return any((shape, RDF.type, kind) in self.shapes for kind in (RDFS.Class, OWL.Class))

    def select(self, target: Node) -> str:
        """The query of a SPARQL target, with the prefixes declared for it."""
        declared = [d for p in self.shapes.objects(target, SH.prefixes) for d in self.shapes.objects(p, SH.declare)]
        prefixes = {str(self.shapes.value(d, SH.prefix)): str(self.shapes.value(d, SH.namespace)) for d in declared}
        prologue = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in prefixes.items())
        return prologue + str(self.shapes.value(target, SH.select))

    def things(self, aims: list[str | Node]) -> Iterator[Node]:
        """The nodes that are aimed at, each once."""
        seen: set[Node] = set()
        # One query that finds nothing twice needs no memory of what it found.
        once = len(aims) == 1 and str(aims[0]).startswith(DISTINCT)
        for aim in aims:
            for thing in [aim] if isinstance(aim, Node) else self.found(aim):
                if once:
                    yield thing
                elif thing not in seen:
                    seen.add(thing)
                    yield thing

    def found(self, query: str) -> Iterator[Node]:
        """What a query finds as ?this."""
        return (node(row["this"]) for row in dataset.solutions(self.loaded.store, query))

    def check(self, batch: list[Aim] | None) -> list[Result]:
        """What is wrong with a batch; with None, with all that the shapes aim at themselves."""
        if self.data is None:
            self.data = rdflib.Graph(store=Quads(self.loaded.store, sum(self.loaded.counts.values())))
        aims = [(shape, SH.targetNode, thing) for shape, thing in batch or []]
        for aim in aims:
            self.shapes.add(aim)
        _, report, _ = pyshacl.validate(
            self.data,
            shacl_graph=self.shapes,
            inference="none",
            advanced=True,
            allow_warnings=True,
            inplace=True,
        )
        for aim in aims:
            self.shapes.remove(aim)
        if not isinstance(report, rdflib.Graph):
            raise ValueError(f"the shapes cannot be used: {report}")
        return [result(report, one, self.shapes) for one in report.subjects(RDF.type, SH.ValidationResult)]


def shapes_of(loaded: Dataset, graph: str) -> rdflib.Graph:
    """A graph of the store as a graph of rdflib."""
    quads = loaded.store.quads_for_pattern(None, None, None, NamedNode(graph))
    text = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""
    return rdflib.Graph().parse(data=text, format="nt")


def shapes_in(loaded: Dataset, files: Sequence[str]) -> set[Node]:
    """The subjects of some files of shapes/. Raises `ValueError` for a name that none of them has."""
    known = {path.name: path for path in dataset.files(loaded.root, "shapes")}
    if unknown := sorted(set(files) - set(known)):
        raise ValueError(f"shapes/ has no {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return {node(quad.subject) for file in files for quad in dataset.quads(known[file])}


def result(report: rdflib.Graph, one: Node, shapes: rdflib.Graph) -> Result:
    """One result of a report."""
    focus, value = report.value(one, SH.focusNode), report.value(one, SH.value)
    path, shape = report.value(one, SH.resultPath), report.value(one, SH.sourceShape)
    inverse = (shapes.value(path, SH.inversePath) or report.value(path, SH.inversePath)) if path is not None else None
    messages = sorted(report.objects(one, SH.resultMessage), key=lambda m: (getattr(m, "language", "") != "en", m))
    return Result(
        severity=str(report.value(one, SH.resultSeverity) or SH.Violation).rpartition("#")[2],
        focus=n3(focus),
        path=n3(path),
        inverse=n3(inverse),
        value=n3(value),
        shape=str(shape) if isinstance(shape, rdflib.URIRef) else "",
        message=str(messages[0]) if messages else f"does not fit the shape {shape}",
        component=str(report.value(one, SH.sourceConstraintComponent) or ""),
    )


class Quads(Memory):
    """The default graph of a store of ours, as rdflib reads it. What pyshacl adds stays here."""

    def __init__(self, store: Store, number: int) -> None:
        super().__init__()
        self.store = store
        self.number = number
        self.spelt: dict[Node, Term] = {}

    def triples(self, pattern: Any, context: Any = None) -> Generator[Any, None, None]:
        """See rdflib.store.Store."""
        wanted: list[Any] = [None if term is None else self.spelt.get(term) or plain(term) for term in pattern]
        if not isinstance(wanted[0], Literal):
            for quad in self.store.quads_for_pattern(wanted[0], wanted[1], wanted[2], DefaultGraph()):
                if not isinstance(quad.object, Triple):
                    yield (node(quad.subject), node(quad.predicate), self.known(quad.object)), iter(())
        yield from super().triples(pattern, context)

    def known(self, term: Term) -> Node:
        """A term of rdflib, which may spell a number in another way: "01" is 1 there."""
        made = node(term)
        if isinstance(term, Literal) and str(made) != term.value:
            self.spelt[made] = term
        return made

    def __len__(self, context: Any = None) -> int:
        """How many triples there are besides what was added; pyshacl asks for each value that does not fit."""
        return self.number


@lru_cache(100_000)
def node(term: Term) -> Node:
    """A term of the store as rdflib has it."""
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if not isinstance(term, Literal):
        raise ValueError(f"{term}: shapes cannot speak of a triple")
    datatype = None if term.language or term.datatype.value == XSD_STRING else rdflib.URIRef(term.datatype.value)
    return rdflib.Literal(term.value, lang=term.language, datatype=datatype)


@lru_cache(100_000)
def plain(term: Node) -> Term | None:
    """A term of rdflib as the store has it."""
    if isinstance(term, rdflib.URIRef):
        return NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return BlankNode(str(term))
    if not isinstance(term, rdflib.Literal):
        raise TypeError(f"{term!r} is no term")
    if term.language:
        return Literal(str(term), language=term.language)
    return Literal(str(term), datatype=NamedNode(str(term.datatype))) if term.datatype else Literal(str(term))
