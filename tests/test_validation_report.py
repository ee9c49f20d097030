"""The validation report: as data, and in words for those who never heard of SHACL."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, SH, Graph, URIRef
from releases import MORE, edited, harbours

from citygraph import validation
from citygraph.dataset import load
from citygraph.reporting import term
from export.__main__ import main

BASE = "https://harbours.example.org/"
SHAPES = """@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix t: <https://harbours.example.org/ontology#> .
@prefix s: <https://harbours.example.org/shapes#> .

s:HarbourShape a sh:NodeShape ; sh:targetClass t:Harbour ;
  sh:property s:comment , s:pointed .
s:comment a sh:PropertyShape ; sh:path rdfs:comment ; sh:minCount 1 ; sh:severity sh:Warning ;
  sh:message "Say something \\"nice\\" of the harbour."@en .
s:pointed a sh:PropertyShape ; sh:path [ sh:inversePath rdfs:seeAlso ] ; sh:maxCount 0 ; sh:severity sh:Info ;
  sh:message "Nothing should point here."@en .
"""
Site = Callable[[], FlaskClient]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CITYGRAPH_DIST")
    root = harbours(tmp_path / "root")
    (root / "shapes").mkdir()
    (root / "shapes" / "harbours.ttl").write_text(SHAPES, "utf-8")
    edited(root, "2026.1", f"{MORE}<{BASE}harbour/near> rdfs:seeAlso <{BASE}harbour/rusty> .\n")
    return root


@pytest.fixture
def site(root: Path, served: Callable[[Path], FlaskClient]) -> Site:
    return lambda: served(root)


def export(root: Path) -> None:
    assert main(["--root", str(root), "--out", str(root / "dist")]) == 0


def test_the_page_names_each_thing_with_what_to_do(root: Path, site: Site) -> None:
    export(root)
    text = site().get("/validation").get_data(as_text=True)
    assert ">Rusty</a>" in text
    assert "to be looked at" in text
    assert "worth knowing" in text
    assert "Say something &#34;nice&#34; of the harbour." in text
    assert re.search(r"data/harbours\.ttl:\d+", text)
    assert ">Åhus</a>" not in text


def test_the_turtle_is_a_report_of_shacl(root: Path, site: Site) -> None:
    export(root)
    reply = site().get("/validation.ttl")
    assert reply.headers["Content-Type"] == "text/turtle; charset=utf-8"
    graph = Graph().parse(data=reply.data, format="turtle")
    [whole] = graph.subjects(RDF.type, SH.ValidationReport)
    found = list(graph.objects(whole, SH.result))
    assert len(found) == len([f for f in validation.check(load(root)).findings if f.component])
    for one in found:
        for required in (SH.focusNode, SH.sourceConstraintComponent, SH.resultSeverity):
            assert len(list(graph.objects(one, required))) == 1
    [pointed] = graph.subjects(SH.resultSeverity, SH.Info)
    path = graph.value(pointed, SH.resultPath)
    assert str(graph.value(path, SH.inversePath)).endswith("#seeAlso")
    assert (pointed, SH.focusNode, URIRef(f"{BASE}harbour/rusty")) in graph


def test_the_json_has_every_finding_and_the_state_of_the_graph_that_it_is_of(root: Path, site: Site) -> None:
    export(root)
    client = site()
    said = json.loads(client.get("/validation.json").data)
    assert said["hash"] == load(root).digest
    assert said["conforms"] is True
    assert said["counts"]["Info"] == 1
    assert len(said["results"]) == sum(said["counts"].values())
    assert client.get("/validation", headers={"Accept": "application/json"}).location == "/validation.json"


def test_a_graph_that_was_not_exported_has_no_report_and_the_page_says_how_it_is_made(root: Path, site: Site) -> None:
    client = site()
    text = client.get("/validation").get_data(as_text=True)
    assert "python -m export" in text
    assert "states nothing of what it lacks" in text
    assert client.get("/validation.ttl").status_code == 404
    assert client.get("/validation.docx").status_code == 404
    export(root)
    edited(root, "2026.1")
    stale = site()
    assert "There is no report of this state" in stale.get("/validation").get_data(as_text=True)
    assert stale.get("/validation.json").status_code == 404


def test_the_page_among_the_files_reads_alone(root: Path) -> None:
    export(root)
    text = (root / "dist" / "validation.html").read_text("utf-8")
    assert "Say something" in text
    assert "<script" not in text
    assert 'href="/' not in text
    assert not re.search(r"(?:src|<link)[^>]*=", text)


def test_the_real_graph_says_what_it_lacks_without_an_export(client: FlaskClient) -> None:
    text = client.get("/validation").get_data(as_text=True)
    for told in ("58 cities were announced, 56 are known by name", "Cities without a Wikidata item", "Vranje"):
        assert told in text
    swedish = client.get("/validation?lang=sv").get_data(as_text=True)
    assert "58 städer tillkännagavs" in swedish
    assert "Städer utan Wikidata-objekt" in swedish


@given(st.text(max_size=20), st.sampled_from(["", "@en", "^^<http://www.w3.org/2001/XMLSchema#date>"]))
def test_whatever_a_finding_speaks_of_is_a_term(text: str, kind: str) -> None:
    made = term(f'"{text}"{kind}')
    assert made is not None
    assert made.value == text
