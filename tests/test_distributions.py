"""Files of an export as VoID and DCAT say them, and the manifest that lists them."""

from pathlib import Path

import pytest
from descriptions import findings
from pyoxigraph import Literal, NamedNode, Triple
from rdflib import DCAT, DCTERMS, RDF, Graph, Namespace, URIRef

from citygraph import distributions, turtle
from citygraph.distributions import File, Manifest
from citygraph.namespaces import PREFIXES, name

DATASET = NamedNode("https://example.org/dataset")
LICENCE = Triple(DATASET, name("dcterms:license"), NamedNode("https://creativecommons.org/licenses/by/4.0/"))
TYPED = Triple(NamedNode(LICENCE.object.value), name("rdf:type"), name("dcterms:LicenseDocument"))
SPDX = Namespace(PREFIXES["spdx"])
FILES = (
    File("data.ttl.gz", "The facts as Turtle, packed", "text/turtle", 9, "ab" * 32, distributions.GZIP, "urn:g"),
    File("cities.csv", "Cities as a table", "text/csv", 3, "cd" * 32),
)


@pytest.fixture(scope="module")
def said() -> Graph:
    shared = [LICENCE, Triple(NamedNode("urn:other"), name("rdfs:label"), Literal("of another"))]
    facts = distributions.distributions(FILES, DATASET, lambda path: f"https://example.org/{path}", shared)
    return Graph().parse(data=turtle.write([*facts, TYPED], PREFIXES), format="turtle")


def test_each_file_says_its_address_type_size_and_checksum(said: Graph) -> None:
    one = URIRef(f"{DATASET.value}#file-data.ttl.gz")
    assert str(said.value(one, DCAT.downloadURL)) == "https://example.org/data.ttl.gz"
    assert str(said.value(one, DCAT.mediaType)).endswith("/text/turtle")
    assert str(said.value(one, DCAT.compressFormat)).endswith("/application/gzip")
    assert int(said.value(one, DCAT.byteSize)) == 9
    checksum = said.value(one, SPDX.checksum)
    assert said.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
    assert str(said.value(checksum, SPDX.checksumValue)).lower() == "ab" * 32
    assert str(said.value(one, DCTERMS.license)) == LICENCE.object.value
    assert (None, None, URIRef("urn:other")) not in said
    assert len(list(said.subjects(RDF.type, DCAT.Distribution))) == 2


def test_a_file_that_is_not_packed_says_no_packing(said: Graph) -> None:
    assert said.value(URIRef(f"{DATASET.value}#file-cities.csv"), DCAT.compressFormat) is None


def test_the_distributions_follow_dcat_ap_in_what_it_demands_and_in_what_it_recommends(said: Graph) -> None:
    files = {URIRef(f"{DATASET.value}#file-{file.path}") for file in FILES}
    unknown = URIRef("http://data.europa.eu/r5r/availability")
    assert {found[:2] for found in findings(said, "dcat-ap") if found[0] in files and found[1] != unknown} == set()


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    graphs: dict[str, dict[str, str | int]] = {"data": {"iri": "urn:g", "triples": 4}}
    written = Manifest("x", "https://example.org/", "1", None, "ef" * 32, True, graphs, tuple(sorted(FILES)))
    (tmp_path / distributions.MANIFEST).write_text(written.text(), "utf-8")
    assert distributions.read(tmp_path) == written
    assert written.text() == Manifest(**{**vars(written), "files": FILES}).text()
    assert '"compress": null' not in written.text()


def test_what_is_no_manifest_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / distributions.MANIFEST).write_text('{"files": [{"name": "x"}]}', "utf-8")
    with pytest.raises(ValueError, match="export again"):
        distributions.read(tmp_path)
