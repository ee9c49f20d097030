"""Addresses that nobody sends in good faith get a clean 4xx: no trace, no file, no header of theirs."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from live import serving
from werkzeug.test import EnvironBuilder, run_wsgi_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

HOSTILE = [
    "/../../etc/passwd",
    "/static/../../server.py",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/%2e%2e%2f%2e%2e%2fserver.py",
    "/city/norrkoping%00",
    "/city/%00.html",
    "/city/%0d%0aSet-Cookie:%20a=b",
    "/city/norrkoping%0d%0aX: y.ttl",
    "/%ff%fe",
    "/city/%C3%28",
    "/city/<script>alert(1)</script>",
    "/city/" + "a" * 70_000,
    "/?x=" + "a" * 70_000,
    "/city/{{7*7}}",
    "/city/norrkoping.ttl?format=%ff",
    "/cities?lang=%0d%0aX:y",
    "/cities?lang='><script>",
    "/resource?iri=javascript:alert(1)",
    "/resource?iri=http://x/%0d%0aSet-Cookie:a",
    "/resource?iri=http://x/%ff",
    "/resource?iri=http://x/%3E%3Cb",
    "/graph/..%2f..%2fdata",
    "/queries/pages/cities.rq",
    "/thing/known",
    "/home/figures",
    "/city/norrkoping.exe",
    "/city/norrkoping..ttl",
    "/wikidata/../../etc/passwd",
    "/wikidata/Q1%0d%0aSet-Cookie:%20a=b",
    "/wikidata/%22%20%7D%20UNION%20%7B",
    "/wikidata/Q25724%00",
    "/geonames/2688368%ff",
    "/geonames/%00",
    "/city/norrkoping.ttl?format=nt",
    "/cities?%ff=1",
    "/cities?format=%00",
    "/" + "a/" * 30_000,
    "/city/" + "%C3%A4" * 12_000,
    "/city/norrkoping?" + "a=b&" * 300,
    "/\\..\\..\\windows\\win.ini",
    "/%5c%5cevil.example/x",
    "/resource?iri=http://x/%7B%7D",
    "/rdf-graph-store?graph=file:///etc/passwd",
    "/rdf-graph-store?graph=%00",
]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path[:40])
@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/turtle"], ids=["browser", "any", "turtle"])
def test_hostile_addresses_are_a_clean_4xx(client: FlaskClient, path: str, accept: str) -> None:
    reply = client.get(path, headers={"Accept": accept})
    assert 400 <= reply.status_code < 500
    assert "Set-Cookie" not in reply.headers
    assert "X" not in reply.headers
    assert reply.headers["Cache-Control"] == "no-store"
    for leak in ("Traceback", str(Path.cwd()), "site-packages", "<script>", "root:"):
        assert leak not in reply.text


PLACES = ["/", "/city/norrkoping", "/city/norrkoping.ttl", "/fields", "/sparql?query=ASK%7B%7D", "/nothing"]
ACCEPTS = {
    "long": "text/turtle, " * 8000,
    "long and nothing": "x/y;q=0.1, " * 10_000,
    "one long name": "a" * 100_000 + "/b",
    "one long parameter": "text/html;p=" + "a" * 100_000,
    "open quote": 'text/html;p="' + "\\" * 99_999,
    "only semicolons": ";" * 100_000,
    "only commas": "," * 100_000,
}


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("accept", ACCEPTS.values(), ids=ACCEPTS.keys())
def test_an_accept_header_of_100_000_characters_is_read_or_refused(client: FlaskClient, path: str, accept: str) -> None:
    reply = client.get(path, headers={"Accept": accept})
    assert reply.status_code in (200, 303, 404, 406)
    assert reply.status_code != 404 or path == "/nothing"
    assert "aaaaaaaaaa" not in reply.text


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "X-Script-Name"])
@pytest.mark.parametrize("path", ["/", "/city/norrkoping", "/city/Norrkoping", "/city/lyon.html", "//x//y", "/cities/"])
def test_no_header_of_a_stranger_gets_into_a_reply(client: FlaskClient, path: str, header: str) -> None:
    reply = client.get(path, headers={header: "evil.example"})
    assert "evil.example" not in str(reply.headers) + reply.text


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with serving("--workers", "1", log=tmp_path_factory.mktemp("hostile") / "log") as (address, _):
        host, port = address.removeprefix("http://").split(":")
        yield host, int(port)


RAW = [
    b"GET /../../../../etc/passwd HTTP/1.1",
    b"GET /static/../../server.py HTTP/1.1",
    b"GET /static/%2e%2e%2f%2e%2e%2fserver.py HTTP/1.1",
    b"GET /city/norrkoping%00 HTTP/1.1",
    b"GET /city/\xff\xfe HTTP/1.1",
    b"GET /city/%ff%fe HTTP/1.1",
    b"GET /city/%0d%0aSet-Cookie:%20a=b HTTP/1.1",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
    b"GET /cities?x=%ff HTTP/1.1",
    b"GET /nothing HTTP/1.1\r\nAccept: " + b"a/b, " * 20_000,
    b"GET /nothing HTTP/1.1\r\nAccept: text/turtle\r\nAccept: text/html;q=\xff",
    b"GET\x00/ HTTP/1.1",
    b"G\xc3\xa9T / HTTP/1.1",
    b"GET / HTTP/9.9",
]


@pytest.mark.parametrize("request_", RAW, ids=lambda raw: str(raw[:40]))
def test_a_server_answers_raw_bytes_with_a_clean_4xx(live: tuple[str, int], request_: bytes) -> None:
    with socket.create_connection(live, timeout=20) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(request_ + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := client.recv(65_536):
                answer += part
    assert not answer or answer.split(b" ", 2)[1].startswith(b"4"), answer[:200]
    for leak in (b"Traceback", b"site-packages", b"root:", b"\r\nSet-Cookie", str(Path.cwd()).encode()):
        assert leak not in answer
    # And it goes on serving.
    with socket.create_connection(live, timeout=20) as client:
        client.sendall(b"GET /city/norrkoping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 303")


def test_a_newline_in_the_raw_address_splits_no_header(client: FlaskClient) -> None:
    environ = EnvironBuilder("/city/Norrkoping").get_environ() | {"QUERY_STRING": "a=b\r\nX: y"}
    _, status, headers = run_wsgi_app(client.application, environ)
    assert int(status.split()[0]) in (308, 400)
    assert all("\n" not in value and "\r" not in value for _, value in headers)
