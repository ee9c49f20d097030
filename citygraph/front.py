"""What stands between the web server and the application: kept answers, and an eye on the client while it waits.

granian speaks RSGI to this. A reply that is kept goes out at once, and queries take the straight way to a worker.
Everything else is run by the WSGI application in a thread; what may be a query has threads of its own, so pages never
wait behind it. When the client hangs up, its query ends.
"""

import asyncio
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from hashlib import sha256
from typing import Any

from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope  # type: ignore[attr-defined]

from citygraph import straight
from citygraph.asking import ASKER, Asker
from citygraph.cache import Cache, Headers, Kept, Reply, keep, unchanged
from citygraph.engine import Embedded
from citygraph.lines import Left, Lines
from citygraph.ranges import Piece
from citygraph.wording import accepted

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

MAX_BODY = (1 << 20) + 1
"""One byte more than the application reads, so that it sees, and says, when a body is too long."""

BODY_SECONDS = 30.0
LONGEST_KEY = 8192
PAGE_THREADS = 8
SHORT = 1 << 13
"""Bytes of a body that are compressed in the event loop."""


class Front:
    """The RSGI application. `queries` are the paths whose requests get the `threads` for queries, or, with an embedded
    `engine`, take the straight way. What stands below the paths in `below` gets those threads only. `mark` changes when
    what is kept may no longer be true."""

    def __init__(
        self,
        application: Application,
        *,
        queries: set[str],
        threads: int,
        cache: int,
        engine: Embedded | None = None,
        below: tuple[str, ...] = (),
        mark: Callable[[], str] = str,
    ) -> None:
        self.application = application
        self.mark = mark
        self.queries = queries
        self.threads = threads
        self.cache = Cache(cache)
        self.engine = engine
        self.below = below
        self.lines: Lines | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """In each process of the web server, once it is forked."""
        # A server whose main process was killed could not be restarted while its children hold the port.
        loop.add_reader(os.pidfd_open(os.getppid()), os._exit, 1)
        self.pages = ThreadPoolExecutor(PAGE_THREADS, "page")
        self.asking = ThreadPoolExecutor(self.threads, "query")
        if self.engine:
            self.lines = Lines(self.engine.pool, loop)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        headers = dict_of(scope.headers.items())
        with contextlib.suppress(ProtocolClosed, Left):
            try:
                body = await asyncio.wait_for(read(protocol), BODY_SECONDS) if has_body(scope, headers) else b""
            except TimeoutError:
                send(protocol, Reply(408, [("connection", "close"), ("cache-control", "no-store")], b""))
                return
            key = self.key(scope, headers, body)
            kept = self.cache.get(key) if key else None
            if kept is None:
                kept = await self.reply(scope, protocol, headers, body)
                if key and cacheable(kept.plain):
                    self.cache.put(key, kept, sum(map(len, key)))
            accepted = headers.get("accept-encoding", "")
            if kept.unpacked(accepted):
                await self.packed(kept)
                if key and cacheable(kept.plain):
                    self.cache.put(key, kept, sum(map(len, key)))
            reply = kept.variant(accepted)
            # Conditions are for what is read: a POST is answered.
            send(protocol, reply if scope.method == "POST" else unchanged(reply, headers), scope.method == "HEAD")

    def key(self, scope: Scope, headers: dict[str, str], body: bytes) -> tuple[str | bytes, ...] | None:
        """What the reply depends on, or None where a reply is not kept."""
        method = asked(scope)
        if not self.cache.limit or method not in ("GET", "POST") or "range" in headers:
            return None
        accept, kind = headers.get("accept", ""), headers.get("content-type", "")
        language = accepted(headers.get("accept-language"))
        told = sha256(body).digest() if body else b""
        key = (method, scope.path, scope.query_string, accept, kind, language, self.mark(), told)
        return key if sum(map(len, key)) < LONGEST_KEY else None

    async def reply(self, scope: Scope, protocol: HTTPProtocol, headers: dict[str, str], body: bytes) -> Kept:
        """The reply of the straight way or of the application. Raises `Left` when the client hung up before it."""
        environ = None
        if spelt(scope.path) in self.queries or spelt(scope.path).startswith(self.below):
            found = None
            if self.engine and self.lines and scope.path in self.queries:
                gone = protocol.client_disconnect
                found = await straight.answer(
                    self.engine, self.lines, asked(scope), headers, scope.query_string, body, gone
                )
            if isinstance(found, Reply):
                return keep(found)
            environ = environment(scope, headers, body)
            if found is None:
                return await self.watched(protocol, environ)
            environ[straight.FAILED] = found
        loop = asyncio.get_running_loop()
        environ = environ or environment(scope, headers, body)
        return keep(await loop.run_in_executor(self.pages, call, self.application, environ))

    async def watched(self, protocol: HTTPProtocol, environ: dict[str, Any]) -> Kept:
        """The application's reply to what may take a query; it ends with its client."""
        loop = asyncio.get_running_loop()
        asker = Asker()
        context = copy_context()
        context.run(ASKER.set, asker)
        answer = loop.run_in_executor(self.asking, context.run, call, self.application, environ)
        gone = asyncio.ensure_future(protocol.client_disconnect())
        try:
            waiting: set[asyncio.Future[Any]] = {answer, gone}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return keep(answer.result())
            asker.leave()
            await answer
            raise Left
        finally:
            gone.cancel()

    async def packed(self, kept: Kept) -> None:
        """Compress a reply, what takes long in a thread."""
        if len(kept.plain.body) < SHORT:
            kept.pack()
        else:
            await asyncio.get_running_loop().run_in_executor(self.pages, kept.pack)


def spelt(path: str) -> str:
    """A path as the application reads it, to which slashes too many are none."""
    return "/" + "/".join(filter(None, path.split("/"))) if path.endswith("/") or "//" in path else path


def asked(scope: Scope) -> str:
    """The method of a request. HEAD is GET until the reply is sent, so that its headers are the same."""
    return "GET" if scope.method == "HEAD" else str(scope.method)


def has_body(scope: Scope, headers: dict[str, str]) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers or scope.method in ("POST", "PUT", "PATCH")


async def read(protocol: HTTPProtocol) -> bytes:
    """The body, or its beginning when it is longer than the application would read."""
    body = bytearray()
    async for chunk in protocol:
        body += chunk
        if len(body) > MAX_BODY:
            break
    return bytes(body[:MAX_BODY])


def dict_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; what comes in several lines is one list."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def environment(scope: Scope, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request. Conditions are left out: they are looked at when the reply is there. A range
    is for GET alone."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": asked(scope),
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode("utf-8", "surrogateescape").decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    skipped = {"content-type", "content-length", "transfer-encoding", "if-none-match", "if-modified-since", "proxy"}
    if scope.method == "HEAD":
        skipped.add("range")
    for name, value in headers.items():
        if name not in skipped and "_" not in name:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ


def call(application: Application, environ: dict[str, Any]) -> Reply:
    """One call of a WSGI application, as a whole; of a file only which piece of it."""
    told: list[tuple[str, Headers]] = []

    def start(status: str, headers: Headers, _: object = None) -> Callable[[bytes], None]:
        told[:] = [(status, headers)]
        return written.append

    written: list[bytes] = []
    parts = application(environ, start)
    piece = parts if isinstance(parts, Piece) else None
    try:
        body = b"" if piece else b"".join([*written, *parts])
    finally:
        getattr(parts, "close", lambda: None)()
    status, headers = told[0]
    return Reply(int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers], body, piece)


def cacheable(reply: Reply) -> bool:
    """Whether a reply may be sent again: it is whole, says that it may, and has an ETag if it has content."""
    lasting = bool(reply.header("etag")) if reply.status == 200 else reply.status in (301, 303, 308)
    return lasting and reply.piece is None and "public" in reply.header("cache-control")


def send(protocol: HTTPProtocol, reply: Reply, bare: bool = False) -> None:
    """Send a reply, or the headers that it would have."""
    if bare and not reply.header("content-length"):
        reply = Reply(reply.status, [*reply.headers, ("content-length", str(len(reply.body)))], b"")
    if reply.piece and reply.piece.stop and not bare:
        # By its path, and read as fast as the client takes it; what is streamed to granian waits in memory.
        protocol.response_file_range(
            reply.status, reply.headers, str(reply.piece.path), reply.piece.start, reply.piece.stop
        )
    elif reply.body and not bare:
        protocol.response_bytes(reply.status, reply.headers, reply.body)
    else:
        protocol.response_empty(reply.status, reply.headers)
