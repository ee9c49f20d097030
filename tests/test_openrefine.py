"""The requests that OpenRefine's own source code builds, replayed against the service."""

import json
from typing import Any
from urllib.parse import quote

import reconciliation_schemas as schemas
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "https://w3id.org/creative-cities/"
CITY = BASE + "ontology#CreativeCity"
FORM = "application/x-www-form-urlencoded"


class OpenRefine:
    """A client that knows nothing but what the manifest tells it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.manifest: dict[str, Any] = self.get("/reconcile", Accept="application/json, text/javascript, */*; q=0.01")

    def get(self, address: str, **headers: str) -> Any:
        answer: TestResponse = self.client.get(address.replace("http://localhost", ""), headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json if answer.is_json else answer.text

    def post(self, parameter: str, value: object) -> Any:
        body = f"{parameter}={quote(json.dumps(value), safe='')}"
        answer = self.client.post("/reconcile", data=body, content_type=FORM)
        assert answer.status_code == 200, answer.text
        return answer.json

    def suggest(self, kind: str, **asked: str) -> Any:
        service = self.manifest["suggest"][kind]
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
        return self.get(service["service_url"] + service["service_path"] + "?" + query)


def test_open_refine_guesses_the_type_of_a_column(client: FlaskClient) -> None:
    refine = OpenRefine(client)
    names = ["Norrköping", "Lyon", "Bologna", "Graz", "Östersund", "Dakar", "Lund", "Bergen", "Nassau", "Metz"]
    told = refine.post("queries", {f"q{n}": {"query": name, "limit": 3} for n, name in enumerate(names)})
    first = [told[f"q{n}"]["result"][0]["type"][0]["id"] for n in range(len(names))]
    assert first == [CITY] * len(names)


def test_open_refine_reconciles_a_column_in_batches_of_ten(client: FlaskClient) -> None:
    refine = OpenRefine(client)
    rows = [("Granada", "Spain"), ("Granada", "Nicaragua"), ("Norrkoping", "Sweden"), ("Lyons", "France")]
    year = {"pid": "year", "v": "2014-12-01T00:00:00Z"}
    queries = {
        f"q{n}": {
            "query": name, "type": CITY, "type_strict": "should",
            "properties": [{"pid": "country", "v": country}, *([year] if n == 0 else [])],
        }
        for n, (name, country) in enumerate(rows)
    }  # fmt: skip
    told = refine.post("queries", queries)
    schemas.check(told, schemas.RESULTS)
    found = [(told[key]["result"][0]["id"].removeprefix(BASE), told[key]["result"][0]["match"]) for key in queries]
    assert found == [
        ("city/granada-es", True), ("city/granada-ni", True), ("city/norrkoping", True), ("city/lyon", False),
    ]  # fmt: skip
    reconciled = {"pid": "country", "v": {"id": f"{BASE}country/ni", "name": "Nicaragua"}}
    again = refine.post("queries", {"q0": {"query": "Granada", "properties": [reconciled]}})
    assert again["q0"]["result"][0]["id"] == f"{BASE}city/granada-ni"


def test_open_refine_suggests_previews_and_views(client: FlaskClient) -> None:
    refine = OpenRefine(client)
    entity = refine.suggest("entity", prefix="östers", type=CITY, type_strict="any", _="1700000000000")["result"][0]
    assert entity["id"] == f"{BASE}city/ostersund"
    assert refine.suggest("type", prefix="creative c")["result"][0]["id"] == CITY
    assert refine.suggest("property", prefix="count", schema=CITY)["result"][0]["id"] == "country"
    assert "Östersund" in refine.get(refine.manifest["preview"]["url"].replace("{{id}}", quote(entity["id"], safe="")))
    for id in (entity["id"], quote(entity["id"], safe="")):
        view = refine.manifest["view"]["url"].replace("{{id}}", id).replace("http://localhost", "")
        assert client.get(view).location == "/city/ostersund"


def test_open_refine_adds_columns_from_reconciled_values(client: FlaskClient) -> None:
    refine = OpenRefine(client)
    place = refine.manifest["extend"]["propose_properties"]
    offered = refine.get(f"{place['service_url']}{place['service_path']}?type={quote(CITY, safe='')}&limit=30")
    ids = [f"{BASE}city/lyon", f"{BASE}city/norrkoping"]
    chosen = [{"id": found["id"], "settings": {"limit": 1}} for found in offered["properties"]]
    told = refine.post("extend", {"ids": ids, "properties": chosen})
    schemas.check(told, schemas.EXTENSION)
    assert [head["id"] for head in told["meta"]] == [found["id"] for found in offered["properties"]]
    for id in ids:
        for head in told["meta"]:
            assert len(told["rows"][id][head["id"]]) <= 1
