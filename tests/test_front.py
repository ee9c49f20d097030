"""What stands before the application: answers that are kept, and queries that end when their client leaves."""

import gzip
import http.client
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live import serving

from citygraph.cache import Cache, Kept, Reply, keep, takes_gzip, unchanged

PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("--workers", "1", "--timeout", "20", log=tmp_path_factory.mktemp("front") / "log") as (address, _):
        yield address


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def asked(url: str, query: str) -> str:
    return f"{url}/sparql?{urllib.parse.urlencode({'query': query})}"


@pytest.mark.parametrize(
    "path", ["/city/norrkoping.ttl", "/cities", "/", "/sparql?query=SELECT+*+%7B%3Fs+a+%3Fc%7D+LIMIT+50"]
)
def test_the_second_answer_is_the_first_plain_and_packed(url: str, path: str) -> None:
    status, headers, body = get(url + path)
    assert status == 200
    for _ in range(2):
        again = get(url + path)
        assert (again[0], again[1]["etag"], again[2]) == (200, headers["etag"], body)
        packed = get(url + path, Accept_Encoding="gzip")
        assert packed[1]["content-encoding"] == "gzip"
        assert gzip.decompress(packed[2]) == body
        assert packed[1]["etag"] != headers["etag"]
        assert "Accept-Encoding" in packed[1]["vary"]


def test_what_the_client_has_is_304_without_a_body(url: str) -> None:
    for extra in ({}, {"Accept_Encoding": "gzip"}):
        _, headers, _ = get(f"{url}/city/lyon.html", **extra)
        assert get(f"{url}/city/lyon.html", If_None_Match=headers["etag"], **extra)[::2] == (304, b"")
        assert get(f"{url}/city/lyon.html", If_Modified_Since=headers["last-modified"], **extra)[::2] == (304, b"")
        assert get(f"{url}/city/lyon.html", If_None_Match='"other"', **extra)[0] == 200
        assert get(f"{url}/city/lyon.html", If_Modified_Since="yesterday", **extra)[0] == 200


def test_answers_in_different_formats_are_kept_apart(url: str) -> None:
    address = asked(url, "SELECT ?c { ?s a ?c } LIMIT 1")
    for _ in range(2):
        assert get(address, Accept="text/csv")[1]["content-type"].startswith("text/csv")
        assert get(address, Accept="application/sparql-results+json")[1]["content-type"].startswith(
            "application/sparql"
        )
        assert get(f"{url}/city/lyon", Accept="text/turtle")[2].startswith(b"@prefix")
        assert get(f"{url}/city/lyon", Accept="text/html")[2].startswith(b"<!doctype html>")


def test_a_query_by_post_is_kept_by_its_body(url: str) -> None:
    def ask(number: int) -> object:
        data = urllib.parse.urlencode({"query": f"SELECT ({number} AS ?n) {{}}"}).encode()
        with urllib.request.urlopen(f"{url}/sparql", data, timeout=30) as answer:
            return json.load(answer)["results"]["bindings"][0]["n"]["value"]

    assert [ask(1), ask(2), ask(1), ask(2)] == ["1", "2", "1", "2"]


@pytest.mark.parametrize("term", ["NOW()", "RAND()", "UUID()", "STRUUID()"])
def test_what_differs_each_time_is_never_kept(url: str, term: str) -> None:
    address = asked(url, f"SELECT ({term} AS ?x) {{}}")
    assert get(address)[2] != get(address)[2]
    assert get(address)[1]["cache-control"] == "no-store"


def test_errors_are_not_kept(url: str) -> None:
    for path, status in (("/city/nowhere", 404), ("/sparql?query=nonsense", 400)):
        for _ in range(2):
            assert get(url + path)[0] == status
        assert get(url + path)[1]["cache-control"] == "no-store"


def test_head_has_the_headers_of_get_and_no_body(url: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    for _ in range(2):
        connection.request("HEAD", "/city/lyon.ttl")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        assert answer.getheader("Content-Type") == "text/turtle; charset=utf-8"
    connection.close()


def test_a_body_that_is_too_long_is_413_also_in_pieces(url: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    pieces = iter([b" " * 65_536] * 20)
    headers = {"Content-Type": "application/sparql-query"}
    connection.request("POST", "/sparql", body=pieces, headers=headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_query_ends_when_its_client_leaves(url: str) -> None:
    """The only worker would be busy for twenty seconds; a light query is answered as soon as the clients are gone."""
    host, port = url.removeprefix("http://").split(":")
    clients = [socket.create_connection((host, int(port))) for _ in range(3)]
    for client in clients:
        client.sendall(f"GET {asked('', PRODUCT)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    time.sleep(0.5)
    for client in clients:
        client.close()
    started = time.monotonic()
    assert get(asked(url, "ASK { ?gone ?is ?it }"))[0] == 200
    assert time.monotonic() - started < 10


reply = st.builds(lambda size: Reply(200, [("content-type", "text/plain")], b"x" * size), st.integers(0, 3000))


@given(st.lists(st.tuples(st.integers(0, 9), reply), max_size=60))
def test_the_cache_stays_within_its_bound_and_gives_back_what_was_put(puts: list[tuple[int, Reply]]) -> None:
    cache = Cache(40_000)
    last: dict[int, Kept] = {}
    for key, made in puts:
        last[key] = keep(made)
        cache.put(key, last[key])
        assert cache.held <= cache.limit
        assert cache.held == sum(size for _, size in cache.entries.values())
    for key, kept in last.items():
        assert cache.get(key) in (None, kept)


def test_the_least_used_goes_first() -> None:
    cache = Cache(80_000)
    for number in range(8):
        cache.put(number, Kept(Reply(200, [], b"x" * 9000)))
        cache.get(0)
    cache.put(8, Kept(Reply(200, [], b"x" * 9000)))
    assert cache.get(0)
    assert cache.get(1) is None


def test_what_is_too_large_is_not_kept() -> None:
    cache = Cache(80_000)
    cache.put(1, Kept(Reply(200, [], b"x" * 20_000)))
    assert (cache.get(1), cache.held) == (None, 0)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip;q=0", False),
        ("*", True),
        ("identity", False),
        ("deflate,gzip ; q=1.0", True),
    ],
)
def test_accept_encoding(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_several_known_tags_weak_ones_and_a_star() -> None:
    made = Reply(200, [("etag", '"a"'), ("content-type", "text/plain"), ("vary", "Accept")], b"x")
    for known in ('"a"', 'W/"a"', '"b", "a"', "*"):
        same = unchanged(made, {"if-none-match": known})
        assert (same.status, same.headers, same.body) == (304, [("etag", '"a"'), ("vary", "Accept")], b"")
    assert unchanged(made, {"if-none-match": '"b"'}) is made


def test_a_query_at_an_address_with_slashes_too_many_keeps_no_page_waiting(url: str) -> None:
    heavy = urllib.parse.urlencode({"timeout": "3", "query": PRODUCT + " #"})
    with ThreadPoolExecutor(10) as threads:
        slow = [threads.submit(get, f"{url}/sparql/?{heavy}%20{number}") for number in range(10)]
        time.sleep(0.3)
        status, _, _ = get(f"{url}/?unseen=1")
        waiting = [each for each in slow if not each.done()]
    assert status == 200
    assert waiting


def test_a_date_without_a_zone_or_beyond_all_time_is_no_fault_of_ours(url: str) -> None:
    for text in ("Mon, 01 Jan 2024 00:00:00 -0000", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "yesterday"):
        assert get(url + "/robots.txt", If_Modified_Since=text)[0] in (200, 304)


def test_a_post_is_answered_whatever_the_client_has(url: str) -> None:
    headers = {"Content-Type": "application/sparql-query", "If-None-Match": "*"}
    with urllib.request.urlopen(urllib.request.Request(url + "/sparql", b"ASK {}", headers), timeout=10) as reply:
        assert (reply.status, b"true" in reply.read()) == (200, True)


def test_what_only_the_engine_reads_as_a_call_is_not_kept_either(url: str) -> None:
    for text in ("SELECT ?x { VALUES (?x ?b) { (0.1 1) } FILTER(?x<RAND()&&?b>0) }", "SELECT * {} ORDER BYRAND()"):
        assert get(asked(url, text), Accept="text/csv")[1]["cache-control"] == "no-store"
