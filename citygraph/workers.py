"""Killable query processes: a zygote that holds the store and forks, workers that answer, and the way to ask
them.

The zygote is forked from the process that loaded the store and does nothing but fork workers and reap them.
Workers accept on one listening Unix socket in a private folder; its backlog is the queue, shared by every
process that asks. To let go of a query is to kill it: the kernel then ends the worker that was at it
(`worker._die_with`), and the zygote forks another. A worker that is at one query for long gets a stand-in, so
that light queries do not wait behind heavy ones.

Any process that holds the Pool, and with it the store, may ask; when it finds the zygote dead it forks a new
one.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import tempfile
import termios
import time
import warnings
from pathlib import Path
from typing import Any

from citygraph import frames, worker
from citygraph.asking import ASKER
from citygraph.errors import KINDS, Busy, TimedOut, WorkerLost
from citygraph.zygote import Zygote

BURST = 0.02
"""Seconds that a connection refused by a full queue is tried again: idle workers may just not have woken
up yet."""


class Pool:
    """`size` workers that run `answering`. `timeout` in seconds, `memory` and bodies in bytes; `queue` is how
    many callers may wait for a worker, over all processes."""

    def __init__(
        self,
        answering: worker.Answering,
        *,
        size: int = 4,
        timeout: float = 10.0,
        memory: int = 1 << 30,
        queue: int = 32,
    ) -> None:
        self.answering = answering
        self.size = size
        self.timeout = timeout
        self.memory = memory
        self.queue = queue
        self.folder = Path(tempfile.mkdtemp(prefix="citygraph-"))
        self.address = str(self.folder / "workers")
        self.owner = os.getpid()

    def start(self) -> None:
        """Fork the zygote, before the process starts threads. Once; a forked process then only asks."""
        worker.give_back()
        atexit.register(self.close)
        self._fork()

    def close(self) -> None:
        """End the zygote and the workers. In a forked copy it does nothing."""
        if os.getpid() != self.owner or not self.folder.exists():
            return
        atexit.unregister(self.close)
        zygote = self.zygote()
        shutil.rmtree(self.folder, ignore_errors=True)
        if zygote is not None:
            _end(zygote)

    def zygote(self) -> int | None:
        """The zygote's process id."""
        try:
            return int((self.folder / "zygote").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def workers(self) -> list[int]:
        """The workers' process ids."""
        zygote = self.zygote()
        try:
            return [int(child) for child in Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def run(self, request: dict[str, Any], timeout: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The head and the body of a worker's answer. `timeout` may only shorten the pool's.

        Raises Busy, TimedOut, WorkerLost, or the error that the worker met.
        """
        limit = self.limit(timeout)
        deadline = time.monotonic() + limit
        while True:
            try:
                head, body = self._ask(request, limit, deadline)
                break
            except ConnectionError:
                # The kernel says "reset" when nobody had read the request, as when the zygote is dying:
                # nothing of it was done yet. A worker that dies at its work just closes.
                if time.monotonic() > deadline:
                    raise WorkerLost("The query workers are starting again.", headers={"Retry-After": "1"}) from None
                time.sleep(BURST / 10)
        if "error" in head:
            raise KINDS[head["error"]](head["detail"], headers=head["headers"], **head["extra"])
        return head, body

    def limit(self, timeout: float | None) -> float:
        """The seconds that a query gets which asks for `timeout`."""
        return self.timeout if timeout is None else min(timeout, self.timeout)

    def _ask(self, request: dict[str, Any], limit: float, deadline: float) -> tuple[dict[str, Any], bytes]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            self._connect(connection)
            connection.settimeout(limit)
            leash, ours = os.pipe()
            try:
                try:
                    frames.ask(connection, frames.framed(request), leash)
                finally:
                    os.close(leash)
                asker = ASKER.get()
                with asker.waiting(connection) if asker else contextlib.nullcontext():
                    return frames.receive(connection, deadline)
            except TimeoutError:
                raise self.late(connection, limit) from None
            except EOFError:
                raise WorkerLost(worker.LOST) from None
            finally:
                os.close(ours)

    def late(self, connection: socket.socket, limit: float) -> TimedOut | Busy:
        """Why there is no answer on the connection in time: nobody has read the request, or it was too much."""
        unread = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        if unread:
            return Busy(f"No worker became free in {limit:g} seconds.", headers={"Retry-After": str(self.retry())})
        return TimedOut(
            f"The query ran for {limit:g} seconds, which is the limit, and was stopped.",
            hint="Narrow the pattern, add a LIMIT, or take a dump and query it at home.",
            limit_seconds=limit,
        )

    def full(self) -> Busy:
        """What whoever asks is told when the queue is full."""
        return Busy("All workers are busy and the queue is full.", headers={"Retry-After": str(self.retry())})

    def retry(self) -> int:
        return max(1, round(self.timeout / 2))

    def _connect(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        patience = time.monotonic() + BURST
        while not self.connected(connection):
            if time.monotonic() > patience:
                raise self.full()
            time.sleep(0.001)

    def connected(self, connection: socket.socket) -> bool:
        """Connect a socket that does not block to whichever worker takes it; False while the queue is full.

        Raises WorkerLost when the pool is closed."""
        revived = False
        while True:
            try:
                connection.connect(self.address)
                return True
            except BlockingIOError:
                return False
            except (ConnectionRefusedError, FileNotFoundError):
                if revived or not self._revive():
                    raise WorkerLost("The query workers are not running.", headers={"Retry-After": "1"}) from None
                revived = True

    def _revive(self) -> bool:
        """Fork a new zygote from this process if nobody else has; False when the pool is closed."""
        if not self.folder.exists():
            return False
        with (self.folder / "lock").open("w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.setblocking(False)
                try:
                    probe.connect(self.address)
                except (ConnectionRefusedError, FileNotFoundError):
                    if dead := self.zygote():
                        with contextlib.suppress(ChildProcessError):
                            os.waitpid(dead, os.WNOHANG)
                    with warnings.catch_warnings():
                        # Threads of this process may be running. Only this one goes on in the zygote, which
                        # reads the store and forks; the alternative is an endpoint that stays dead.
                        warnings.simplefilter("ignore", DeprecationWarning)
                        self._fork()
        return True

    def _fork(self) -> None:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fresh = f"{self.address}.new"
        with listener:
            Path(fresh).unlink(missing_ok=True)
            listener.bind(fresh)
            # The kernel lets one more wait than it is told.
            listener.listen(max(self.queue - 1, 0))
            Path(fresh).rename(self.address)
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                try:
                    Zygote(self, listener.detach(), parent).run()
                finally:
                    os._exit(1)
            (self.folder / "zygote").write_text(str(pid))


def _end(zygote: int) -> None:
    """Ask a zygote to end, and make it when it does not; its workers end with it."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(zygote, signal.SIGTERM)
        for _ in range(400):
            if os.waitpid(zygote, os.WNOHANG)[0]:
                return
            time.sleep(0.005)
        os.kill(zygote, signal.SIGKILL)
        os.waitpid(zygote, 0)
