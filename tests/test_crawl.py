"""Following links: from the first page everything is reached, and nothing that is linked is missing."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bench.crawl import Get, Page, Reply, Report, crawl, digest_of, digested, visit
from citygraph.dataset import load
from citygraph.engine import Embedded
from server import create_app

ROOTS = Path(__file__).parent / "roots"
SHARE = 12
"""The data documents of one thing in twelve are compared here, those of all by `python -m bench.crawl`."""


def getting(client: FlaskClient) -> Get:
    """Gets by the test client, which keeps nothing."""

    def get(address: str, headers: Mapping[str, str]) -> Reply:
        with client.get(address, headers=dict(headers)) as reply:
            found = {key.lower(): value for key, value in reply.headers}
            return Reply(reply.status_code, found, reply.headers.getlist("Link"), reply.data)

    return get


@pytest.fixture(scope="module")
def report(app: Flask) -> Report:
    return crawl(getting(app.test_client()), share=SHARE)


def test_no_link_is_dead_and_every_second_visit_finds_nothing_new(report: Report) -> None:
    assert report.faults == []


def test_every_thing_of_the_graph_is_reached_by_links_and_has_a_page(report: Report) -> None:
    assert len(report.things) > 1100
    for thing in report.things:
        seen = report.seen[thing]
        assert seen.status == 303
        assert report.seen[seen.location].media_type == "text/html"


def test_documents_of_a_thing_say_the_same_in_every_syntax(report: Report) -> None:
    compared = 0
    for thing in report.things:
        documents = [f"{thing}.{suffix}" for suffix in ("ttl", "nt", "jsonld", "rdf", "json")]
        if documents[0] in report.seen:
            assert len({report.seen[document].digest for document in documents}) == 1, thing
            assert report.seen[documents[0]].digest
            compared += 1
    assert compared > len(report.things) / SHARE / 2


@pytest.mark.parametrize("root", ["lighthouses"])
def test_a_site_of_another_graph_has_no_dead_link_either(root: str) -> None:
    dataset = load(ROOTS / root)
    engine = Embedded(dataset, workers=1)
    try:
        found = crawl(getting(create_app(dataset=dataset, engine=engine).test_client()))
    finally:
        engine.close()
    # What no list, no page and no example names is found by its address alone.
    assert [fault for fault in found.faults if not fault.endswith("no link leads there")] == []
    assert found.things


def site(pages: Mapping[str, str]) -> Get:
    """A site of a few pages, of which each is the same at every visit."""

    def get(address: str, headers: Mapping[str, str]) -> Reply:
        if address not in pages:
            return Reply(404, {"content-type": "text/plain"}, [], b"none")
        status = 304 if headers.get("If-None-Match") == '"1"' else 200
        body = b"" if status == 304 else pages[address].encode()
        return Reply(status, {"content-type": "text/html; charset=utf-8", "etag": '"1"'}, [], body)

    return get


def test_the_crawler_sees_a_dead_link_and_an_anchor_that_is_not_there() -> None:
    seen = visit(site({"/": '<p id="a"><a href="b#c">b</a><a href="#a">a</a>'}), "/", {})
    assert (seen.status, seen.links, seen.anchors, seen.faults) == (200, {"/b#c", "/#a"}, {"a"}, ())
    assert visit(site({}), "/b", {}).faults == ("status 404",)


def test_the_crawler_sees_a_page_that_changes_at_every_visit() -> None:
    def get(address: str, headers: Mapping[str, str]) -> Reply:
        return Reply(200, {"content-type": "text/html", "etag": '"1"'}, [], b"<p>")

    assert visit(get, "/", {}).faults == ("status 200 at the second visit",)


def test_the_crawler_sees_two_graphs_that_differ() -> None:
    turtle = Reply(200, {"content-type": "text/turtle"}, [], b"<http://e/a> <http://e/p> [ <http://e/q> 1 ] .")
    one = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    lines = f"<http://e/a> <http://e/p> _:x .\n_:x <http://e/q> {one} .".encode()
    same = Reply(200, {"content-type": "application/n-triples"}, [], lines)
    other = Reply(200, {"content-type": "application/n-triples"}, [], b'_:x <http://e/q> "1" .')
    get = site({})
    assert digested(get, turtle, {}) == digested(get, same, {}) != digested(get, other, {})
    assert digest_of([]) != digested(get, other, {})


def test_a_page_is_read_for_links_of_every_kind() -> None:
    page = Page('<link href="s.css"><a href="a">a</a><form action="f"></form><img src="i.png" id="i">')
    assert (page.links, page.anchors) == ({"s.css", "a", "f", "i.png"}, {"i"})
