"""Named queries: an address for each question, with checked parameters, in every format."""

import csv
import io
import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listed import BASE, HTML, links
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store, parse

from citygraph import queries
from citygraph.dataset import ParseErrors, load
from citygraph.engine import Embedded
from citygraph.named import catalogue, results
from server import create_app

NAMES = queries.names()
TABLES = [name for name in NAMES if name != "links-with-wikidata"]
JSON = {"Accept": "application/json"}


def rows(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    reply = client.get(address)
    assert (reply.status_code, reply.mimetype) == (200, "application/json"), reply.get_data(as_text=True)
    found = reply.get_json()
    assert isinstance(found, list)
    return found


def table(client: FlaskClient, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address).get_data(as_text=True))))


def refused(client: FlaskClient, address: str, status: int = 400) -> dict[str, Any]:
    reply = client.get(address, headers=JSON)
    assert reply.status_code == status, reply.get_data(as_text=True)
    found = reply.get_json()
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_plain_json_of_what_csv_says(client: FlaskClient, name: str) -> None:
    plain, flat = rows(client, f"/queries/{name}.json"), table(client, f"/queries/{name}.csv")
    assert len(plain) == len(flat) > 0
    for row, line in zip(sorted(map(key, plain)), sorted(map(key_of_line, flat)), strict=True):
        assert row == line


def key(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = {}
    for column, value in row.items():
        found[column] = value.get("id", value.get("name")) if isinstance(value, dict) else text(value)
    return tuple(sorted(found.items()))


def key_of_line(line: dict[str, str]) -> tuple[tuple[str, str], ...]:
    found = {column: text(value) for column, value in line.items() if value and not column.endswith("Label")}
    alone = {c: line[f"{c}Label"] for c in line if f"{c}Label" in line and not line[c] and line[f"{c}Label"]}
    return tuple(sorted({**found, **alone}.items()))


def text(value: object) -> str:
    try:
        return f"{float(str(value)):g}"
    except ValueError:
        return str(value)


def test_a_thing_in_a_row_has_its_iri_and_its_name_in_the_language_asked_for(client: FlaskClient) -> None:
    address = "/queries/first-member-of-a-country.json?country=se"
    for lang, field in (("", "Gastronomy"), ("&lang=sv", "Gastronomi"), ("&lang=fr", "Gastronomie")):
        [row] = rows(client, address + lang)
        assert row["city"] == {"id": f"{BASE}city/ostersund", "name": "Östersund"}
        assert row["field"] == {"id": f"{BASE}field/gastronomy", "name": field}
        assert row["start"] == "2010"


def test_numbers_are_numbers_and_what_is_unknown_has_no_key(client: FlaskClient) -> None:
    by_year = {row["year"]: row for row in rows(client, "/queries/members-after-each-round.json")}
    assert by_year["2017"] == {
        "year": "2017", "newCities": 64, "cities": 180, "countries": 72, "announcedTotal": 180,
        "announcedCountries": 72,
    }  # fmt: skip
    assert "announcedTotal" not in by_year["2004"]


def test_a_column_of_things_is_of_objects_also_where_a_thing_has_only_a_name(client: FlaskClient) -> None:
    hosts = [row["host"] for row in rows(client, "/queries/conference-hosts.json")]
    assert {"name": "Paris (UNESCO Headquarters)"} in hosts
    assert {"id": f"{BASE}city/braga", "name": "Braga"} in hosts
    assert all(isinstance(host, dict) for host in hosts)


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("members-of-a-field", 84),
        ("members-of-a-field?field=music", 84),
        ("members-of-a-field?field=music&at=2017-12-31", 31),
        ("members-of-a-field?field=film&region=africa", 1),
        ("cities-of-a-round", 64),
        ("cities-of-a-round?round=2017&field=music", 12),
        ("cities-of-a-country?country=se", 4),
        ("cities-of-a-country?country=fr&field=media-arts", 3),
        ("designations-of-a-city?city=norrkoping", 6),
        ("members-by-country", 108),
        ("members-by-country?at=2017-12-31", 72),
        ("conference-hosts?country=fr", 4),
        ("new-countries-by-round?region=arab-states", 11),
        ("nearest-members?field=music", 10),
    ],
)
def test_parameters_choose_what_is_answered(client: FlaskClient, address: str, count: int) -> None:
    path, _, question = address.partition("?")
    assert len(rows(client, f"/queries/{path}.json?{question}")) == count


def test_the_members_of_a_field_agree_with_the_list_of_cities(client: FlaskClient) -> None:
    for question in ("field=music", "field=film&at=2019-12-31", "field=literature&region=africa"):
        listed = {row["city"] for row in table(client, f"/cities.csv?{question}")}
        assert {row["city"] for row in table(client, f"/queries/members-of-a-field.csv?{question}")} == listed


def test_members_by_field_and_by_country_on_a_day_add_up_to_the_network_of_that_day(client: FlaskClient) -> None:
    for day in ("2010-10-31", "2017-12-31", "2023-10-31"):
        [whole] = rows(client, f"/queries/members-on-a-day.json?day={day}")
        for name in ("members-by-field", "members-by-country", "members-by-field-and-region"):
            found = rows(client, f"/queries/{name}.json?at={day}")
            assert sum(row["cities"] for row in found) == whole["cities"]
        assert len(rows(client, f"/queries/members-by-country.json?at={day}")) == whole["countries"]


EXAMPLES = {
    "at": "2017-12-31", "day": "2017-12-31", "field": "music", "country": "se", "region": "africa", "round": "2017",
    "city": "lyon", "source": "hannover-2017", "latitude": "-33.9", "longitude": "18.4",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_combination_of_parameters_is_answered(client: FlaskClient, name: str) -> None:
    takes = [parameter.name for parameter in queries.load(name).declared]
    for length in range(1, len(takes) + 1):
        for chosen in combinations(takes, length):
            question = urlencode({each: EXAMPLES[each] for each in chosen})
            reply = client.get(f"/queries/{name}?format={'ttl' if name not in TABLES else 'csv'}&{question}")
            assert reply.status_code == 200, question


def test_lyon_was_designated_twice_each_time_with_sources(client: FlaskClient) -> None:
    found = rows(client, "/queries/designations-of-a-city.json?city=lyon")
    fields = {row["field"]["name"]: row.get("end") for row in found}
    assert fields == {"Media arts": "2023-10-31", "Literature": None}
    assert len({row["source"]["id"] for row in found}) >= 8


def test_a_thing_may_be_named_by_its_whole_iri(client: FlaskClient) -> None:
    short = rows(client, "/queries/members-of-a-field.json?field=film")
    assert rows(client, f"/queries/members-of-a-field.json?field={quote(BASE + 'field/film')}") == short


def test_a_point_is_given_in_degrees(client: FlaskClient) -> None:
    found = rows(client, "/queries/nearest-members.json?latitude=-34.6&longitude=-58.4")
    assert found[0]["city"]["name"] == "Buenos Aires"
    assert rows(client, "/queries/nearest-members.json?latitude=-3.46e1&longitude=-58.40") == found


def test_a_field_of_the_form_that_is_left_blank_is_the_default(client: FlaskClient) -> None:
    assert rows(client, "/queries/members-of-a-field.json?field=&region=&at=") == rows(
        client, "/queries/members-of-a-field.json"
    )


@pytest.mark.parametrize(
    ("address", "words", "allowed"),
    [
        ("members-of-a-field.csv?field=musik", "'musik' is not", "music"),
        ("members-of-a-field?feld=music", "no parameter 'feld'", "field"),
        ("members-of-a-field.ttl?field=music", "This query comes as html, json, csv, tsv, srj, srx", "csv"),
        ("first-member-of-a-country.json?country=sweden", "country is one of se", "se"),
        ("members-on-a-day.json?day=2017", "day is a day such as 2017-12-31", None),
        ("members-on-a-day.json?day=2017-02-30", "day is a day such as", None),
        ("nearest-members.json?latitude=91", "from -90 to 90", None),
        ("nearest-members.json?latitude=north", "a number such as 58.41", None),
        ("nearest-members.json?latitude=nan", "a number such as", None),
        ("members-by-field.json?at=2017-01-01&at=2018-01-01", "there twice", None),
        ("members-by-field.json?format=csv", "leave format=csv out", None),
        ("members-by-field?format=docx", "format is one of html, json, csv", None),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_there_is(
    client: FlaskClient, address: str, words: str, allowed: str | None
) -> None:
    told = refused(client, f"/queries/{address}", 404 if ".ttl" in address else 400)
    assert words in told["detail"]
    if allowed:
        assert allowed in told["allowed"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("members-by-feild", "members-by-field"),
        ("nearest", "nearest-members"),
        ("conferences.csv", "conference-hosts"),
        ("first-city-of-a-country", "first-member-of-a-country"),
    ],
)
def test_a_name_that_is_none_is_404_with_those_that_come_near(client: FlaskClient, name: str, meant: str) -> None:
    told = refused(client, f"/queries/{name}", 404)
    assert meant in told["allowed"]
    assert meant in told["detail"]


def test_another_spelling_leads_to_the_right_address(client: FlaskClient) -> None:
    for wrong, right in (
        ("/queries", "/queries/"),
        ("/queries/members-by-field/", "/queries/members-by-field"),
        ("/queries/Members-By-Field?at=2017-12-31", "/queries/members-by-field?at=2017-12-31"),
        ("/queries/MEMBERS-BY-FIELD.CSV", "/queries/members-by-field.csv"),
    ):
        reply = client.get(wrong)
        assert (reply.status_code, reply.location) == (308, right)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/sparql-results+json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
    ],
)
def test_a_query_comes_in_the_format_that_accept_wants(
    client: FlaskClient, accept: str | None, media_type: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    reply = client.get("/queries/members-by-field", headers=headers)
    assert (reply.status_code, reply.mimetype) == (200, media_type)
    assert "Accept" in reply.headers["Vary"]
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    head = client.head("/queries/members-by-field", headers=headers)
    assert (head.data, head.headers["ETag"]) == (b"", reply.headers["ETag"])
    again = client.get("/queries/members-by-field", headers={**headers, "If-None-Match": reply.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_format_that_there_is_not_is_406(client: FlaskClient) -> None:
    told = client.get("/queries/members-by-field", headers={"Accept": "text/turtle"})
    assert told.status_code == 406


def test_each_format_links_to_all_others_with_the_same_parameters(client: FlaskClient) -> None:
    reply = client.get("/queries/members-of-a-field.csv?field=film&lang=sv")
    alternates = links(reply)["alternate"]
    assert len(alternates) == 6
    for address in alternates:
        assert address.endswith("?field=film&lang=sv")
        assert client.get(address).status_code == 200
    assert links(reply)["describedby"] == ["/.well-known/void"]


def test_results_of_sparql_are_the_engines_own_bytes(client: FlaskClient, engine: Embedded) -> None:
    text = queries.load("members-by-field").filled({})
    for suffix, accept in (("srj", "application/sparql-results+json"), ("csv", "text/csv")):
        assert client.get(f"/queries/members-by-field.{suffix}").data == engine.query(text, accept).body
    assert client.get("/queries/members-by-field.xml").mimetype == "application/sparql-results+xml"


def test_a_graph_comes_in_the_syntaxes_of_rdf(client: FlaskClient) -> None:
    graphs = []
    for suffix, syntax in (("ttl", RdfFormat.TURTLE), ("nt", RdfFormat.N_TRIPLES), ("jsonld", RdfFormat.JSON_LD)):
        reply = client.get(f"/queries/links-with-wikidata.{suffix}?country=se")
        graphs.append({quad.triple for quad in parse(reply.data, format=syntax)})
    assert graphs[0] == graphs[1] == graphs[2]
    items = {fact.object.value for fact in graphs[0] if fact.predicate.value.endswith("sameAs")}
    assert "http://www.wikidata.org/entity/Q25724" in items
    assert len(items) == 4
    assert refused(client, "/queries/links-with-wikidata.json", 404)["allowed"][:2] == ["html", "ttl"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_links_to_its_query_and_to_downloads(client: FlaskClient, name: str) -> None:
    page = client.get(f"/queries/{name}", headers=HTML).get_data(as_text=True)
    assert f"<h1>{queries.load(name).title.replace(chr(39), '&#39;')}</h1>" in page
    assert "View and edit this query" in page
    assert f"/queries/{name}." in page
    assert "curl &#39;" in page or "curl '" in page
    assert "onclick" not in page
    assert "<script>" not in page


def test_the_form_works_without_a_script_and_keeps_what_was_chosen(client: FlaskClient) -> None:
    page = client.get("/queries/members-of-a-field?field=film&at=2019-12-31&lang=sv", headers=HTML).get_data(
        as_text=True
    )
    assert '<form method="get" action="/queries/members-of-a-field?lang=sv"' in page
    assert '<option value="film" selected>' in page
    assert 'type="date" value="2019-12-31"' in page
    assert '<input type="hidden" name="lang" value="sv">' in page
    assert '<html lang="sv">' in page


def test_what_is_wrong_with_a_form_is_said_above_it(client: FlaskClient) -> None:
    reply = client.get("/queries/members-of-a-field?field=film&at=1.1.2017", headers=HTML)
    page = reply.get_data(as_text=True)
    assert (reply.status_code, reply.headers["Cache-Control"]) == (400, "no-store")
    assert "at is a day such as 2017-12-31" in page
    assert '<option value="film" selected>' in page
    assert "1.1.2017" in page


def test_the_index_names_every_query_by_topic_and_as_json(client: FlaskClient) -> None:
    page = client.get("/queries/", headers=HTML).get_data(as_text=True)
    listed = client.get("/queries/", headers=JSON).get_json()
    assert [query["name"] for query in listed] == NAMES
    for query in listed:
        assert f'href="/queries/{query["name"]}"' in page
        assert query["id"] == f"{BASE}queries/{query['name']}"
        for parameter in query["parameters"]:
            assert parameter["comment"].endswith(".")
    [day] = next(query for query in listed if query["name"] == "members-on-a-day")["parameters"][:1]
    assert (day["name"], day["default"]) == ("day", "2010-10-31")


@pytest.fixture(scope="module")
def paths(app: Flask) -> dict[str, Any]:
    found = app.test_client().get("/api/openapi.json").get_json()["paths"]
    assert isinstance(found, dict)
    return found


def test_openapi_has_the_types_defaults_and_values_of_parameters(paths: dict[str, Any]) -> None:
    takes = {p["name"]: p["schema"] for p in paths["/queries/members-of-a-field"]["get"]["parameters"]}
    assert takes["field"]["default"] == "music"
    assert "film" in takes["field"]["enum"]
    assert takes["at"] == {"type": "string", "format": "date"}
    point = {p["name"]: p["schema"] for p in paths["/queries/nearest-members.{suffix}"]["get"]["parameters"]}
    assert point["latitude"] == {"type": "number", "minimum": -90, "maximum": 90, "default": 58.41}
    assert point["suffix"]["enum"] == ["html", "json", "csv", "tsv", "srj", "srx"]


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_as_openapi_says(client: FlaskClient, paths: dict[str, Any], name: str) -> None:
    content = paths[f"/queries/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
    jsonschema_rs.Draft202012Validator(content["schema"]).validate(rows(client, f"/queries/{name}.json"))


LITERALS = st.one_of(
    st.builds(Literal, st.text(max_size=9)),
    st.builds(
        lambda text, tag: Literal(text, language=tag), st.text(max_size=9), st.sampled_from(["en", "sv", "zh-hant"])
    ),
    st.builds(
        lambda text, kind: Literal(text, datatype=NamedNode(f"http://www.w3.org/2001/XMLSchema#{kind}")),
        st.one_of(st.text(max_size=8), st.integers().map(str), st.floats().map(str)),
        st.sampled_from(["integer", "decimal", "double", "boolean", "date", "gYear"]),
    ),
)
TERMS = st.one_of(LITERALS, st.builds(lambda n: NamedNode(f"https://example.org/{n}"), st.integers()),
                  st.builds(BlankNode))  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.sampled_from(["a", "aLabel", "b", "c"]), TERMS), max_size=2))
def test_any_row_is_json_in_which_a_key_is_always_of_one_kind(found: list[dict[str, Any]]) -> None:
    made = results.as_json(results.Rows(["a", "b", "c"], found, frozenset({"a"})))
    read = json.loads(made, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert len(read) == len(found)
    for row, line in zip(read, found, strict=True):
        assert row.keys() == {name.removesuffix("Label") for name in line}
        assert all(isinstance(row[name], dict) for name in ("a",) if name in row)


@pytest.mark.parametrize("path", ["members-of-a-field.json", "nearest-members.json", "members-by-field"])
@settings(deadline=None, max_examples=15)
@given(key=st.text(max_size=30), value=st.text(max_size=30))
def test_no_parameter_however_odd_is_an_error_of_the_server(app: Flask, path: str, key: str, value: str) -> None:
    for name in (key, "field", "latitude", "at"):
        question = f"{quote(name, errors='ignore')}={quote(value, errors='ignore')}"
        assert app.test_client().get(f"/queries/{path}?{question}").status_code in (200, 400)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_no_name_however_odd_is_an_error_of_the_server(app: Flask, name: str) -> None:
    reply = app.test_client().get(f"/queries/{quote(name, safe='', errors='ignore')}")
    assert reply.status_code in (200, 308, 400, 404)


LIGHTS = Path(__file__).parent / "roots/lighthouses"


@pytest.fixture(scope="module")
def lights() -> Iterator[FlaskClient]:
    loaded = load(LIGHTS)
    engine = Embedded(loaded, workers=1)
    yield create_app(dataset=loaded, engine=engine).test_client()
    engine.close()


def test_another_folder_brings_its_own_queries(lights: FlaskClient) -> None:
    listed = lights.get("/queries/", headers=JSON).get_json()
    assert [query["name"] for query in listed] == ["lights-in-sight"]
    assert lights.get("/queries/lights-in-sight", headers=HTML).status_code == 200
    [seen] = rows(lights, "/queries/lights-in-sight.json?least=17")
    assert seen == {
        "seen": {"id": "https://lights.example.org/light/plymouth-hoe", "name": "Plymouth Hoe"},
        "range": 17,
    }
    assert rows(lights, "/queries/lights-in-sight.json?least=18") == []
    assert rows(lights, "/queries/lights-in-sight.json?light=plymouth-hoe") == []
    assert "from 0 to 50" in refused(lights, "/queries/lights-in-sight?least=51")["detail"]
    assert refused(lights, "/queries/lights-in-sight?light=edystone")["allowed"][0] == "eddystone"
    refused(lights, "/queries/members-by-field", 404)


def test_a_folder_without_queries_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.ttl").write_text("<https://x.example/a> <https://x.example/p> 1 .", "utf-8")
    loaded = load(tmp_path)
    engine = Embedded(loaded, workers=1)
    client = create_app(dataset=loaded, engine=engine).test_client()
    page = client.get("/queries/", headers=HTML)
    assert page.status_code == 200
    assert "This graph has no named queries" in page.get_data(as_text=True)
    assert "This graph has no named queries" in refused(client, "/queries/any", 404)["detail"]
    assert "queries/" not in client.get("/sitemap.xml").get_data(as_text=True)
    engine.close()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Upper", "# T\nASK {}", "small letters"),
        ("a", "ASK {}", "begin with a line"),
        ("a", "# T\nDELETE WHERE { ?s ?p ?o }", "write a SELECT"),
        ("a", "# T\nASK { SERVICE <http://a/> {} }", "SERVICE is not allowed"),
        ("a", "# T\nASK { ?s ?p $o }", "declare $o"),
        ("a", "# T\n# $format a xsd:date: A day.\nASK { ?s ?p $format }", "call the parameter otherwise"),
        ("a", "# T\nASK { ?s ?p ?o FILTER(LANG(?o) = $lang) }", "which language"),
        ("a", "# T\nSELECT * { ?s ?p }", "expected"),
        ("a", "# T\n# $o a no:Class: A thing.\nASK { ?s ?p $o }", "prefix"),
    ],
)
def test_a_query_of_a_folder_that_could_not_be_asked_is_said_at_the_start(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / f"{name}.rq").write_text(text, "utf-8")
    with pytest.raises(ParseErrors) as error:
        catalogue.own(tmp_path)
    assert words in str(error.value)
    assert f"queries/{name}.rq:" in str(error.value)


def test_every_graph_that_is_asked_for_is_a_graph(client: FlaskClient) -> None:
    store = Store()
    store.load(client.get("/queries/links-with-wikidata.ttl").data, format=RdfFormat.TURTLE)
    assert len(store) > 1000
