"""Addresses: every IRI answers however it is written, and what moved, went, or has other names says so."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from citygraph.dataset import Dataset, load
from citygraph.engine import Embedded, Engine
from server import create_app

ROOTS = Path(__file__).parent / "roots"
BASE = "https://harbours.example.org/"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RDF = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "jsonld": RdfFormat.JSON_LD, "rdf": RdfFormat.RDF_XML}


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Dataset, Engine]]:
    """A root whose things have every kind of name and fate."""
    dataset = load(ROOTS / "harbours")
    engine = Embedded(dataset, workers=1)
    yield dataset, engine
    engine.close()


@pytest.fixture(params=["/", "/kg/", "/a/b.c/"], ids=["root", "kg", "deeper"])
def mounted(request: pytest.FixtureRequest, site: tuple[Dataset, Engine]) -> tuple[FlaskClient, str]:
    """The root at / and under paths, with the beginning of its addresses."""
    app = create_app(dataset=site[0], engine=site[1], path=request.param)
    return app.test_client(), request.param.rstrip("/")


IRIS = [
    "harbour/ängelholm",
    "harbour/%C3%85hus",
    "harbour/%c3%85rhus",
    "harbour/横浜",
    "harbour/saint%20malo",
    "harbour/café%20du%20port",
    "harbour/l'île+d'yeu(85),a&b=c;d@e!$*~",
    "harbour/100%25",
    "harbour/st.ives.json",
    "harbour/slash/",
    "harbour//double",
    "harbour/istanbul",
    "wikidata/own",
]


@pytest.mark.parametrize("iri", IRIS)
@pytest.mark.parametrize("suffix", ["html", *RDF, "json"])
def test_an_iri_answers_in_every_format_however_it_is_written(
    mounted: tuple[FlaskClient, str], iri: str, suffix: str
) -> None:
    client, prefix = mounted
    for asked in (iri, quote(iri, "%/'+()&=;@!$*~,")):
        reply = client.get(f"{prefix}/{asked}?format={suffix}")
        assert reply.status_code == 303
        document = client.get(reply.headers["Location"])
        assert document.status_code == 200
        assert reply.headers["Location"].startswith(prefix + "/")
        links = document.headers.getlist("Link")
        assert any(link.endswith('rel="describes"') and unquote(iri) in unquote(link) for link in links)
        if suffix in RDF:
            found = {quad.subject for quad in parse(document.data, format=RDF[suffix])}
            assert NamedNode(BASE + iri) in found


@pytest.mark.parametrize("iri", IRIS)
def test_an_iri_that_is_named_is_sent_to_its_address(mounted: tuple[FlaskClient, str], iri: str) -> None:
    client, prefix = mounted
    reply = client.get(prefix + "/resource", query_string={"iri": BASE + iri})
    assert reply.status_code == 303
    assert reply.headers["Location"].startswith(prefix + "/")
    assert reply.headers["Location"].isascii()
    assert client.get(reply.headers["Location"]).status_code == 303


@pytest.mark.parametrize("iri", ["harbour/find?name=x", "harbour/bristol%2Favonmouth"])
def test_an_iri_that_no_path_can_say_is_asked_for_by_name(mounted: tuple[FlaskClient, str], iri: str) -> None:
    client, prefix = mounted
    first = client.get(f"{prefix}/resource", query_string={"iri": BASE + iri}, headers={"Accept": "text/turtle"})
    assert first.status_code == 303
    document = client.get(first.headers["Location"])
    assert (document.status_code, document.mimetype) == (200, "text/turtle")
    assert Triple(NamedNode(BASE + iri), *kind()) in triples(document.data)
    for link in re.findall(r'<([^>]*)>; rel="alternate"', document.headers.get("Link", "")):
        assert client.get(link).status_code == 200


def kind() -> tuple[NamedNode, NamedNode]:
    return NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), NamedNode(BASE + "ontology#Harbour")


def triples(turtle: bytes) -> set[Triple]:
    return {quad.triple for quad in parse(turtle, format=RdfFormat.TURTLE)}


def test_accents_that_come_apart_are_308_to_the_whole_letter(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    reply = client.get(prefix + "/harbour/a%CC%88ngelholm?lang=sv")
    assert (reply.status_code, reply.headers["Location"]) == (308, prefix + "/harbour/%C3%A4ngelholm?lang=sv")


def test_the_language_survives_the_way_to_the_document(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    reply = client.get(prefix + "/harbour/istanbul?lang=sv")
    assert reply.headers["Location"] == prefix + "/harbour/istanbul.html?lang=sv"


def test_a_suffix_and_another_format_are_400(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    assert client.get(prefix + "/harbour/istanbul.ttl?format=turtle").status_code == 200
    reply = client.get(prefix + "/harbour/istanbul.ttl?format=nt")
    assert reply.status_code == 400
    assert ".ttl" in reply.get_json()["detail"]
    assert client.get(prefix + "/graph/data.ttl?format=nt").status_code == 400


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("byzantium", "{prefix}/harbour/istanbul"),
        ("constantinople", "{prefix}/harbour/istanbul"),
        ("abroad", "https://elsewhere.example.org/harbour/abroad"),
    ],
)
def test_what_moved_is_301_to_where_it_is_now(mounted: tuple[FlaskClient, str], old: str, new: str) -> None:
    client, prefix = mounted
    for accept in (BROWSER, "text/turtle"):
        reply = client.get(f"{prefix}/harbour/{old}", headers={"Accept": accept})
        assert (reply.status_code, reply.headers["Location"]) == (301, new.format(prefix=prefix))


@pytest.mark.parametrize("suffix", RDF)
def test_what_moved_leaves_a_document_that_says_where_to(mounted: tuple[FlaskClient, str], suffix: str) -> None:
    client, prefix = mounted
    reply = client.get(f"{prefix}/harbour/constantinople.{suffix}")
    moved = NamedNode("http://purl.org/dc/terms/isReplacedBy")
    said = {quad.triple for quad in parse(reply.data, format=RDF[suffix])}
    assert reply.status_code == 200
    assert Triple(NamedNode(BASE + "harbour/constantinople"), moved, NamedNode(BASE + "harbour/istanbul")) in said
    assert f'<{prefix}/harbour/istanbul>; rel="successor-version"' in reply.headers.getlist("Link")


def test_the_page_of_what_moved_links_to_where_it_is_now(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    assert f'<a href="{prefix}/harbour/istanbul">' in client.get(prefix + "/harbour/constantinople.html").text


def test_what_became_two_things_or_itself_stays_a_document(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    for name in ("halves", "hen", "egg"):
        assert client.get(f"{prefix}/harbour/{name}").headers["Location"] == f"{prefix}/harbour/{name}.html"
    page = client.get(prefix + "/harbour/halves.html").text
    assert f'href="{prefix}/harbour/istanbul"' in page
    assert f'href="{prefix}/harbour/100%25"' in page


@pytest.mark.parametrize("accept", [None, BROWSER, "text/turtle", "application/ld+json", "application/rdf+xml"])
def test_what_was_withdrawn_is_410_with_what_is_left_of_it(
    mounted: tuple[FlaskClient, str], accept: str | None
) -> None:
    client, prefix = mounted
    headers = {"Accept": accept} if accept else {}
    reply = client.get(prefix + "/harbour/atlantis", headers=headers)
    assert reply.status_code == 410
    assert reply.mimetype == ("text/html" if accept in (None, BROWSER) else accept)
    assert "It was never found." in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Accept" in reply.vary
    assert "ETag" not in reply.headers


@pytest.mark.parametrize("suffix", RDF)
def test_documents_of_what_was_withdrawn_are_410_and_rdf(mounted: tuple[FlaskClient, str], suffix: str) -> None:
    client, prefix = mounted
    reply = client.get(f"{prefix}/harbour/atlantis.{suffix}")
    gone = Triple(NamedNode(BASE + "harbour/atlantis"), NamedNode("http://www.w3.org/2002/07/owl#deprecated"),
                  Literal(True))  # fmt: skip
    assert reply.status_code == 410
    assert gone in {quad.triple for quad in parse(reply.data, format=RDF[suffix])}


def test_what_is_only_deprecated_is_still_there(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    assert client.get(prefix + "/harbour/rusty").status_code == 303
    assert client.get(prefix + "/harbour/rusty.ttl").status_code == 200


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [("Q406", 303, "istanbul"), ("Q1", 303, "near"), ("Q3", 404, ""), ("Q0", 400, ""), ("q406", 400, ""),
     ("Q406/x", 400, ""), ("%00", 400, ""), ("Q" + "1" * 40, 400, "")],
)  # fmt: skip
def test_a_wikidata_item_leads_to_its_thing(
    mounted: tuple[FlaskClient, str], code: str, status: int, name: str
) -> None:
    client, prefix = mounted
    reply = client.get(f"{prefix}/wikidata/{code}?format=ttl")
    assert reply.status_code == status
    assert reply.headers.get("Location") == (f"{prefix}/harbour/{name}?format=ttl" if name else None)


def test_an_item_that_two_things_are_is_a_choice(mounted: tuple[FlaskClient, str]) -> None:
    client, prefix = mounted
    reply = client.get(prefix + "/wikidata/Q2")
    assert reply.status_code == 300
    assert reply.get_json()["choices"] == [f"{prefix}/harbour/twin-a", f"{prefix}/harbour/twin-b"]
    assert f'<a href="{prefix}/harbour/twin-a">' in client.get(
        prefix + "/wikidata/Q2", headers={"Accept": BROWSER}
    ).text  # fmt: skip


def test_cities_are_found_by_wikidata_and_geonames(client: FlaskClient) -> None:
    assert client.get("/wikidata/Q25724").headers["Location"] == "/city/norrkoping"
    assert client.get("/geonames/2688368").headers["Location"] == "/city/norrkoping"
    assert client.get("/geonames/Norrköping").status_code == 400
