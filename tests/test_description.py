"""What the graph says of itself: VoID, DCAT, Service Description, schema.org, one version."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from descriptions import BASE, counted, findings, graph
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse
from rdflib import DCAT, DCTERMS, FOAF, PROV, RDF, SH, VOID, Graph, Literal, Namespace, URIRef
from rdflib.namespace import OWL

from citygraph.dataset import Dataset
from citygraph.digest import canonical
from server import create_app

WHOLE = URIRef(BASE + "dataset")
VERSION = URIRef("http://www.w3.org/ns/dcat#version")
ROOTS = Path(__file__).with_name("roots")
SCHEMA, SD = Namespace("https://schema.org/"), Namespace("http://www.w3.org/ns/sparql-service-description#")

NOT_SAID = {
    URIRef("http://data.europa.eu/r5r/availability"): "nobody has promised how long the data stays",
    DCTERMS.type: "the kind of publisher is not stated",
    DCAT.centroid: "the middle of a network all over the world says nothing",
}
"""What DCAT-AP recommends and we do not know; the format of what is got by query is the client's choice."""


@pytest.fixture(scope="module")
def void(app: Flask) -> Graph:
    return graph(app.test_client(), "/.well-known/void")


@pytest.fixture(scope="module")
def lights() -> Iterator[FlaskClient]:
    """A site over a graph that says nothing of itself."""
    app = create_app(ROOTS / "lighthouses")
    yield app.test_client()
    app.extensions["site"].engine.close()


def test_the_catalogue_conforms_to_dcat_ap(void: Graph) -> None:
    assert [found for found in findings(void, "dcat-ap") if found[2] != SH.Warning] == []


def test_the_catalogue_follows_the_recommendations_of_dcat_ap_but_for_what_is_not_known(void: Graph) -> None:
    through = URIRef(f"{WHOLE}#through-sparql")
    missing = {(node, path) for node, path, _ in findings(void, "dcat-ap") if path not in NOT_SAID}
    assert missing == {(through, DCTERMS.format)}


@pytest.mark.parametrize("path", [DCTERMS.title, DCTERMS.description, DCAT.accessURL, DCAT.endpointURL, FOAF.name])
def test_our_rules_of_dcat_ap_find_what_is_missing(void: Graph, path: URIRef) -> None:
    broken = Graph() + void
    broken.remove((None, path, None))
    assert {found[1] for found in findings(broken, "dcat-ap") if found[2] == SH.Violation} == {path}


def test_the_dataset_page_says_the_same_as_the_catalogue(client: FlaskClient, void: Graph) -> None:
    assert set(void) <= set(graph(client, "/dataset.ttl"))


def test_everything_that_the_catalogue_points_at_has_a_class(void: Graph) -> None:
    plain = {
        VOID.dataDump, VOID.feature, VOID.sparqlEndpoint, VOID.vocabulary, VOID.linkPredicate, VOID["class"],
        VOID.property, DCAT.accessURL, DCAT.downloadURL, DCAT.endpointURL, DCAT.endpointDescription, DCTERMS.subject,
        SD.endpoint, SD.feature, SD.name, SD.resultFormat, SD.supportedLanguage, RDF.type,
    }  # fmt: skip
    things = {o for _, p, o in void if isinstance(o, URIRef) and p not in plain}
    assert {thing for thing in things if (thing, RDF.type, None) not in void} == set()


def test_the_dataset_and_its_page_say_the_hash_of_its_canonical_quads(
    client: FlaskClient, void: Graph, dataset: Dataset
) -> None:
    checksum = void.value(WHOLE, URIRef("http://spdx.org/rdf/terms#checksum"))
    value = void.value(checksum, URIRef("http://spdx.org/rdf/terms#checksumValue"))
    assert str(value).lower() == hashlib.sha256(b"".join(canonical(dataset.store))).hexdigest()
    assert f"<code>{value}</code>".lower() in client.get("/dataset.html").get_data(as_text=True)


def test_sources_are_what_the_dataset_was_derived_from(void: Graph) -> None:
    """dcterms:source would say that they are datasets of a catalogue."""
    assert (WHOLE, PROV.wasDerivedFrom, URIRef(BASE + "source/geonames")) in void
    assert not list(void.objects(WHOLE, DCTERMS.source))


def test_nobody_but_organisations_is_named(void: Graph) -> None:
    vcard = Namespace("http://www.w3.org/2006/vcard/ns#")
    assert set(void.objects(void.value(WHOLE, DCAT.contactPoint), RDF.type)) == {vcard.Kind, vcard.Organization}
    assert not list(void.subjects(RDF.type, FOAF.Person))


def test_the_extent_holds_every_place_and_the_period_every_start(client: FlaskClient, void: Graph) -> None:
    corners = re.findall(r"-?[\d.]+ -?[\d.]+", str(void.value(void.value(WHOLE, DCTERMS.spatial), DCAT.bbox)))
    (west, south), (east, north) = (map(float, corners[n].split()) for n in (0, 2))
    start = str(void.value(void.value(WHOLE, DCTERMS.temporal), DCAT.startDate))
    query = (
        "PREFIX schema: <https://schema.org/> SELECT (COUNT(*) AS ?n) "
        "{ ?p schema:latitude ?lat ; schema:longitude ?long "
        f"FILTER(?lat < {south} || ?lat > {north} || ?long < {west} || ?long > {east}) }}"
    )
    assert counted(client, query) == 0
    early = f'?d <{BASE}ontology#earliestStart> ?day FILTER(STR(?day) < "{start}")'
    assert counted(client, f"SELECT (COUNT(*) AS ?n) {{ {early} }}") == 0
    assert start == "2004-10-01"


@pytest.mark.parametrize(
    ("part", "key", "figure", "pattern"),
    [
        (VOID.classPartition, VOID["class"], VOID.entities, "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a <%s> }"),
        (VOID.propertyPartition, VOID.property, VOID.triples, "SELECT (COUNT(*) AS ?n) { ?s <%s> ?o }"),
    ],
    ids=["classes", "properties"],
)
def test_every_partition_counts_what_a_query_counts(
    client: FlaskClient, void: Graph, part: URIRef, key: URIRef, figure: URIRef, pattern: str
) -> None:
    found = {str(void.value(one, key)): int(str(void.value(one, figure))) for one in void.objects(WHOLE, part)}
    assert len(found) > 20
    assert found == {iri: counted(client, pattern % iri) for iri in found}


def test_the_linksets_count_every_link_once(client: FlaskClient, void: Graph) -> None:
    stated = sum(int(str(void.value(one, VOID.triples))) for one in void.subjects(RDF.type, VOID.Linkset))
    links = "{ ?s owl:sameAs ?o } UNION { ?s skos:closeMatch ?o } UNION { ?s skos:exactMatch ?o }"
    prefixes = "PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    assert stated == counted(client, f"{prefixes}SELECT (COUNT(*) AS ?n) {{ {links} }}")


def test_every_vocabulary_in_use_is_named(void: Graph) -> None:
    spaces = tuple(map(str, void.objects(WHOLE, VOID.vocabulary)))
    used = [*void.objects(None, VOID["class"]), *void.objects(None, VOID.property)]
    assert [term for term in used if not str(term).startswith(spaces)] == []


def test_every_address_of_ours_in_the_description_answers(client: FlaskClient, void: Graph) -> None:
    terms = {term for s, p, o in void if p != VOID.vocabulary for term in (s, o)}
    ours = {str(term).partition("#")[0] for term in terms if isinstance(term, URIRef) and term.startswith(BASE)}
    paths = {"/" + address.removeprefix(BASE) for address in ours}
    assert len(paths) > 10
    for path in sorted(paths):
        assert client.get(path, follow_redirects=True, headers={"Accept": "*/*"}).status_code == 200, path


def test_the_prefixes_are_declared_for_queries(void: Graph, dataset: Dataset) -> None:
    declared = {
        str(void.value(one, SH.prefix)): str(void.value(one, SH.namespace))
        for one in void.objects(URIRef(f"{WHOLE}#prefixes"), SH.declare)
    }
    assert declared == dataset.prefixes


# One version


def test_every_place_that_names_a_version_names_the_same(client: FlaskClient, void: Graph, dataset: Dataset) -> None:
    version = dataset.version
    assert list(void.objects(WHOLE, VERSION)) == [Literal(version)]
    assert structured(client)["version"] == version
    for page in ("/", "/cities", "/city/norrkoping.html", "/sparql", "/dataset.html"):
        assert f"Version {version}" in client.get(page, headers={"Accept": "text/html"}).text
    assert f"Version {version}" in client.get("/llms.txt").text
    assert client.get("/api/openapi.json").get_json()["info"]["version"] == version
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    assert f'version = "{version}"' in project


def test_another_version_is_another_etag(dataset: Dataset, app: Flask) -> None:
    site = app.extensions["site"]
    later = create_app(dataset=replace(dataset, version="2099.01.01"), engine=site.engine)
    for path in ("/dataset.html", "/.well-known/void", "/city/norrkoping.ttl", "/sitemap.xml", "/llms.txt"):
        tags = [one.test_client().get(path).headers["ETag"] for one in (app, later)]
        assert tags[0] != tags[1]


# schema.org


class Blocks(HTMLParser):
    """The data blocks of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inside, self.found = False, list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script" and ("type", "application/ld+json") in attrs

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


def structured(client: FlaskClient) -> dict[str, object]:
    (block,) = Blocks(client.get("/dataset.html").text).found
    found = json.loads(block)
    assert isinstance(found, dict)
    return found


def test_search_engines_read_the_dataset_in_its_page(client: FlaskClient, void: Graph) -> None:
    found = structured(client)
    assert (found["@context"], found["@type"], found["@id"]) == ("https://schema.org/", "Dataset", str(WHOLE))
    assert 50 <= len(str(found["description"])) <= 5000
    required = {"name", "license", "creator", "temporalCoverage", "spatialCoverage", "keywords", "distribution", "url"}
    assert required <= found.keys()
    files = {str(address) for address in void.objects(None, DCAT.downloadURL)}
    assert {one.get("contentUrl") for one in found["distribution"]} - {None} == files  # type: ignore[attr-defined]


def test_what_search_engines_read_is_json_ld(client: FlaskClient) -> None:
    found = structured(client) | {"@context": {"@vocab": str(SCHEMA)}}
    read = [quad.triple for quad in parse(json.dumps(found), format=RdfFormat.JSON_LD)]
    said = [(fact.predicate.value.removeprefix(SCHEMA), fact.object.value) for fact in read]
    assert ("license", "https://creativecommons.org/licenses/by/4.0/") in said
    assert len([value for name, value in said if name == "distribution"]) == 5


def test_only_the_page_of_the_dataset_has_a_data_block(client: FlaskClient) -> None:
    assert "<script" not in client.get("/city/norrkoping.html").text


# Other roots


def test_another_graph_describes_itself_by_what_the_code_knows(lights: FlaskClient) -> None:
    found = graph(lights, "/.well-known/void")
    whole = found.value(None, RDF.type, DCAT.Dataset)
    assert found.value(whole, DCTERMS.title)
    assert len(list(found.objects(whole, DCAT.distribution))) == 5
    for unknown in (DCTERMS.publisher, DCTERMS.spatial, DCTERMS.temporal, DCTERMS.license, DCAT.contactPoint):
        assert not list(found.objects(whole, unknown))
    assert (None, RDF.type, OWL.Ontology) in found


def test_what_a_graph_states_of_itself_stands_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dataset.ttl").write_text(
        """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix void: <http://rdfs.org/ns/void#> .
        <https://e.example.org/dataset> a dcat:Dataset ; void:uriSpace "https://e.example.org/" ; dcat:version "7" ;
          dcterms:title "Buoys"@en ; dcterms:identifier "buoys" ; dcterms:spatial <https://e.example.org/sea> ;
          dcterms:publisher [ foaf:name "Harbour office"@en ] .
        <https://e.example.org/buoy/1> <https://schema.org/latitude> 58.5 ; <https://schema.org/longitude> 16.2 .""",
        "utf-8",
    )
    app = create_app(tmp_path)
    try:
        found = graph(app.test_client(), "/.well-known/void")
    finally:
        app.extensions["site"].engine.close()
    whole = URIRef("https://e.example.org/dataset")
    assert set(found.objects(whole, DCTERMS.title)) == {Literal("Buoys", lang="en")}
    assert set(found.objects(whole, DCTERMS.identifier)) == {Literal("buoys")}
    assert set(found.objects(whole, DCTERMS.spatial)) == {URIRef("https://e.example.org/sea")}
    assert set(found.objects(whole, VERSION)) == {Literal("7")}
    (publisher,) = found.objects(whole, DCTERMS.publisher)
    assert found.value(publisher, FOAF.name) == Literal("Harbour office", lang="en")
    assert found.value(publisher, RDF.type) == FOAF.Agent
    contact = found.value(whole, DCAT.contactPoint)
    assert found.value(contact, URIRef("http://www.w3.org/2006/vcard/ns#fn")) == Literal("Harbour office", lang="en")
