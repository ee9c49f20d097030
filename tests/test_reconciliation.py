"""The Reconciliation Service API 0.2 over HTTP, as its specification has it and as OpenRefine asks."""

import json
import re
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
import reconciliation_schemas as schemas
from flask.testing import FlaskClient

from citygraph.dataset import Dataset
from citygraph.engine import Embedded
from server import create_app

BASE = "https://w3id.org/creative-cities/"
CITY = BASE + "ontology#CreativeCity"
COUNTRY = BASE + "ontology#Country"
FORM = "application/x-www-form-urlencoded"


def batch(client: FlaskClient, **queries: object) -> dict[str, list[dict[str, Any]]]:
    """The results of a batch, sent as OpenRefine sends it: `"queries=" + encode(json)`."""
    body = "queries=" + quote(json.dumps(queries), safe="")
    answer = client.post("/reconcile", data=body, content_type=FORM)
    assert answer.status_code == 200, answer.text
    schemas.check(answer.json, schemas.RESULTS)
    return {key: found["result"] for key, found in answer.json.items()}


def one(client: FlaskClient, query: str, **more: object) -> list[dict[str, Any]]:
    return batch(client, q0={"query": query, **more})["q0"]


def extend(client: FlaskClient, ids: list[str], *properties: object) -> dict[str, Any]:
    asked = {"ids": ids, "properties": [p if isinstance(p, dict) else {"id": p} for p in properties]}
    answer = client.post("/reconcile", data={"extend": json.dumps(asked)})
    assert answer.status_code == 200, answer.text
    schemas.check(answer.json, schemas.EXTENSION)
    return dict(answer.json)


def test_the_endpoint_without_parameters_is_the_manifest(client: FlaskClient) -> None:
    manifest = client.get("/reconcile").json
    schemas.check(manifest, schemas.MANIFEST)
    assert manifest["versions"] == ["0.1", "0.2"]
    assert manifest["defaultTypes"][0] == {"id": CITY, "name": "creative city"}
    assert manifest["identifierSpace"] == BASE


def test_the_manifest_names_addresses_of_this_machine_only_to_clients_on_it(client: FlaskClient) -> None:
    local = client.get("/reconcile", headers={"Host": "127.0.0.1:8123"}).json
    assert local["suggest"]["entity"]["service_url"] == "http://127.0.0.1:8123/reconcile"
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost:80@evil.example", "127.0.0.1:8000000"):
        answer = client.get("/reconcile", headers={"Host": host})
        assert "evil" not in answer.text
        assert answer.status_code == 400 or answer.json["suggest"]["entity"]["service_url"] == f"{BASE}reconcile"


def test_the_manifest_of_a_public_server_names_its_public_address_behind_any_proxy(
    dataset: Dataset, engine: Embedded
) -> None:
    public = create_app(dataset=dataset, engine=engine, public_url="https://cities.example/graph").test_client()
    manifest = public.get("/reconcile", headers={"Host": "127.0.0.1:8000"}).json
    assert manifest["preview"]["url"] == "https://cities.example/graph/reconcile/preview?id={{id}}"
    assert "127.0.0.1" not in json.dumps(manifest)


def test_a_browser_at_the_endpoint_gets_the_page(client: FlaskClient) -> None:
    answer = client.get("/reconcile", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer.location) == (303, "/reconcile/table")
    assert "Accept" in answer.headers["Vary"]


def test_every_answer_and_every_refusal_may_be_read_by_other_sites(client: FlaskClient) -> None:
    for path in ("", "?queries=[", "/suggest/entity?prefix=a", "/properties", f"/preview?id={BASE}city/lyon"):
        assert client.get(f"/reconcile{path}").headers["Access-Control-Allow-Origin"] == "*"
    preflight = client.options("/reconcile")
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]


def test_a_batch_is_answered_alike_by_get_and_by_post(client: FlaskClient) -> None:
    text = json.dumps({"a": {"query": "Lyon"}, "b": {"query": "nothing of the kind"}, "": {"query": "Linz"}})
    got = client.get("/reconcile", query_string={"queries": text})
    assert got.json == client.post("/reconcile", data={"queries": text}).json
    assert list(got.json) == ["a", "b", ""]
    assert got.json["b"] == {"result": []}


def test_a_candidate_says_what_it_is_and_what_its_score_rests_on(client: FlaskClient) -> None:
    [first, *_] = one(client, "Norrkoeping", properties=[{"pid": "country", "v": "Sverige"}])
    assert first["id"] == f"{BASE}city/norrkoping"
    assert first["description"] == "creative city · Sweden · Music · Europe and North America"
    assert first["type"] == [{"id": CITY, "name": "creative city"}]
    assert {f["id"]: f["value"] for f in first["features"]} == {
        "name": 98.0, "identifier": False, "namesakes": 0, "country": 1.0,
    }  # fmt: skip
    assert (first["score"], first["match"]) == (99.0, True)


def test_namesakes_are_never_a_match_by_name_alone(client: FlaskClient) -> None:
    both = one(client, "Granada", type=CITY)
    assert {c["id"] for c in both[:2]} == {f"{BASE}city/granada-es", f"{BASE}city/granada-ni"}
    assert not any(c["match"] for c in both)
    assert [c["match"] for c in one(client, "Singapore")[:2]] == [False, False]
    assert not one(client, "London", type=CITY)[0]["match"]


@pytest.mark.parametrize(
    ("property", "value", "slug"),
    [
        ("country", "Nicaragua", "granada-ni"),
        ("country", "ES", "granada-es"),
        ("country", {"id": f"{BASE}country/es", "name": "Spain"}, "granada-es"),
        ("country", ["Atlantis", "Spanien"], "granada-es"),
        (f"{BASE}ontology#country", "Spain", "granada-es"),
        ("field", "Literature", "granada-es"),
        ("field", "diseño", "granada-ni"),
        ("year", 2014, "granada-es"),
        ("year", "2014-12-01T00:00:00Z", "granada-es"),
        ("coordinates", "11.93, -85.96", "granada-ni"),
        ("coordinates", "POINT(-3.6 37.18)", "granada-es"),
        ("wikidata", "Q8810", "granada-es"),
    ],
)
def test_properties_tell_namesakes_apart(client: FlaskClient, property: str, value: object, slug: str) -> None:
    [first, second, *_] = one(client, "Granada", type=CITY, properties=[{"pid": property, "v": value}])
    assert (first["id"], first["match"]) == (f"{BASE}city/{slug}", True)
    assert second["score"] < first["score"] - 20


def test_what_contradicts_a_name_or_is_not_known_makes_it_unsafe(client: FlaskClient) -> None:
    for value in ("Norway", "Atlantis"):
        first = one(client, "Norrköping", type=CITY, properties=[{"pid": "country", "v": value}])[0]
        assert first["id"] == f"{BASE}city/norrkoping"
        assert not first["match"]


def test_an_unknown_property_and_an_empty_value_are_left_out(client: FlaskClient) -> None:
    for pid, value in (("colour", "red"), ("country", ""), ("country", None), ("no iri: <>", "x")):
        assert one(client, "Norrköping", type=CITY, properties=[{"pid": pid, "v": value}])[0]["match"]


def test_properties_alone_find_things_and_never_match(client: FlaskClient) -> None:
    found = batch(client, q={"properties": [{"pid": "country", "v": "SE"}, {"pid": "field", "v": "Film"}]})["q"]
    assert [c["id"] for c in found] == []
    found = batch(client, q={"type": CITY, "properties": [{"pid": "country", "v": "SE"}], "limit": 50})["q"]
    assert {c["name"] for c in found} == {"Norrköping", "Östersund", "Gothenburg", "Lund"}
    assert not any(c["match"] for c in found)


def test_types_restrict_by_iri_or_by_the_end_of_it(client: FlaskClient) -> None:
    for kind in (COUNTRY, "Country", [COUNTRY], [{"id": COUNTRY}], [COUNTRY, "CreativeField"]):
        [first, *_] = one(client, "Singapour", type=kind)
        assert (first["id"], first["match"]) == (f"{BASE}country/sg", True)
    assert one(client, "Lyon", type="https://example.org/Other") == []
    assert one(client, "Music", type=["CreativeField", "Concept"], type_strict="all")[0]["id"] == f"{BASE}field/music"
    assert one(client, "Music", type=["CreativeField", "Country"], type_strict="all") == []


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("Sverige", "Country", "country/se"),
        ("états unis", "Country", "country/us"),
        ("USA", "Country", "country/us"),
        ("Q142", "Country", "country/fr"),
        ("Corea del Sur", "Country", "country/kr"),
        ("Musik", "CreativeField", "field/music"),
        ("gastronomie", "CreativeField", "field/gastronomy"),
        ("Crafts & folk art", "CreativeField", "field/crafts-folk-art"),
        ("Arab States", "Region", "region/arab-states"),
    ],
)
def test_countries_fields_and_regions_are_reconciled_too(client: FlaskClient, name: str, kind: str, path: str) -> None:
    first = one(client, name, type=kind)[0]
    assert (first["id"], first["match"]) == (BASE + path, True)


def test_a_code_is_a_match_only_among_things_of_its_type(client: FlaskClient) -> None:
    assert one(client, "NO", type=COUNTRY)[0]["match"]
    assert not any(c["match"] for c in one(client, "NO"))
    assert not any(c["match"] for c in one(client, "NO", type=CITY))


@pytest.mark.parametrize("limit", [1, 2, 7, 7.0])
def test_a_limit_is_kept(client: FlaskClient, limit: float) -> None:
    assert len(one(client, "Santa", limit=limit)) <= limit
    assert len(one(client, "Granada", limit=limit)) == limit


def test_very_long_and_empty_names_have_no_candidates(client: FlaskClient) -> None:
    for text in ("", " ", "a" * 100_000, "Lyon " * 100, "\u0000", "\u202e", "🏙"):
        assert one(client, text) == []


def test_jsonp_is_there_for_old_clients_by_get_alone(client: FlaskClient) -> None:
    answer = client.get("/reconcile?callback=jQuery1910_15")
    assert answer.mimetype == "text/javascript"
    assert re.fullmatch(r"/\*\*/jQuery1910_15\(\{.*\}\);", answer.text)
    assert client.post("/reconcile?callback=f", data={"queries": "{}"}).json == {}
    for name in ("alert(1)", "a;b", "", "x" * 100, "a.b.", "<script>", "ü"):
        assert client.get("/reconcile", query_string={"callback": name}).status_code == 400


def test_one_query_as_version_0_1_had_it(client: FlaskClient) -> None:
    told = client.get("/reconcile", query_string={"query": "Lyon", "type": CITY}).json
    assert told["result"][0]["match"]
    as_json = client.get("/reconcile", query_string={"query": json.dumps({"query": "Lyon", "type": CITY})}).json
    assert as_json == told


def test_suggestions_begin_with_what_was_typed_in_any_script(client: FlaskClient) -> None:
    typed = {"norrk": "Norrköping", "NORRK": "Norrköping", "北": "Beijing", "هالا": None, "Q25724": "Norrköping"}
    for prefix, name in {**typed, f"{BASE}city/lyon": "Lyon", "gothenbrug": "Gothenburg"}.items():
        answer = client.get("/reconcile/suggest/entity", query_string={"prefix": prefix, "type": CITY})
        schemas.check(answer.json, schemas.ENTITIES)
        assert ([found["name"] for found in answer.json["result"]] or [None])[0] == name


def test_a_cursor_goes_on_where_the_suggestions_ended(client: FlaskClient) -> None:
    pages = [
        client.get(f"/reconcile/suggest/entity?prefix=s&type={quote(CITY)}&cursor={n}").json for n in range(0, 60, 10)
    ]
    ids = [found["id"] for page in pages for found in page["result"]]
    assert len(ids) == len(set(ids)) > 30
    assert client.get("/reconcile/suggest/entity?prefix=s&cursor=9999").json == {"result": []}


def test_types_and_properties_are_suggested(client: FlaskClient) -> None:
    types = client.get("/reconcile/suggest/type?prefix=crea").json
    schemas.check(types, schemas.TYPES)
    assert [found["name"] for found in types["result"]] == ["creative city", "creative field"]
    properties = client.get("/reconcile/suggest/property?prefix=coun").json
    schemas.check(properties, schemas.PROPERTIES)
    assert properties["result"][0] == {"id": "country", "name": "Country"}
    assert {"id": f"{BASE}ontology#country", "name": "country"} in properties["result"]


def test_properties_are_proposed_for_a_type(client: FlaskClient) -> None:
    asked = {"type": CITY, "limit": 12}
    proposal = client.get("/reconcile/properties", query_string=asked).json
    schemas.check(proposal, schemas.PROPOSAL)
    ids = [found["id"] for found in proposal["properties"]]
    assert len(ids) == 12
    assert {"country", "field", "coordinates", "year", "wikidata", "geonames", "population"} < set(ids)
    whole = client.get("/reconcile/properties", query_string={"type": COUNTRY}).json["properties"]
    assert {"id": f"{BASE}ontology#isoAlpha3", "name": "ISO alpha-3 code"}["id"] in {found["id"] for found in whole}


def test_columns_hold_things_numbers_dates_and_texts(client: FlaskClient) -> None:
    lyon, start = f"{BASE}city/lyon", f"{BASE}ontology#start"
    designation = f"{BASE}designation/norrkoping-music"
    told = extend(
        client, [lyon, designation, f"{BASE}city/nowhere"], "country", "year", "coordinates", "wikidata", start
    )
    assert told["rows"][lyon]["country"] == [{"id": f"{BASE}country/fr", "name": "France"}]
    assert sorted(cell["int"] for cell in told["rows"][lyon]["year"]) == [2008, 2023]
    assert told["rows"][lyon]["wikidata"] == [{"str": "Q456"}]
    assert told["rows"][designation][start] == [{"date": "2017-10-31T00:00:00Z"}]
    assert not any(told["rows"][f"{BASE}city/nowhere"].values())
    assert told["meta"][0] == {"id": "country", "name": "Country", "type": {"id": COUNTRY, "name": "country"}}


def test_settings_say_how_many_values_and_in_which_language(client: FlaskClient) -> None:
    beijing = f"{BASE}city/beijing"
    swedish = extend(client, [beijing], {"id": "names", "settings": {"lang": "sv"}})
    assert swedish["rows"][beijing]["names"] == [{"str": "Peking"}]
    assert len(extend(client, [beijing], {"id": "names", "settings": {"limit": 2}})["rows"][beijing]["names"]) == 2
    assert len(extend(client, [beijing], {"id": "names", "settings": {"limit": 0}})["rows"][beijing]["names"]) > 2


def test_a_preview_may_be_framed_and_runs_nothing(client: FlaskClient) -> None:
    answer = client.get("/reconcile/preview", query_string={"id": f"{BASE}city/norrkoping"})
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in answer.headers
    assert "<script" not in answer.text
    for fact in ("Norrköping", "Sweden", "Music", "Q25724"):
        assert fact in answer.text
    assert len(answer.text) < 4_000
    assert client.get("/reconcile/preview?id=<script>alert(1)</script>").status_code == 404


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"q0": []}, schemas.RESULTS),
        ({"q0": {"result": [{"name": "x", "score": 1}]}}, schemas.RESULTS),
        ({"name": "x"}, schemas.MANIFEST),
        ({"rows": {}}, schemas.EXTENSION),
        ({"meta": [], "rows": {"x": {"p": [{"str": "a", "int": 1}]}}}, schemas.EXTENSION),
        ({"meta": [], "rows": {"x": {"p": [{"date": "2017"}]}}}, schemas.EXTENSION),
        ({"result": [{"id": "x"}]}, schemas.ENTITIES),
    ],
)
def test_the_schemas_refuse_what_the_specification_does_not_have(value: object, schema: schemas.Schema) -> None:
    with pytest.raises(jsonschema.ValidationError):
        schemas.check(value, schema)
