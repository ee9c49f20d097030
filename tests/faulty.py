"""A store that does what the test wants: an HTTP server in a thread that answers every request in one way."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from citygraph.credentials import Credentials
from citygraph.remote import Remote

BASE = "https://example.org/"
JSON, NT = "application/sparql-results+json", "application/n-triples"
SELECT = "SELECT ?o { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT WHERE { ?s ?p ?o }"
ROWS = b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"literal","value":"a","xml:lang":"sv"}}]}}'
YES = b'{"head":{},"boolean":true}'
FACT = b'<s:s> <p:p> "\\u00F6"@sv .\n'

Behaviour = Callable[["Request"], None]


class Seen(NamedTuple):
    """What a request brought."""

    authorization: str
    body: bytes


class Request(BaseHTTPRequestHandler):
    """One request; the server's `behaviour` answers it."""

    protocol_version = "HTTP/1.1"
    server: "Faulty"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(Seen(self.headers.get("Authorization", ""), body))
        self.server.behaviour(self)

    do_PUT = do_POST

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send(self, status: int, content_type: str, body: bytes, length: int | None = None, **headers: str) -> None:
        """A reply; `length` is what Content-Length says, -1 for nothing."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def reset(self) -> None:
        """End the connection as a crashing process does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class Faulty(ThreadingHTTPServer):
    """Where it listens is `url`; `stopped` is set when the test is over."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.behaviour = behaviour
        self.seen: list[Seen] = []
        self.stopped = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/sparql"

    def handle_error(self, *_: object) -> None:
        """The other side hanging up is what many of the tests are about."""


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Faulty]:
    """The running server."""
    with Faulty(behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Elsewhere:
    """The dataset that the store is said to hold."""

    base: str = BASE
    prefixes: dict[str, str] = field(default_factory=lambda: {"ccn": f"{BASE}ontology#"})
    graphs: frozenset[str] = frozenset(f"{BASE}graph/{part}" for part in ("ontology", "data", "shapes", "derived"))


def graph(part: str) -> str:
    return f"{BASE}graph/{part}"


def over(store: Faulty, known: Credentials | None = None, **limits: float) -> Remote:
    return Remote(Elsewhere(), store.url, known, **({"timeout": 5.0} | limits))  # type: ignore[arg-type]


def replying(content_type: str, body: bytes, status: int = 200, **headers: str) -> Behaviour:
    return lambda request: request.send(status, content_type, body, **headers)  # type: ignore[arg-type]
