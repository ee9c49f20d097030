"""What ontology and shapes say of properties, for whoever writes them down again: the JSON context and OpenAPI."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from citygraph import queries
from citygraph.dataset import Dataset
from citygraph.engine import Engine
from citygraph.namespaces import PREFIXES, name
from citygraph.sparql import bind

SH, XSD, RDFS = PREFIXES["sh"], PREFIXES["xsd"], PREFIXES["rdfs"]
LANG_STRING, STRING, INTEGER = (name(curie).value for curie in ("rdf:langString", "xsd:string", "xsd:integer"))
GENERAL = {name(curie).value for curie in ("owl:Thing", "rdfs:Resource", "rdfs:Literal")}


@dataclass
class Said:
    """What one class's shapes say of one property: the values of each constraint, by its local name."""

    values: dict[str, list[NamedNode | Literal]] = field(default_factory=dict)

    def number(self, constraint: str) -> int | None:
        """A count, where one is stated; of several the strictest of `maxCount`, else the greatest."""
        found = [int(term.value) for term in self.values.get(constraint, [])]
        return (min if constraint == "maxCount" else max)(found) if found else None

    @property
    def single(self) -> bool:
        """Whether a thing has one value at most."""
        return self.number("maxCount") == 1

    @property
    def one_a_language(self) -> bool:
        """Whether a thing has one value a language at most."""
        return self.single or any(term.value == "true" for term in self.values.get("uniqueLang", []))


@dataclass
class Vocabulary:
    """What is said of each property.

    `shaped` has the constraints of each class by property; `everywhere` those that hold for every subject of a
    property; `types` and `ranges` are those that the ontology states; `used` has the datatypes of the values that the
    graph holds, None for things; `classes` are those that things are of; `domains` has the properties that the ontology
    gives a class, and `comments` the meaning of each term, in English.
    """

    shaped: dict[str, dict[str, Said]] = field(default_factory=dict)
    everywhere: dict[str, Said] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    ranges: dict[str, set[str]] = field(default_factory=dict)
    used: dict[str, set[str | None]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    domains: dict[str, set[str]] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    def stated(self, iri: str) -> list[Said]:
        """What the shapes say of a property, class by class."""
        found = [said[iri] for said in self.shaped.values() if iri in said]
        return [*found, self.everywhere[iri]] if iri in self.everywhere else found

    def datatypes(self, iri: str) -> set[str]:
        """The datatypes that values may have, as shapes or range state them."""
        stated = {term.value for said in self.stated(iri) for term in said.values.get("datatype", [])}
        ranges = self.ranges.get(iri, set())
        return stated or {r for r in ranges if r.startswith(XSD) or r == LANG_STRING}

    def refers(self, iri: str) -> bool:
        """Whether values are things that are spoken of, rather than mere addresses."""
        classes = [term for said in self.stated(iri) for term in said.values.get("class", [])]
        allowed = [t for said in self.stated(iri) for t in said.values.get("in", []) if isinstance(t, NamedNode)]
        if any("datatype" in said.values for said in self.stated(iri)):
            return bool(classes or allowed)
        return bool(classes or allowed or self.ranges.get(iri, set()) - self.datatypes(iri) - GENERAL)

    def addresses(self, iri: str) -> bool:
        """Whether values are IRIs and nothing is asked of what they name."""
        kinds = {term.value for said in self.stated(iri) for term in said.values.get("nodeKind", [])}
        return kinds == {SH + "IRI"} and not self.refers(iri)

    def single(self, iri: str) -> bool:
        """Whether no thing has two values: the ontology says so, or every class whose shape names the property."""
        functional = name("owl:FunctionalProperty").value in self.types.get(iri, ())
        return functional or self.agreed(iri, [said.single for said in self.stated(iri)], "single")

    def one_a_language(self, iri: str) -> bool:
        """Whether no thing has two values in one language."""
        return self.single(iri) or self.agreed(iri, [s.one_a_language for s in self.stated(iri)], "one_a_language")

    def agreed(self, iri: str, votes: Sequence[bool], what: str) -> bool:
        """Whether all say so, or the one that speaks for every subject of the property."""
        general = self.everywhere.get(iri)
        return (bool(votes) and all(votes)) or bool(general and getattr(general, what))


def vocabulary(dataset: Dataset, engine: Engine) -> Vocabulary:
    """What the graph's own ontology, shapes and facts say of its properties."""
    found = Vocabulary()
    shapes, ontology = NamedNode(dataset.graph("shapes")), NamedNode(dataset.graph("ontology"))
    for row in asked(engine, "constraints", {"shapes": shapes}):
        keep(found, row)
    for row in asked(engine, "terms", {"ontology": ontology}):
        found.types.setdefault(row["property"].value, set()).add(row["type"].value)
        if "range" in row:
            found.ranges.setdefault(row["property"].value, set()).add(row["range"].value)
    for row in asked(engine, "usage"):
        kind = row["datatype"].value if "datatype" in row else None
        found.used.setdefault(row["property"].value, set()).add(kind)
    found.classes = {row["class"].value for row in asked(engine, "classes")}
    for row in asked(engine, "domains", {"ontology": ontology}):
        found.domains.setdefault(row["class"].value, set()).add(row["property"].value)
    for row in asked(engine, "definitions", {"ontology": ontology}):
        found.comments.setdefault(row["term"].value, row["comment"].value)
    return found


def keep(found: Vocabulary, row: Mapping[str, NamedNode | Literal]) -> None:
    """Put down one constraint under the class or the property that it is stated of; what else is a target is
    no class of things."""
    iri, constraint = row["property"].value, row["constraint"].value.removeprefix(SH)
    places = [found.shaped.setdefault(row["targetClass"].value, {})] if "targetClass" in row else []
    places += [found.everywhere] if "everywhere" in row else []
    for place in places:
        values = place.setdefault(iri, Said()).values.setdefault(constraint, [])
        if row["value"] not in values:
            values.append(row["value"])


def asked(
    engine: Engine, query: str, terms: Mapping[str, NamedNode] | None = None
) -> Iterable[dict[str, NamedNode | Literal]]:
    """The rows of one of our queries, without what they leave unbound or without a name."""
    for row in engine.select(bind(queries.load(f"context/{query}").text, terms or {})):
        yield {key: term for key, term in row.items() if isinstance(term, NamedNode | Literal)}
