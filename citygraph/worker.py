"""One query process: what it gives up before it reads a stranger's query, and how it serves whoever is connected.

A connection carries a request and its answer, which is sent when it is complete; when the request says `stay`, further
ones may follow, until the worker takes the connection of somebody who waits.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from citygraph import frames
from citygraph.errors import EngineError, WorkerLost

Answering = Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]

LISTENER, ZYGOTE, CONNECTION, LEASH = 3, 4, 5, 6
"""The only file descriptors of a worker besides 0–2: the limit is the last of them, and it cannot open a socket of its
own. ZYGOTE is its end of the talk with the process that forked it."""
STACKS = (512 << 20, 128 << 20, 32 << 20)
"""Sizes of the stack to try. Untouched pages of it cost nothing; deep nesting costs about 10 kB a level."""
LONG = 0.1
"""Seconds after which a query counts as long: the zygote hears a tick, and forks a stand-in."""
LATER = 0.4
"""Seconds from tick to tick. After the second the query lets others go first, and its worker ends with it."""
GROWN = 32 << 20
"""Bytes of resident memory above those at birth after which a worker ends after its answer."""
GROWN_ON_DISK = 256 << 20
"""The same over a store on disk: its buffers make a worker quick, and to open it anew costs more than most queries."""
LARGE = 1 << 20
"""Bytes of a block that goes back to the system when it is freed."""
DONE, RETIRE = b"d", b"r"
"""What a worker tells the zygote after a long query, and what it hears when it is one too many."""
_M_MMAP_THRESHOLD = -3
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_libc = ctypes.CDLL(None)


def give_back() -> None:
    """Have large blocks go back to the system when they are freed. Left alone, malloc learns from the first that
    is freed to keep the next ones: each process would stay as large as the answers it once had in hand."""
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def leave_network() -> None:
    """Leave the network for a namespace without any, where that is permitted; else the refusals have to
    do."""
    unshare = getattr(_libc, "unshare", None)
    if unshare is not None and unshare(_CLONE_NEWNET):
        unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def run(listener: int, zygote: int, parent: int, memory: int, answering: Answering) -> None:
    """Be a worker: the descriptors of the listening socket and of the talk with the zygote, the zygote's
    process id, bytes of memory per query above what the store takes. Never returns."""
    prctl = getattr(_libc, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    # Above the two places first: the descriptors may stand in each other's.
    raised = [fcntl.fcntl(each, fcntl.F_DUPFD, CONNECTION + 1) for each in (listener, zygote)]
    os.dup2(raised[0], LISTENER)
    os.dup2(raised[1], ZYGOTE)
    _limit(memory)
    os.closerange(CONNECTION, highest())
    serving = _Serving(answering, _resident() + min(GROWN_ON_DISK if getattr(answering, "files", 0) else GROWN, memory))
    serving.allow(LEASH + 1)
    _signals()
    for stack in STACKS:
        threading.stack_size(stack)
        thread = threading.Thread(target=serving.run)
        with contextlib.suppress(RuntimeError):
            thread.start()
            _retire(serving.busy)
    os._exit(1)


def _retire(busy: threading.Lock) -> None:
    """Wait for the zygote's word, and end when no query is at work."""
    select.select([ZYGOTE], [], [])
    busy.acquire()
    os._exit(0)


def highest() -> int:
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 20)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        # When the machine runs out of memory, a query is what it may take first.
        Path("/proc/self/oom_score_adj").write_text("1000")
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text()
        mapped = int(status.partition("VmData:")[2].split()[0]) << 10
        limit = mapped + memory + STACKS[0]
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _signals() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # The interpreter's C handler writes its tick at once, whoever holds its lock; the Python one has nothing to do.
    signal.signal(signal.SIGALRM, lambda *_: None)
    os.set_blocking(ZYGOTE, False)
    signal.set_wakeup_fd(ZYGOTE, warn_on_full_buffer=False)


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


class _Asker:
    """Whoever is connected: its requests, and the leash by which it can end this process."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.leash: int | None = None

    def request(self) -> dict[str, Any]:
        """Its next request; the first brings the leash."""
        if self.leash is None:
            data, leashes, _, _ = socket.recv_fds(self.connection, 1 << 16, 1)
            if leashes:
                self.leash = leashes[0]
                _die_with(self.leash)
        else:
            data = self.connection.recv(1 << 16)
        if not data or self.leash is None:
            raise EOFError("there is no request")
        return frames.receive(self.connection, None, data)[0]

    def unleash(self) -> None:
        """From now on this process outlives it."""
        if self.leash is not None:
            fcntl.fcntl(self.leash, fcntl.F_SETFL, 0)
            os.close(self.leash)
            self.leash = None

    def leave(self) -> None:
        self.unleash()
        self.connection.close()


class _Serving:
    """Queries, one after the other, until one was very long or made this process larger than `grown` bytes. `busy` is
    held while one is at work."""

    def __init__(self, answering: Answering, grown: int) -> None:
        self.answering = answering
        self.files = getattr(answering, "files", 0)
        self.grown = grown
        self.busy = threading.Lock()
        self.asker: _Asker | None = None
        self.ready = select.poll()

    def run(self) -> None:
        try:
            self.listener = socket.socket(fileno=LISTENER)
            self.listener.setblocking(False)
            self.ready.register(LISTENER, select.POLLIN)
            while True:
                asker = self.asker = self.next()
                with self.busy:
                    try:
                        self.one(asker)
                    except (ConnectionError, EOFError):
                        self.part(asker)
        finally:
            if sys.exc_info()[0] is not None:
                sys.excepthook(*sys.exc_info())
            os._exit(1)

    def next(self) -> _Asker:
        """Whoever asks next: somebody who waits, else the one that is connected."""
        while True:
            found = [descriptor for descriptor, _ in self.ready.poll()]
            if LISTENER in found and (new := self.accept()):
                return new
            if self.asker and self.asker.connection.fileno() in found:
                return self.asker

    def accept(self) -> _Asker | None:
        """Somebody who waits, in the place of the one that is connected; None when another worker was faster."""
        self.allow(LEASH + (2 if self.asker else 1))
        try:
            accepted, _ = self.listener.accept()
        except (BlockingIOError, ConnectionError):
            return None
        finally:
            self.allow(LEASH + 1)
        if self.asker:
            # Closed with something unread in it, the connection is reset: its request is asked again elsewhere.
            self.part(self.asker)
            if not self.files:
                os.dup2(accepted.fileno(), CONNECTION)
                accepted.close()
                accepted = socket.socket(fileno=CONNECTION)
        accepted.setblocking(True)
        self.ready.register(accepted, select.POLLIN)
        return _Asker(accepted)

    def allow(self, descriptors: int) -> None:
        """Set how many descriptors this process may have; a store on disk needs some of its own."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors + self.files, LEASH + 2 + self.files))

    def one(self, asker: _Asker) -> None:
        """One request and its answer."""
        request = asker.request()
        started = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, LONG, LATER)
        body = b""
        try:
            head, body = self.answering(request)
        except EngineError as error:
            head = {
                "error": type(error).__name__,
                "detail": error.detail,
                "extra": error.extra,
                "headers": error.headers,
            }
        except MemoryError:
            head = {"error": WorkerLost.__name__, "detail": LOST, "extra": {}, "headers": {}}
        signal.setitimer(signal.ITIMER_REAL, 0)
        took = time.monotonic() - started
        stays = bool(request.get("stay")) and took < LONG + LATER and _resident() < self.grown
        if not stays:
            asker.unleash()
        frames.reply(asker.connection, head, body)
        if not stays:
            self.part(asker)
        if took > LONG + LATER or _resident() > self.grown:
            # Its memory goes back with it, and the zygote forks the next.
            os._exit(0)
        if took > 0.9 * LONG:
            time.sleep(0.002)  # a tick may be on its way
            os.write(ZYGOTE, DONE)

    def part(self, asker: _Asker) -> None:
        if self.asker is not None:
            self.ready.unregister(asker.connection)
        asker.leave()
        self.asker = None


LOST = (
    "The process that evaluated the query ended: it took more memory than a query gets, nested too deeply, or ran long "
    "while too many others did. Only this query is lost."
)


def _die_with(leash: int) -> None:
    """End this process the moment the asking side closes its end of the leash, or dies: the kernel then sends
    a signal that a running query cannot hold off, and whoever wants a query stopped has only to let go.

    The connection will not do for that, since data that arrive on it give the same signal, and may give it
    late.
    """
    fcntl.fcntl(leash, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(leash, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(leash, fcntl.F_SETFL, os.O_ASYNC)
    # It may have been closed before that.
    gone = select.poll()
    gone.register(leash, 0)
    if gone.poll(0):
        os._exit(0)
