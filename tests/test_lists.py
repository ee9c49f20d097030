"""Lists and their filters."""

import csv
import io
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from listed import BASE, HTML, LISTS, ids, rows, total
from pyoxigraph import Literal

from citygraph import lists, queries
from citygraph.engine import Embedded
from citygraph.names import Index


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("/cities", 406),
        ("/countries", 108),
        ("/fields", 8),
        ("/regions", 5),
        ("/rounds", 16),
        ("/conferences", 16),
        ("/cities?at=2017-12-31", 180),
        ("/countries?at=2017-12-31", 72),
        ("/fields?at=2017-12-31", 7),
        ("/rounds?at=2017-12-31", 12),
        ("/cities?at=2010-10-31", 25),
        ("/countries?at=2010-10-31", 17),
        ("/cities?at=2004-01-01", 0),
        ("/cities?country=se", 4),
        ("/cities?round=2017", 64),
        ("/cities?country=se&round=2017&field=music", 1),
        ("/conferences?at=2017-12-31", 11),
        ("/conferences?host=santa-fe", 1),
    ],
)
def test_a_list_says_how_many_there_are(client: FlaskClient, address: str, count: int) -> None:
    assert total(client, address) == count
    shown = client.get(address, headers=HTML).get_data(as_text=True)
    assert re.search(rf">(All )?{count}( of \d+)? \w", shown) if count else "There are none with these filters" in shown


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_of_a_list_narrows_it(client: FlaskClient, engine: Embedded, name: str) -> None:
    whole = set(ids(client, f"/{name}?per_page=1000"))
    index = Index(engine)
    for parameter in queries.load(f"pages/{name}").declared:
        given = "2012-06-30"
        if parameter.kind not in lists.LITERALS:
            given = sorted(index.of(parameter.kind).short)[len(index.of(parameter.kind).things) // 2]
        narrowed = set(ids(client, f"/{name}?per_page=1000&{parameter.name}={given}"))
        assert narrowed <= whole
        # Where every one has some, it is the figures that change.
        assert narrowed < whole or rows(client, f"/{name}?{parameter.name}={given}") != rows(client, f"/{name}")


def test_fields_and_countries_and_cities_agree_under_a_filter(client: FlaskClient) -> None:
    for code in ("se", "cn", "fr"):
        by_field = {row["field"]: int(row["cities"]) for row in rows(client, f"/fields?country={code}")}
        found = rows(client, f"/cities?country={code}")
        assert by_field == {field: [row["field"] for row in found].count(field) for field in by_field}
        assert sum(by_field.values()) == len(found)
    for field in ("music", "media-arts"):
        counted = {row["country"]: int(row["cities"]) for row in rows(client, f"/countries?field={field}")}
        found = rows(client, f"/cities?field={field}")
        assert counted == {country: [row["country"] for row in found].count(country) for country in counted}
        assert sum(counted.values()) == len(found)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/cities?field=musik", "music"),
        ("/cities?country=swe", "se"),
        ("/cities?country=Sweden", "se"),
        ("/cities?region=afrika", "africa"),
        ("/cities?round=20177", "2017"),
        ("/conferences?host=ostersun", "ostersund"),
    ],
)
def test_a_wrong_value_is_400_with_those_there_are_the_nearest_first(
    client: FlaskClient, address: str, expected: str
) -> None:
    path, _, question = address.partition("?")
    for suffix in ("", ".csv", ".ttl", ".json"):
        reply = client.get(f"{path}{suffix}?{question}", headers={"Accept": "application/json"})
        assert reply.status_code == 400
        assert len(reply.get_json()["allowed"]) <= 20
        assert expected in reply.get_json()["allowed"][:3]
        assert expected in reply.get_json()["detail"]


@pytest.mark.parametrize(
    "question",
    [
        "at=2017",
        "at=2017-02-30",
        "at=yesterday",
        "at=%D9%A2%D9%A0%D9%A1%D9%A7-12-31",
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "per_page=0",
        "per_page=1001",
        "near=58",
        "near=91,0",
        "near=0,181",
        "near=nan,0",
        "near=1e1,0",
        "colour=red",
        "Field=music",
        "at=2017-12-31&at=2018-12-31",
        "sort=colour",
        "sort=--city",
        "sort=km",
        "sort=cityLabel",
        "field=https://example.org/music",
        "field=%00",
        "lang=x y",
        "format=docx",
    ],
)
def test_what_cannot_be_meant_is_400_in_every_format(client: FlaskClient, question: str) -> None:
    for path in ("/cities", "/cities.csv", "/cities.geojson", "/cities.ttl"):
        reply = client.get(f"{path}?{question}")
        assert reply.status_code == 400
        assert len(reply.get_json()["detail"]) > 10


def test_a_field_of_the_form_that_is_left_blank_is_no_filter(client: FlaskClient) -> None:
    assert total(client, "/cities?field=&country=&region=&round=&at=&q=&near=&page=") == 406


def test_a_thing_may_be_named_by_its_whole_iri(client: FlaskClient) -> None:
    assert ids(client, f"/cities?country={BASE}country/se") == ids(client, "/cities?country=se")


def test_the_form_works_without_a_script_and_keeps_what_was_chosen(client: FlaskClient) -> None:
    text = client.get("/cities?field=music&at=2017-12-31&q=no&lang=sv", headers=HTML).get_data(as_text=True)
    assert "<script" not in text
    assert '<form method="get" action="/cities"' in text
    assert '<option value="music" selected>Musik</option>' in text
    assert 'name="at" type="date" value="2017-12-31"' in text
    assert 'name="q" type="search" value="no"' in text
    assert '<input type="hidden" name="lang" value="sv">' in text


def test_the_query_behind_a_list_gives_the_same_rows(client: FlaskClient) -> None:
    for question in ("field=music", "at=2017-12-31&country=cn", "q=ber&field=film", "round=2017&region=africa"):
        text = client.get(f"/cities?{question}", headers=HTML).get_data(as_text=True)
        (address,) = re.findall(r'href="([^"]+)">View and edit this query', text)
        reply = client.get(unescape(address), headers={"Accept": "application/sparql-results+json"})
        found = [row["city"]["value"] for row in reply.get_json(force=True)["results"]["bindings"]]
        assert sorted(found) == sorted(ids(client, f"/cities?{question}"))


def test_a_page_says_what_its_query_leaves_out(client: FlaskClient) -> None:
    assert "worked out from its answer" not in client.get("/cities?q=ber", headers=HTML).get_data(as_text=True)
    for question in ("q=a", "near=1,1"):
        text = client.get(f"/cities?{question}", headers=HTML).get_data(as_text=True)
        assert f"What {question[: question.index('=')]} asked for was worked out from its answer" in text


def test_a_page_of_a_list_links_to_downloads_of_what_it_shows(client: FlaskClient) -> None:
    text = client.get("/cities?country=se&per_page=3&page=2", headers=HTML).get_data(as_text=True)
    found = re.findall(r'<a href="([^"]+)" type="([^"]+)">', text)
    assert {kind for _, kind in found} >= {"text/csv", "application/json", "application/geo+json", "text/turtle"}
    table, everything = (unescape(address) for address, kind in found if kind == "text/csv")
    downloaded = client.get(table).get_data(as_text=True)
    assert [row["city"] for row in csv.DictReader(io.StringIO(downloaded))] == ids(
        client, "/cities?country=se&per_page=3&page=2"
    )
    assert [row["city"] for row in rows(client, everything.replace(".csv", ""))] == ids(client, "/cities?country=se")


def test_filters_are_declared_with_a_class_or_a_datatype_and_a_sentence(engine: Embedded) -> None:
    for name in LISTS:
        for parameter in lists.parameters(name):
            plain = {
                *lists.LITERALS,
                lists.POINT,
                *(lists.XSD + kind for kind in ("positiveInteger", "language", "token")),
            }
            assert parameter.kind in plain or Index(engine).of(parameter.kind).things
            assert parameter.comment.endswith(".")
    with pytest.raises(KeyError):
        lists.parameters("nothing")


def test_a_line_with_a_parameter_that_nobody_gave_is_left_out() -> None:
    text = """# Title
# $a a xsd:date: A day.
# ?n: A number.
SELECT ?s ?n WHERE {
  ?s ?p $a .
  ?s ?p 1 # unless $a
}"""
    query = queries.parse_query("x", text)
    assert [tuple(one) for one in query.declared] == [("a", lists.XSD + "date", "A day.")]
    assert query.columns == {"n": "A number."}
    assert query.filled({}) == "# Title\nSELECT ?s ?n WHERE {\n  ?s ?p 1\n}"
    assert "?s ?p 1" not in query.filled({"a": Literal("b")})
    assert '?s ?p "b" .' in query.filled({"a": Literal("b")})
    with pytest.raises(SyntaxError):
        queries.parse_query("x", "# Title\n# $a a nowhere:Class: A thing.\nASK {}")
