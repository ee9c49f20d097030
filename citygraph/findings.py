"""What is wrong with a root: findings with a file and a line, as lines, as JSON and as a `sh:ValidationReport`."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import rdflib
from rdflib.namespace import RDF, SH

from citygraph.turtle import Names

SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend. `subject`, `path`, `value` and `shape` are IRIs or empty; `message` says what to do. Where
    SHACL refused it, `component` is the constraint component that did; `inverse` says that the path leads backwards."""

    file: str
    line: int
    severity: str
    subject: str
    path: str
    value: str
    shape: str
    message: str
    component: str = ""
    inverse: bool = False


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


def term(text: str) -> rdflib.term.Node:
    """A term of rdflib, from what N-Triples or Turtle writes."""
    made = rdflib.util.from_n3(text)
    assert isinstance(made, rdflib.term.Node), f"no term: {text}"
    return made


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
