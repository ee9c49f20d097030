"""Whoever waits for an answer, and what happens to the query when it leaves."""

import contextlib
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from threading import Lock

from citygraph.errors import WorkerLost


class Asker:
    """Whoever waits for an answer. When it leaves, the query that is run for it ends."""

    def __init__(self) -> None:
        self.left = False
        self._lock = Lock()
        self._connections: set[socket.socket] = set()

    @contextlib.contextmanager
    def waiting(self, connection: socket.socket) -> Iterator[None]:
        """While an answer is awaited on the connection."""
        with self._lock:
            if self.left:
                raise WorkerLost("Whoever asked has left.")
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)

    def leave(self) -> None:
        """Hang up; from any thread, once or more."""
        with self._lock:
            self.left = True
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)
"""Set by whoever can tell that its client has left, around the call that asks."""
