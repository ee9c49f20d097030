"""The sources of a page, numbered in the order in which its facts cite them, and the evidence for single facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pyoxigraph import BlankNode, Literal, NamedNode

from citygraph.labels import Reader, Term, tag, written
from citygraph.namespaces import name
from citygraph.views import Doubt, Proof, Source, Value

SOURCE = name("dcterms:source").value
FEW = 3
Solution = Mapping[str, Term]


class Footnotes:
    """The sources of the facts of one thing."""

    def __init__(
        self, reader: Reader, node: NamedNode, evidence: Sequence[Solution], derived: set[tuple[str, Term]]
    ) -> None:
        self.reader, self.node, self.evidence, self.derived = reader, node, evidence, derived
        self.numbers: dict[Term, int] = {}
        # Many sources that hold for all facts are said once, not at each fact.
        own = self.sources_of(node)
        self.common = tuple(map(self.number, own)) if len(own) > FEW else ()

    def is_part(self, term: Term) -> bool:
        """Whether a node is shown on this page: a fragment of the thing, or a node without a name."""
        return isinstance(term, BlankNode) or (
            isinstance(term, NamedNode) and term.value.startswith(self.node.value + "#")
        )

    def notes(self, node: Term, predicate: str, value: Term) -> list[int]:
        """The sources of one fact by number: those of its evidence, else those of its node."""
        if node != self.node:
            return []
        if self.is_part(value):
            return [self.number(source) for source in self.sources_of(value)]
        matching = [
            row["source"] for row in self.evidence if written(row["property"]) == predicate and supports(row, value)
        ]
        if not matching and (predicate, value) in self.derived:
            return []
        return [self.number(source) for source in matching or ([] if self.common else self.sources_of(node))]

    def proofs(self, predicate: str, value: Term) -> tuple[Proof, ...]:
        """The evidence for one fact of the thing, each once though it may name several sources."""
        rows = {row["evidence"]: row for row in self.evidence
                if written(row["property"]) == predicate and row.get("target") == value}  # fmt: skip
        return tuple(self.proof(evidence, row) for evidence, row in rows.items())

    def proof(self, evidence: Term, row: Solution) -> Proof:
        """One piece of evidence in words."""
        words = [self.reader.value(row[said]) for said in ("method", "comment") if said in row]
        checked = written(row["checked"]) if "checked" in row else ""
        return Proof(self.named(row, "status"), checked, words, self.reader.value(evidence).href)

    def named(self, row: Solution, column: str) -> Value | None:
        """A column of a row of ours that may be empty, by the label that stands beside it."""
        if column not in row:
            return None
        value, label = self.reader.value(row[column]), row.get(f"{column}Label")
        if not isinstance(label, Literal):
            return value
        return replace(value, text=label.value, language=tag(label))

    def doubts(self, rows: Iterable[Solution]) -> list[Doubt]:
        """What is in doubt; the rows of one doubt differ by their sources."""
        found: dict[tuple[Term, Term | None], tuple[Solution, set[int]]] = {}
        for row in rows:
            _, numbers = found.setdefault((row["about"], row.get("text")), (row, set()))
            if "source" in row:
                numbers.add(self.number(row["source"]))
        return [self.doubt(row, tuple(sorted(numbers))) for row, numbers in found.values()]

    def doubt(self, row: Solution, numbers: tuple[int, ...]) -> Doubt:
        """One doubt: a remark is of no kind; what it is about is said where that is another thing."""
        about, text = row["about"], row.get("text")
        own = self.is_part(about) or about == self.node
        anchor = written(about).partition("#")[2] if self.is_part(about) and "kind" in row else None
        return Doubt(
            self.named(row, "kind"),
            None if own else self.named(row, "about"),
            self.named(row, "measure"),
            self.reader.value(text) if text is not None else None,
            numbers,
            anchor or None,
        )

    def sources_of(self, node: Term) -> list[Term]:
        """The sources that a node names, in a stable order."""
        return sorted(self.reader.facts.get(node, {}).get(SOURCE, []), key=str)

    def number(self, source: Term) -> int:
        """The number of a source on this page."""
        return self.numbers.setdefault(source, len(self.numbers) + 1)

    def cited(self, source: Term) -> Source:
        """A source with what the document tells of it."""
        facts = self.reader.facts.get(source, {})
        said = [facts.get(name(c).value, []) for c in ("dc:publisher", "dcterms:issued", "schema:url")]
        publisher, date, url = (values[0] if values else None for values in said)
        return Source(
            self.reader.value(source),
            publisher.value if isinstance(publisher, Literal) else "",
            date.value if isinstance(date, Literal) else "",
            self.reader.value(url) if isinstance(url, NamedNode) else None,
        )


def supports(row: Mapping[str, Term], value: Term) -> bool:
    """Whether a row of evidence is about this value of its property."""
    if "target" in row and row["target"] != value:
        return False
    language = row.get("language")
    return not isinstance(language, Literal) or (isinstance(value, Literal) and value.language == language.value)
