"""Whatever a stranger writes, the server calls nobody: a listener at the address named in it hears nothing."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from live import serving
from probes import Reply, ask, send

SERVICES = [
    "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { service silent <URL> { ?s ?p ?o } }",
    "SELECT * { SERVICE<URL>{?s ?p ?o} }",
    "SELECT*{SERVICE#<\n<URL>#\n{?s ?p ?o}}",
    "SELECT * { SERVICESILENT<URL>{ ?s ?p ?o } }",
    "PREFIX x: <URL> SELECT * { SERVICE x: { ?s ?p ?o } }",
    "PREFIX x: <URL> SELECT * { SERVICEx:y{ ?s ?p ?o } }",
    "PREFIX service: <URL> SELECT * { SERVICE service:service { ?s ?p ?o } }",
    "BASE <URL> SELECT * { SERVICE <sparql> { ?s ?p ?o } }",
    "SELECT * { VALUES ?e { <URL> } SERVICE ?e { ?s ?p ?o } }",
    "SELECT * { BIND(IRI(CONCAT('http://', 'PLACE/')) AS ?e) SERVICE SILENT ?e { ?s ?p ?o } }",
    "SELECT * { OPTIONAL { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * { { ASK } UNION { SERVICE <URL> { ?s ?p ?o } } }",
    "SELECT * { { SELECT ?s { MINUS { SERVICE <URL> { ?s ?p ?o } } } } }",
    "ASK { FILTER NOT EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o FILTER(?o<1) SERVICE<URL>{ ?s ?p ?o FILTER(?o>1) } }",
    "SELECT * { ?s ?p '''a''' . SERVICE <URL> { ?s ?p '''b''' } }",
    'SELECT * { ?s ?p """\\ud800""" . SERVICE <URL> { ?s ?p """b""" } }',
    "SELECT * { ?s ?p 1.SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { ?s ?p <http://x/#SERVICE> . SERVICE <\\u0068ttp://PLACE/> { ?s ?p ?o } }",
    "SELECT (EXISTS { SERVICE <URL> { ?s ?p ?o } } AS ?x) {}",
    "SELECT * { GRAPH ?g { SERVICE <URL> { ?s ?p ?o } } } #" + " " * 70_000,
]
GRAPHS = [
    "SELECT * FROM <URL> { ?s ?p ?o }",
    "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT*FROM<URL>{?s ?p ?o}",
    "SELECT * from named<URL>{ GRAPH <URL> { ?s ?p ?o } }",
    "BASE <URL> ASK FROM <data.ttl> { ?s ?p ?o }",
    "PREFIX x: <URL> CONSTRUCT { ?s ?p ?o } FROM x:data.ttl WHERE { ?s ?p ?o }",
    "DESCRIBE ?s FROM <URL> { ?s ?p ?o }",
    "ASK FROM <file:///etc/hostname> { ?s ?p ?o }",
    "ASK FROM <\\u0068ttp://PLACE/> { ?s ?p ?o }",
]
UPDATES = ["LOAD <URL>", "load silent <URL> INTO GRAPH <URL>", "PREFIX x: <URL> LOAD x:data.ttl", "LOAD<URL>"]


class Listener:
    """A listener on loopback; `calls` are the connections that came."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.calls = 0
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)

    def named_in(self, text: str) -> str:
        return text.replace("URL", f"http://{self.place}/").replace("PLACE", self.place)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    time.sleep(0.5)
    made.close()
    assert made.calls == 0


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("connections") / "log"
    root = Path(__file__).parent / "corpus" / "root"
    with serving("--root", str(root), "--workers", "1", "--timeout", "5", log=log) as (address, _):
        yield address


def every_way(url: str, text: str) -> Iterator[Reply]:
    """A query by each of the protocol's ways that has room for it."""
    yield ask(url, text)
    if len(text) < 8_000:
        yield send(url, "GET", "/sparql?query=" + quote(text, safe=""))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    yield send(url, "POST", "/sparql", urlencode({"query": text}).encode(), form)
    yield send(url, "POST", "/sparql", urlencode({"query": text}).encode(), form | {"Accept": "text/html"})


def test_the_listener_hears_who_calls() -> None:
    made = Listener()
    host, port = made.place.split(":")
    socket.create_connection((host, int(port))).close()
    time.sleep(0.5)
    made.close()
    assert made.calls == 1


@pytest.mark.parametrize("text", SERVICES + GRAPHS + UPDATES)
def test_a_disguised_call_is_refused_and_not_made(url: str, listener: Listener, text: str) -> None:
    for reply in every_way(url, listener.named_in(text)):
        assert reply.status in (400, 403)
    assert listener.calls == 0


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_is_refused_and_not_made(url: str, listener: Listener, text: str) -> None:
    body = listener.named_in(text)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert send(url, "POST", "/sparql", urlencode({"update": body}).encode(), form).status == 403
    typed = {"Content-Type": "application/sparql-update"}
    assert send(url, "POST", "/sparql", body.encode(), typed).status == 403
    assert listener.calls == 0


@pytest.mark.parametrize(
    "path",
    [
        "/sparql?query=ASK{?s?p?o}&default-graph-uri=URL",
        "/sparql?query=ASK{GRAPH?g{?s?p?o}}&named-graph-uri=URL",
        "/sparql?default-graph-uri=URL&query=CONSTRUCT{?s?p?o}WHERE{?s?p?o}",
        "/rdf-graph-store?graph=URL",
        "/resource?iri=URL",
        "/resource?iri=URL&format=ttl",
        "/URL",
        "//PLACE/",
    ],
)
def test_an_address_in_a_parameter_is_not_called(url: str, listener: Listener, path: str) -> None:
    reply = send(url, "GET", listener.named_in(path).replace("{", "%7B").replace("}", "%7D"))
    assert reply.status in (200, 400, 403, 404)
    assert listener.place.encode() not in reply.headers.get("location", "").encode()
    if reply.status == 200:
        assert b"true" not in reply.body
    assert listener.calls == 0


def test_headers_are_not_called(url: str, listener: Listener) -> None:
    for name in ("Host", "Referer", "Origin", "X-Forwarded-Host", "Link", "Proxy"):
        headers = {name: listener.place, "Accept": "application/ld+json"}
        assert send(url, "GET", "/.well-known/void", headers=headers).status == 200
    assert listener.calls == 0
