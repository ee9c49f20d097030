"""Short links to queries: the same query has the same link, it stays, and making one asks nothing."""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import BASE, HTML, links
from live import serving

from citygraph.dataset import Dataset
from citygraph.engine import Engine
from citygraph.permalinks import kept
from citygraph.permalinks.kept import Kept, Limits
from server import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
QUERY = (
    "SELECT ?field WHERE {\n  ?field a <https://w3id.org/creative-cities/ontology#CreativeField>\n}\nORDER BY ?field"
)
FORM = "application/x-www-form-urlencoded"

Post = Callable[..., Any]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def site(dataset: Dataset, engine: Engine, state: Path) -> FlaskClient:
    return create_app(dataset=dataset, engine=engine, state=state).test_client()


def made(site: FlaskClient, query: str = QUERY) -> str:
    reply = site.post("/q/", data={"query": query})
    assert reply.status_code in (200, 201), reply.get_data(as_text=True)
    return str(reply.location)


def test_a_program_is_told_the_link_of_a_query(site: FlaskClient) -> None:
    reply = site.post("/q/", data={"query": QUERY})
    told = reply.get_json()
    assert (reply.status_code, reply.headers["Cache-Control"]) == (201, "no-store")
    assert reply.location == f"/q/{told['id']}"
    assert told == {
        "id": told["id"], "link": f"{BASE}q/{told['id']}", "text": f"{BASE}q/{told['id']}.rq", "query": QUERY,
    }  # fmt: skip
    assert re.fullmatch("[a-z2-7]{10}", told["id"])


def test_a_browser_is_sent_to_the_link_where_the_query_is_answered(site: FlaskClient) -> None:
    reply = site.post("/q/", data={"query": QUERY}, headers=BROWSER)
    assert (reply.status_code, reply.headers["Cache-Control"]) == (303, "no-store")
    page = site.get(reply.location, headers=BROWSER)
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "field:music" in text
    assert f"{BASE}{reply.location[1:]}" in text
    assert unescape(text).count(QUERY) >= 1


def test_the_same_query_has_the_same_link_however_its_lines_end(site: FlaskClient) -> None:
    first = site.post("/q/", data={"query": QUERY})
    again = site.post("/q/", data=QUERY.replace("\n", "\r\n") + "\r\n", content_type="application/sparql-query")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.location == again.location
    assert made(site, QUERY + "LIMIT 3") != first.location


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("text/csv", "text/csv"),
        ("text/html", "text/html"),
        (BROWSER["Accept"], "text/html"),
    ],
)
def test_a_link_answers_as_the_endpoint_does(site: FlaskClient, accept: str | None, media_type: str) -> None:
    here, headers = made(site), {"Accept": accept} if accept else {}
    reply = site.get(here, headers=headers)
    assert (reply.status_code, reply.mimetype) == (200, media_type)
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    if media_type != "text/html":
        assert reply.data == site.get("/sparql", query_string={"query": QUERY}, headers=headers).data
    again = site.get(here, headers={**headers, "If-None-Match": reply.headers["ETag"]})
    assert again.status_code == 304
    assert site.head(here, headers=headers).headers["ETag"] == reply.headers["ETag"]
    assert links(reply)["alternate"] == [f"{here}.rq"]


def test_format_goes_before_accept_and_a_wrong_one_is_400(site: FlaskClient) -> None:
    here = made(site)
    assert site.get(f"{here}?format=csv", headers=BROWSER).mimetype == "text/csv"
    assert site.get(f"{here}?format=ttl").status_code == 400
    assert site.get(here, headers={"Accept": "text/turtle"}).status_code == 406
    assert site.get(f"{here}?query=ASK%7B%7D").get_json()["allowed"] == ["format", "lang", "view", "column"]


def test_the_text_of_a_link_never_changes(site: FlaskClient) -> None:
    reply = site.get(f"{made(site)}.rq")
    assert (reply.mimetype, reply.get_data(as_text=True)) == ("application/sparql-query", QUERY)
    assert "immutable" in reply.headers["Cache-Control"]


def test_a_graph_and_a_truth_have_links_too(site: FlaskClient) -> None:
    assert site.get(made(site, "ASK { ?s ?p ?o }")).get_json(force=True)["boolean"] is True
    graph = site.get(made(site, "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c } LIMIT 3"))
    assert graph.mimetype == "text/turtle"


def test_what_is_wrong_with_a_query_is_said_when_it_is_asked_and_not_before(site: FlaskClient) -> None:
    here = made(site, "SELECT * WHERE { ?s ?p }")
    assert site.get(here).status_code == 400
    page = site.get(here, headers=BROWSER)
    assert (page.status_code, page.mimetype) == (400, "text/html")
    served = made(site, "SELECT * WHERE { SERVICE <https://example.org/sparql> { ?s ?p ?o } }")
    assert site.get(served).status_code == 403


def test_making_a_link_asks_nothing(dataset: Dataset, engine: Engine, state: Path) -> None:
    class Deaf:
        """An engine that may not be asked."""

        limits = engine.limits

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was called")

    site = create_app(dataset=dataset, engine=Deaf(), state=state).test_client()  # type: ignore[arg-type]
    assert site.post("/q/", data={"query": QUERY}).status_code == 201


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", FORM, 400),
        (b"query=", FORM, 400),
        (b"query=%20%0A", FORM, 400),
        (b"query=ASK%7B%7D&query=ASK%7B%7D", FORM, 400),
        (b"query=ASK%7B%7D&colour=red", FORM, 400),
        (b"query=ASK%7B%7D&default-graph-uri=https://example.org/g", FORM, 400),
        (b"query=hello", FORM, 400),
        (b"query=ASK%7B%00%7D", FORM, 400),
        (b"query=%ff", FORM, 400),
        (b"ASK {} # \xff", "application/sparql-query", 400),
        (b"INSERT DATA { <a:a> <a:a> <a:a> }", "application/sparql-query", 400),
        (b"INSERT DATA { <a:a> <a:a> <a:a> }", "application/sparql-update", 403),
        (b"{}", "application/json", 415),
        (b"ASK{}#" + b"x" * kept.LONGEST, "application/sparql-query", 413),
        (b"ASK{}#" + "é".encode() * (kept.LONGEST // 2), "application/sparql-query", 413),
        (b"ASK{}#" + b"x" * (1 << 20), "application/sparql-query", 413),
    ],
)
def test_what_is_no_query_is_refused_and_leaves_nothing(
    site: FlaskClient, state: Path, body: bytes, kind: str, status: int
) -> None:
    reply = site.post("/q/", data=body, content_type=kind)
    assert reply.status_code == status
    assert len(reply.get_json(force=True)["detail"]) > 10
    assert not state.exists()


def test_the_fields_that_a_form_has_besides_change_no_link(site: FlaskClient) -> None:
    fields = {"query": QUERY, "timeout": "10", "lang": "sv", "view": "map"}
    assert site.post("/q/", data=fields).location == made(site)


def test_a_query_of_exactly_the_longest_length_is_kept(site: FlaskClient) -> None:
    query = "ASK{}#" + "x" * (kept.LONGEST - 6)
    assert site.get(f"{made(site, query)}.rq").get_data(as_text=True) == query


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "https://w3id.org"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_pages_of_other_sites_make_no_links(site: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert site.post("/q/", data={"query": QUERY}, headers=headers).status_code == status


@pytest.mark.parametrize(
    "name", ["aaaaaaaaaa", "aaaaaaaaaa.rq", "x", "aaaaaaaaaa.csv", "%00", "..%2F..", "ä", "a" * 60]
)
def test_an_unknown_link_is_404_and_not_remembered(site: FlaskClient, name: str) -> None:
    reply = site.get(f"/q/{name}")
    assert (reply.status_code, reply.headers["Cache-Control"]) == (404, "no-store")


def test_a_link_in_capitals_or_with_a_slash_leads_to_the_right_one(site: FlaskClient) -> None:
    here = made(site)
    for wrong in (f"{here}/", f"/q/{here[3:].upper()}"):
        reply = site.get(f"{wrong}?format=csv")
        assert (reply.status_code, reply.location) == (308, f"{here}?format=csv")
    assert site.get("/q").location == "/q/"


def test_the_page_about_links_says_the_limits_and_has_a_form(site: FlaskClient) -> None:
    made(site)
    page = site.get("/q/", headers=HTML).get_data(as_text=True)
    assert '<form method="post" action="/q/"' in page
    assert "8,192 bytes" in page
    assert "1 query has a link" in page
    assert set(site.options("/q/").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_the_query_page_offers_a_link_to_its_query(site: FlaskClient) -> None:
    page = site.get("/sparql", query_string={"query": QUERY}, headers=HTML).get_data(as_text=True)
    assert 'formmethod="post" formaction="/q/"' in page


def test_where_nothing_can_be_written_no_link_is_offered_and_making_one_is_503(
    dataset: Dataset, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("no folder", "utf-8")
    site = create_app(dataset=dataset, engine=engine, state=file / "state").test_client()
    page = site.get("/sparql", query_string={"query": QUERY}, headers=HTML).get_data(as_text=True)
    assert 'formaction="/q/"' not in page
    assert "keeps no new links" in site.get("/q/", headers=HTML).get_data(as_text=True)
    reply = site.post("/q/", data={"query": QUERY})
    assert (reply.status_code, "long address" in reply.get_json()["detail"]) == (503, True)
    assert str(tmp_path) not in reply.get_data(as_text=True)
    assert site.get("/q/aaaaaaaaaa").status_code == 404


def test_a_file_that_is_no_database_is_503_without_its_path(site: FlaskClient, state: Path) -> None:
    state.mkdir()
    (state / "queries.sqlite").write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    for reply in (site.get("/q/aaaaaaaaaa"), site.post("/q/", data={"query": QUERY})):
        assert reply.status_code == 503
        assert str(state) not in reply.get_data(as_text=True)


def test_when_it_is_full_nothing_is_taken_away(site: FlaskClient, state: Path) -> None:
    here = made(site)
    site.application.extensions["permalinks"] = Kept(state, Limits(queries=1))
    reply = site.post("/q/", data={"query": "ASK {}"})
    assert (reply.status_code, reply.get_json()["limit"]) == (507, 1)
    assert site.get(here).status_code == 200
    assert made(site) == here
    assert "room for no more links" in site.get("/q/", headers=HTML).get_data(as_text=True)


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_is_kept_as_a_query_or_refused_in_words(app_with_state: FlaskClient, text: str) -> None:
    reply = app_with_state.post("/q/", data={"query": f"ASK {{}} #{text}"})
    assert reply.status_code in (200, 201)
    reply = app_with_state.post("/q/", data={"query": text})
    assert reply.status_code in (200, 201, 400)


@pytest.fixture(scope="module")
def app_with_state(dataset: Dataset, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return create_app(dataset=dataset, engine=engine, state=tmp_path_factory.mktemp("many")).test_client()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("live")
    options = ("--workers", "2", "--path", "/kg/", "--state", str(folder / "state"))
    with serving(*options, log=folder / "log") as (address, _):
        yield address + "/kg"


def post(url: str, query: str) -> tuple[int, dict[str, Any]]:
    body = urllib.parse.urlencode({"query": query}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/q/", body), timeout=30) as reply:
        return reply.status, json.load(reply)


def test_the_processes_of_a_server_share_their_links(live: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda n: post(live, f"ASK {{}} # {n % 20}")[1]["id"], range(60)))
    assert len(set(told)) == 20
    for id in set(told):
        with urllib.request.urlopen(f"{live}/q/{id}.rq", timeout=30) as reply:
            assert reply.read().startswith(b"ASK {} # ")


def test_a_link_that_is_asked_for_before_it_is_made_works_afterwards(live: str) -> None:
    query = f"ASK {{ ?s ?p ?o }} # {time.time()}"
    id = next(kept.ids(sha256(query.encode()).digest()))
    for _ in range(3):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{live}/q/{id}", timeout=30)
    assert post(live, query)[1]["id"] == id
    for _ in range(4):
        with urllib.request.urlopen(f"{live}/q/{id}", timeout=30) as reply:
            assert json.load(reply)["boolean"] is True


def test_a_page_answers_while_short_links_ask_long_queries(live: str) -> None:
    heavy = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . FILTER(STR(?a) < STR(?e)) }"
    here = f"{live}/q/{post(live, heavy)[1]['id']}"

    def asked(_: int) -> int:
        try:
            return int(urllib.request.urlopen(here, timeout=60).status)
        except urllib.error.HTTPError as error:
            return error.code

    with ThreadPoolExecutor(24) as pool:
        waiting = [pool.submit(asked, n) for n in range(24)]
        time.sleep(0.5)
        with urllib.request.urlopen(f"{live}/fields?lang=es", timeout=30) as reply:
            assert reply.status == 200
        assert not all(one.done() for one in waiting)
        assert {one.result() for one in waiting} <= {503}
