"""Names pasted on a page, other graphs than ours, and the service of a server with several processes."""

import csv
import io
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import reconciliation_schemas as schemas
import stores
from flask.testing import FlaskClient
from live import ROOT, serving

from citygraph import dataset as folders
from citygraph.dataset import Dataset
from citygraph.engine import Embedded
from citygraph.reconciliation.answers import Reconciliation
from citygraph.reconciliation.candidates import Query
from server import create_app

BASE = "https://w3id.org/creative-cities/"
CITY = BASE + "ontology#CreativeCity"


def test_the_page_needs_no_script_and_starts_with_cities(client: FlaskClient) -> None:
    page = client.get("/reconcile/table").text
    assert "<script" not in page
    assert re.search(r'<form method="post" action="/reconcile/table"', page)
    types = re.findall(r'<option value="([^"]*)"', page.partition('id="type"')[2])
    assert types[0] == CITY
    assert "2,000" in page


def test_a_pasted_column_becomes_a_table(client: FlaskClient) -> None:
    names = "Norrköping\nGranada\tNicaragua\n\nGothenborg\nnothing of the kind\n<b>&\n"
    page = client.post("/reconcile/table", data={"names": names, "type": CITY}).text
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert rows.count("<tr>") == 5
    assert 'href="/city/granada-ni"' in rows
    assert "Q25724" in rows
    assert "&lt;b&gt;&amp;" in rows
    assert "5 names: 2 sure" in page
    assert "spelt otherwise" in rows
    assert "<b>&" not in page


@pytest.mark.parametrize(
    ("name", "beside", "doubt"),
    [
        ("Granada", "", "others have that name"),
        ("London", "", "the name alone is ambiguous"),
        ("Gothenborg", "", "spelt otherwise"),
        ("Iowa", "", "the word for a city is missing"),
        ("Lyon", "Norway", "another country"),
        ("Lyon", "Atlantis", "country cannot be told"),
        ("Lyon, Texas", "", "qualifier cannot be told"),
        ("Lyon", "France", ""),
    ],
)
def test_a_doubt_is_said_in_words(client: FlaskClient, name: str, beside: str, doubt: str) -> None:
    [row] = table(client, {"names": name, "beside": beside, "type": CITY, "format": "csv"})
    assert (row["match"], row["doubt"]) == ("no" if doubt else "yes", doubt)


def test_namesakes_are_shown_side_by_side(client: FlaskClient) -> None:
    page = client.post("/reconcile/table", data={"names": "Granada", "type": CITY}).text
    assert 'href="/city/granada-es"' in page
    assert 'href="/city/granada-ni"' in page


def test_a_second_column_may_be_pasted_apart(client: FlaskClient) -> None:
    given = {"names": "Granada\nGranada", "beside": "Spain\nNicaragua", "type": CITY, "format": "csv"}
    rows = table(client, given)
    assert [row["iri"] for row in rows] == [f"{BASE}city/granada-es", f"{BASE}city/granada-ni"]
    by_field = table(client, given | {"beside": "Design\nLiterature", "property": "field"})
    assert [row["iri"] for row in by_field] == [f"{BASE}city/granada-ni", f"{BASE}city/granada-es"]


def table(client: FlaskClient, given: dict[str, str]) -> list[dict[str, str]]:
    answer = client.post("/reconcile/table", data=given)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_csv_has_a_line_for_each_name_with_identifiers_and_coordinates(client: FlaskClient) -> None:
    rows = table(client, {"names": 'Lyon\nno such "name", at all\n=1+1', "type": CITY, "format": "csv"})
    assert rows[0] == {
        "name": "Lyon", "beside": "", "match": "yes", "doubt": "", "score": "100",
        "iri": f"{BASE}city/lyon", "label": "Lyon",
        "description": "creative city · France · Literature · Media arts", "wikidata": "Q456", "geonames": "2996944",
        "coordinates": "45.7675, 4.835",
    }  # fmt: skip
    assert rows[1]["name"] == 'no such "name", at all'
    assert (rows[1]["iri"], rows[1]["score"]) == ("", "")
    assert rows[2]["name"] == "'=1+1"


def test_too_many_names_are_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/reconcile/table", data={"names": "Lyon\n" * 2_001})
    assert answer.status_code == 400
    assert "2,000" in answer.json["detail"]
    assert client.post("/reconcile/table", data={"names": "Lyon", "format": "pdf"}).status_code == 400
    assert len(table(client, {"names": "Lyon\n" * 2_000, "type": CITY, "format": "csv"})) == 2_000


@pytest.fixture(scope="module")
def lighthouses() -> Iterator[FlaskClient]:
    loaded = folders.load(ROOT / "tests" / "roots" / "lighthouses")
    engine = Embedded(loaded, workers=1)
    yield create_app(dataset=loaded, engine=engine).test_client()
    engine.close()


def test_another_graph_is_reconciled_by_its_own_types_and_properties(lighthouses: FlaskClient) -> None:
    terms, light = "https://lights.example.org/terms#", "https://lights.example.org/light/"
    manifest = lighthouses.get("/reconcile").json
    schemas.check(manifest, schemas.MANIFEST)
    assert manifest["defaultTypes"] == [{"id": f"{terms}Lighthouse", "name": "lighthouse"}]
    asked = {
        "a": {"query": "EDDYSTONE"},
        "b": {"query": "Plymoth Hoe", "type": "Lighthouse"},
        "c": {"query": "Plymouth Hoe", "properties": [{"pid": f"{terms}sees", "v": "Eddystone"}]},
        "d": {"query": "Eddystone", "properties": [{"pid": f"{terms}sees", "v": "Plymouth Hoe"}]},
    }
    told = lighthouses.post("/reconcile", data={"queries": json.dumps(asked)}).json
    schemas.check(told, schemas.RESULTS)
    first = {name: (found["result"][0]["id"].removeprefix(light), found["result"][0]["match"])
             for name, found in told.items()}  # fmt: skip
    assert first == {
        "a": ("eddystone", True), "b": ("plymouth-hoe", False), "c": ("plymouth-hoe", True), "d": ("eddystone", True),
    }  # fmt: skip
    proposed = lighthouses.get(f"/reconcile/properties?type={terms.replace('#', '%23')}Lighthouse").json
    assert {"id": f"{terms}range", "name": "range in nautical miles"} in proposed["properties"]
    columns = {"ids": [f"{light}eddystone"], "properties": [{"id": f"{terms}range"}, {"id": f"{terms}sees"}]}
    rows = lighthouses.post("/reconcile", data={"extend": json.dumps(columns)}).json["rows"]
    assert rows[f"{light}eddystone"] == {
        f"{terms}range": [{"int": 17}],
        f"{terms}sees": [{"id": f"{light}plymouth-hoe", "name": "Plymouth Hoe"}],
    }
    page = lighthouses.post("/reconcile/table", data={"names": "Eddystone"})
    assert 'href="/light/eddystone"' in page.text


def test_a_graph_without_names_has_a_service_that_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.ttl").write_text("<https://e.example/a> <https://e.example/p> 1 .\n", "utf-8")
    loaded = folders.load(tmp_path)
    engine = Embedded(loaded, workers=1)
    client = create_app(dataset=loaded, engine=engine).test_client()
    manifest = client.get("/reconcile").json
    schemas.check(manifest, schemas.MANIFEST)
    assert manifest["defaultTypes"] == []
    assert client.get("/reconcile?queries={%22q%22:{%22query%22:%22a%22}}").json == {"q": {"result": []}}
    assert client.get("/reconcile/table?names=a").status_code == 200
    engine.close()


def test_what_a_graph_calls_different_from_another_needs_more_than_its_name(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.ttl").write_text(
        """@prefix e: <https://e.example/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix schema: <https://schema.org/> .
        e:paris a e:Town ; schema:name "Paris" ; owl:differentFrom <http://www.wikidata.org/entity/Q90> ;
          schema:containedInPlace e:texas .
        e:dallas a e:Town ; schema:name "Dallas" ; schema:containedInPlace e:texas .
        e:texas a e:State ; schema:name "Texas" .
        """,
        "utf-8",
    )
    loaded = folders.load(tmp_path)
    engine = Embedded(loaded, workers=1)
    client = create_app(dataset=loaded, engine=engine).test_client()
    names = {"names": "Paris\nDallas\nParis, Texas\nParis (France)", "type": "https://e.example/Town", "format": "csv"}
    assert [row["doubt"] for row in table(client, names)] == [
        "the name alone is ambiguous", "", "", "qualifier cannot be told",
    ]  # fmt: skip
    engine.close()


def test_the_service_over_a_store_elsewhere_says_the_same(dataset: Dataset, engine: Embedded, tmp_path: Path) -> None:
    queries = {name: Query(name, limit=9) for name in ("Lyon", "Granada, Spain", "norkoping", "Q25724", "SE", "北京")}
    here = Reconciliation(engine, dataset.base)
    with stores.running("oxigraph", tmp_path) as store:
        remote = store.load(dataset)
        there = Reconciliation(remote, dataset.base)
        assert there.answered(queries) == here.answered(queries)
        assert there.proposed(CITY, 0) == here.proposed(CITY, 0)
        remote.close()


def test_a_running_server_tells_addresses_that_answer(tmp_path: Path) -> None:
    with serving("--workers", "2", log=tmp_path / "log") as (url, _):
        manifest = read(f"{url}/reconcile")
        place = manifest["suggest"]["entity"]
        assert place["service_url"] == f"{url}/reconcile"
        told = read(f"{place['service_url']}{place['service_path']}?prefix=norrk")
        assert told["result"][0]["name"] == "Norrköping"
        asked = urlencode({"queries": json.dumps({f"q{n}": {"query": "Lyon", "type": CITY} for n in range(100)})})
        for _ in range(4):
            batch = read(f"{url}/reconcile", asked.encode())
            assert all(batch[f"q{n}"]["result"][0]["match"] for n in range(100))


def read(address: str, body: bytes | None = None) -> dict[str, dict[str, dict[str, str]]]:
    with urllib.request.urlopen(address, body, timeout=30) as answer:
        return dict(json.load(answer))
