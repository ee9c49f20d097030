"""The page of a thing says where each fact is from, what is in doubt, and what is like it; pictures of the site."""

import gzip
import itertools
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from listed import page
from pyoxigraph import NamedNode

from citygraph import pictures
from citygraph.dataset import Dataset
from citygraph.engine import Embedded
from citygraph.hues import found as hues
from citygraph.namespaces import RDF_TYPE
from citygraph.site import Site

KINDS = [
    "/city/norrkoping.html",
    "/city/lyon.html",
    "/country/se.html",
    "/field/music.html",
    "/region/africa.html",
    "/round/2004.html",
    "/round/2025.html",
    "/conference/2008-paris.html",
    "/conference/2024.html",
    "/source/geonames.html",
    "/designation/lyon-media-arts.html",
    "/network.html",
    "/dataset.html",
    "/objective/access.html",
]
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class Text(HTMLParser):
    """The headings of a page by level, and its pieces of text outside of code and citations."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.pieces: list[str] = []
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HEADINGS:
            self.levels.append(int(tag[1]))
        if tag in ("code", "cite", "script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside and data.strip():
            self.pieces.append(data.strip())


def section(text: str, heading: str) -> str:
    """A page from a heading of the second level on to the next one."""
    found = re.search(rf"<h2[^>]*>\s*{heading}.*?</h2>(.*?)(?=<h2|\Z)", text, re.DOTALL)
    assert found, heading
    return found[1]


@pytest.mark.parametrize("lang", ["en", "sv"])
@pytest.mark.parametrize("path", [*KINDS, "/", "/cities", "/links", "/sparql", "/reconcile/table"])
def test_headings_go_down_one_level_at_a_time(client: FlaskClient, path: str, lang: str) -> None:
    levels = Text(page(client, f"{path}?lang={lang}")).levels
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_no_page_of_a_city_shows_an_iri_where_a_name_should_be(client: FlaskClient, dataset: Dataset) -> None:
    kind = NamedNode(dataset.base + "ontology#CreativeCity")
    cities = {q.subject.value for q in dataset.store.quads_for_pattern(None, RDF_TYPE, kind, None)}
    assert len(cities) == 406
    for iri in cities:
        path = "/" + iri.removeprefix(dataset.base) + ".html"
        text = Text(page(client, path))
        assert [piece for piece in text.pieces if piece.startswith("http")] == [], path
        assert "is a city in" in " ".join(text.pieces), path


def test_every_figure_of_a_round_that_was_announced_otherwise_says_so(client: FlaskClient) -> None:
    text = page(client, "/round/2025.html")
    table = section(text, "Announced and counted")
    rows = [re.sub(r"<sup.*?</sup>|<[^>]*>", " ", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)]
    assert [re.findall(r"[−+]?\d+", row) for row in rows[1:3]] == [["58", "56", "−2"], ["408", "406", "−2"]]
    doubts = section(text, "Known gaps, doubts and remarks")
    assert 'id="gap-cities"' in doubts
    assert "58 cities were announced, 56 are known by name" in doubts
    assert 'href="#source-' in doubts
    other = section(page(client, "/round/2021.html?lang=sv"), "Kända luckor, tvivel och anmärkningar")
    assert "90 länder tillkännagavs, 92 räknas här" in other


def test_a_link_to_elsewhere_says_how_sure_it_is_and_how_that_is_known(client: FlaskClient) -> None:
    text = section(page(client, "/city/norrkoping.html"), "Elsewhere on the web")
    wikidata = text[text.index("wikidata.org/entity/Q25724") :]
    proof = " ".join(re.sub(r"<[^>]*>", "", wikidata[wikidata.index('<p class="proof">') :]).split())
    assert proof.startswith(
        "confirmed, checked 22 November 2026: Natural Earth + countries-states-cities-database agree"
    )
    assert "bekräftat, kontrollerat den 22 november 2026" in " ".join(
        re.sub(r"<[^>]*>", "", page(client, "/city/norrkoping.html?lang=sv")).split()
    )


def test_what_was_looked_for_and_not_found_is_said(client: FlaskClient) -> None:
    rows = client.get(
        "/sparql",
        query_string={
            "query": "PREFIX ccn: <https://w3id.org/creative-cities/ontology#> SELECT ?about ?evidence "
            "{ ?evidence ccn:about ?about ; ccn:status ccn:missing } ORDER BY ?evidence LIMIT 1"
        },
        headers={"Accept": "application/sparql-results+json"},
    ).get_json(force=True)["results"]["bindings"]
    about, evidence = rows[0]["about"]["value"], rows[0]["evidence"]["value"]
    path = "/" + about.removeprefix("https://w3id.org/creative-cities/") + ".html"
    text = page(client, path)
    assert f'id="{evidence.rpartition("#")[2]}"' in section(text, "Known gaps, doubts and remarks")
    assert text.count(f'id="{evidence.rpartition("#")[2]}"') == 1


def test_a_city_names_the_others_in_its_country_field_and_round(client: FlaskClient) -> None:
    text = page(client, "/city/norrkoping.html")
    groups = re.findall(r'<section class="group">(.*?)</section>', text, re.DOTALL)
    found = {re.sub(r"<[^>]*>", "", group[: group.index("</h3>")]).strip(): group for group in groups}
    country, field, around = found.values()
    assert [title.split() for title in found] == [
        "Other members in the country: Sweden 3".split(),
        "Other members in the field: Music 83".split(),
        "Others designated in the round: 2017 designation round 63".split(),
    ]
    assert re.findall(r"<li><a [^>]*>([^<]*)</a>", country) == ["Gothenburg", "Lund", "Östersund"]
    assert (field.count("<li>"), around.count("<li>")) == (83, 63)


@pytest.mark.parametrize("path", KINDS)
def test_every_table_of_others_comes_with_the_query_that_makes_it(client: FlaskClient, path: str) -> None:
    groups = re.findall(r'<section class="group">(.*?)</section>', page(client, path), re.DOTALL)
    for group in groups:
        listed = group.count("<li>") or group.count("<tr>") - 1
        address = re.search(r'href="(/sparql\?query=[^"]+)">View and edit this query', group)
        assert address
        answer = client.get(unescape(address[1]), headers={"Accept": "application/sparql-results+json"})
        rows = answer.get_json(force=True)["results"]["bindings"]
        shared = {row["of"]["value"] for row in rows if "of" in row}
        assert listed == len(rows) if len(shared) < 2 else listed < len(rows)


def test_the_map_of_a_page_shows_its_places(client: FlaskClient) -> None:
    assert page(client, "/country/se.html").count("<circle") == 4
    assert page(client, "/city/norrkoping.html").count("<circle") == 1
    assert "<circle" not in page(client, "/source/geonames.html")


@pytest.mark.parametrize("path", KINDS)
def test_a_page_says_how_to_cite_it_and_how_to_take_it(client: FlaskClient, path: str) -> None:
    text = page(client, path)
    cite = section(text, "Cite this page")
    assert re.search(r"<cite>.*, version 2026\.11\.22, 2026-11-22\. https://w3id\.org/creative-cities/", cite)
    entry = unescape(re.sub(r".*<code>|</code>.*", "", cite, flags=re.DOTALL))
    assert re.fullmatch(r"@misc\{[a-z0-9-]+(,\n  [a-z]+ = \{.*\})+\n\}", entry)
    assert "year = {2026}" in entry
    data = section(text, "This page as data")
    alternates = set(re.findall(r'<link rel="alternate" type="[^"]*" href="([^"]*)">', text))
    shown = set(re.findall(r'<li><a href="([^"]*)" type=', data))
    assert alternates == shown
    assert len(shown) >= 5
    assert "Last change of the data" in data


def test_a_citation_keeps_what_bibtex_would_not_read_as_itself(client: FlaskClient) -> None:
    text = page(client, "/country/ba.html")
    assert r"title = {{Bosnia \&amp; Herzegovina}}" in text


def test_the_page_of_a_city_is_light(client: FlaskClient) -> None:
    with client.get("/city/norrkoping.html", headers={"Accept": "text/html"}) as reply:
        assert len(gzip.compress(reply.data)) < 30_000


def test_hues_follow_the_names_of_the_fields(client: FlaskClient, engine: Embedded) -> None:
    found = {iri.rpartition("/")[2]: hue for iri, hue in hues(engine).items()}
    assert found == {
        name: number
        for number, name in enumerate(
            ["architecture", "crafts-folk-art", "design", "film", "gastronomy", "literature", "media-arts", "music"], 1
        )
    }


def test_the_card_and_the_icons_are_pictures_of_this_site(client: FlaskClient) -> None:
    card = client.get("/card.png")
    assert (card.status_code, card.content_type) == (200, "image/png")
    assert card.data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(card.data[16:20]), int.from_bytes(card.data[20:24])) == (1200, 630)
    assert len(card.data) < 200_000
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.content_type) == (200, "image/png")
    with client.get("/static/icon.svg") as drawn:
        assert drawn.content_type.startswith("image/svg+xml")


def test_the_card_is_drawn_once_while_the_places_are_the_same(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Site, "changes", True)
    pictures.drawn.cache_clear()
    cards = {client.get(f"/card.png?of={n}").data for n in range(3)}
    assert len(cards) == 1
    assert pictures.drawn.cache_info().misses == 1


def test_the_menu_holds_what_there_is_without_javascript(client: FlaskClient) -> None:
    text = page(client, "/cities")
    header = text[text.index("<header") : text.index("</header>")]
    assert "<script" not in header
    assert re.findall(r'<a href="(/[a-z]+)"', header)[:3] == ["/explore", "/map", "/statistics"]
    for path in ("cities", "countries", "fields", "rounds", "conferences", "regions", "sources"):
        assert f'href="/{path}"' in header
    assert 'href="/cities" aria-current="page"' in header
