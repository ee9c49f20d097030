"""What documents of things hold, and the graph's description of itself."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from citygraph.dataset import Dataset
from citygraph.namespaces import PREFIXES
from server import create_app

BASE = "https://w3id.org/creative-cities/"
CCN = BASE + "ontology#"
FORMATS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdf": RdfFormat.RDF_XML,
}


def facts(client: FlaskClient, path: str) -> set[Triple]:
    """The triples of a document."""
    body = client.get(path).data
    return {quad.triple for quad in parse(body, format=FORMATS[path.rsplit(".", 1)[1]])}


def iri(path: str) -> NamedNode:
    return NamedNode(BASE + path)


def has(found: set[Triple], subject: NamedNode, predicate: str, value: NamedNode | Literal) -> bool:
    return Triple(subject, NamedNode(predicate), value) in found


def test_the_document_of_norrkoping_tells_who_says_so(client: FlaskClient) -> None:
    found = facts(client, "/city/norrkoping.ttl")
    city, designation = iri("city/norrkoping"), iri("designation/norrkoping-music")
    date = Literal("2017-10-31", datatype=NamedNode(PREFIXES["xsd"] + "date"))
    assert has(found, designation, CCN + "field", iri("field/music"))
    assert has(found, designation, CCN + "start", date)
    assert has(found, city, CCN + "country", iri("country/se"))
    assert has(found, iri("country/se"), PREFIXES["rdfs"] + "label", Literal("Sweden", language="en"))
    assert has(found, city, PREFIXES["owl"] + "sameAs", NamedNode("http://www.wikidata.org/entity/Q25724"))
    source = NamedNode(PREFIXES["dcterms"] + "source")
    for node in (
        city,
        designation,
        iri("city/norrkoping#geo"),
        iri("city/norrkoping#wikidata"),
        iri("city/norrkoping#population"),
    ):
        named = {t.object for t in found if t.subject == node and t.predicate == source}
        assert named
        for one in named:
            assert any(t.subject == one and t.predicate.value == PREFIXES["rdfs"] + "label" for t in found)


@pytest.mark.parametrize(
    "thing",
    [
        "city/norrkoping",
        "country/se",
        "field/music",
        "round/2021",
        "conference/2024",
        "network",
        "ontology",
        "dataset",
        "field",
    ],
)
def test_all_formats_of_a_document_say_the_same(client: FlaskClient, thing: str) -> None:
    counts = {suffix: facts(client, f"/{thing}.{suffix}") for suffix in FORMATS}
    assert len({frozenset(found) for found in counts.values()}) == 1
    assert any(t.subject == iri(thing) for t in counts["ttl"])


def test_every_thing_has_a_document_and_a_page(client: FlaskClient, dataset: Dataset) -> None:
    subjects = {
        q.subject.value for q in dataset.store if isinstance(q.subject, NamedNode) and q.subject.value.startswith(BASE)
    }
    things = sorted({subject.split("#")[0] for subject in subjects})
    assert len(things) > 1000
    # One of each kind, and every thing that is no one of many.
    for thing in {path.split("/")[0]: path for path in (t.removeprefix(BASE) for t in things)}.values():
        for suffix in ("html", "ttl"):
            assert client.get(f"/{thing}.{suffix}").status_code == 200


def test_the_shapes_with_their_blank_nodes_are_a_document_too(client: FlaskClient, dataset: Dataset) -> None:
    assert len(facts(client, "/shapes.nt")) == dataset.counts["shapes"]
    assert client.get("/shapes.ttl").data == client.get("/shapes.ttl?again").data


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_rdflib_reads_every_format(client: FlaskClient) -> None:
    for suffix, name in (("ttl", "turtle"), ("nt", "nt"), ("jsonld", "json-ld"), ("rdf", "xml")):
        assert len(Graph().parse(client.get(f"/city/lyon.{suffix}").data, format=name)) > 100


def test_json_ld_carries_no_context_from_elsewhere(client: FlaskClient) -> None:
    for node in json.loads(client.get("/city/norrkoping.jsonld").data):
        assert not isinstance(node.get("@context"), str)


def test_incoming_links_and_fragments_are_in_a_document(client: FlaskClient) -> None:
    found = facts(client, "/country/se.ttl")
    assert has(found, iri("city/norrkoping"), CCN + "country", iri("country/se"))
    assert has(found, iri("city/norrkoping"), PREFIXES["rdfs"] + "label", Literal("Norrköping", language="sv"))
    assert any(t.subject == iri("country/se#names") for t in found)


def test_the_vocabulary_document_defines_its_terms(client: FlaskClient) -> None:
    found = facts(client, "/ontology.ttl")
    labelled = {t.subject.value for t in found if t.predicate.value == PREFIXES["rdfs"] + "label"}
    assert {CCN + "CreativeCity", CCN + "Designation", CCN + "start"} <= labelled


def description(client: FlaskClient, path: str = "/.well-known/void") -> set[Triple]:
    body = client.get(path, headers={"Accept": "text/turtle"}).data
    return {quad.triple for quad in parse(body, format=RdfFormat.TURTLE)}


def test_void_counts_what_a_query_counts(client: FlaskClient) -> None:
    found = description(client)
    whole = next(
        t.object.value
        for t in found
        if t.subject == iri("dataset") and t.predicate.value == PREFIXES["void"] + "triples"
    )
    rows = client.get("/sparql", query_string={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}).get_json(force=True)
    assert whole == rows["results"]["bindings"][0]["n"]["value"]
    partition = next(
        t.subject
        for t in found
        if t.predicate.value == PREFIXES["void"] + "class" and t.object.value == CCN + "CreativeCity"
    )
    assert has(found, partition, PREFIXES["void"] + "entities", Literal(406))


def test_void_names_the_links_to_wikidata(client: FlaskClient) -> None:
    found = description(client)
    target = next(
        t.subject
        for t in found
        if t.predicate.value == PREFIXES["void"] + "uriSpace" and t.object.value == "http://www.wikidata.org/entity/"
    )
    linksets = [
        t.subject for t in found if t.predicate.value == PREFIXES["void"] + "objectsTarget" and t.object == target
    ]
    assert linksets


def test_the_three_descriptions_are_one(client: FlaskClient) -> None:
    assert description(client) == description(client, "/sparql")
    assert description(client) <= facts(client, "/dataset.ttl")


def test_the_service_description_names_formats_graphs_and_endpoint(client: FlaskClient, dataset: Dataset) -> None:
    sd = "http://www.w3.org/ns/sparql-service-description#"
    found = description(client, "/sparql")
    graphs = {t.object.value for t in found if t.predicate.value == sd + "name"}
    assert graphs == dataset.graphs
    formats = {t.object.value for t in found if t.predicate.value == sd + "resultFormat"}
    assert {
        "http://www.w3.org/ns/formats/SPARQL_Results_JSON",
        "http://www.w3.org/ns/formats/Turtle",
    } <= formats
    assert any(t.predicate.value == sd + "endpoint" and t.object.value == BASE + "sparql" for t in found)


def test_everything_that_the_catalogue_refers_to_is_typed_in_it(client: FlaskClient) -> None:
    found = description(client)
    typed = {t.subject for t in found if t.predicate.value == PREFIXES["rdf"] + "type"}
    for t in found:
        if t.object.__class__ is NamedNode and t.object.value.startswith(BASE + "dataset#"):
            assert t.object in typed
    assert not any(str(term).startswith("_:") for t in found for term in (t.subject, t.object))


def test_what_a_thing_holds_in_blank_nodes_and_lists_is_in_its_document(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    text = """@prefix e: <https://e.example.org/> .
        e:a e:addr [ e:street "Main" ; e:geo [ e:list ( e:x [ e:y 2 ] 3 ) ] ] .
        e:other e:has [ e:not "of a" ] ."""
    (tmp_path / "data/a.ttl").write_text(text, "utf-8")
    app = create_app(tmp_path)
    try:
        got = Graph().parse(data=app.test_client().get("/a.ttl").get_data(), format="turtle")
    finally:
        app.extensions["site"].engine.close()
    wanted = Graph().parse(data=text, format="turtle")
    elsewhere = URIRef("https://e.example.org/other")
    for held in list(wanted.objects(elsewhere)):
        wanted.remove((held, None, None))
    wanted.remove((elsewhere, None, None))
    assert isomorphic(got, wanted)
