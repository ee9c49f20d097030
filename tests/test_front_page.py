"""The first page: what this is, in figures that are those of the graph, and a way on to all the rest."""

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from listed import HTML, page

from citygraph.dataset import load
from citygraph.engine import Embedded
from server import create_app

FIELDS = {
    "architecture": (1, 5), "crafts-folk-art": (2, 78), "design": (3, 53), "film": (4, 30), "gastronomy": (5, 66),
    "literature": (6, 63), "media-arts": (7, 27), "music": (8, 84),
}  # fmt: skip


def words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup)).split())


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next section."""
    return text.partition(f"<h2>{heading}</h2>")[2].partition("</section>")[0]


def test_each_field_has_its_hue_its_count_and_its_page(client: FlaskClient) -> None:
    found = re.findall(r'<a class="hue-(\d)" href="/field/([\w-]+)">[^<]+ <b>(\d+)</b></a>', page(client, "/"))
    assert {name: (int(hue), int(count)) for hue, name, count in found} == FIELDS
    assert sum(int(count) for _, _, count in found) == 406


def test_a_field_has_the_same_hue_in_every_chart(client: FlaskClient) -> None:
    text = page(client, "/") + page(client, "/statistics")
    found = set(re.findall(r'<a href="/field/([\w-]+)" tabindex="-1"><g>.*?class="bar hue-(\d)"', text))
    assert {(name, str(hue)) for name, (hue, _) in FIELDS.items()} == found


def test_the_latest_round_says_what_it_brought(client: FlaskClient) -> None:
    latest = section(page(client, "/"), "The latest round")
    told = words(latest)
    assert "2025 designation round , 2025-10-31" in told.replace("round,", "round ,")
    assert "56 cities joined. 58 were announced." in told
    assert "Since then the network has 406 cities in 108 countries." in told
    assert "Countries that had no member before: Angola, Côte d’Ivoire, Guinea." in told.replace("'", "’")
    came = re.findall(r"<g><title>[^<]+: (\d+)</title>", latest)
    assert sum(map(int, came)) == 56
    assert 'href="/round/2025"' in latest


def test_the_cities_of_the_latest_round_are_a_list_and_a_table(client: FlaskClient) -> None:
    latest = section(page(client, "/"), "The latest round")
    assert client.get("/cities?round=2025", headers=HTML).status_code == 200
    assert 'href="/cities?round=2025"' in latest
    assert 'href="/cities.csv?round=2025"' in latest
    lines = client.get("/cities.csv?round=2025").get_data(as_text=True).splitlines()
    assert len(lines) == 1 + 56


def test_the_map_and_the_growth_are_on_it(client: FlaskClient) -> None:
    text = page(client, "/")
    assert 'href="/map"' in text
    assert '<figure class="map">' in text
    assert 'id="growth"' in text
    assert 'href="/statistics"' in text


def test_search_works_as_a_form(client: FlaskClient) -> None:
    form = re.search(r'<form class="search" method="get" action="([^"]+)" role="search">(.*?)</form>',
                     page(client, "/?lang=sv"), re.DOTALL)  # fmt: skip
    assert form
    assert '<label for="q">' in form[2]
    assert '<input type="hidden" name="lang" value="sv">' in form[2]
    reply = client.get(form[1], query_string={"q": "norrkoping", "lang": "sv"}, headers=HTML)
    assert reply.status_code == 200
    assert "Norrköping" in reply.get_data(as_text=True)


def test_three_doors_lead_on(client: FlaskClient) -> None:
    doors = section(page(client, "/"), "Use the data")
    heads = re.findall(r'<h3><a href="([^"]+)">(\w+)</a></h3>', doors)
    assert [name for _, name in heads] == ["Query", "Download", "Link"]
    for address in re.findall(r'href="(/[^"]*)"', doors):
        assert client.get(unescape(address), headers=HTML, follow_redirects=True).status_code == 200


def test_known_gaps_are_said_on_it(client: FlaskClient) -> None:
    gaps = words(page(client, "/").partition('<section id="gaps">')[2].partition("</section>")[0])
    assert "58 cities were announced, 56 are known by name" in gaps
    assert "90 countries were announced, 92 are counted here" in gaps


def test_it_speaks_swedish(client: FlaskClient) -> None:
    text = page(client, "/?lang=sv")
    assert "<h1>Grafen över kreativa städer</h1>" in text
    for told in ("medlemsstäder", "Den senaste omgången", "56 städer kom med.", "Elfenbenskusten", "Kända luckor"):
        assert told in text
    for left in ("Search", "member cities", "Known gap", "View and edit", "The latest", "Download<"):
        assert left not in text


def test_it_is_light_and_asks_for_little(client: FlaskClient) -> None:
    text = page(client, "/")
    loaded = re.findall(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"', text)
    assert len(loaded) <= 5
    bodies = [text.encode()]
    for address in loaded:
        with client.get(address) as reply:
            bodies.append(reply.data)
    assert sum(len(gzip.compress(body)) for body in bodies) <= 120_000


@pytest.mark.parametrize("root", ["harbours", "lighthouses"])
def test_the_first_page_of_another_graph_shows_what_it_has(root: str) -> None:
    dataset = load(Path(__file__).parent / "roots" / root)
    engine = Embedded(dataset, workers=1)
    client = create_app(dataset=dataset, engine=engine).test_client()
    text = page(client, "/")
    for absent in ("The latest round", "The fields", 'class="search"', "Known gaps", 'class="figures"', "cities"):
        assert absent not in text
    for there in ("What is in it", "Take it with you", "Use the data", 'href="/statistics"'):
        assert there in text
    engine.close()


@pytest.mark.parametrize(("root", "things", "named"), [("harbours", 21, "横浜"), ("lighthouses", 2, "Plymouth Hoe")])
def test_the_things_of_a_graph_without_lists_are_two_clicks_from_its_first_page(
    root: str, things: int, named: str
) -> None:
    dataset = load(Path(__file__).parent / "roots" / root)
    engine = Embedded(dataset, workers=1)
    client = create_app(dataset=dataset, engine=engine).test_client()
    found = re.search(rf'href="(/sparql\?[^"]+)">{things}</a>', page(client, "/"))
    assert found
    listed = page(client, unescape(found[1]))
    assert listed.count("<tr><td>") == things
    assert "1 questions" not in page(client, "/")
    assert re.search(rf"<a [^>]+>[^<]+</a></td><td><span[^>]*>{named}</span>", listed)
    engine.close()
