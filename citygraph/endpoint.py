"""A store at the other end of a connection, as HTTP sees it: bounded in time, in size and in number of requests."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPHeaderDict, HTTPResponse, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    SSLError,
    TimeoutError,
)

from citygraph.asking import ASKER
from citygraph.credentials import Authorization, Credentials
from citygraph.errors import Busy, EngineError, ResultTooLarge, TimedOut

CONNECTING = 3.0
"""Seconds to connect: a store that takes longer is not there."""
WAITING = 1.0
"""Seconds that a request waits for its turn."""
AGENT = "creative-cities-graph"


class StoreFailed(EngineError):
    """The store answered, and not with what it was asked for."""

    status = 502
    title = "The store failed"


class StoreUnreachable(EngineError):
    """No connection to the store; headers say when to try again."""

    status = 503
    title = "The store cannot be reached"


@dataclass(frozen=True)
class Reply:
    """A whole reply. `ended` says whether its end was marked, so that it cannot have been cut in silence."""

    status: int
    headers: HTTPHeaderDict
    body: bytes
    ended: bool

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


class _Open(Protocol):
    def fileno(self) -> int: ...


@contextmanager
def _cut_after(seconds: float, connection: _Open) -> Iterator[None]:
    """Shut the connection down in that time. Time-outs of sockets begin anew with every byte that trickles in."""
    timer = threading.Timer(max(seconds, 0.001), _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: _Open) -> None:
    # What is closed already has no number, and what the other side has ended cannot be shut down.
    with suppress(OSError, ValueError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)


def _left(connection: socket.socket) -> AbstractContextManager[None]:
    asker = ASKER.get()
    return asker.waiting(connection) if asker else nullcontext()


class _Plain(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with _cut_after(float(self.timeout or CONNECTING), self.sock), _left(self.sock):
            return super().getresponse()


class _Secure(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with _cut_after(float(self.timeout or CONNECTING), self.sock), _left(self.sock):
            return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class Endpoint:
    """One address of a store. At most `connections` requests at once in each process.

    Raises ValueError for an address that is none, or that holds a password."""

    def __init__(self, url: str, credentials: Credentials | None = None, *, connections: int = 8) -> None:
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("the address of the store holds a name or a password; say them in the environment")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise ValueError(f"{url!r} is no address of a store, such as https://example.org/sparql")
        self.url = url
        self._connections = connections
        self._authorization = Authorization(credentials or Credentials(), url)
        self._begin()

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r})"

    def _begin(self) -> None:
        parts = urlsplit(self.url)
        kind = _SecurePool if parts.scheme == "https" else _PlainPool
        self._pool = kind(str(parts.hostname), parts.port, maxsize=self._connections, retries=False)
        self._turns = threading.BoundedSemaphore(self._connections)
        self._process = os.getpid()

    def request(
        self,
        method: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float,
        max_body: int,
        url: str | None = None,
    ) -> Reply:
        """The reply to one request, whatever its status; redirects are not followed. `seconds` is for all of it,
        waiting included, and `max_body` in bytes. `url` may name another address on the same server.

        Raises Busy, TimedOut, ResultTooLarge, StoreUnreachable or StoreFailed."""
        if os.getpid() != self._process:
            # Two processes on one connection would read each other's answers.
            self._begin()
        deadline = time.monotonic() + seconds
        turns = self._turns
        if not turns.acquire(timeout=min(WAITING, seconds)):
            raise Busy("The store has as many queries of ours as it may.", headers={"Retry-After": "2"})
        try:
            return self._exchange(method, url or self.url, headers, body, deadline, max_body)
        except (ProtocolError, TimeoutError, HTTPError) as error:
            raise _translated(error, seconds, deadline) from None
        finally:
            turns.release()

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: float, max_body: int
    ) -> Reply:
        for attempt in range(3):
            sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
            try:
                sent |= self._authorization.headers(method, url)
                opened = self._open(method, url, sent, body, deadline)
            except ProtocolError:
                # The store has closed a connection that we had kept; asking twice does no harm.
                if attempt or time.monotonic() > deadline:
                    raise
                continue
            except ValueError:
                raise StoreFailed("The store asks for a way to identify ourselves that we do not know.") from None
            reply = self._read(opened, deadline, max_body)
            if (
                reply.status != 401
                or attempt == 2
                or not self._authorization.answer(reply.headers.getlist("WWW-Authenticate"))
            ):
                break
        return reply

    def _open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> BaseHTTPResponse:
        left = max(deadline - time.monotonic(), 0.001)
        parts = urlsplit(url)
        return self._pool.urlopen(
            method,
            f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
            body=body or None,
            headers=headers,
            timeout=Timeout(connect=min(CONNECTING, left), read=left),
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _read(self, opened: BaseHTTPResponse, deadline: float, max_body: int) -> Reply:
        pieces, size, complete = [], 0, False
        ended = "Content-Length" in opened.headers or opened.headers.get("Transfer-Encoding", "").lower() == "chunked"
        try:
            with _cut_after(deadline - time.monotonic(), opened):
                for piece in opened.stream(1 << 16, decode_content=False):
                    pieces.append(piece)
                    size += len(piece)
                    if size > max_body:
                        raise ResultTooLarge(
                            f"The store's answer is longer than {max_body:,} bytes.",
                            hint="Ask for less at a time, with LIMIT and OFFSET, or take a dump.",
                            limit_bytes=max_body,
                        )
            if time.monotonic() >= deadline:
                raise TimeoutError
            complete = True
        finally:
            # A connection with an answer half read would give its rest to the next who asks.
            if complete:
                opened.release_conn()
            else:
                opened.close()
        if opened.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise StoreFailed("The store compressed its answer, unasked.")
        return Reply(opened.status, HTTPHeaderDict(opened.headers), b"".join(pieces), ended)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pool.close()


def _translated(error: HTTPError, seconds: float, deadline: float) -> EngineError:
    """What went wrong on the way, without addresses: a stranger reads it."""
    again = {"Retry-After": "5"}
    if isinstance(error, NewConnectionError | ConnectTimeoutError):
        return StoreUnreachable("The store that holds the graph cannot be reached.", headers=again)
    if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
        return TimedOut(f"The store did not answer within {seconds:g} seconds.", limit_seconds=seconds)
    if isinstance(error, SSLError):
        return StoreUnreachable("The store's certificate is not one to trust.", headers=again)
    return StoreFailed("The store broke off its answer.")
