"""What people read: plain pages, made from the labels of whatever graph is served."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from listed import page
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from citygraph import labels, listing, pages
from citygraph.dataset import Dataset, load
from citygraph.engine import Embedded
from server import create_app

PAGES = [
    "/",
    "/sparql",
    "/statistics",
    "/cities",
    "/countries",
    "/fields",
    "/rounds",
    "/conferences",
    "/regions",
    "/sources",
    "/city/norrkoping.html",
    "/city/lyon.html",
    "/country/se.html",
    "/field/music.html",
    "/round/2021.html",
    "/conference/2024.html",
    "/ontology.html",
    "/shapes.html",
    "/dataset.html",
    "/network.html",
    "/source/geonames.html",
    "/designation/norrkoping-music.html",
    "/field.html",
    "/resource?iri=http://www.wikidata.org/entity/Q25724&format=html",
]
VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Checks that tags match, and collects ids, addresses, scripts and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.faults: list[str] = []
        self.lang = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "html":
            self.lang = found.get("lang", "")
        if tag == "a":
            self.links.append(found["href"])
        data = tag == "script" and found.get("type") == "application/ld+json"
        sheet = tag == "link" and found.get("rel") == "stylesheet"
        if sheet or (tag in ("script", "img", "iframe", "object") and not data):
            self.loaded.append(found.get("src") or found.get("href", tag))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_made_and_loads_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    text = page(client, path)
    found = Page(text)
    assert found.faults == []
    assert found.open == []
    assert found.lang == "en"
    assert found.loaded[0] == "/static/style.css"
    assert {address.split("/")[1] for address in found.loaded} <= {"static", "assets"}
    assert len(found.ids) == len(set(found.ids))
    assert text.count("<h1") == 1
    assert 'class="skip" href="#content"' in text
    assert "CC BY 4.0" in text
    assert "Version 2026" in text


@pytest.mark.parametrize("path", PAGES)
def test_every_link_to_an_anchor_of_the_page_has_its_anchor(client: FlaskClient, path: str) -> None:
    found = Page(page(client, path))
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)


@pytest.mark.parametrize("path", PAGES)
def test_links_of_the_site_lead_somewhere(client: FlaskClient, path: str) -> None:
    ours = {link.split("#")[0] for link in Page(page(client, path)).links if link.startswith("/")}
    sample = sorted(link for link in ours if not link.startswith("/sparql?"))[:: max(1, len(ours) // 15)]
    for link in sample:
        with client.get(link, headers={"Accept": "text/html, */*;q=0.5"}) as reply:
            assert reply.status_code in (200, 303), (link, reply.text[:300])


def test_the_page_of_a_city_says_what_where_since_when_and_who_says_so(client: FlaskClient) -> None:
    text = page(client, "/city/norrkoping.html")
    for expected in (
        "<h1>Norrköping</h1>",
        "2017-10-31",
        ">Music<",
        ">Sweden<",
        "http://www.wikidata.org/entity/Q25724",
        "91\u202f034",
    ):
        assert expected in text
    cited = re.findall(r'<li id="source-\d+">', text)
    assert len(cited) >= 5
    assert 'href="/city/norrkoping.ttl"' in text


def test_a_city_with_two_designations_shows_both(client: FlaskClient) -> None:
    text = page(client, "/city/lyon.html")
    first = text.index("<table")
    table = text[first : text.index("</table>", first)]
    assert "Media arts" in table
    assert "2023-10-31" in table
    assert table.count("<tr") == 3


def test_a_fact_is_cited_by_the_evidence_for_it(client: FlaskClient) -> None:
    text = page(client, "/city/norrkoping.html")
    row = text[text.index("http://www.wikidata.org/entity/Q25724") :]
    number = re.search(r'href="#source-(\d+)"', row)
    assert number
    assert "Natural Earth" in text[text.index(f'id="source-{number[1]}"') :][:300]


def test_things_with_labels_are_never_shown_as_bare_iris(client: FlaskClient) -> None:
    for path in (
        "/city/norrkoping.html",
        "/country/se.html",
        "/round/2017.html",
        "/cities",
        "/countries",
        "/field/music.html",
    ):
        for text in re.findall(r"<a [^>]*>([^<]*)</a>", page(client, path)):
            assert "w3id.org" not in text


def test_many_incoming_links_are_capped_counted_and_queryable(client: FlaskClient) -> None:
    text = page(client, "/source/geonames.html")
    shown = re.search(r"The first (\d+) of (\d+); <a href=\"(/sparql\?query=[^\"]+)\"", text)
    assert shown
    assert int(shown[2]) > int(shown[1]) == pages.INCOMING_SHOWN
    rows = client.get(shown[3].replace("&amp;", "&")).get_json(force=True)["results"]["bindings"]
    assert len(rows) == int(shown[2])


@pytest.mark.parametrize(
    ("path", "count", "expected"),
    [
        ("/cities", 406, "Norrköping"),
        ("/countries", 108, "Sweden"),
        ("/fields", 8, "Architecture"),
        ("/rounds", 16, "2017"),
        ("/conferences", 16, "Braga"),
        ("/regions", 5, "Africa"),
        ("/sources", 100, "UNESCO"),
    ],
)
def test_a_list_is_a_table_of_links(client: FlaskClient, path: str, count: int, expected: str) -> None:
    text = page(client, path)
    assert text.count("<tr>") >= count
    assert expected in text
    assert "The query behind this table" in text


def test_labels_come_in_the_language_asked_for_and_say_so(client: FlaskClient) -> None:
    assert '<a href="/country/se?lang=fr" lang="fr">Suède</a>' in page(client, "/cities?lang=fr")
    assert '<h1 lang="fr">Suède</h1>' in page(client, "/country/se.html?lang=fr")
    assert "<h1>Sverige</h1>" in page(client, "/country/se.html?lang=sv")
    # No Wolof anywhere: English it is.
    assert "<h1>Sweden</h1>" in page(client, "/country/se.html?lang=wo")


def test_the_label_shown_follows_the_stated_order() -> None:
    found = [
        Literal("c", language="fr"),
        Literal("b"),
        Literal("a", language="en"),
        Literal("d", language="sv"),
    ]
    assert labels.pick(found, "sv") == found[3]
    assert labels.pick(found, "de") == found[2]
    assert labels.pick([found[0], found[1]], "de") == found[1]
    assert labels.pick([found[3], found[0]], "de") == found[0]
    assert labels.pick([], "en") is None


def test_figures_of_the_start_page_are_counted(client: FlaskClient) -> None:
    text = page(client, "/")
    for figure, counted in ((406, "member cities"), (108, "countries"), (8, "creative fields")):
        assert f"<strong>{figure}</strong> {counted}" in text
    assert 'href="/sparql"' in text


def test_a_circle_of_nodes_ends(engine: Embedded) -> None:
    node, p = NamedNode("http://x/a"), NamedNode("http://x/p")
    ring = [BlankNode(f"b{n}") for n in range(50)]
    facts = [Triple(node, p, ring[0])] + [
        Triple(one, p, other) for one, other in zip(ring, ring[1:] + ring[:1], strict=True)
    ]
    facts.append(Triple(node, p, NamedNode("http://x/a#list")))
    rest = NamedNode(labels.RDF + "rest")
    facts += [
        Triple(NamedNode("http://x/a#list"), NamedNode(labels.RDF + "first"), node),
        Triple(NamedNode("http://x/a#list"), rest, NamedNode("http://x/a#list")),
    ]
    shown = pages.thing(engine, "http://x/a", facts, "http://x/derived", {}, lambda iri: None, "en")
    assert shown.rows


def test_a_variable_is_a_column_and_its_label_is_not() -> None:
    clause = "SELECT ?city ?cityLabel (COUNT(?x) AS ?n) (COALESCE(?a, ?b) AS ?c)"
    text = f"# Title\nPREFIX x: <http://x/>\n{clause}\nWHERE {{ ?s ?p ?o }}"
    assert listing.projected(text) == ["city", "cityLabel", "n", "c"]


@pytest.fixture(scope="module")
def lighthouses() -> Iterator[FlaskClient]:
    """Another graph altogether, served by the same code."""
    dataset: Dataset = load(Path(__file__).parent / "roots" / "lighthouses")
    engine = Embedded(dataset, workers=1)
    yield create_app(dataset=dataset, engine=engine).test_client()
    engine.close()


def test_another_graph_has_pages_documents_and_a_start_page(lighthouses: FlaskClient) -> None:
    start = page(lighthouses, "/")
    for other in ("member cities", "UNESCO", "Creative"):
        assert other not in start
    dataset = lighthouses.application.extensions["site"].dataset
    subjects = {q.subject.value for q in dataset.store if isinstance(q.subject, NamedNode)}
    ours = sorted(s.removeprefix(dataset.base) for s in subjects if s.startswith(dataset.base) and "#" not in s)
    assert ours
    for path in ours:
        reply = lighthouses.get("/" + path, headers={"Accept": "text/html"})
        assert reply.status_code == 303
        found = Page(page(lighthouses, reply.headers["Location"]))
        assert found.faults == []
        assert lighthouses.get(f"/{path}.ttl").status_code == 200


def test_a_list_that_another_graph_has_nothing_for_is_empty(lighthouses: FlaskClient) -> None:
    assert "There are none in this graph" in page(lighthouses, "/cities")


def test_lists_stand_in_the_order_of_letters_with_accents_beside_those_without(client: FlaskClient) -> None:
    text = client.get("/cities").get_data(as_text=True)
    names = ["Łódź", "Lviv", "Óbidos", "Östersund", "Zahlé"]
    places = [text.find(f">{name}<") for name in names]
    assert -1 not in places
    assert places == sorted(places)


def test_a_filter_that_a_list_does_not_have_is_not_passed_over_in_silence(client: FlaskClient) -> None:
    answer = client.get("/cities?colour=red")
    assert answer.status_code == 400
    assert "no parameter colour" in answer.get_data(as_text=True)
    assert client.get("/cities?lang=sv").status_code == 200
