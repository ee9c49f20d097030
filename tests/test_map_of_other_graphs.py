"""Any graph with coordinates has a map; one without says so."""

import inspect
import re
from pathlib import Path

import pytest
from drawn import SVG, dots, image, listed, told
from flask.testing import FlaskClient
from listed import page

from citygraph.dataset import load
from citygraph.engine import Embedded
from citygraph.maps import figure, places
from server import create_app

ROOTS = Path(__file__).parent / "roots"


def over(root: Path, path: str | None = None) -> FlaskClient:
    dataset = load(root)
    return create_app(dataset=dataset, engine=Embedded(dataset, workers=1), path=path).test_client()


@pytest.mark.parametrize("root", ["harbours", "lighthouses"])
def test_a_graph_without_places_says_so_and_does_not_offer_a_map(root: str) -> None:
    client = over(ROOTS / root)
    text = page(client, "/map")
    assert "there are no places to show" in text
    assert "<svg" not in text
    assert "/map<" not in client.get("/sitemap.xml").text
    assert client.get("/map?field=music").status_code == 400


LIGHTS = """@prefix l: <https://lights.example.org/light/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix t: <https://lights.example.org/terms#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix wgs84: <http://www.w3.org/2003/01/geo/wgs84_pos#> .
<https://lights.example.org/dataset> void:uriSpace "https://lights.example.org/" .
l:one a t:Lighthouse ; rdfs:label "<b>One & \\"two\\"</b>"@en ; wgs84:lat 50.18 ; wgs84:long -4.26 .
l:two a t:Beacon ; schema:geo l:two-geo . l:two-geo schema:latitude "57.9" ; schema:longitude "11.5" .
l:astray a t:Beacon ; wgs84:lat 91 ; wgs84:long 0 .
l:nowhere a t:Beacon ; wgs84:lat "north" ; wgs84:long "west" .
"""


@pytest.fixture
def lights(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lights.ttl").write_text(LIGHTS, "utf-8")
    return tmp_path


def test_any_graph_with_coordinates_has_a_map_by_class(lights: Path) -> None:
    client = over(lights)
    text = page(client, "/map")
    assert told(text) == "2 places"
    assert dots(text) == ["/light/one", "/light/two"]
    assert sorted(listed(text)) == dots(text)
    assert re.findall(r'<li class="hue-(\d)" data-value="(\w+)">', text) == [("1", "Beacon"), ("2", "Lighthouse")]
    assert "<form" not in text.split("<main")[1]
    assert "<loc>https://lights.example.org/map</loc>" in client.get("/sitemap.xml").text


def test_labels_are_text_wherever_they_stand(lights: Path) -> None:
    client = over(lights)
    assert "<b>" not in page(client, "/map")
    assert '<b>One & "two"</b>\nlighthouse' in [title.text for title in image(client, "/map.svg").iter(f"{SVG}title")]


def test_a_mounted_map_stays_below_its_path(lights: Path) -> None:
    text = page(over(lights, "/kg/"), "/kg/map")
    assert dots(text) == ["/kg/light/one", "/kg/light/two"]
    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', text)
    assert addresses
    assert [address for address in addresses if not address.startswith("/kg/")] == []


def test_a_graph_with_very_many_places_shows_some_and_says_that_there_are_more(
    lights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST", 1)
    monkeypatch.setattr(figure, "found", inspect.unwrap(figure.found))
    text = page(over(lights), "/map")
    assert len(dots(text)) == 1
    assert "There are more places than a map can show; these are 1 of them." in text


def test_a_thousandfold_of_places_does_not_break_the_map(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    head = "\n".join(line for line in LIGHTS.splitlines() if line.startswith("@") or "uriSpace" in line)
    lines = [f"l:n{i} a t:Buoy ; wgs84:lat {i % 160 - 80} ; wgs84:long {i % 359 - 179} ." for i in range(20_000)]
    (tmp_path / "data" / "buoys.ttl").write_text(head + "\n" + "\n".join(lines) + "\n", "utf-8")
    text = page(over(tmp_path), "/map")
    assert len(dots(text)) == places.MOST
    assert "There are more places than a map can show" in text
