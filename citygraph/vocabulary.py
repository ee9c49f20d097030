"""The page of a vocabulary: each term with its definition, what the shapes ask of it, how often it is used, and a fact
of the graph that shows it in use. The page of a set of shapes is made likewise."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from citygraph import documents, queries
from citygraph.footnotes import Footnotes
from citygraph.labels import NAMING, Links, Reader, Term, by_text, in_words, local_name, pick, tag, written
from citygraph.namespaces import RDF_TYPE, name
from citygraph.pages import DEFINED_BY, HIDDEN, LEADS, Composer
from citygraph.phrases import Shapes, by_path
from citygraph.site import Site
from citygraph.sparql import bind
from citygraph.turtle import Names
from citygraph.views import Entry, Fact, Glossary, Phrase, Row, Value
from citygraph.wording import gettext

CLASSES = {name(c).value for c in ("owl:Class", "rdfs:Class", "rdfs:Datatype")}
DOMAINS = [name(c).value for c in ("rdfs:domain", "schema:domainIncludes")]
EXAMPLE, NOTE, IN_SCHEME = (name(c).value for c in ("skos:example", "skos:scopeNote", "skos:inScheme"))
UNTOLD = {
    *NAMING,
    *LEADS,
    *HIDDEN,
    EXAMPLE,
    NOTE,
    IN_SCHEME,
    name("skos:topConceptOf").value,
    name("skos:hasTopConcept").value,
}
CONCEPTS_SHOWN = 200


def is_one(site: Site, iri: str, facts: Iterable[Triple]) -> bool:
    """Whether a document is that of a vocabulary or of a set of shapes."""
    stated = Triple(NamedNode(iri), RDF_TYPE, name("owl:Ontology")) in facts
    return stated or documents.own_graph(site.dataset, iri) is not None


def page(site: Site, iri: str, facts: Sequence[Triple], links: Links, language: str) -> Glossary:
    """The page of a vocabulary, made from the triples of its document, the shapes and the counts of the VoID."""
    return Compiler(site, iri, facts, links, language).page()


def counts(dataset: str, description: Sequence[Triple]) -> dict[str, int]:
    """How often each class and property is used, as the VoID description of a dataset (its IRI) says."""
    said: dict[Term, dict[str, Term]] = defaultdict(dict)
    for subject, predicate, value in description:
        said[subject][predicate.value] = value
    made = {}
    for subject, predicate, part in description:
        for kind, key, count in (("class", "class", "entities"), ("property", "property", "triples")):
            if written(subject) != dataset or predicate != name(f"void:{kind}Partition"):
                continue
            term, number = (said[part].get(name(f"void:{one}").value) for one in (key, count))
            if term is not None and number is not None:
                made[written(term)] = int(written(number))
    return made


class Compiler:
    """A page in the making."""

    def __init__(self, site: Site, iri: str, facts: Sequence[Triple], links: Links, language: str) -> None:
        self.engine, self.iri, self.node = site.engine, iri, NamedNode(iri)
        self.prefixes = site.dataset.prefixes
        self.names = Names(self.prefixes)
        self.counts = counts(site.dataset.iri, site.description)
        self.links, self.terms, self.language = links, site.terms, language
        self.reader = self.reading(facts)
        self.whole = documents.own_graph(site.dataset, iri)
        graph = NamedNode(site.dataset.graph("shapes"))
        shapes = self.engine.construct(bind(queries.load("documents/graph").text, {"graph": graph}))
        asked = Shapes(self.reading([*facts, *shapes]), self.names).forms()
        self.rules = [rule for form in asked for rule in form.rules]
        self.forms = [form for form in asked if form.iri.startswith(iri + "#") or self.whole == graph.value]
        told = set(self.told())
        subjects = [s.value for s in self.reader.facts if isinstance(s, NamedNode) and s.value not in told]
        self.own = {iri for iri in subjects if self.is_own(iri)}
        self.classes = sorted((iri for iri in self.own if self.kinds(iri) & CLASSES), key=self.place)
        self.composer = Composer(self.reader, self.node, Footnotes(self.reader, self.node, [], set()), [])

    def reading(self, facts: Iterable[Triple]) -> Reader:
        """A reader whose links to terms of this vocabulary stay on its page."""
        return Reader(facts, self.terms, self.here, self.language)

    def here(self, iri: str) -> str | None:
        """Where a link to an IRI goes."""
        fragment = iri.removeprefix(self.iri + "#")
        return self.links(iri) if fragment == iri else "#" + fragment

    def is_own(self, iri: str) -> bool:
        """Whether a term is defined here: it says so, or it is a class or property of ours whose IRI is a fragment, or
        which stands in the graph of this name."""
        if self.node in self.reader.facts[NamedNode(iri)].get(DEFINED_BY, []):
            return True
        here = iri.startswith(self.iri + "#") or (self.whole and self.links(iri) is not None)
        return bool(here and (self.kinds(iri) & CLASSES or self.is_property(iri)))

    def kinds(self, iri: str) -> set[str]:
        """The IRIs of the classes that a term belongs to."""
        return {written(kind) for kind in self.reader.facts.get(NamedNode(iri), {}).get(RDF_TYPE.value, [])}

    def is_property(self, iri: str) -> bool:
        """Whether a term is a property, of whatever sort."""
        return any(kind.endswith("Property") for kind in self.kinds(iri))

    def place(self, iri: str) -> tuple[str, str]:
        """Where a term stands among others."""
        return by_text(self.reader.value(NamedNode(iri)))

    def page(self) -> Glossary:
        """The whole page."""
        # They have sections of their own, so no table of the page shows them as parts of the vocabulary.
        self.composer.nested.update(NamedNode(iri) for iri in (*self.own, *self.told()))
        homes: dict[str | None, list[str]] = defaultdict(list)
        for iri in sorted(self.own - set(self.classes), key=self.place):
            homes[self.home(iri)].append(iri)
        return Glossary(
            iri=self.iri,
            title=self.reader.value(self.node),
            types=self.composer.types(self.node),
            leads=self.composer.leads(self.node),
            rows=[row for row in self.composer.rows(self.node) if row.property not in NAMING],
            classes=[self.entry(iri, homes[iri]) for iri in self.classes],
            others=[self.entry(iri) for iri in homes[None]],
            schemes=self.schemes(),
            outside=[] if self.forms else self.outside(),
            rest=self.composer.remaining(),
            forms=sorted(self.forms, key=lambda form: by_text(form.title)),
        )

    def told(self) -> Iterator[str]:
        """The IRIs of the shapes that are told here, and of what belongs to them."""
        for form in self.forms:
            yield form.iri
            for anchor in (*(rule.anchor for rule in form.rules), *(anchor for anchor, _ in form.queries)):
                if anchor:
                    yield f"{self.iri}#{anchor}"

    def home(self, iri: str) -> str | None:
        """The class under which a term is told: that of an individual, or the first that a property is for."""
        facts = self.reader.facts[NamedNode(iri)]
        for found in (*(facts.get(domain, []) for domain in DOMAINS), facts.get(RDF_TYPE.value, [])):
            if homes := sorted({written(one) for one in found} & set(self.classes), key=self.place):
                return homes[0]
        asked = {kind for rule in self.rules if iri in rule.properties for kind in rule.classes}
        return min(asked & set(self.classes), key=self.place, default=None)

    def entry(self, iri: str, members: Sequence[str] = (), concepts: Sequence[Entry] = ()) -> Entry:
        """One term."""
        term, is_class = NamedNode(iri), bool(self.kinds(iri) & CLASSES)
        labels = sorted(self.reader.labels(term), key=lambda label: label.language or "")
        title, best = self.reader.value(term), self.reader.label(term)
        fragment = iri.removeprefix(self.iri + "#")
        rules = [rule for rule in self.rules if iri in (rule.classes if is_class else rule.properties)]
        return Entry(
            iri=iri,
            anchor=None if fragment == iri else fragment,
            name=self.names.term(term).replace("\\", "").strip("<>"),
            title=Value(
                title.text if best else gettext(in_words(local_name(iri))), title.href, title.language, title.outside
            ),
            names=[Value(one.value, None, one.language) for one in labels if best and one.value != best.value],
            kind=", ".join(sorted({gettext(in_words(local_name(kind))) for kind in self.kinds(iri)})),
            texts=self.composer.leads(term),
            notes=[Value(one.value, None, tag(one)) for one in self.reader.literals(term, NOTE)],
            rows=self.rows(term),
            uses=self.uses(iri),
            unit="thing" if is_class else "statement" if self.is_property(iri) else "reference",
            examples=self.examples(term) if iri in self.own else [],
            rules=sorted(rules, key=by_path),
            members=[*(self.entry(member) for member in members), *concepts],
        )

    def rows(self, term: NamedNode) -> list[Row]:
        """The facts of a term beyond its names and definitions; of texts in several languages the best."""
        made = []
        for predicate, values in sorted(self.reader.facts[term].items(), key=lambda item: self.composer.place(item[0])):
            if predicate in UNTOLD:
                continue
            texts = [value for value in values if isinstance(value, Literal) and value.language]
            best = pick(texts, self.language)
            kept = [self.reader.value(value) for value in values if value not in texts or value == best]
            facts = [Fact(value) for value in sorted(kept, key=by_text)]
            made.append(Row(self.reader.heading(predicate), facts, count=len(facts), property=predicate))
        return made

    def uses(self, iri: str) -> int:
        """How often a term is used: members of a class, statements with a property, else statements about a thing."""
        if self.is_property(iri) or self.kinds(iri) & CLASSES:
            return self.counts.get(iri, 0)
        [row] = self.engine.select(bind(queries.load("pages/vocabulary/uses").text, {"term": NamedNode(iri)}))
        return int(written(row["count"]))

    def examples(self, term: NamedNode) -> list[Phrase]:
        """The examples that the vocabulary gives and the graph holds, as Turtle with links, else one of its facts."""
        given = [self.parsed(one) for one in self.reader.literals(term, EXAMPLE)]
        held = [facts for facts in given if facts and all(map(self.holds, facts))]
        if not held:
            text = queries.load("pages/vocabulary/example").text
            found = self.engine.select(bind(text, {"term": term, "vocabulary": self.node}))
            held = [[Triple(row["subject"], row["property"], row["value"])] for row in found]  # type: ignore[arg-type]
        return [self.turtle(facts) for facts in held]

    def parsed(self, example: Literal) -> list[Triple]:
        """The facts of an example that is Turtle; none of one in prose."""
        prefixes = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in self.prefixes.items())
        try:
            return [quad.triple for quad in parse(f"{prefixes}{example.value}".encode(), format=RdfFormat.TURTLE)]
        except SyntaxError:
            return []

    def holds(self, fact: Triple) -> bool:
        """Whether the graph has a fact."""
        subject, predicate, value = fact
        if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode | Literal):
            return False
        terms = {"subject": subject, "property": predicate, "value": value}
        return self.engine.ask(bind(queries.load("pages/vocabulary/holds").text, terms))

    def turtle(self, facts: Sequence[Triple]) -> Phrase:
        """Facts about one subject as Turtle, each IRI a link."""
        pieces = [self.written(facts[0].subject)]
        for index, (_, predicate, value) in enumerate(facts):
            pieces += [Value(" ; " if index else " "), self.written(predicate), Value(" "), self.written(value)]
        return [*pieces, Value(" .")]

    def written(self, term: Term) -> Value:
        """A term as Turtle writes it, without the escapes of names."""
        if not isinstance(term, NamedNode):
            return Value(self.names.term(term))
        if term == RDF_TYPE:
            return Value("a")
        value = self.reader.value(term)
        return Value(self.names.term(term).replace("\\", ""), value.href, None, False, "link")

    def schemes(self) -> list[Entry]:
        """The concept schemes of the vocabulary with their concepts, which may have pages of their own."""
        scheme_of: dict[str, list[str]] = defaultdict(list)
        for subject, facts in self.reader.facts.items():
            if isinstance(subject, NamedNode):
                for scheme in facts.get(IN_SCHEME, []):
                    scheme_of[written(scheme)].append(subject.value)
        told = [iri for iri in scheme_of if name("skos:ConceptScheme").value in self.kinds(iri)]
        return [
            self.entry(iri, (), [self.entry(one) for one in sorted(scheme_of[iri], key=self.place)[:CONCEPTS_SHOWN]])
            for iri in sorted(told, key=self.place)
        ]

    def outside(self) -> list[Entry]:
        """The terms of other vocabularies that this one declares and the graph uses."""
        found = [
            subject.value
            for subject in self.reader.facts
            if isinstance(subject, NamedNode) and subject.value not in self.own and self.links(subject.value) is None
        ]
        return [self.entry(iri) for iri in sorted(found, key=self.names_of) if self.counts.get(iri)]

    def names_of(self, iri: str) -> str:
        """A term as prefix and name, to order by."""
        return self.names.iri(iri)
