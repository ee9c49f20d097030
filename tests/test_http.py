"""What goes over the wire for things, documents, graphs and errors."""

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from citygraph.dataset import Dataset
from citygraph.engine import Embedded, Engine
from server import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
SUFFIXES = ["html", "ttl", "nt", "jsonld", "rdf"]


def get(client: FlaskClient, path: str, accept: str | None = None, **headers: str) -> TestResponse:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.get(path, headers=named | ({} if accept is None else {"Accept": accept}))


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (None, "html"),
        ("", "html"),
        ("*/*", "html"),
        (BROWSER, "html"),
        ("text/turtle", "ttl"),
        ("application/x-turtle", "ttl"),
        ("text/turtle;charset=utf-8", "ttl"),
        ("application/n-triples", "nt"),
        ("application/ld+json", "jsonld"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
        ("application/rdf+xml", "rdf"),
        ("application/xhtml+xml", "html"),
        ("text/html;q=0.2,text/turtle", "ttl"),
        ("application/rdf+xml;q=0.5, text/turtle;q=0.9, */*;q=0.1", "ttl"),
    ],
)
def test_a_thing_is_303_to_the_document_that_accept_asks_for(
    client: FlaskClient, accept: str | None, suffix: str
) -> None:
    reply = get(client, "/city/norrkoping", accept)
    assert reply.status_code == 303
    assert reply.headers["Location"] == f"/city/norrkoping.{suffix}"
    assert "Accept" in reply.vary


def test_an_unknown_thing_is_404_before_any_redirect(client: FlaskClient) -> None:
    for path in ("/city/atlantis", "/city/atlantis.ttl", "/nothing", "/city", "/city/norrkoping/more"):
        assert get(client, path).status_code == 404


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("/city/Norrkoping", "/city/norrkoping"),
        ("/city/norrkoping/", "/city/norrkoping"),
        ("/CITY/NORRKOPING/", "/city/norrkoping"),
        ("/city/Norrkoping.ttl", "/city/norrkoping.ttl"),
        ("/Cities", "/cities"),
        ("/cities/", "/cities"),
        ("/city/Norrkoping?lang=sv", "/city/norrkoping?lang=sv"),
        ("/map/?field=music&at=2017-12-31", "/map?field=music&at=2017-12-31"),
        ("/explore/", "/explore"),
        ("/statistics/", "/statistics"),
        ("/downloads/", "/downloads"),
        ("/.well-known/void/", "/.well-known/void"),
    ],
)
def test_capitals_and_a_slash_too_many_are_308_to_the_right_address(client: FlaskClient, path: str, right: str) -> None:
    reply = get(client, path)
    assert (reply.status_code, reply.headers["Location"]) == (308, right)


def test_programs_that_ask_with_a_slash_too_many_are_answered(client: FlaskClient) -> None:
    for path in ("/sparql/?query=ASK{}", "/reconcile/", "/queries/", "/q/"):
        assert get(client, path).status_code == 200


def test_format_beats_accept(client: FlaskClient) -> None:
    assert get(client, "/city/norrkoping?format=ttl", BROWSER).headers["Location"] == "/city/norrkoping.ttl"


def test_an_unknown_format_is_400_and_lists_the_known_ones(client: FlaskClient) -> None:
    reply = get(client, "/city/norrkoping?format=docx")
    assert reply.status_code == 400
    assert reply.get_json()["offers"] == [*SUFFIXES, "json", "csv", "geojson"]


def test_the_vocabulary_is_turtle_unless_a_browser_asks(client: FlaskClient) -> None:
    for accept in (None, "", "*/*"):
        assert get(client, "/ontology", accept).headers["Location"] == "/ontology.ttl"
    assert get(client, "/ontology", BROWSER).headers["Location"] == "/ontology.html"


def test_the_version_of_the_vocabulary_leads_to_the_vocabulary(client: FlaskClient) -> None:
    reply = get(client, "/ontology/1.0.0")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/ontology")


def test_406_lists_what_would_fit(client: FlaskClient) -> None:
    reply = get(client, "/city/norrkoping", "image/png")
    assert reply.status_code == 406
    assert "text/turtle" in reply.text
    assert "Accept" in reply.vary


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        (BROWSER, "text/html; charset=utf-8"),
        ("application/json", "application/problem+json"),
        ("text/turtle", "text/plain; charset=utf-8"),
        ("application/rdf+xml, text/turtle;q=0.9", "text/plain; charset=utf-8"),
    ],
)
def test_an_error_comes_in_a_form_the_client_reads(client: FlaskClient, accept: str | None, content_type: str) -> None:
    reply = get(client, "/city/atlantis", accept)
    assert (reply.status_code, reply.content_type) == (404, content_type)
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept" in reply.vary


def test_a_problem_document_has_the_members_of_rfc_9457(client: FlaskClient) -> None:
    problem = json.loads(get(client, "/city/atlantis").data)
    assert problem.keys() >= {"type", "title", "status", "detail"}
    assert problem["status"] == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_other_methods_are_405_with_allow(client: FlaskClient, method: str) -> None:
    for path in ("/", "/city/norrkoping", "/rdf-graph-store?default", "/graph/data", "/cities"):
        reply = client.open(path, method=method)
        assert reply.status_code == 405
        assert {"GET", "HEAD"} <= set(reply.headers["Allow"].split(", "))
        assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_options_is_204_for_a_preflight(client: FlaskClient) -> None:
    for path, methods in (("/sparql", {"GET", "POST"}), ("/city/norrkoping", {"GET", "HEAD"})):
        reply = client.options(path, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"})
        assert (reply.status_code, reply.data) == (204, b"")
        assert methods <= set(reply.headers["Allow"].split(", "))
        assert reply.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/", "/city/norrkoping.ttl", "/city/norrkoping", "/cities", "/sparql", "/nothing", "/graph/data"]
)
def test_head_is_get_without_a_body(client: FlaskClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.data == b""
    assert head.status_code == got.status_code
    # What says when, not what.
    volatile = {"Date", "Server-Timing"}
    assert [h for h in head.headers if h[0] not in volatile] == [h for h in got.headers if h[0] not in volatile]


@pytest.mark.parametrize(
    "path",
    ["/", "/city/norrkoping.html", "/city/norrkoping.ttl", "/cities", "/graph/data.nt", "/.well-known/void"],
)
def test_etag_is_strong_and_makes_304(client: FlaskClient, engine: Engine, path: str) -> None:
    first = client.get(path)
    tag, weak = first.get_etag()
    assert tag
    assert not weak
    again = get(client, path, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    if isinstance(engine, Embedded):
        assert get(client, path, If_Modified_Since=first.headers["Last-Modified"]).status_code == 304
    else:
        # When a store elsewhere was changed, nobody tells us.
        assert "Last-Modified" not in first.headers


def test_each_document_has_an_etag_of_its_own(client: FlaskClient) -> None:
    paths = [
        *(f"/city/norrkoping.{s}" for s in SUFFIXES),
        "/city/lyon.html",
        "/city/norrkoping.html?lang=sv",
        "/cities",
    ]
    assert len({client.get(path).headers["ETag"] for path in paths}) == len(paths)


def test_a_document_links_what_it_is_about_and_around(client: FlaskClient) -> None:
    for suffix in SUFFIXES:
        links = client.get(f"/city/norrkoping.{suffix}").headers.getlist("Link")
        assert '<https://w3id.org/creative-cities/city/norrkoping>; rel="describes"' in links
        assert '</city/norrkoping.ttl>; rel="alternate"; type="text/turtle"' in links
        assert '</cities>; rel="collection"' in links
        assert '</.well-known/void>; rel="describedby"' in links
        assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/cities",
        "/city/norrkoping",
        "/city/norrkoping.html",
        "/nothing",
        "/sparql?query=x",
        "/static/style.css",
    ],
)
def test_every_reply_has_security_headers_and_cors(client: FlaskClient, path: str) -> None:
    with client.get(path) as reply:
        headers = reply.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in headers["Access-Control-Expose-Headers"]


def test_named_graphs_are_served_in_formats_of_rdf(client: FlaskClient, dataset: Dataset) -> None:
    for name, count in dataset.counts.items():
        reply = get(client, f"/graph/{name}", "application/n-triples")
        assert reply.content_type == "application/n-triples"
        assert len(reply.data.splitlines()) == count
    assert get(client, "/graph/data.ttl").content_type == "text/turtle; charset=utf-8"
    assert get(client, "/graph/data?format=nt").content_type == "application/n-triples"
    assert get(client, "/graph/nothing").status_code == 404


def test_graph_store_protocol_reads(client: FlaskClient, dataset: Dataset) -> None:
    iri = dataset.graph("data")
    assert client.get("/rdf-graph-store", query_string={"graph": iri}).data == client.get("/graph/data").data
    default = client.get("/rdf-graph-store?default", headers={"Accept": "application/n-triples"})
    assert len(default.data.splitlines()) > dataset.counts["data"]
    assert client.get("/rdf-graph-store?graph=urn:x:nothing").status_code == 404
    for wrong in ("", "?graph=", "?graph=data", "?default&graph=urn:x:y"):
        assert client.get("/rdf-graph-store" + wrong).status_code == 400


def test_what_the_graph_says_of_things_of_others(client: FlaskClient) -> None:
    item = "http://www.wikidata.org/entity/Q25724"
    reply = client.get("/resource", query_string={"iri": item}, headers={"Accept": "text/turtle"})
    assert reply.status_code == 303
    document = client.get(reply.headers["Location"])
    assert document.content_type == "text/turtle; charset=utf-8"
    assert "city:norrkoping" in document.text
    assert client.get("/resource?iri=http://www.wikidata.org/entity/Q0").status_code == 404
    assert client.get("/resource").status_code == 400
    assert client.get("/resource?iri=nonsense").status_code == 400


def test_an_iri_of_ours_is_sent_to_its_own_address(client: FlaskClient) -> None:
    reply = client.get("/resource", query_string={"iri": "https://w3id.org/creative-cities/city/norrkoping#geo"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/city/norrkoping#geo")


def test_clients_of_rdf_find_the_description_at_the_start_page(client: FlaskClient) -> None:
    assert get(client, "/", "text/turtle").headers["Location"].startswith("/.well-known/void")
    assert get(client, "/", BROWSER).status_code == 200


def test_the_host_header_is_never_echoed(client: FlaskClient) -> None:
    for path in (
        "/",
        "/city/norrkoping",
        "/city/Norrkoping",
        "//city//norrkoping",
        "/cities/",
        "/nothing",
        "/sparql",
        "/city/norrkoping.html",
    ):
        reply = get(client, path, Host="evil.example", X_Forwarded_Host="evil.example")
        assert "evil.example" not in str(reply.headers) + reply.text


def test_links_keep_the_sub_path_that_a_proxy_mounts_us_under(client: FlaskClient) -> None:
    reply = client.get("/city/norrkoping", base_url="http://localhost/kg/")
    assert reply.headers["Location"] == "/kg/city/norrkoping.html"
    page = client.get("/city/norrkoping.html", base_url="http://localhost/kg/").text
    assert 'href="/kg/country/se"' in page
    assert 'href="/kg/static/style.css"' in page
    assert 'href="/c' not in page


def test_a_fault_of_ours_is_500_without_a_trace(
    dataset: Dataset, engine: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(dataset=dataset, engine=engine)

    def broken(*_: object) -> None:
        raise RuntimeError("secret in /srv/site/server.py")

    monkeypatch.setattr("citygraph.documents.triples", broken)
    reply = app.test_client().get("/city/norrkoping.ttl")
    assert reply.status_code == 500
    assert reply.content_type == "application/problem+json"
    assert "secret" not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
