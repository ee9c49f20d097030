"""The page to explore the members on: facets with counts, a search that forgives, and files of what is shown."""

import csv
import io
import random
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import combining, normalize
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import BASE, HTML, ids, page, rows, total
from pyoxigraph import NamedNode

from citygraph import filters, listpages, lists, queries, sparql, wording
from citygraph.dataset import load
from citygraph.engine import Embedded
from citygraph.names import Index
from server import create_app

ROOTS = Path(__file__).parent / "roots"


class Page(HTMLParser):
    """A page as one reads it who has no script: its links by their words, and its one form with what it sends."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.action, self.inputs, self.href = "", list[tuple[str, str, bool]](), ""
        self.feed(text)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in pairs}
        if tag == "form":
            self.action = given["action"]
        if tag == "a" and "href" in given:
            self.href = given["href"]
            self.links.append((self.href, ""))
        if tag == "input" and "name" in given:
            chosen = given.get("type") != "checkbox" or "checked" in given
            self.inputs.append((given["name"], given.get("value", ""), chosen))

    def handle_endtag(self, tag: str) -> None:
        self.href = "" if tag == "a" else self.href

    def handle_data(self, data: str) -> None:
        if self.href:
            self.links[-1] = (self.href, self.links[-1][1] + data)

    def to(self, words: str) -> str:
        """Where the first link with these words leads."""
        return next(href for href, said in self.links if said.strip() == words)

    def sent(self, *chosen: tuple[str, str]) -> str:
        """The address that the form leads to with some boxes ticked besides."""
        assert set(chosen) <= {(name, value) for name, value, _ in self.inputs}
        said = [(name, value) for name, value, on in self.inputs if on or (name, value) in chosen]
        return f"{self.action}?{urlencode(said)}"


def counts(text: str) -> dict[tuple[str, str], int]:
    """The counts beside the choices of a page, by filter and value."""
    found = re.findall(r'type="checkbox" id="[^"]+" name="(\w+)" value="([^"]+)".*?class="count">(\d+)<', text)
    return {(name, unescape(value)): int(count) for name, value, count in found}


def test_which_cities_joined_with_music_in_2017_as_csv_by_links_and_forms_alone(
    client: FlaskClient, engine: Embedded
) -> None:
    home = Page(page(client, "/"))
    cities = Page(page(client, home.to("Cities")))
    explore = Page(page(client, cities.to("Explore these with counts beside each choice")))
    found = page(client, explore.sent(("field", "music"), ("round", "2017")))
    reply = client.get(Page(found).to("CSV"))
    assert reply.mimetype == "text/csv"
    table = list(csv.DictReader(io.StringIO(reply.get_data(as_text=True), newline="")))
    held = engine.select(f"""SELECT DISTINCT ?city {{ ?d <{BASE}ontology#city> ?city ;
        <{BASE}ontology#field> <{BASE}field/music> ; <{BASE}ontology#round> <{BASE}round/2017> }}""")
    assert sorted(row["city"] for row in table) == sorted(row["city"].value for row in held)
    assert f">{len(table)} of 406 cities<" in found
    assert [row["cityLabel"] for row in table if "rrk" in row["cityLabel"]] == ["Norrköping"]


QUESTIONS = st.fixed_dictionaries({}, optional={
    "field": st.lists(st.sampled_from(["music", "film", "media-arts", "architecture"]), max_size=3, unique=True),
    "country": st.lists(st.sampled_from(["se", "cn", "fr", "br", "ng"]), max_size=2, unique=True),
    "region": st.lists(st.sampled_from(["africa", "arab-states", "europe-and-north-america"]), max_size=2, unique=True),
    "round": st.lists(st.sampled_from(["2008", "2017", "2019", "2025"]), max_size=2, unique=True),
    "at": st.sampled_from(["2012-06-30", "2017-12-31", "2023-11-01"]),
    "q": st.sampled_from(["an", "a", "ber", "lyon", "zzz"]),
    "near": st.just("58.59,16.18"),
})  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(asked=QUESTIONS, pick=st.randoms(use_true_random=False))
def test_the_count_beside_a_choice_is_how_many_the_list_has_with_it(
    app: Flask, asked: dict[str, list[str] | str], pick: random.Random
) -> None:
    client = app.test_client()
    beside = counts(page(client, f"/explore?{urlencode(asked, doseq=True)}"))
    for name, value in pick.sample(sorted(beside), min(4, len(beside))):
        alone = urlencode({**asked, name: value}, doseq=True)
        assert beside[name, value] == total(client, f"/cities?{alone}"), (name, value)


@settings(max_examples=15, deadline=None)
@given(asked=QUESTIONS)
def test_what_a_facet_does_not_offer_would_leave_nothing(app: Flask, asked: dict[str, list[str] | str]) -> None:
    client = app.test_client()
    beside = counts(page(client, f"/explore?{urlencode(asked, doseq=True)}"))
    for name in ("field", "region"):
        for value in {"field": ("music", "gastronomy"), "region": ("africa", "arab-states")}[name]:
            if (name, value) not in beside:
                assert total(client, f"/cities?{urlencode({**asked, name: value}, doseq=True)}") == 0


@pytest.mark.parametrize("name", ["cities", "conferences", "rounds"])
def test_values_of_a_filter_are_counted_by_the_query_of_the_list(
    client: FlaskClient, engine: Embedded, name: str
) -> None:
    query = queries.load(f"pages/{name}")
    opened = [told for told in query.declared if filters.may_open(query, told.name)]
    assert opened
    for told in opened:
        for row in engine.select(filters.shares(query, {}, told.name)):
            if "value" not in row:
                continue
            value, things = row["value"].value, int(row["things"].value)  # type: ignore[union-attr]
            assert total(client, f"/{name}?{urlencode({told.name: value})}") == things


def test_a_filter_inside_a_query_that_counts_is_not_opened() -> None:
    assert not filters.may_open(queries.load("pages/countries"), "field")
    assert filters.may_open(queries.load("pages/countries"), "region")
    assert not filters.may_open(queries.load("pages/cities"), "at")


def bare(text: str) -> str:
    return "".join(c for c in normalize("NFKD", text) if not combining(c))


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_city_is_found_by_each_of_its_names_in_any_case_and_without_accents(
    named: list[tuple[str, str]], index: Index, pick: random.Random
) -> None:
    names = index.of(BASE + "ontology#CreativeCity")
    thing, name = pick.choice(named)
    for spelt in (name, name.upper(), name.lower(), name.title(), bare(name), normalize("NFD", name), f"  {name} "):
        assert thing in names.matching(spelt), spelt


@pytest.fixture(scope="module")
def index(engine: Embedded) -> Index:
    return Index(engine)


@pytest.fixture(scope="module")
def named(engine: Embedded) -> list[tuple[str, str]]:
    """Every city with each of its names."""
    kind = NamedNode(BASE + "ontology#CreativeCity")
    text = sparql.bind("""PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?thing ?name { ?thing a $class ; rdfs:label|skos:altLabel ?name }""", {"class": kind})  # fmt: skip
    found = [(row["thing"].value, row["name"].value) for row in engine.select(text)]
    assert len(found) > 1500
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("typed", "name"),
    [("norköping", "Norrköping"), ("Lyoon", "Lyon"), ("edinborough", "Edinburgh"), ("Krakov", "Krakow")],
)
def test_a_misspelt_name_is_answered_with_those_that_were_meant(client: FlaskClient, typed: str, name: str) -> None:
    text = page(client, f"/explore?{urlencode({'q': typed})}")
    if total(client, f"/cities?{urlencode({'q': typed})}"):
        assert name in text
        return
    assert "Did you mean:" in text
    offered = re.findall(r'<a href="(/explore\?q=[^"]+)">([^<]+)</a>', text[text.index("Did you mean:") :])
    assert name in offered[0][1]
    assert "of 406 cities<" in page(client, unescape(offered[0][0]))
    assert "There are none" not in page(client, unescape(offered[0][0]))


def test_a_name_that_the_filters_hide_is_said_to_be_elsewhere(client: FlaskClient) -> None:
    text = page(client, "/explore?q=lyon&field=design")
    (address,) = re.findall(r'<a href="([^"]+)">1 with this name without the other filters', text)
    assert "/city/lyon" in page(client, unescape(address))


def test_from_one_that_was_found_a_link_leads_to_the_nearest(client: FlaskClient) -> None:
    text = page(client, "/explore?q=norrköping")
    (address,) = re.findall(r'<a href="([^"]+)">Which are nearest to Norrköping\?</a>', text)
    near = Page(page(client, unescape(address)))
    found = list(csv.DictReader(io.StringIO(client.get(near.to("CSV")).get_data(as_text=True))))
    assert (found[0]["cityLabel"], float(found[0]["km"]) < 0.1) == ("Norrköping", True)
    assert float(found[1]["km"]) < 400
    assert "Which are nearest" not in page(client, "/explore?field=music")


def test_each_chip_takes_one_choice_away(client: FlaskClient) -> None:
    text = page(client, "/explore?field=music&field=film&country=se&at=2020-01-01&sort=-start")
    chips = text[text.index('class="chips"') : text.index('class="all"')]
    addresses = [unescape(href) for href in re.findall(r'href="([^"]+)"', chips)]
    assert addresses == [
        "/explore?field=film&country=se&at=2020-01-01&sort=-start",
        "/explore?field=music&country=se&at=2020-01-01&sort=-start",
        "/explore?field=music&field=film&at=2020-01-01&sort=-start",
        "/explore?field=music&field=film&country=se&sort=-start",
    ]
    for address in addresses:
        page(client, address)


def test_files_of_what_is_explored_hold_the_same_things_in_the_same_order(client: FlaskClient) -> None:
    for question in ("field=music&sort=-start", "region=africa&q=a", "near=10,10&field=film", "per_page=20&page=3"):
        text = page(client, f"/explore?{question}")
        body = text[text.index("<tbody>") : text.index("</tbody>")]
        listed = list(dict.fromkeys(BASE + path for path in re.findall(r'href="/(city/[^"]+)"', body)))
        table = unescape(re.findall(r'href="([^"]+)" type="text/csv"', text)[0])
        assert [row["city"] for row in rows(client, table.replace(".csv", ""))] == listed
        assert ids(client, f"/cities?{question}") == listed


def test_a_long_result_says_that_it_comes_in_pages_and_offers_the_whole(client: FlaskClient) -> None:
    text = page(client, "/explore?per_page=100")
    assert "1 to 100 on this page" in text
    assert "Download all of them:" in text
    whole = unescape(re.findall(r'href="([^"]+)" type="text/csv"', text)[1])
    assert len(rows(client, whole.replace(".csv", ""))) == 406


def test_without_a_script_everything_is_a_form_and_links(client: FlaskClient) -> None:
    text = page(client, "/explore?field=music&lang=sv")
    assert re.findall(r"<script[^>]*>", text) == ['<script src="/static/explore.js" defer>']
    assert '<form method="get" action="/explore"' in text
    assert '<input type="hidden" name="lang" value="sv">' in text
    assert 'name="field" value="music" checked' in text
    assert not re.search(r"\son\w+=", text)


@pytest.mark.parametrize("question", ["field=jazz", "colour=red", "sort=colour", "at=yesterday", "page=x", "near=1"])
def test_what_cannot_be_meant_is_400_here_too(client: FlaskClient, question: str) -> None:
    assert client.get(f"/explore?{question}", headers=HTML).status_code == 400


def test_it_is_a_page_and_says_where_the_data_are(client: FlaskClient) -> None:
    reply = client.get("/explore?field=music", headers={"Accept": "text/turtle"})
    assert reply.status_code == 406
    alternates = [link for link in client.get("/explore?field=music").headers.getlist("Link") if "alternate" in link]
    assert any("/cities.csv?field=music" in link for link in alternates)
    assert client.get("/explore?page=2", headers=HTML).status_code == 404


@pytest.fixture(scope="module")
def lighthouses() -> Iterator[FlaskClient]:
    """A graph with another vocabulary, and so without lists."""
    dataset = load(ROOTS / "lighthouses")
    engine = Embedded(dataset, workers=1)
    yield create_app(dataset=dataset, engine=engine).test_client()
    engine.close()


def test_a_graph_without_lists_says_so(lighthouses: FlaskClient) -> None:
    reply = lighthouses.get("/explore", headers=HTML)
    assert reply.status_code == 404
    assert "This graph has no lists to explore" in reply.get_data(as_text=True)
    assert "/explore" not in lighthouses.get("/sitemap.xml").get_data(as_text=True)


def test_a_copy_without_a_server_carries_what_its_script_filters_by(app: Flask) -> None:
    app.extensions["site"].static = True
    try:
        text = page(app.test_client(), "/explore")
    finally:
        app.extensions["site"].static = False
    assert re.search(r'id="explore" data-static ', text)
    made = re.findall(r"<tr (data-thing=.*?)>", text)
    assert len(made) == 406
    (lyon,) = (one for one in made if '/city/lyon"' in one)
    assert 'data-field="literature"' in lyon
    assert 'data-round="2008 2023"' in lyon
    assert re.search(r'data-latitude="45\.\d+"', lyon)
    (gothenburg,) = (one for one in made if '/city/gothenburg"' in one)
    assert "goteborg" in gothenburg


def test_without_the_point_nothing_is_sorted_by_the_distance_from_it(client: FlaskClient) -> None:
    shown = page(client, "/explore?near=55.9533,-3.1892&sort=-km&field=literature")
    (without,) = {unescape(link) for link in re.findall(r'href="(/explore\?[^"]*)"', shown) if "near" not in link}
    assert without == "/explore?field=literature"


def test_the_whole_is_counted_once_and_for_all_filters(client: FlaskClient) -> None:
    assert ">All 406 cities<" in page(client, "/explore")
    assert ">84 of 406 cities<" in page(client, "/explore?field=music")


def test_all_that_lists_say_is_said_in_swedish_too() -> None:
    words = wording.catalogue("sv")
    said = {*listpages.TITLES.values()}
    for name in queries.names("pages"):
        query = queries.load(name)
        told = [parameter.comment for parameter in lists.parameters(name.removeprefix("pages/"))]
        common = {parameter.comment for parameter in lists.COMMON}
        said |= {query.title, query.comment, *(comment for comment in told if comment not in common)}
    assert [message for message in sorted(said) if words.gettext(message) == message] == []


def test_the_page_speaks_swedish(client: FlaskClient) -> None:
    text = page(client, "/explore?lang=sv&country=se&sort=start")
    assert "<h1>Utforska</h1>" in text
    assert ">4 av 406 städer<" in text
    assert "Göteborg" in text
    assert 'href="/explore?country=se&amp;sort=-start&amp;lang=sv"' in text
    assert 'href="/cities.csv?country=se&amp;sort=start&amp;lang=sv"' in text
    assert "Ladda ner det som visas" in page(client, "/cities?lang=sv&country=se")
