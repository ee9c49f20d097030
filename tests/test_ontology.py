"""The vocabulary keeps its promises: terms are defined, in two languages, and shown in true facts."""

from functools import cache
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import DefaultGraph, RdfFormat, parse
from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SH, SKOS, VANN

from citygraph import dataset
from citygraph.namespaces import PREFIXES

CHECKOUT = Path(__file__).parents[1]
BASE = "https://w3id.org/creative-cities/"
CCN = BASE + "ontology#"
ONTOLOGY = rdflib.URIRef(BASE + "ontology")
FILES = dataset.files(CHECKOUT, "ontology")
LANGUAGES = {"en", "sv"}
FOUR = {"en", "sv", "fr", "es"}
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
BUILT_IN = tuple(PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl"))


@cache
def ontology() -> rdflib.Graph:
    """All files of ontology/ as one graph."""
    graph = rdflib.Graph()
    for path in FILES:
        graph.parse(path)
    return graph


@cache
def loaded() -> dataset.Dataset:
    """The checkout as it is served."""
    return dataset.load(CHECKOUT)


def terms() -> set[rdflib.term.Node]:
    """Our own classes, properties and individuals."""
    return set(ontology().subjects(RDFS.isDefinedBy, ONTOLOGY))


def declared() -> set[rdflib.term.Node]:
    """Whatever the ontology says the kind of, our own or not."""
    return {term for kind in KINDS for term in ontology().subjects(RDF.type, kind)}


def tongues(term: rdflib.term.Node, predicate: rdflib.URIRef) -> list[str]:
    """The languages of a term's texts, sorted."""
    return sorted(str(getattr(text, "language", None)) for text in ontology().objects(term, predicate))


def prefixes() -> str:
    """The declared prefixes as the head of a Turtle document."""
    pairs = [
        (ontology().value(d, SH.prefix), ontology().value(d, SH.namespace))
        for d in ontology().objects(None, SH.declare)
    ]
    return "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in pairs)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_the_same_to_both_parsers(path: Path) -> None:
    assert len(rdflib.Graph().parse(path)) == len(list(parse(path=str(path), format=RdfFormat.TURTLE)))


def test_ontology_has_no_blank_nodes() -> None:
    assert [t for t in ontology() if any(isinstance(term, rdflib.BNode) for term in t)] == []


def test_ontology_says_version_licence_and_namespace() -> None:
    graph = ontology()
    assert str(graph.value(ONTOLOGY, OWL.versionIRI)).startswith(f"{ONTOLOGY}/")
    assert str(graph.value(ONTOLOGY, OWL.versionIRI)).endswith(str(graph.value(ONTOLOGY, OWL.versionInfo)))
    assert graph.value(ONTOLOGY, DCTERMS.license)
    assert str(graph.value(ONTOLOGY, VANN.preferredNamespaceUri)) == CCN


def test_every_term_of_ours_says_where_it_is_defined() -> None:
    ours = {s for s in ontology().subjects() if str(s).startswith(CCN)}
    prefix_declarations = set(ontology().subjects(RDF.type, SH.PrefixDeclaration))
    assert ours - prefix_declarations == terms()


@pytest.mark.parametrize("term", sorted(terms()), ids=lambda term: term.removeprefix(CCN))
def test_term_is_named_and_defined_in_english_and_swedish(term: rdflib.URIRef) -> None:
    assert tongues(term, RDFS.label) == tongues(term, RDFS.comment) == sorted(LANGUAGES)


@pytest.mark.parametrize("term", sorted(terms()), ids=lambda term: term.removeprefix(CCN))
def test_term_has_one_kind(term: rdflib.URIRef) -> None:
    kinds = set(ontology().objects(term, RDF.type))
    assert len(kinds & set(KINDS)) == 1 or OWL.NamedIndividual in kinds
    if kinds & {OWL.AnnotationProperty, OWL.Class}:
        assert OWL.FunctionalProperty not in kinds


def test_every_example_is_true() -> None:
    facts = {quad.triple for quad in loaded().store.quads_for_pattern(None, None, None, DefaultGraph())}
    head = prefixes()
    examples = [(term, text) for term in terms() for text in ontology().objects(term, SKOS.example)]
    untrue = [
        str(text)
        for _, text in examples
        if not {q.triple for q in parse(input=head + str(text), format=RdfFormat.TURTLE)} <= facts
    ]
    assert untrue == []
    assert {term for term, _ in examples} == terms()


def test_every_example_uses_its_term() -> None:
    examples = [(str(term), str(text)) for term in terms() for text in ontology().objects(term, SKOS.example)]
    assert [text for term, text in examples if term.replace(CCN, "ccn:") not in text] == []


def test_outside_vocabularies_stand_above_ours_in_alignments_only() -> None:
    for path in FILES:
        graph = rdflib.Graph().parse(path)
        above = [*graph.objects(None, RDFS.subClassOf), *graph.objects(None, RDFS.subPropertyOf)]
        assert not above or path.name == "alignments.ttl"


def test_every_used_class_and_property_is_declared() -> None:
    used = {
        rdflib.URIRef(row[0].value)
        for part in ("ontology", "data", "derived")
        for row in loaded().store.query(
            "SELECT DISTINCT ?term { GRAPH $part { { ?s ?term ?o } UNION { ?s a ?term } } }".replace(
                "$part", f"<{loaded().graph(part)}>"
            )
        )
    }
    assert sorted(term for term in used - declared() if not str(term).startswith(BUILT_IN)) == []


def test_domains_and_ranges_are_declared() -> None:
    named = {o for p in (RDFS.domain, RDFS.subClassOf, RDFS.subPropertyOf) for o in ontology().objects(None, p)}
    assert sorted(term for term in named - declared() if not str(term).startswith(BUILT_IN)) == []


def test_derived_properties_say_so() -> None:
    derived = {
        rdflib.URIRef(row[0].value)
        for row in loaded().store.query(f"SELECT DISTINCT ?p {{ GRAPH <{loaded().graph('derived')}> {{ ?s ?p ?o }} }}")
    }
    notes = {term: str(ontology().value(term, SKOS.scopeNote)) for term in derived if term.startswith(CCN)}
    assert {term for term, note in notes.items() if not note.startswith("Derived when the graph is loaded")} == set()


def test_fields_are_named_in_four_languages() -> None:
    fields = set(ontology().subjects(RDF.type, rdflib.URIRef(CCN + "CreativeField")))
    assert len(fields) == 8
    assert {tuple(tongues(field, SKOS.prefLabel)) for field in fields} == {tuple(sorted(FOUR))}
    assert set(ontology().objects(rdflib.URIRef(BASE + "field"), SKOS.hasTopConcept)) == fields


def test_every_text_has_a_language() -> None:
    text = (
        RDFS.label,
        RDFS.comment,
        SKOS.prefLabel,
        SKOS.definition,
        SKOS.scopeNote,
        DCTERMS.title,
        DCTERMS.description,
    )
    untagged = [(s, o) for p in text for s, o in ontology().subject_objects(p) if not getattr(o, "language", None)]
    assert untagged == []


def test_prefixes_are_those_the_data_uses() -> None:
    assert len(set(ontology().objects(None, SH.declare))) == len(
        set(ontology().subjects(RDF.type, SH.PrefixDeclaration))
    )
    assert {"ccn", "city", "wd", "gn"} <= set(loaded().prefixes)
