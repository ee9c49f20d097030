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
import gc
import os
import select
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

from citygraph import worker
from citygraph.asking import ASKER
from citygraph.errors import KINDS, Busy, TimedOut, WorkerLost

BURST = 0.02
"""Seconds that a connection refused by a full queue is tried again: idle workers may just not have woken
up yet."""
STAND_INS = 2
"""Stand-ins per worker at most: with 4 workers, 8 long queries still leave 4 processes for short ones."""


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
        self._folder = Path(tempfile.mkdtemp(prefix="citygraph-"))
        self.address = str(self._folder / "workers")
        self._owner = os.getpid()

    def start(self) -> None:
        """Fork the zygote, before the process starts threads. Once; a forked process then only asks."""
        worker.give_back()
        atexit.register(self.close)
        self._fork()

    def close(self) -> None:
        """End the zygote and the workers. In a forked copy it does nothing."""
        if os.getpid() != self._owner or not self._folder.exists():
            return
        atexit.unregister(self.close)
        zygote = self.zygote()
        shutil.rmtree(self._folder, ignore_errors=True)
        if zygote is not None:
            _end(zygote)

    def zygote(self) -> int | None:
        """The zygote's process id."""
        try:
            return int((self._folder / "zygote").read_text())
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
        limit = self.timeout if timeout is None else min(timeout, self.timeout)
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

    def _ask(self, request: dict[str, Any], limit: float, deadline: float) -> tuple[dict[str, Any], bytes]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            self._connect(connection)
            connection.settimeout(limit)
            leash, ours = os.pipe()
            try:
                try:
                    worker.ask(connection, request, leash)
                finally:
                    os.close(leash)
                asker = ASKER.get()
                with asker.waiting(connection) if asker else contextlib.nullcontext():
                    return worker.receive(connection, deadline)
            except TimeoutError:
                raise self._late(connection, limit) from None
            except EOFError:
                raise WorkerLost(worker.LOST) from None
            finally:
                os.close(ours)

    def _late(self, connection: socket.socket, limit: float) -> TimedOut | Busy:
        unread = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        if unread:
            return Busy(f"No worker became free in {limit:g} seconds.", headers={"Retry-After": str(self._retry())})
        return TimedOut(
            f"The query ran for {limit:g} seconds, which is the limit, and was stopped.",
            hint="Narrow the pattern, add a LIMIT, or take a dump and query it at home.",
            limit_seconds=limit,
        )

    def _retry(self) -> int:
        return max(1, round(self.timeout / 2))

    def _connect(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        patience = time.monotonic() + BURST
        revived = False
        while True:
            try:
                connection.connect(self.address)
                return
            except BlockingIOError:
                if time.monotonic() > patience:
                    raise Busy(
                        "All workers are busy and the queue is full.",
                        headers={"Retry-After": str(self._retry())},
                    ) from None
                time.sleep(0.001)
            except (ConnectionRefusedError, FileNotFoundError):
                if revived or not self._revive():
                    raise WorkerLost("The query workers are not running.", headers={"Retry-After": "1"}) from None
                revived = True

    def _revive(self) -> bool:
        """Fork a new zygote from this process if nobody else has; False when the pool is closed."""
        if not self._folder.exists():
            return False
        with (self._folder / "lock").open("w") as lock, contextlib.suppress(BlockingIOError):
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
                    _Zygote(self, listener.detach(), parent).run()
                finally:
                    os._exit(1)
            (self._folder / "zygote").write_text(str(pid))


class _Zygote:
    """The process that forks workers: as many as the pool has, and stand-ins for those that are long at
    one query."""

    def __init__(self, pool: Pool, listener: int, owner: int) -> None:
        self.pool = pool
        self.listener = listener
        self.owner = owner
        self.pipes: dict[int, int] = {}
        self.long: set[int] = set()
        self.poll = select.poll()

    def run(self) -> None:
        """Fork, reap, and end with the owner. Never returns."""
        watch, told = self._settle()
        try:
            while True:
                self._fill()
                for descriptor, _ in self.poll.poll():
                    if descriptor == watch and self.owner == self.pool._owner:
                        shutil.rmtree(self.pool._folder, ignore_errors=True)
                    if descriptor in (watch, told):
                        return
                    self._hear(descriptor)
        finally:
            for pid in self.pipes.values():
                os.kill(pid, signal.SIGKILL)
            for pid in self.pipes.values():
                os.waitpid(pid, 0)
            os._exit(0)

    def _settle(self) -> tuple[int, int]:
        """Let go of all that the owner had; returns the descriptors that say that the owner is gone, and that
        it wants the zygote to end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # By a pipe and not by an exception: a signal just before poll blocks would be noticed after it.
        told, mouth = os.pipe()
        os.set_blocking(mouth, False)
        signal.set_wakeup_fd(mouth)
        signal.signal(signal.SIGTERM, lambda *_: None)
        gc.disable()
        gc.freeze()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):
            os.dup2(null, standard)
        watch = os.pidfd_open(self.owner)
        if os.getppid() != self.owner:
            os._exit(0)
        keep = sorted((2, self.listener, watch, told, mouth))
        for low, high in zip(keep, [*keep[1:], worker.highest()], strict=True):
            os.closerange(low + 1, high)
        worker.leave_network()
        self.poll.register(watch, select.POLLIN)
        self.poll.register(told, select.POLLIN)
        return watch, told

    def _fill(self) -> None:
        most = self.pool.size * (1 + STAND_INS)
        while len(self.pipes) - len(self.long) < self.pool.size and len(self.pipes) < most:
            self._spawn()

    def _spawn(self) -> None:
        ear, mouth = os.pipe()
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                worker.run(self.listener, mouth, zygote, self.pool.memory, self.pool.answering)
            finally:
                os._exit(1)
        os.close(mouth)
        self.pipes[ear] = pid
        self.poll.register(ear, select.POLLIN)

    def _hear(self, ear: int) -> None:
        pid = self.pipes[ear]
        if os.read(ear, 16):
            self.long.add(pid)
            _yield(pid)
            return
        os.waitpid(pid, 0)
        self.long.discard(pid)
        self.poll.unregister(ear)
        os.close(ear)
        del self.pipes[ear]


def _yield(pid: int) -> None:
    """Let every other process go before this one: to the kernel each of its threads has a priority of its
    own."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), 10)


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
