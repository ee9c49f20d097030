"""The network as it stood on a day, in all lists."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import BASE, as_json, ids, rows

from citygraph.dataset import load
from citygraph.engine import Embedded
from server import create_app


def test_a_city_is_in_the_field_that_it_had_on_the_day(client: FlaskClient) -> None:
    assert BASE + "city/lyon" in ids(client, "/cities?field=media-arts&at=2017-12-31")
    assert BASE + "city/lyon" not in ids(client, "/cities?field=media-arts")
    assert BASE + "city/lyon" in ids(client, "/cities?field=literature")
    (then,) = (row for row in rows(client, "/cities?at=2017-12-31&q=lyon"))
    assert (then["fieldLabel"], then["start"], then["end"]) == ("Media arts", "2008", "2023-10-31")
    assert BASE + "city/lyon" in ids(client, "/cities?round=2008")


@settings(max_examples=12, deadline=None)
@given(day=st.dates(date(2004, 1, 1), date(2026, 1, 1)))
def test_on_any_day_all_lists_tell_of_the_same_network(app: Flask, day: date) -> None:
    client = app.test_client()
    (counted,) = rows(client, f"/queries/members-on-a-day?day={day}")
    members, countries = int(counted["cities"]), int(counted["countries"])
    question = f"at={day}&per_page=1000"
    assert len(rows(client, f"/cities?{question}")) == members
    found = rows(client, f"/countries?{question}")
    assert (len(found), sum(int(row["cities"]) for row in found)) == (countries, members)
    assert sum(int(row["cities"]) for row in rows(client, f"/fields?{question}")) == members
    found = rows(client, f"/regions?{question}")
    assert (sum(int(r["countries"]) for r in found), sum(int(r["cities"]) for r in found)) == (countries, members)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Two cities of which one left, and one that came later; by the same vocabulary in another folder."""
    root = tmp_path_factory.mktemp("small")
    (root / "data").mkdir()
    (root / "ontology").symlink_to(Path(__file__).parents[1] / "ontology")
    facts = [
        f"""@prefix ccn: <{BASE}ontology#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix x: <{BASE}city/> . @prefix d: <{BASE}designation/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <{BASE}country/zz> a ccn:Country ; rdfs:label "Zedland"@en .
        <{BASE}field/glass> a ccn:CreativeField ; rdfs:label "Glass"@en ."""
    ]
    for name, start, end in (("left", "2010", "2015-06-01"), ("stays", "2012-05", ""), ("later", "2020-02-03", "")):
        kind = {4: "gYear", 7: "gYearMonth", 10: "date"}[len(start)]
        over = f' ; ccn:end "{end}"^^xsd:date' if end else ""
        facts.append(f"""x:{name} a ccn:CreativeCity ; rdfs:label "{name.title()}"@en ; ccn:country <{BASE}country/zz> .
            d:{name} a ccn:Designation ; ccn:city x:{name} ; ccn:field <{BASE}field/glass> ;
                ccn:start "{start}"^^xsd:{kind}{over} .""")  # fmt: skip
    (root / "data" / "all.ttl").write_text("\n".join(facts), "utf-8")
    dataset = load(root)
    engine = Embedded(dataset, workers=1)
    yield create_app(dataset=dataset, engine=engine).test_client()
    engine.close()


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("", {"later", "left", "stays"}),
        ("?field=glass", {"later", "left", "stays"}),
        ("?at=2009-12-31", set()),
        ("?at=2010-01-01", {"left"}),
        ("?at=2012-05-01", {"left", "stays"}),
        ("?at=2015-05-31", {"left", "stays"}),
        ("?at=2015-06-01", {"stays"}),
        ("?at=2020-02-03&q=LATER", {"later"}),
    ],
)
def test_a_city_that_left_is_in_the_list_but_not_in_the_network_afterwards(
    small: FlaskClient, question: str, names: set[str]
) -> None:
    assert {iri.rpartition("/")[2] for iri in ids(small, f"/cities{question}")} == names
    if question.startswith("?at") and "q=" not in question:
        assert sum(int(row["cities"]) for row in rows(small, f"/fields{question}") if row["field"].endswith("glass")) \
            == len(names)  # fmt: skip


def test_on_a_day_a_city_has_the_designations_of_that_day_in_every_format(client: FlaskClient) -> None:
    (lyon,) = as_json(client, "/cities?at=2017-12-31&q=lyon")["items"]
    assert "currentField" not in lyon
    assert [held["id"].rpartition("/")[2] for held in lyon["designation"]] == ["lyon-media-arts"]
    turtle = client.get("/cities.ttl?at=2017-12-31&q=lyon").get_data(as_text=True)
    assert "lyon-media-arts" in turtle
    assert "literature" not in turtle
    (now,) = as_json(client, "/cities?q=lyon")["items"]
    assert "currentField" in now
    assert len(now["designation"]) == 2
