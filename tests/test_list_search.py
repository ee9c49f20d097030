"""Things are found by their names, and by where they are."""

import math

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import BASE, rows

from citygraph.labels import folded
from citygraph.names import NEAREST, Names


@pytest.mark.parametrize(
    ("words", "city"),
    [
        ("norrkoping", "norrkoping"),
        ("NORRKÖPING", "norrkoping"),
        ("Norrko\u0308ping", "norrkoping"),
        ("ostersund", "ostersund"),
        ("lodz", "lodz"),
        ("Łódź", "lodz"),
        ("Gotemburgo", "gothenburg"),
        ("Göteborg", "gothenburg"),
        ("北京", "beijing"),
        ("reykjavik", "reykjavik"),
        ("aires buenos", "buenos-aires"),
        ("  santa   FE ", "santa-fe"),
    ],
)
def test_a_city_is_found_by_any_of_its_names_without_regard_to_accents_and_case(
    client: FlaskClient, words: str, city: str
) -> None:
    reply = client.get("/cities.json", query_string={"q": words})
    assert BASE + f"city/{city}" in [thing["id"] for thing in reply.get_json()["items"]]


def test_words_have_to_be_in_one_and_the_same_name() -> None:
    names = Names(["x:a", "x:b"], [folded("Göteborg\nGothenburg"), folded("Gothenborg")])
    assert names.matching("goth borg") == {"x:b"}
    assert names.matching("GÖ") == {"x:a", "x:b"}
    assert names.matching("goteb goth") == set()


def test_a_search_that_finds_nothing_is_an_empty_list(client: FlaskClient) -> None:
    for words in ("zzzz", '"} DROP', "\\", "%", "?x"):
        reply = client.get("/cities.json", query_string={"q": words})
        assert (reply.status_code, reply.get_json()["total"]) == (200, 0)
    assert client.get("/cities.ttl?q=zzzz").status_code == 200
    assert rows(client, "/cities?q=zzzz") == []


def test_a_name_is_found_among_very_many() -> None:
    things = [f"http://x/place/{number}" for number in range(40_000)]
    lines = [f"place {number}\nplats {number}\nlieu {number}\nlugar {number}" for number in range(40_000)]
    names = Names(things, lines)
    assert names.matching("Plåts 39999") == {"http://x/place/39999"}
    assert names.find("39999") == "http://x/place/39999"
    assert len(names.nearest("399999")) == NEAREST


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres by another formula than the one under test: the angle between two vectors."""

    def vector(place: tuple[float, float]) -> tuple[float, float, float]:
        north, east = math.radians(place[0]), math.radians(place[1])
        return (math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north))

    a, b = vector(one), vector(other)
    across = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return 6371.0088 * math.atan2(math.hypot(*across), sum(x * y for x, y in zip(a, b, strict=True)))


@settings(max_examples=10, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_near_begins_with_the_nearest_and_says_how_far(app: Flask, north: float, east: float) -> None:
    client = app.test_client()
    found = rows(client, f"/cities?near={north:.4f},{east:.4f}")
    assert len(found) == 406
    measured = [float(row["km"]) for row in found]
    assert measured == sorted(measured)
    point = (float(f"{north:.4f}"), float(f"{east:.4f}"))
    for row in found[::40]:
        place = (float(row["latitude"]), float(row["longitude"]))
        assert float(row["km"]) == pytest.approx(distance(point, place), abs=0.06)


def test_things_without_a_place_come_last_and_have_no_distance(client: FlaskClient) -> None:
    found = rows(client, "/conferences?near=48.85,2.35")
    assert [bool(row["km"]) for row in found] == sorted((bool(row["km"]) for row in found), reverse=True)
    assert not all(row["km"] for row in found)


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once_and_case_is_no_matter(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded("ÅÄÖ łódź Ístanbul") == "aao lodz istanbul"


@pytest.mark.parametrize("address", ["/cities", "/cities.json", "/explore"])
def test_a_search_is_as_long_as_names_are(client: FlaskClient, address: str) -> None:
    assert client.get(f"{address}?q={'å' * 500}").status_code == 200
    refused = client.get(f"{address}?q={'å' * 501}")
    assert refused.status_code == 400
    assert "at most 500 characters" in refused.get_data(as_text=True)


def test_a_wrong_name_is_not_said_back_at_length(client: FlaskClient) -> None:
    for address in ("/cities", "/map"):
        assert len(client.get(f"{address}?{'x' * 20_000}=1").data) < 1_000
