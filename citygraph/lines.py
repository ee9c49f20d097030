"""Asking the query workers from an event loop, over connections that stay open.

A line is such a connection. A worker that is idle may leave it for somebody who waits: then the line is dropped, and
the next query opens another. A request goes over a line that is free; when none is, it waits a moment for one before it
asks for a further worker, so that a short query in front of it costs less than a new connection.
"""

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from citygraph import frames
from citygraph.errors import KINDS, EngineError, WorkerLost
from citygraph.frames import Head
from citygraph.worker import LOST
from citygraph.workers import BURST, Pool

MOMENT = 0.002
"""Seconds that a request waits for a line of its own process before it opens another."""
WATCHED = 0.05
"""Seconds after which it is looked whether the client is still there."""


class Left(Exception):
    """The client hung up before its answer; the query was ended."""


class Line:
    """An open connection to a worker, with at most one request on it."""

    def __init__(self, lines: "Lines", connection: socket.socket) -> None:
        self.lines = lines
        self.connection = connection
        self.leash: int | None = None
        self.data = bytearray()
        self.answer: asyncio.Future[tuple[Head, bytes]] | None = None
        lines.loop.add_reader(connection.fileno(), self.hear)

    def ask(self, frame: bytes) -> asyncio.Future[tuple[Head, bytes]]:
        """Send a request. Raises ConnectionError when the worker has left, which is then not known of the request."""
        if self not in self.lines.open:
            raise ConnectionResetError("the worker has left")
        if self.leash is None:
            theirs, self.leash = os.pipe()
            try:
                frames.ask(self.connection, frame, theirs)
            finally:
                os.close(theirs)
        elif self.connection.send(frame) < len(frame):
            raise ConnectionResetError("the request was not sent whole")
        self.answer = self.lines.loop.create_future()
        return self.answer

    def hear(self) -> None:
        """Take what has come: an answer, a part of one, or the end."""
        try:
            data = self.connection.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionError as error:
            self.drop(error)
            return
        if not data:
            self.drop(EOFError())
            return
        self.data += data
        if found := frames.unframed(self.data):
            self.data = bytearray()
            answer, self.answer = self.answer, None
            if answer and not answer.done():
                answer.set_result(found)

    def drop(self, reason: Exception | None = None) -> None:
        """Close it, which ends the query that is on it."""
        if self.connection.fileno() >= 0:
            self.lines.loop.remove_reader(self.connection.fileno())
            self.connection.close()
            if self.leash is not None:
                os.close(self.leash)
        self.lines.forget(self)
        if self.answer and not self.answer.done() and reason:
            self.answer.set_exception(reason)


class Lines:
    """The lines of one process to the workers of a pool. Make it in the loop's thread; the pool was started before."""

    def __init__(self, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
        self.pool = pool
        self.loop = loop
        self.open: set[Line] = set()
        self.idle: list[Line] = []
        self.waiting: deque[asyncio.Future[Line]] = deque()

    async def run(
        self, request: dict[str, Any], timeout: float | None, gone: Callable[[], Awaitable[object]]
    ) -> tuple[Head, bytes]:
        """The head and the body of a worker's answer. `timeout` may only shorten the pool's; `gone` awaits the client's
        leaving.

        Raises Left, Busy, TimedOut, WorkerLost, or the error that the worker met.
        """
        limit = self.pool.limit(timeout)
        deadline = time.monotonic() + limit
        frame = frames.framed(request | {"stay": True})
        while True:
            line = await self.line()
            try:
                head, body = await self.over(line, frame, deadline, limit, gone)
                break
            except ConnectionError:
                # Nobody had read it: see Pool.run.
                line.drop()
                if time.monotonic() > deadline:
                    raise WorkerLost("The query workers are starting again.", headers={"Retry-After": "1"}) from None
        self.free(line)
        if "error" in head:
            raise KINDS[head["error"]](head["detail"], headers=head["headers"], **head["extra"])
        return head, body

    async def over(
        self, line: Line, frame: bytes, deadline: float, limit: float, gone: Callable[[], Awaitable[object]]
    ) -> tuple[Head, bytes]:
        """One request over one line."""
        answer = line.ask(frame)
        guards: list[asyncio.Task[None]] = []

        def watch() -> None:
            guards.append(self.loop.create_task(self.guard(line, answer, deadline, limit, gone)))

        later = self.loop.call_later(min(WATCHED, limit), watch)
        try:
            return await answer
        except EOFError:
            raise WorkerLost(LOST) from None
        except (Left, EngineError, asyncio.CancelledError):
            line.drop()
            raise
        finally:
            later.cancel()

    async def guard(
        self,
        line: Line,
        answer: asyncio.Future[tuple[Head, bytes]],
        deadline: float,
        limit: float,
        gone: Callable[[], Awaitable[object]],
    ) -> None:
        """See that whoever awaits a slow answer gets one, in time and only while the client is there."""
        left = asyncio.ensure_future(gone())
        waiting: set[asyncio.Future[Any]] = {answer, left}
        rest = max(0.0, deadline - time.monotonic())
        await asyncio.wait(waiting, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.set_exception(Left() if left.done() else self.pool.late(line.connection, limit))
        left.cancel()

    async def line(self) -> Line:
        """A free line, or a new one."""
        if self.idle:
            return self.idle.pop()
        if self.open and (line := await self.soon()):
            return line
        return await self.opened()

    async def soon(self) -> Line | None:
        """A line that becomes free in a moment."""
        turn: asyncio.Future[Line] = self.loop.create_future()
        self.waiting.append(turn)
        try:
            await asyncio.wait((turn,), timeout=MOMENT)
        except asyncio.CancelledError:
            if not turn.cancel():
                self.free(turn.result())
            raise
        if turn.done():
            return turn.result()
        turn.cancel()
        return None

    async def opened(self) -> Line:
        """A new line, or one that becomes free while the queue is full.

        Raises Busy when it stays full, WorkerLost when there is nobody."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            patience = time.monotonic() + BURST
            while not self.pool.connected(connection):
                if line := await self.soon():
                    connection.close()
                    return line
                if time.monotonic() > patience:
                    raise self.pool.full()
        except BaseException:
            connection.close()
            raise
        line = Line(self, connection)
        self.open.add(line)
        return line

    def free(self, line: Line) -> None:
        """Give a line to whoever waits longest."""
        if line not in self.open:
            return
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(line)
                return
        self.idle.append(line)

    def close(self) -> None:
        """Drop all lines, and end what is asked over them."""
        for line in list(self.open):
            line.drop(EOFError())

    def forget(self, line: Line) -> None:
        self.open.discard(line)
        if line in self.idle:
            self.idle.remove(line)
