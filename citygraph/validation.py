"""Whether a root is right: its files parse, its data stands in our form, and its shapes (SHACL) accept it.

All three kinds of problem come out alike, as findings with a file and a line, and as a standard `sh:ValidationReport`.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pyshacl
import rdflib
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, RdfFormat, Triple, serialize
from rdflib.namespace import RDF, SH

from citygraph import dataset, positions
from citygraph.dataset import Dataset, ParseErrors
from citygraph.formatting import canonical_text
from citygraph.turtle import Names

logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
"""A literal that is no date is a finding of the shapes, with file and line; rdflib would print a traceback besides."""

SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend. `subject`, `path`, `value` and `shape` are IRIs or empty; `message` says what to do."""

    file: str
    line: int
    severity: str
    subject: str
    path: str
    value: str
    shape: str
    message: str


@dataclass(frozen=True)
class Report:
    """What was found, worst first. `checked` counts the triples that the shapes were held against."""

    findings: list[Finding]
    checked: int
    prefixes: dict[str, str]

    @property
    def conforms(self) -> bool:
        """Whether nothing is wrong; a warning is no fault."""
        return not any(finding.severity == "Violation" for finding in self.findings)

    def lines(self) -> Iterable[str]:
        """A line a finding, as compilers print them: `file:line: subject: what to do`."""
        names, told = Names(self.prefixes), set()
        for found in self.findings:
            subject = names.iri(found.subject).replace("\\", "") + ": " if found.subject else ""
            mark = "" if found.severity == "Violation" else f"{found.severity.lower()}: "
            line = f"{found.file}:{found.line}: {subject}{mark}{found.message}"
            if line not in told:
                told.add(line)
                yield line

    def document(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "conforms": self.conforms,
            "checked": self.checked,
            "results": [asdict(f) for f in self.findings],
        }

    def turtle(self) -> str:
        """The report as a `sh:ValidationReport` in Turtle; `schema:url` and `schema:position` give file and line."""
        schema, graph = rdflib.Namespace("https://schema.org/"), rdflib.Graph()
        graph.bind("schema", schema)
        report = rdflib.BNode("report")
        graph.add((report, RDF.type, SH.ValidationReport))
        graph.add((report, SH.conforms, rdflib.Literal(self.conforms)))
        for number, found in enumerate(self.findings, 1):
            result = rdflib.BNode(f"result{number}")
            graph.add((report, SH.result, result))
            graph.add((result, RDF.type, SH.ValidationResult))
            graph.add((result, SH.resultSeverity, SH[found.severity]))
            graph.add((result, SH.resultMessage, rdflib.Literal(found.message, lang="en")))
            graph.add((result, schema.url, rdflib.Literal(found.file)))
            graph.add((result, schema.position, rdflib.Literal(found.line)))
            for predicate, iri in (
                (SH.focusNode, found.subject),
                (SH.resultPath, found.path),
                (SH.sourceShape, found.shape),
            ):
                if iri:
                    graph.add((result, predicate, rdflib.URIRef(iri)))
            if found.value:
                graph.add((result, SH.value, term(found.value)))
        return graph.serialize(format="turtle")


def validate(root: Path, say: Callable[[str], None] = lambda text: None, base: str | None = None) -> Report:
    """Everything that is wrong with a root. Raises `FileNotFoundError` when there is nothing in it."""
    try:
        loaded = dataset.load(root, base, say)
    except ParseErrors as errors:
        wrong = [
            Finding(p.file, p.line, "Violation", "", "", "", "", f"column {p.column}: {p.message}")
            for p in errors.problems
        ]
        return Report(sorted(wrong), 0, {})
    return check(loaded, say)


def check(loaded: Dataset, say: Callable[[str], None] = lambda text: None) -> Report:
    """Form and shapes of a root that has been loaded."""
    say("form of data/")
    findings = [finding for path in dataset.files(loaded.root, "data") for finding in form(loaded, path)]
    say("shapes")
    findings += shapes(loaded)
    unique = sorted(set(findings), key=lambda found: (SEVERITIES.index(found.severity), found))
    return Report(unique, sum(loaded.counts.values()) - loaded.counts["shapes"], loaded.prefixes)


def form(loaded: Dataset, path: Path) -> list[Finding]:
    """Where a file of data/ is not what the formatter writes."""
    file, text = str(path.relative_to(loaded.root)), path.read_bytes().decode("utf-8")

    def warn(line: int, message: str) -> Finding:
        return Finding(file, line, "Warning", "", "", "", "", message)

    found = [
        warn(
            number,
            f"prefix {name}: is not declared in ontology/; declare it there (sh:declare) or write the IRI",
        )
        for number, line in enumerate(text.split("\n"), 1)
        if (stated := re.match(r"\s*@?prefix\s+([^\s:]*):\s*<([^>]*)>", line, re.IGNORECASE))
        and loaded.prefixes.get(name := stated[1]) != stated[2]
    ]
    if any(isinstance(t, BlankNode) for q in dataset.quads(path) for t in (q.subject, q.object)):
        found.append(warn(1, "has blank nodes; give each an IRI, such as <thing#part>, so that it can be cited"))
    try:
        wanted = canonical_text(path, loaded.prefixes)
    except ValueError as error:
        return [*found, warn(getattr(error, "line", 1), str(error))]
    if wanted != text:
        ours, theirs = wanted.split("\n"), text.split("\n")
        pairs = enumerate(zip(ours, theirs, strict=False), 1)
        line = next((n for n, (a, b) in pairs if a != b), min(len(ours), len(theirs)) + 1)
        found.append(warn(line, "is not in form; run: python -m citygraph format"))
    return found


def shapes(loaded: Dataset) -> list[Finding]:
    """What the shapes of the root refuse in its ontology, data and derived facts."""
    if not loaded.counts["shapes"]:
        return []
    named = NamedNode(loaded.graph("shapes"))
    shape_graph = to_rdflib(q.triple for q in loaded.store.quads_for_pattern(None, None, None, named))
    data_graph = to_rdflib(q.triple for q in loaded.store.quads_for_pattern(None, None, None, DefaultGraph()))
    aim(shape_graph, loaded)
    _, report, _ = pyshacl.validate(
        data_graph,
        shacl_graph=shape_graph,
        inference="none",
        advanced=True,
        allow_warnings=True,
        inplace=True,
    )
    if not isinstance(report, rdflib.Graph):
        raise ValueError(f"the shapes cannot be used: {report}")
    where = Where(loaded.root)
    return [finding(report, result, shape_graph, where) for result in report.subjects(RDF.type, SH.ValidationResult)]


def aim(shape_graph: rdflib.Graph, loaded: Dataset) -> None:
    """Turn SPARQL targets into lists of nodes: the same nodes, found by an engine that is far faster than rdflib's."""
    for shape, target in list(shape_graph.subject_objects(SH.target)):
        select = shape_graph.value(target, SH.select)
        if select is None:
            continue
        declared = [d for p in shape_graph.objects(target, SH.prefixes) for d in shape_graph.objects(p, SH.declare)]
        prefixes = {str(shape_graph.value(d, SH.prefix)): str(shape_graph.value(d, SH.namespace)) for d in declared}
        shape_graph.remove((shape, SH.target, target))
        prologue = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in prefixes.items())
        for row in dataset.solutions(loaded.store, prologue + str(select)):
            shape_graph.add((shape, SH.targetNode, term(str(row["this"]))))


def term(text: str) -> rdflib.term.Node:
    """A term of rdflib, from what N-Triples or Turtle writes."""
    made = rdflib.util.from_n3(text)
    assert isinstance(made, rdflib.term.Node), f"no term: {text}"
    return made


def to_rdflib(triples: Iterable[Triple]) -> rdflib.Graph:
    """The same triples in a graph of rdflib."""
    text = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    return rdflib.Graph().parse(data=text, format="nt")


def finding(report: rdflib.Graph, result: rdflib.term.Node, shape_graph: rdflib.Graph, where: "Where") -> Finding:
    """One result of the SHACL report, with the place in the files that it speaks of."""
    focus, value = report.value(result, SH.focusNode), report.value(result, SH.value)
    path = report.value(result, SH.resultPath)
    inverse = (
        shape_graph.value(path, SH.inversePath) or report.value(path, SH.inversePath) if path is not None else None
    )
    messages = sorted(report.objects(result, SH.resultMessage), key=lambda m: (getattr(m, "language", "") != "en", m))
    severity = str(report.value(result, SH.resultSeverity) or SH.Violation).rpartition("#")[2]
    if inverse is not None and value is not None:
        file, line = where.of(value=n3(focus), predicate=n3(inverse), subject=n3(value))
    else:
        file, line = where.of(subject=n3(focus), predicate=n3(path), value=n3(value))
    return Finding(
        file,
        line,
        severity,
        str(focus) if isinstance(focus, rdflib.URIRef) else "",
        str(inverse or path) if isinstance(inverse or path, rdflib.URIRef) else "",
        n3(value),
        str(shape) if isinstance(shape := report.value(result, SH.sourceShape), rdflib.URIRef) else "",
        str(messages[0]) if messages else f"does not fit the shape {report.value(result, SH.sourceShape)}",
    )


def n3(term: object) -> str:
    """A term as N-Triples writes it, numbers and booleans as Turtle does; empty for what has no name."""
    if isinstance(term, rdflib.URIRef):
        return f"<{term}>"
    if not isinstance(term, rdflib.Literal):
        return ""
    if str(term.datatype).endswith(("#integer", "#decimal", "#boolean")):
        return str(term)
    kind = f"@{term.language}" if term.language else f"^^<{term.datatype}>" if term.datatype else ""
    return f'"{term}"{kind}'.removesuffix("^^<http://www.w3.org/2001/XMLSchema#string>")


class Where:
    """Finds the line that a fact stands at, among all files of a root; reads them when first asked."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def facts(self) -> dict[str, list[tuple[str, positions.Fact]]]:
        """The facts of all files by subject, data first."""
        found: dict[str, list[tuple[str, positions.Fact]]] = {}
        for part in ("data", "ontology", "shapes"):
            for path in dataset.files(self.root, part):
                for fact in positions.facts(path.read_text("utf-8")):
                    found.setdefault(fact.subject, []).append((str(path.relative_to(self.root)), fact))
        return found

    def of(self, subject: str, predicate: str, value: str) -> tuple[str, int]:
        """File and line of the fact, else of the predicate, else of the subject, else of what names it."""
        about = self.facts.get(subject, [])
        for wanted in ((predicate, value), (predicate, None)):
            for file, fact in about:
                if predicate and fact.predicate == wanted[0] and wanted[1] in (None, fact.value):
                    return file, fact.line
        if about:
            return about[0][0], about[0][1].subject_line
        mentions = [
            (f, x.line) for facts in self.facts.values() for f, x in facts if x.value in (subject, value) and x.value
        ]
        return mentions[-1] if mentions else ("data", 1)
