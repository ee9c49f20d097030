"""The map: every place where it is, narrowed as lists are, the same as a list, and without a script."""

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from drawn import SVG, dots, drawing, image, listed, told
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listed import HTML, page, total

from citygraph import maps, queries
from citygraph.maps import places, relaxing
from citygraph.maps.projection import EUROPE

ROOTS = Path(__file__).parent / "roots"
FIELDS = ("architecture", "crafts-folk-art", "film", "gastronomy", "media-arts", "music")
REGIONS = ("africa", "arab-states", "europe-and-north-america")
COUNTRIES = ("se", "fr", "jp", "it", "br")
DAYS = st.dates(min_value=date(2004, 1, 1), max_value=date(2030, 1, 1)).map(str)


def test_the_map_shows_all_cities_and_says_so_in_words(client: FlaskClient) -> None:
    text = page(client, "/map")
    assert len(dots(text)) == 406
    assert told(text) == "406 cities in 108 countries on 2026-11-22"


def test_the_map_shows_the_network_as_it_stood_on_a_day(client: FlaskClient) -> None:
    text = page(client, "/map?at=2017-12-31")
    assert len(dots(text)) == 180
    assert told(text) == "180 cities in 72 countries on 2017-12-31"


def test_a_city_that_changed_its_field_has_the_one_of_the_day(client: FlaskClient) -> None:
    for day, field in (("2020-01-01", "Media arts, 2008"), ("2024-01-01", "Literature, since 2023")):
        text = page(client, f"/map?at={day}&country=fr")
        assert f"<title>Lyon, France\n{field}" in drawing(text, "world")
    assert "/city/lyon" not in dots(page(client, "/map?field=media-arts"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional={
    "field": st.sampled_from(FIELDS), "region": st.sampled_from(REGIONS), "country": st.sampled_from(COUNTRIES),
    "at": DAYS,
}))  # fmt: skip
def test_the_map_has_as_many_places_as_the_list_under_every_filter(app: Flask, filters: dict[str, str]) -> None:
    client = app.test_client()
    question = "&".join(f"{name}={value}" for name, value in filters.items())
    text = page(client, f"/map?{question}")
    assert len(dots(text)) == total(client, f"/cities?{question}")
    assert sorted(dots(text)) == sorted(listed(text))


def test_the_list_beside_has_the_same_links_and_what_the_colours_say(client: FlaskClient) -> None:
    text = page(client, "/map?at=2019-12-31&region=africa")
    assert sorted(dots(text)) == sorted(listed(text))
    assert set(dots(text, "europe")) <= set(listed(text))
    words = re.sub(r"<[^>]+>", "", text[text.index("The same as a list") :])
    for title in re.findall(r"<title>([^,<]+), [^<]+\n([^,<]+),", drawing(text, "world")):
        assert " ".join(title) in words


def test_counts_of_countries_and_regions_are_those_of_the_list(client: FlaskClient) -> None:
    text = page(client, "/map?field=music")
    regions = re.findall(r'<h3>[^<]+ <span class="count">(\d+)</span></h3>', text)
    countries = re.findall(r'class="country"[^<]+</a> <span class="count">(\d+)</span>', text)
    assert sum(map(int, regions)) == sum(map(int, countries)) == len(dots(text)) == total(client, "/cities?field=music")
    assert told(text).startswith(f"{len(dots(text))} cities in {len(countries)} countries")


def test_a_year_says_how_many_there_were_at_its_end_and_leads_there(client: FlaskClient) -> None:
    text = page(client, "/map?field=music")
    years = re.findall(r'<li><a href="([^"]+)" data-set="at" data-to="(\d{4})-12-31".*?"count">(\d+)<', text)
    assert [year for _, year, _ in years] == [str(year) for year in range(2004, 2026)]
    for address, year, count in years[::6]:
        assert address == f"/map?field=music&amp;at={year}-12-31"
        assert len(dots(page(client, address.replace("&amp;", "&")))) == int(count)


def test_the_legend_leads_to_each_field_with_the_other_filters_kept(client: FlaskClient) -> None:
    text = page(client, "/map?at=2017-12-31")
    keys = re.findall(r'<li class="hue-(\d)" data-value="([^"]+)"><a href="([^"]+)".*?"count">(\d+)<', text)
    assert [hue for hue, _, _, _ in keys] == list("12345678")
    assert sum(int(count) for _, _, _, count in keys) == 180
    for _, field, address, count in keys:
        assert address == f"/map?at=2017-12-31&amp;field={field}"
        assert total(client, f"/cities?at=2017-12-31&field={field}") == int(count)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("colour=red", "The map has no parameter colour; it takes field, region, country, at, lang."),
        ("field=jazz", "field is one of"),
        ("region=mars", "region is one of"),
        ("at=2017", "at is a day such as 2017-12-31"),
        ("at=2017-02-30", "at is a day"),
        ("field=music&field=film", "field is there twice"),
        ("lang=x", "lang is a language tag"),
    ],
)
@pytest.mark.parametrize("path", ["/map", "/map.svg"])
def test_what_cannot_be_meant_is_400_and_says_what_can(
    client: FlaskClient, path: str, question: str, words: str
) -> None:
    reply = client.get(f"{path}?{question}")
    assert reply.status_code == 400
    assert words in reply.get_json()["detail"]


def test_the_filters_are_a_form_that_needs_no_script(client: FlaskClient) -> None:
    text = page(client, "/map?field=music&at=2017-12-31&region=&lang=sv")
    form = re.search(r"<form.*?</form>", text, re.DOTALL)
    assert form is not None
    assert 'method="get" action="/map"' in form[0]
    assert '<option value="music" selected>' in form[0]
    assert 'name="at" type="date" value="2017-12-31"' in form[0]
    assert '<input type="hidden" name="lang" value="sv">' in form[0]
    assert len(dots(text)) == total(client, "/cities?field=music&at=2017-12-31")
    assert not re.search(r"<script(?! src=)|\son\w+=|\sstyle=", text)


def test_nothing_on_the_map_is_moved_but_in_europe_where_it_is_said_how_far(client: FlaskClient) -> None:
    text = page(client, "/map")
    said = re.search(r"by (\d+) km at most", text)
    assert said is not None
    assert int(said[1]) <= 70
    assert "no borders are drawn" in text


@given(st.lists(st.tuples(st.floats(30, 72), st.floats(-25, 45)), max_size=80))
def test_no_dot_in_europe_is_moved_farther_than_the_cap_or_out_of_the_frame(there: list[tuple[float, float]]) -> None:
    points, most = relaxing.relaxed(there)
    assert most <= relaxing.MOST + 0.1
    for number, (x, y) in points.items():
        assert EUROPE.holds(x, y)
        assert abs(EUROPE.at(*there[number])[0] - x) <= relaxing.MOST + 0.1


def test_dots_that_are_moved_do_not_touch_where_there_is_room() -> None:
    points, _ = relaxing.relaxed([(52.0, 11.0), (52.0, 11.0), (52.1, 11.0)])
    (a, b), (c, d), (e, f) = points.values()
    assert min((a - c) ** 2 + (b - d) ** 2, (a - e) ** 2 + (b - f) ** 2, (c - e) ** 2 + (d - f) ** 2) > 7.5**2


def test_the_map_speaks_swedish(client: FlaskClient) -> None:
    text = page(client, "/map?country=se", **{"Accept-Language": "sv"})
    assert told(text) == "4 städer i 1 land den 2026-11-22"
    assert "<title>Norrköping, Sverige\nMusik, sedan 2017-10-31</title>" in text
    assert "Inga gränser är ritade." in text
    assert "cities" not in told(text)


def test_the_image_stands_alone_and_has_the_same_filters(client: FlaskClient) -> None:
    root = image(client, "/map.svg?field=music&at=2017-12-31")
    world = next(svg for svg in root.iter(f"{SVG}svg") if svg.get("class") == "world")
    assert len(list(world.iter(f"{SVG}circle"))) == total(client, "/cities?field=music&at=2017-12-31")
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert [child.tag for child in root][:3] == [f"{SVG}title", f"{SVG}desc", f"{SVG}style"]
    assert "on 2017-12-31 · Music" in "".join(root.itertext())
    for link in root.iter(f"{SVG}a"):
        assert link.attrib["href"].startswith("https://w3id.org/creative-cities/city/")


def test_the_image_can_be_framed_by_any_site_and_its_links_leave_the_frame(client: FlaskClient) -> None:
    assert "frame-ancestors *" in client.get("/map.svg").headers["Content-Security-Policy"]
    links = list(image(client, "/map.svg?field=film").iter(f"{SVG}a"))
    assert links
    assert {link.get("target") for link in links} == {"_top"}
    assert "frame-ancestors 'self'" in client.get("/map", headers=HTML).headers["Content-Security-Policy"]


def test_the_image_has_the_colours_of_the_site_in_light_and_in_dark(client: FlaskClient) -> None:
    style = image(client, "/map.svg").findtext(f"{SVG}style") or ""
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for scheme in (light, dark):
        for name in ("paper", "ink", "tint", *(f"hue-{n}" for n in range(1, 9))):
            assert len(re.findall(rf"--{name}: #\w+", scheme)) == 1, name
    assert "http" not in style


def test_the_image_speaks_swedish_only_where_the_address_says_so(client: FlaskClient) -> None:
    reply = client.get("/map.svg?lang=sv")
    assert 'xml:lang="sv"' in reply.text
    assert "406 städer i 108 länder" in reply.text
    assert "406 cities" in client.get("/map.svg", headers={"Accept-Language": "sv"}).text


@pytest.mark.parametrize("address", ["/map", "/map.svg?field=music"])
def test_a_client_that_has_the_map_is_not_sent_it_again(client: FlaskClient, address: str) -> None:
    first = client.get(address, headers=HTML)
    assert "max-age" in first.headers["Cache-Control"]
    assert client.get(address, headers={**HTML, "If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_map_leads_to_the_same_as_a_table(client: FlaskClient) -> None:
    assert 'href="/cities.geojson?field=music"' in page(client, "/map?field=music")


def test_the_page_is_light(client: FlaskClient) -> None:
    assert len(gzip.compress(page(client, "/map").encode())) < 60_000


def test_another_page_can_have_the_map_with_filters_and_words_that_lead_to_it(app: Flask) -> None:
    with app.test_request_context("/"):
        figure_of_2017 = maps.world("en", {"at": "2017-12-31"})
        assert '<a href="/map?at=2017-12-31">180 cities in 72 countries on 2017-12-31</a>' in figure_of_2017
        assert len(dots(figure_of_2017)) == 180
        assert len(re.findall(r'<li class="hue-\d">', figure_of_2017)) == 8
        assert len(gzip.compress(maps.world("en").encode())) < 40_000


def test_the_queries_find_one_place_more_than_a_map_shows() -> None:
    for name in places.QUERIES:
        assert f"LIMIT {places.MOST + 1}\n" in queries.load(name).text.replace(" }", "\n")
