"""Lists come in pages and in every format, with the same things in each."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from listed import BASE, GRAPHS, LISTS, as_json, ids, links, rows, total
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from citygraph import lists, queries, tabular
from citygraph.dataset import load
from citygraph.engine import Embedded
from server import create_app


def test_a_list_without_places_has_no_near_and_no_geojson(client: FlaskClient) -> None:
    assert client.get("/countries?near=1,1").status_code == 400
    assert client.get("/countries.geojson").status_code == 404
    assert client.get("/countries?format=geojson").status_code == 400
    assert client.get("/countries", headers={"Accept": "application/geo+json"}).status_code == 406


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("suffix", ["csv", "json", "ttl", "html"])
def test_following_next_gives_everything_once(client: FlaskClient, name: str, suffix: str) -> None:
    whole = ids(client, f"/{name}?per_page=1000")
    size = max(2, len(whole) // 3)
    address, seen, pages = f"/{name}.{suffix}?per_page={size}", [], 0
    while address:
        reply = client.get(address)
        assert reply.status_code == 200
        turned, pages = links(reply), pages + 1
        text = reply.get_data(as_text=True)
        if suffix == "json":
            seen += [thing["id"] for thing in reply.get_json()["items"]]
        elif suffix == "csv":
            variable, _ = lists.item(queries.load(f"pages/{name}").text)
            seen += dict.fromkeys(row[variable] for row in csv.DictReader(io.StringIO(text, newline="")))
        else:
            seen += [iri for iri in whole if f"<{iri}>" in text or f'href="/{iri.removeprefix(BASE)}"' in text
                     or re.search(rf"^{re.escape(short(iri))}$", text, re.M)]  # fmt: skip
        assert ("prev" in turned) == (pages > 1)
        assert len(turned["first"]) == len(turned["last"]) == 1
        address = turned["next"][0] if "next" in turned else ""
    assert pages == math.ceil(len(whole) / size)
    if suffix in ("csv", "json"):
        assert seen == whole
    else:
        assert set(seen) == set(whole)


def short(iri: str) -> str:
    """A subject as our Turtle writes it."""
    kind, _, name = iri.removeprefix(BASE).partition("/")
    return f"{kind}:{name}"


def test_beyond_the_last_page_is_404_which_says_how_many_there_are(client: FlaskClient) -> None:
    reply = client.get("/cities?page=2")
    assert reply.status_code == 404
    assert "the last one is 1" in reply.get_json()["detail"]
    assert client.get("/cities.csv?per_page=100&page=6").status_code == 404
    assert client.get("/cities.csv?per_page=100&page=5").status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_the_same_graph_in_every_syntax_of_rdf(client: FlaskClient, name: str) -> None:
    graphs = {}
    for suffix, syntax in GRAPHS.items():
        reply = client.get(f"/{name}.{suffix}?per_page=60")
        assert reply.status_code == 200
        store = Store()
        store.load(reply.data, format=syntax, base_iri=BASE)
        graphs[suffix] = {quad.triple for quad in store}
    assert graphs["ttl"]
    assert all(graph == graphs["ttl"] for graph in graphs.values())
    _, kind = lists.item(queries.load(f"pages/{name}").text)
    typed = {t.subject.value for t in graphs["ttl"] if getattr(t.object, "value", "") == kind}
    assert typed >= set(ids(client, f"/{name}?per_page=60"))
    named = {t.subject.value for t in graphs["ttl"] if t.predicate.value.endswith("rdf-schema#label")}
    assert named >= typed


@pytest.mark.parametrize("name", LISTS)
def test_the_json_of_a_list_says_what_its_turtle_says_and_what_page_it_is(client: FlaskClient, name: str) -> None:
    said, store = as_json(client, f"/{name}?per_page=60"), Store()
    context = client.get("/" + said["@context"].removeprefix(BASE)).get_json(force=True)["@context"]
    store.load(json.dumps({**said, "@context": context}).encode(), format=RdfFormat.JSON_LD, base_iri=BASE)
    turtle = Store()
    turtle.load(client.get(f"/{name}.ttl?per_page=60").data, format=RdfFormat.TURTLE, base_iri=BASE)
    found = {quad.triple for quad in store if quad.subject != NamedNode(said["id"])}
    assert found == {quad.triple for quad in turtle}
    about = {quad.predicate.value.rpartition("#")[2] for quad in store if quad.subject == NamedNode(said["id"])}
    assert about >= {"member", "totalItems", "first", "last", "type"}


def test_the_graph_of_a_list_says_nothing_that_the_whole_graph_does_not(client: FlaskClient, engine: Embedded) -> None:
    known = {quad.triple for quad in engine.dataset.store}
    for name in LISTS:
        store = Store()
        store.load(client.get(f"/{name}.nt?at=2012-01-01" if name != "sources" else "/sources.nt").data,
                   format=RdfFormat.N_TRIPLES)  # fmt: skip
        assert {quad.triple for quad in store} <= known


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/ld+json", "application/ld+json"),
        ("text/csv", "text/csv"),
        ("application/geo+json", "application/geo+json"),
        ("text/turtle", "text/turtle"),
        ("application/n-triples", "application/n-triples"),
        ("application/rdf+xml", "application/rdf+xml"),
    ],
)
def test_a_list_comes_in_the_format_that_accept_wants(client: FlaskClient, accept: str | None, media_type: str) -> None:
    reply = client.get("/cities?country=se", headers={"Accept": accept} if accept else {})
    assert (reply.status_code, reply.mimetype) == (200, media_type)
    assert "Accept" in reply.headers["Vary"]
    again = client.get("/cities?country=se", headers={**({"Accept": accept} if accept else {}),
                                                      "If-None-Match": reply.headers["ETag"]})  # fmt: skip
    assert (again.status_code, again.data) == (304, b"")


def test_each_format_links_to_all_others_with_the_same_filters(client: FlaskClient) -> None:
    reply = client.get("/cities.csv?country=se&at=2020-01-01")
    alternates = links(reply)["alternate"]
    assert len(alternates) == 8
    for address in alternates:
        other = client.get(address)
        assert other.status_code == 200
        assert links(other)["alternate"] == alternates


def test_csv_and_json_and_geojson_hold_the_same_things_in_the_same_order(client: FlaskClient) -> None:
    for question in ("", "?at=2012-01-01&near=10,10", "?q=an&per_page=7&page=2"):
        table, places = rows(client, f"/cities{question}"), client.get(f"/cities.geojson{question}").get_json()
        assert [row["city"] for row in table] == ids(client, f"/cities{question}")
        assert [feature["id"] for feature in places["features"]] == [row["city"] for row in table]
        for feature, row in zip(places["features"], table, strict=True):
            assert feature["geometry"]["coordinates"] == [float(row["longitude"]), float(row["latitude"])]
            assert feature["properties"]["fieldLabel"] == row["fieldLabel"]


def test_geojson_is_what_rfc_7946_says(client: FlaskClient) -> None:
    for address in ("/cities.geojson", "/conferences.geojson", "/country/se.geojson", "/round/2017.geojson"):
        reply = client.get(address)
        assert reply.mimetype == "application/geo+json"
        collection = reply.get_json()
        assert collection["type"] == "FeatureCollection"
        assert collection["features"]
        for feature in collection["features"]:
            assert feature["type"] == "Feature"
            assert isinstance(feature["properties"], dict)
            if feature["geometry"] is not None:
                assert feature["geometry"]["type"] == "Point"
                east, north = feature["geometry"]["coordinates"]
                assert (-180 <= east <= 180, -90 <= north <= 90) == (True, True)


def test_the_dictionary_of_a_csv_describes_its_columns(client: FlaskClient) -> None:
    for name in LISTS:
        address = f"/{name}.csv" + ("?near=1,1" if name == "cities" else "")
        reply = client.get(address)
        (of_columns,) = (one for one in links(reply)["describedby"] if "csv-metadata" in one)
        about = client.get(of_columns)
        assert about.mimetype == "application/csvm+json"
        described = about.get_json()
        assert client.get(described["url"]).data == reply.data
        columns = described["tableSchema"]["columns"]
        header = next(csv.reader(io.StringIO(reply.get_data(as_text=True))))
        assert [column["name"] for column in columns] == header
        for column in columns:
            assert column["name"] in column["titles"]["en"]
            assert column["datatype"]
            assert column.get("dc:description") or "sv" in column["titles"], f"{name}: {column['name']}"


def test_the_dictionary_knows_datatypes(client: FlaskClient) -> None:
    columns = client.get("/cities.csv-metadata.json").get_json()["tableSchema"]["columns"]
    kinds = {column["name"]: column["datatype"] for column in columns}
    assert kinds == {
        "city": "anyURI", "cityLabel": "string", "country": "anyURI", "countryLabel": "string", "field": "anyURI",
        "fieldLabel": "string", "start": "string", "end": "string", "latitude": "decimal", "longitude": "decimal",
    }  # fmt: skip


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_any_text_survives_csv(cells: list[tuple[str, str]]) -> None:
    written = tabular.comma_separated(["a", "b"], [{"a": Literal(a), "b": Literal(b)} for a, b in cells])
    found = list(csv.reader(io.StringIO(written.decode(), newline="")))
    assert found == [["a", "b"], *([a, b] for a, b in cells)]


def test_labels_of_a_list_come_in_the_language_asked_for(client: FlaskClient) -> None:
    assert {row["countryLabel"] for row in rows(client, "/cities?country=se&lang=sv")} == {"Sverige"}
    assert {row["countryLabel"] for row in rows(client, "/cities?country=se")} == {"Sweden"}


@pytest.mark.parametrize(
    ("path", "cities"),
    [("country/se", 4), ("round/2017", 64), ("field/music", 84), ("city/lyon", 1), ("region/africa", 26)],
)
def test_a_thing_has_the_cities_it_is_about_as_a_table_and_on_the_map(
    client: FlaskClient, path: str, cities: int
) -> None:
    table = list(csv.DictReader(io.StringIO(client.get(f"/{path}.csv").get_data(as_text=True))))
    assert len({row["city"] for row in table}) == cities
    places = client.get(f"/{path}.geojson").get_json()["features"]
    named = [place.get("id") or place["properties"]["city"] for place in places]
    assert named == [row["city"] for row in table]
    assert len({place["id"] for place in places if "id" in place}) == sum("id" in place for place in places)


def test_json_has_what_is_counted_beside_the_facts(client: FlaskClient) -> None:
    (music,) = (x for x in as_json(client, "/fields?at=2017-12-31")["items"] if x["id"].endswith("/music"))
    assert music["cities"] == 31
    assert as_json(client, "/cities?near=58.59,16.18&per_page=1")["items"][0]["km"] == pytest.approx(0.6)
    (city,) = as_json(client, "/cities?q=norrköping")["items"]
    assert (city["coordinates"]["latitude"], city["coordinates"]["longitude"]) == ("58.59543", "16.17869")


@pytest.fixture(scope="module")
def lighthouses() -> Iterator[FlaskClient]:
    """A graph with another vocabulary."""
    dataset = load(Path(__file__).parent / "roots" / "lighthouses")
    engine = Embedded(dataset, workers=1)
    yield create_app(dataset=dataset, engine=engine).test_client()
    engine.close()


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_another_graph_are_empty_in_every_format(lighthouses: FlaskClient, name: str) -> None:
    for suffix in ("html", "ttl", "nt", "jsonld", "rdf", "json", "csv"):
        reply = lighthouses.get(f"/{name}.{suffix}")
        assert (reply.status_code, "next" in links(reply)) == (200, False)
    assert total(lighthouses, f"/{name}") == 0
    assert lighthouses.get(f"/{name}.csv-metadata.json").status_code == 200
