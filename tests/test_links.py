"""The pages about links, and queries that join our endpoint with Wikidata from the user's side."""

import html
import re
from pathlib import Path

import link_roots
import pytest
import rdflib
from flask.testing import FlaskClient
from pyoxigraph import Literal
from rdflib.plugins.sparql import prepareQuery

from citygraph import queries
from citygraph.dataset import Dataset, load, solutions
from citygraph.sparql import bind

FEDERATION = queries.names("federation")


def rows(client: FlaskClient, title: str) -> list[list[str]]:
    """The cells of a table on the page of links, as text."""
    text = client.get("/links", headers={"Accept": "text/html"}).get_data(as_text=True)
    body = text.partition(f"<h2>{title}</h2>")[2].partition("<tbody")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row, re.DOTALL) for row in body.split("</tr>")]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells if row]


def test_a_page_lists_what_is_unlinked_or_doubtful_and_why(client: FlaskClient) -> None:
    listed = {row[0]: row for row in rows(client, "Links in doubt")}
    assert "No source consulted holds an item for it" in listed["Angoulême"][-1]
    assert listed["Varaždin"][3] == "conflicting"
    assert "Natural Earth only" in listed["Caen"][-1]
    assert "Norrköping" not in listed
    assert "Sweden" not in listed


def test_what_nobody_has_looked_for_is_listed_too(tmp_path: Path) -> None:
    root = link_roots.write(tmp_path / "root", link_roots.city("new", "New", "se", 58.0, 16.0))
    loaded = load(root)
    text = bind(queries.load("pages/links/doubts").text, {"lang": Literal("en")})
    [row] = solutions(loaded.store, text)
    assert (row["about"].value.rpartition("/")[2], row["linkedSite"].value, row["status"]) == ("new", "Wikidata", None)


def test_a_page_counts_links_by_class_and_evidence(client: FlaskClient, dataset: Dataset) -> None:
    counted = rows(client, "Links counted by evidence")
    by_class: dict[tuple[str, str], int] = {}
    for kind, site, _, _, things in counted:
        by_class[kind, site] = by_class.get((kind, site), 0) + int(things.replace("\u202f", "").replace(",", ""))
    totals = {
        str(row["class"].value).rpartition("#")[2]: int(row["n"].value)
        for row in solutions(dataset.store, "SELECT ?class (COUNT(?s) AS ?n) { ?s a ?class } GROUP BY ?class")
    }
    assert by_class["creative city", "Wikidata"] == by_class["creative city", "GeoNames"] == totals["CreativeCity"]
    assert by_class["country", "Wikidata"] == totals["Country"]
    assert by_class["creative field", "Wikidata"] == totals["CreativeField"]


def test_no_two_things_share_an_item_but_a_city_state_and_its_country(dataset: Dataset) -> None:
    shared = """
        PREFIX ccn: <https://w3id.org/creative-cities/ontology#>
        SELECT ?one ?other {
          ?one owl:sameAs|skos:closeMatch ?item . ?other owl:sameAs|skos:closeMatch ?item .
          FILTER(STR(?one) < STR(?other))
          FILTER NOT EXISTS { ?one ccn:country ?other } }"""
    prefixes = "PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
    assert list(solutions(dataset.store, prefixes + shared)) == []


@pytest.mark.parametrize("name", FEDERATION)
def test_a_federated_example_parses(name: str) -> None:
    assert prepareQuery(queries.load(f"federation/{name.rpartition('/')[2]}").text)


@pytest.mark.parametrize("name", FEDERATION)
def test_our_own_endpoint_calls_nobody(name: str, client: FlaskClient) -> None:
    text = queries.load(f"federation/{name.rpartition('/')[2]}").text
    reply = client.get("/sparql", query_string={"query": text}, headers={"Accept": "application/json"})
    assert reply.status_code == (403 if re.search(r"^\s*SERVICE", text, re.MULTILINE) else 200)


def test_our_part_of_each_federated_example_answers(client: FlaskClient) -> None:
    text = queries.load("federation/from-wikidata").text
    head, inner = text.partition("SELECT")[0], re.search(r"SERVICE <[^>]+> \{(.*?)\n  \}", text, re.DOTALL)
    assert inner
    reply = client.get("/sparql", query_string={"query": head + inner[1]}, headers={"Accept": "application/json"})
    assert len(reply.get_json()["results"]["bindings"]) > 300


def test_by_item_answers_here(client: FlaskClient) -> None:
    text = queries.load("federation/by-item").text
    reply = client.get("/sparql", query_string={"query": text}, headers={"Accept": "text/csv"})
    assert "http://www.wikidata.org/entity/Q25724" in reply.get_data(as_text=True)
    assert rdflib.URIRef("https://w3id.org/creative-cities/city/lyon") in reply.get_data(as_text=True)
