"""What holds over every store, whatever its maker."""

import json
import re
import time

import pytest
import stores
from flask.testing import FlaskClient
from live import ROOT

from citygraph.dataset import Dataset
from citygraph.engine import Engine
from citygraph.errors import EngineError

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
NAMED = "SELECT DISTINCT ?n { GRAPH ?n { ?s ?p ?o } }"
PARTS = ("data", "derived", "ontology", "shapes")


def column(engine: Engine, text: str, default: list[str] | None = None, named: list[str] | None = None) -> list[str]:
    body = engine.query(text, default_graphs=default, named_graphs=named).body
    return sorted(row["n"]["value"] for row in json.loads(body)["results"]["bindings"])


def test_the_default_graph_is_all_but_the_shapes(engine: Engine, dataset: Dataset) -> None:
    expected = sum(dataset.counts.values()) - dataset.counts["shapes"]
    assert column(engine, COUNT) == [str(expected)]
    assert [row["n"].value for row in engine.select(COUNT)] == [str(expected)]
    assert column(engine, NAMED) == [dataset.graph(part) for part in PARTS]


def test_graphs_that_are_named_are_the_whole_dataset(engine: Engine, dataset: Dataset) -> None:
    data, shapes = dataset.graph("data"), dataset.graph("shapes")
    for_data, for_shapes = ([str(dataset.counts[part])] for part in ("data", "shapes"))
    assert (column(engine, COUNT, [data]), column(engine, NAMED, [data])) == (for_data, [])
    assert (column(engine, COUNT, None, [data]), column(engine, NAMED, None, [data])) == (["0"], [data])
    assert column(engine, COUNT, ["urn:x:nothing"]) == ["0"]
    text = COUNT.replace("{", f"FROM <{shapes}> {{", 1)
    assert column(engine, text) == for_shapes
    assert column(engine, text, [data]) == for_data
    assert column(engine, NAMED.replace("{", f"FROM <{shapes}> {{", 1)) == []
    assert column(engine, NAMED.replace("{", "FROM NAMED <graph/data> {", 1)) == [data]


def test_an_answer_is_complete_or_an_error(engine: Engine) -> None:
    text = "SELECT ?s { ?s a ?t . ?other a ?type } LIMIT 120000"
    statuses = []
    try:
        assert len(engine.query(text, "text/csv").body.splitlines()) == 120_001
    except EngineError as error:
        statuses.append(error.status)
    assert set(statuses) <= {413, 502, 503}


def test_a_query_over_its_time_is_503_and_pages_go_on(client: FlaskClient, engine: Engine) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?a) < STR(?i)) }"
    started = time.monotonic()
    reply = client.get("/sparql", query_string={"query": text, "timeout": "1"})
    assert time.monotonic() - started < 3
    assert reply.status_code in (400, 503)
    assert client.get("/city/norrkoping.html").status_code == 200


def test_blank_nodes_can_be_solutions(engine: Engine, dataset: Dataset) -> None:
    text = f"SELECT ?n {{ GRAPH <{dataset.graph('shapes')}> {{ ?s ?p ?n FILTER(ISBLANK(?n)) }} }} LIMIT 5"
    assert len(column(engine, text)) == 5
    assert len(engine.query(text, "application/sparql-results+xml").body.split(b"<bnode>")) == 6


def test_a_day_that_is_nowhere_in_the_data_is_compared_all_the_same(engine: Engine) -> None:
    text = """PREFIX ccn: <ontology#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
    SELECT (COUNT(?d) AS ?n) { ?d ccn:earliestStart ?day FILTER(?day <= "2013-12-30"^^xsd:date) }"""
    assert int(column(engine, text)[0]) > 0


def test_a_truth_value_is_one(engine: Engine) -> None:
    [row] = json.loads(engine.query("SELECT (1 = 1 AS ?n) {}").body)["results"]["bindings"]
    assert (row["n"]["value"], row["n"]["datatype"].partition("#")[2]) == ("true", "boolean")


def test_a_column_that_is_neither_grouped_nor_aggregated_is_an_error(client: FlaskClient) -> None:
    text = "SELECT ?s ?n { ?s ?p ?n } GROUP BY ?s LIMIT 1"
    assert client.get("/sparql", query_string={"query": text}).status_code == 400


def test_a_count_may_not_stand_bare(client: FlaskClient) -> None:
    assert client.get("/sparql", query_string={"query": "SELECT COUNT(*) { ?s ?p ?o }"}).status_code == 400


@pytest.mark.parametrize("store", stores.DIFFERENCES)
def test_the_readme_names_each_known_difference(store: str) -> None:
    _, found, section = (ROOT / "README.md").read_text("utf-8").partition("\n## Other stores\n")
    assert found
    told = re.findall(rf"^- {store}: (.+)$", section.partition("\n## ")[0], re.MULTILINE | re.IGNORECASE)
    assert sorted(told) == sorted(set(stores.DIFFERENCES[store].values()))
