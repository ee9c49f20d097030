"""What the page of a thing shows: the triples of its document as rows of values, each with its sources."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, groupby

from pyoxigraph import Literal, NamedNode, Triple

from citygraph import queries
from citygraph.engine import Engine
from citygraph.footnotes import SOURCE, Footnotes, Solution
from citygraph.labels import (
    NAMING,
    Labels,
    Links,
    Reader,
    Term,
    by_text,
    in_words,
    local_name,
    pick,
    shown,
    written,
)
from citygraph.namespaces import RDF_TYPE, name
from citygraph.sparql import bind
from citygraph.views import Fact, Page, Part, Row, Value
from citygraph.wording import gettext

LEADS = [name(c).value for c in ("dcterms:description", "skos:definition", "rdfs:comment", "schema:description")]
DEFINED_BY = name("rdfs:isDefinedBy").value
LINKS = [name(c).value for c in ("owl:sameAs", "skos:exactMatch", "skos:closeMatch", "rdfs:seeAlso")]
HIDDEN = {RDF_TYPE.value, SOURCE, DEFINED_BY}
INCOMING_SHOWN = 100
DEEPEST = 4
FEW = 3


def term_labels(engine: Engine) -> Labels:
    """The labels of every property and class that the graph describes, by IRI."""
    labels: dict[str, list[Literal]] = defaultdict(list)
    for row in engine.select(queries.load("pages/thing/terms").text):
        if isinstance(row["label"], Literal) and isinstance(row["term"], NamedNode):
            labels[row["term"].value].append(row["label"])
    return dict(labels)


def thing(
    engine: Engine, iri: str, triples: Iterable[Triple], derived_graph: str,
    terms: Labels, links: Links, language: str,
) -> Page:  # fmt: skip
    """The page of a thing, made from the triples of its document."""
    node, reader = NamedNode(iri), Reader(triples, terms, links, language)
    in_language: dict[str, NamedNode | Literal] = {"thing": node, "lang": Literal(language)}
    evidence = engine.select(queries.load("pages/thing/evidence").filled(in_language))
    doubts = engine.select(queries.load("pages/thing/doubts").filled(in_language))
    text = bind(queries.load("pages/thing/derived").text, {"thing": node, "graph": NamedNode(derived_graph)})
    derived = {(written(row["property"]), row["value"]) for row in engine.select(text)}
    return Composer(reader, node, Footnotes(reader, node, evidence, derived), doubts).page()


class Composer:
    """One page in the making: it numbers the sources in the order in which the facts cite them."""

    def __init__(self, reader: Reader, node: NamedNode, footnotes: Footnotes, doubts: Sequence[Solution]) -> None:
        self.reader, self.node, self.footnotes = reader, node, footnotes
        self.is_part, self.doubts = footnotes.is_part, doubts
        # What is told as a doubt is told once.
        self.doubted = {row["about"] for row in doubts if "kind" in row}
        self.remarks = {row["text"] for row in doubts if "text" in row and row["about"] == node}
        self.nested: set[Term] = {node, *self.doubted}
        self.depth = 0

    def page(self) -> Page:
        """The whole page."""
        rows = self.rows(self.node)
        elsewhere = [row for row in rows if all(fact.value.outside and not fact.part for fact in row.facts)]
        parts = self.remaining()
        return Page(
            iri=self.node.value,
            title=self.reader.value(self.node),
            types=self.types(self.node),
            leads=self.leads(self.node),
            rows=[row for row in rows if row not in elsewhere],
            common=self.footnotes.common,
            elsewhere=elsewhere,
            parts=parts,
            incoming=self.incoming(),
            doubts=self.footnotes.doubts(self.doubts),
            sources=[self.footnotes.cited(source) for source in self.footnotes.numbers],
        )

    def types(self, node: Term) -> list[Value]:
        """The classes of a node."""
        classes = self.reader.facts[node].get(RDF_TYPE.value, [])
        return sorted((self.reader.value(c) for c in classes), key=by_text)

    def leads(self, node: Term) -> list[Value]:
        """The descriptions of a node, each in the best language it has."""
        found = (pick(self.reader.literals(node, p), self.reader.language) for p in LEADS)
        return [shown(text) for text in found if text is not None]

    def rows(self, node: Term) -> list[Row]:
        """The facts of a node by property: names first, links to the same thing elsewhere last."""
        facts = {p: v for p, v in self.reader.facts[node].items()
                 if p not in HIDDEN and p not in LEADS and not all(map(self.stands_alone, v))
                 and not (node == self.node and self.doubted.union(self.remarks).issuperset(v))}  # fmt: skip
        for one, other in combinations([p for p in NAMING if p in facts], 2):
            # The same names by another property say nothing more.
            if one in facts and set(facts[one]) == set(facts.get(other, [])):
                del facts[other]
        headed = sorted((self.place(p), p) for p in facts)
        rows = [self.row(node, p, facts[p]) for _, p in headed]
        return [row for row in rows if row.facts]

    def stands_alone(self, term: Term) -> bool:
        """Whether a part says itself what it is about, as evidence does; it then has a section of its own."""
        return self.is_part(term) and any(self.node in values for values in self.reader.facts[term].values())

    def place(self, predicate: str) -> tuple[int, str]:
        """Where a property stands among those of a page."""
        rank = 0 if predicate in NAMING or predicate.endswith("Label") else 2 if predicate in LINKS else 1
        return (rank, self.reader.heading(predicate).text.casefold())

    def row(self, node: Term, predicate: str, values: list[Term]) -> Row:
        """One property of one node; literals that say the same in several languages are one value."""
        facts = []
        for _, same in groupby(self.ordered(node, values), key=lambda v: v.value if isinstance(v, Literal) else v):
            group = list(same)
            languages = tuple(v.language for v in group if isinstance(v, Literal) and v.language)
            notes = sorted({n for v in group for n in self.footnotes.notes(node, predicate, v)})
            derived = node == self.node and (predicate, group[0]) in self.footnotes.derived
            value = self.named(next((v for v in group if isinstance(v, Literal) and v.language == "en"), group[0]))
            proofs = self.footnotes.proofs(predicate, group[0]) if node == self.node else ()
            facts.append(Fact(value, tuple(notes), languages, derived, self.part(group[0]), proofs))
        return Row(self.reader.heading(predicate), facts, self.columns(facts), len(facts), predicate)

    def ordered(self, node: Term, values: list[Term]) -> list[Term]:
        """Values in order; of texts in several languages a part shows the best one only."""
        members = [m for v in values for m in self.reader.members(v) if m != self.node]
        texts = [m for m in members if isinstance(m, Literal) and m.language]
        if len(texts) > 1:
            best = pick(texts, self.reader.language)
            if node != self.node:
                return [m for m in members if m not in texts or m == best]
            texts.sort(key=lambda v: (v != best, v.language != "en", v.language))
            first: dict[str, int] = {}
            for text in texts:
                first.setdefault(text.value, len(first))
            texts.sort(key=lambda v: first[v.value])
        others = sorted((m for m in members if m not in texts), key=lambda m: by_text(self.reader.value(m)))
        return [*texts, *others]

    def columns(self, facts: list[Fact]) -> list[tuple[str, Value]]:
        """The properties of the values of a row, where these make a table."""
        if len(facts) <= FEW and any(f.part and f.part.anchor for f in facts):
            return []
        found = {row.property: row.heading for f in facts if f.part for row in f.part.rows}
        return sorted(found.items(), key=lambda item: by_text(item[1]))

    def part(self, term: Term) -> Part | None:
        """The facts of a value that this document tells, beyond its name; None where it tells no more.

        A part of the thing is shown once; another thing is shown only as a value of the thing itself.
        """
        facts, own = self.reader.facts.get(term), self.is_part(term)
        if (
            isinstance(term, Literal | Triple)
            or not facts
            or term in self.nested
            or self.depth > (DEEPEST if own else 0)
        ):
            return None
        if not own and not set(facts) - set(NAMING) - self.to_here(facts):
            return None
        if own:
            self.nested.add(term)
        self.depth += 1
        rows = [row for row in self.rows(term) if row.property not in NAMING]
        self.depth -= 1
        return Part(
            anchor=written(term).split("#", 1)[-1] if own else None,
            title=self.named(term),
            kind=self.kind(term),
            leads=self.leads(term),
            rows=rows,
            notes=tuple(sorted(self.footnotes.number(source) for source in self.footnotes.sources_of(term))),
        )

    def kind(self, term: Term) -> str:
        """The class of a node in words."""
        types = self.types(term)
        return gettext(in_words(types[0].text.rpartition(":")[2])) if types else ""

    def named(self, term: Term) -> Value:
        """The name of a part on the page of its thing."""
        value = self.reader.value(term)
        if self.reader.label(term) or not isinstance(term, NamedNode) or not self.is_part(term):
            return value
        return Value(in_words(local_name(term.value)), value.href, None, False, "link")

    def to_here(self, facts: Mapping[str, list[Term]]) -> set[str]:
        """The properties that say nothing but that a node belongs to this page's thing."""
        return {p for p, values in facts.items() if all(value == self.node for value in values)}

    def remaining(self) -> list[Row]:
        """The parts that no row has shown, by class: evidence as a table, terms one by one."""
        defined = {s for s, p in self.reader.towards[self.node] if p == DEFINED_BY}
        subjects = [s for s in self.reader.facts if isinstance(s, NamedNode) and (s in defined or self.is_part(s))]
        parts = [part for s in sorted(subjects, key=lambda s: s.value) if (part := self.part(s))]
        rows = []
        parts.sort(key=lambda part: (part.kind, *by_text(part.title)))
        for label, group in groupby(parts, key=lambda part: part.kind):
            facts = [Fact(part.title, part=part) for part in group]
            rows.append(Row(Value(label), facts, [] if defined else self.columns(facts), len(facts)))
        return rows

    def incoming(self) -> list[Row]:
        """What points at the thing and is not on the page already, by property."""
        told: dict[str, list[Term]] = defaultdict(list)
        for subject, predicate in self.reader.towards[self.node]:
            if subject not in self.nested and subject not in self.values() and predicate != DEFINED_BY:
                told[predicate].append(subject)
        rows = []
        for predicate in sorted(told, key=self.place):
            terms = {"thing": self.node, "property": NamedNode(predicate)}
            query = bind(queries.load("pages/thing/incoming").text, terms)
            subjects = sorted(told[predicate], key=lambda s: by_text(self.reader.value(s)))
            facts = [Fact(self.reader.value(s), part=self.part(s)) for s in subjects[:INCOMING_SHOWN]]
            rows.append(
                Row(
                    self.reader.heading(predicate),
                    facts,
                    self.columns(facts),
                    len(subjects),
                    predicate,
                    query,
                )
            )
        return rows

    def values(self) -> set[Term]:
        """Everything that the thing itself points at."""
        return {value for values in self.reader.facts[self.node].values() for value in values}
