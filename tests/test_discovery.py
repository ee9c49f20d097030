"""How programs find their way: signposts, example queries as data, sitemap, robots.txt, llms.txt."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from descriptions import BASE, counted, findings, graph
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results
from rdflib import DCAT, RDF, RDFS, SH, Namespace, URIRef

from citygraph import discovery, queries
from citygraph.dataset import Dataset
from server import create_app

WHOLE = URIRef(BASE + "dataset")
ROOTS = Path(__file__).with_name("roots")
SCHEMA = Namespace("https://schema.org/")
SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def lights() -> Iterator[FlaskClient]:
    """A site over a graph that says nothing of itself."""
    app = create_app(ROOTS / "lighthouses")
    yield app.test_client()
    app.extensions["site"].engine.close()


# Signposts


def links(reply_links: list[str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for value in reply_links:
        match = re.fullmatch(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', value)
        assert match, value
        found.setdefault(match[2], []).append((match[1], match[3] or ""))
    return found


def test_the_page_of_the_dataset_signposts_what_there_is(client: FlaskClient) -> None:
    found = links(client.get("/dataset.html").headers.getlist("Link"))
    assert found["cite-as"] == [(str(WHOLE), "")]
    assert found["type"] == [("https://schema.org/Dataset", ""), ("https://schema.org/AboutPage", "")]
    assert found["author"] == [(f"{WHOLE}#publisher", "")]
    assert found["license"] == [("https://creativecommons.org/licenses/by/4.0/", "")]
    assert [kind for _, kind in found["item"]][:2] == ["text/turtle", "application/n-triples"]
    for target, kind in (*found["item"], *found["linkset"], *found["describedby"]):
        if kind:
            reply = client.head(target)
            assert (reply.status_code, reply.mimetype) == (200, kind)


def test_every_dump_leads_back_to_the_page_of_the_dataset(client: FlaskClient) -> None:
    for target, _ in links(client.get("/dataset.html").headers.getlist("Link"))["item"]:
        back = links(client.head(target).headers.getlist("Link"))
        assert back["collection"] == [("/dataset.html", "text/html")]


def test_the_linkset_says_what_the_headers_say(client: FlaskClient) -> None:
    reply = client.get("/dataset.linkset.json")
    assert reply.content_type == "application/linkset+json"
    page, *others = json.loads(reply.data)["linkset"]
    assert page.pop("anchor") == BASE + "dataset.html"
    said = links(client.get("/dataset.html").headers.getlist("Link"))
    for relation, targets in page.items():
        stated = {(BASE + target[1:] if target[0] == "/" else target, kind) for target, kind in said[relation]}
        assert {(target["href"], target.get("type", "")) for target in targets} <= stated
    assert {"cite-as", "type", "author", "license", "item", "describedby"} == page.keys()
    assert {other["anchor"] for other in others} == {
        target["href"] for relation in ("item", "describedby") for target in page[relation]
    }


# Example queries


def test_the_example_queries_are_those_of_the_query_page(client: FlaskClient, app: Flask) -> None:
    found = graph(client, "/.well-known/sparql-examples")
    assert findings(found, "sparql-examples") == []
    texts = {str(text) for kind in (SH.select, SH.construct) for text in found.objects(None, kind)}
    assert texts == {text for _, _, text in app.extensions["site"].examples}
    assert len(set(found.subjects(RDF.type, SH.SPARQLExecutable))) == len(queries.names())
    assert set(found.objects(None, SCHEMA.target)) == {URIRef(BASE + "sparql")}


@pytest.mark.parametrize("name", queries.names())
def test_every_example_query_answers_as_it_stands(client: FlaskClient, name: str) -> None:
    found = graph(client, "/.well-known/sparql-examples")
    one = URIRef(f"{BASE}.well-known/sparql-examples#{name}")
    graphs = found.value(one, SH.construct)
    reply = client.get("/sparql", query_string={"query": str(graphs or found.value(one, SH.select))})
    assert reply.status_code == 200
    if graphs:
        assert list(parse(reply.data, format=RdfFormat.TURTLE))
    else:
        assert list(parse_query_results(reply.data, format=QueryResultsFormat.JSON))


def test_named_queries_stand_in_the_sitemap_and_lead_from_the_examples(client: FlaskClient) -> None:
    _, found, _ = entries(client, "/sitemap.xml")
    examples = graph(client, "/.well-known/sparql-examples")
    addresses = {f"{BASE}queries/{name}" for name in queries.names()}
    assert {*addresses, f"{BASE}queries/"} <= set(found)
    assert {str(page) for page in examples.objects(None, RDFS.seeAlso)} == addresses


def test_browsers_are_shown_the_examples_where_they_can_ask_them(client: FlaskClient) -> None:
    reply = client.get("/.well-known/sparql-examples", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sparql")


@pytest.mark.parametrize("suffix", ["ttl", "nt", "jsonld", "rdf"])
def test_descriptions_come_in_every_syntax(client: FlaskClient, suffix: str) -> None:
    for path in ("/.well-known/void", "/.well-known/sparql-examples"):
        assert client.get(path, query_string={"format": suffix}).status_code == 200
        assert client.get(path, query_string={"format": "docx"}).status_code == 400


# Sitemap, robots.txt, llms.txt


def entries(client: FlaskClient, path: str) -> tuple[str, list[str], set[str | None]]:
    reply = client.get(path)
    assert reply.mimetype == "application/xml"
    root = ElementTree.fromstring(reply.text)  # noqa: S314 our own
    found = [str(one.findtext(SITEMAPS + "loc")) for one in root]
    return root.tag, found, {one.findtext(SITEMAPS + "lastmod") for one in root}


def test_the_sitemap_names_every_thing_once(client: FlaskClient) -> None:
    tag, found, changed = entries(client, "/sitemap.xml")
    assert tag == SITEMAPS + "urlset"
    assert len(found) == len(set(found))
    things = counted(
        client,
        "SELECT (COUNT(DISTINCT ?s) AS ?n) "
        f'{{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{BASE}") && !CONTAINS(STR(?s), "#")) }}',
    )
    assert len([address for address in found if address.endswith(".html")]) == things + 1  # the shapes
    assert {BASE, BASE + "cities", BASE + "city/norrkoping.html", BASE + "ontology.html"} <= set(found)
    assert changed == {"2026-11-22"}


def test_every_address_in_the_sitemap_is_a_page(client: FlaskClient) -> None:
    _, found, _ = entries(client, "/sitemap.xml")
    for address in found[:12] + found[12::25]:
        reply = client.get("/" + address.removeprefix(BASE), headers={"Accept": "text/html"})
        assert (reply.status_code, reply.mimetype) == (200, "text/html"), address


def test_the_map_is_in_the_sitemap(client: FlaskClient) -> None:
    _, found, _ = entries(client, "/sitemap.xml")
    assert BASE + "map" in found


def test_a_large_sitemap_comes_in_parts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    _, whole, _ = entries(client, "/sitemap.xml")
    monkeypatch.setattr(discovery, "MOST", 400)
    tag, parts, changed = entries(client, "/sitemap.xml")
    assert tag == SITEMAPS + "sitemapindex"
    assert changed == {"2026-11-22"}
    found = [entries(client, "/" + part.removeprefix(BASE))[1] for part in parts]
    assert {len(part) for part in found[:-1]} == {400}
    assert [address for part in found for address in part] == whole
    for past in (0, len(parts) + 1):
        assert client.get(f"/sitemap-{past}.xml").status_code == 404


def test_crawlers_are_told_of_the_sitemap_and_kept_from_endless_queries(client: FlaskClient) -> None:
    text = client.get("/robots.txt").text
    assert f"Sitemap: {BASE}sitemap.xml\n" in text
    assert "Disallow: /sparql?\n" in text
    assert "Disallow: /\n" not in text


def test_language_models_are_told_of_classes_lists_and_queries_that_run(client: FlaskClient) -> None:
    text = client.get("/llms.txt").text
    assert text.startswith("# Creative Cities Graph\n\n> ")
    assert "- ccn:CreativeCity (creative city): 406\n" in text
    assert f"]({BASE}sparql)" in text
    blocks = re.findall(r"```sparql\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == len(queries.names())
    assert all(client.get("/sparql", query_string={"query": block}).status_code == 200 for block in blocks[:3])
    local = {address for address in re.findall(r"\]\((\S+)\)", text) if address.startswith(BASE)}
    for address in local:
        path = "/" + address.removeprefix(BASE)
        assert client.get(path, follow_redirects=True).status_code == 200, address


def test_another_graph_is_found_too(lights: FlaskClient) -> None:
    _, found, changed = entries(lights, "/sitemap.xml")
    assert {"/" + urlsplit(address).path.removeprefix("/") for address in found} >= {"/light/eddystone.html", "/sparql"}
    assert changed == {None}
    assert "t:Lighthouse (lighthouse): 2" in lights.get("/llms.txt").text
    assert lights.get("/robots.txt").status_code == 200
    assert lights.get("/dataset.linkset.json").status_code == 404
    examples = graph(lights, "/.well-known/sparql-examples")
    assert [str(title) for title in examples.objects(None, RDFS.label)] == ["Which lights a light sees"]


def test_under_a_path_every_address_begins_with_it(app: Flask, dataset: Dataset) -> None:
    engine, public = app.extensions["site"].engine, "https://data.example.org/kg/"
    client = create_app(dataset=dataset, engine=engine, public_url=public, path="/kg/").test_client()
    _, found, _ = entries(client, "/kg/sitemap.xml")
    assert all(address.startswith(public) for address in found)
    assert client.get("/kg/" + found[20].removeprefix(public)).status_code == 200
    assert "Disallow: /kg/sparql?\n" in client.get("/kg/robots.txt").text
    assert f"Sitemap: {public}sitemap.xml\n" in client.get("/kg/robots.txt").text
    assert f"[Cities]({public}cities)" in client.get("/kg/llms.txt").text
    reply = client.get("/kg/.well-known/sparql-examples", headers={"Accept": "text/html"})
    assert reply.headers["Location"] == "/kg/sparql"
    signs = links(client.get("/kg/dataset.html").headers.getlist("Link"))
    assert signs.pop("cite-as") == [(str(WHOLE), "")]
    ours = [target for relation in ("item", "describedby", "linkset") for target, _ in signs[relation]]
    assert all(client.head(target).status_code == 200 for target in ours)
    assert all(target.startswith("/kg/") for target in ours)
    void = graph(client, "/kg/.well-known/void")
    assert {str(one) for one in void.objects(None, DCAT.endpointURL)} == {public, public + "sparql"}


def test_the_sitemap_names_whatever_an_address_is_written_with_but_nothing_moved_or_withdrawn() -> None:
    app = create_app(ROOTS / "harbours")
    client = app.test_client()
    try:
        _, found, _ = entries(client, "/sitemap.xml")
        here = "https://harbours.example.org/"
        assert f"{here}harbour/%C3%A4ngelholm.html" in found
        assert f"{here}resource?iri=https%3A%2F%2Fharbours.example.org%2Fharbour%2Ffind%3Fname%3Dx&format=html" in found
        assert not [address for address in found if re.search("atlantis|constantinople|abroad", address)]
        for address in found:
            reply = client.get("/" + address.removeprefix(here), headers={"Accept": "text/html"})
            assert (reply.status_code, reply.mimetype) == (200, "text/html"), address
    finally:
        app.extensions["site"].engine.close()
