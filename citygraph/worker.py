"""One query process: what it gives up before it reads a stranger's query, and how it talks.

A frame is two lengths (of a JSON head and of a body, network order), the head and the body. A connection
carries one request and one answer; the answer is sent when it is complete.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from citygraph.errors import EngineError, WorkerLost

Answering = Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]

LENGTHS = struct.Struct("!IQ")
LISTENER, PIPE, CONNECTION, LEASH = 3, 4, 5, 6
"""The only file descriptors of a worker besides 0–2. The limit is the last of them: it cannot open a
socket of its own."""
STACKS = (512 << 20, 128 << 20, 32 << 20)
"""Sizes of the stack to try. Untouched pages of it cost nothing; deep nesting costs about 10 kB a level."""
LONG = 0.1
"""Seconds after which a query counts as long: its worker gets a stand-in, and ends after its answer."""
GROWN = 32 << 20
"""Bytes of resident memory above those at birth after which a worker ends after its answer."""
LARGE = 1 << 20
"""Bytes of a block that goes back to the system when it is freed."""
_M_MMAP_THRESHOLD = -3
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_libc = ctypes.CDLL(None)


def ask(connection: socket.socket, head: dict[str, Any], leash: int) -> None:
    """Send a request, and with it the reading end of a pipe whose other end the asking side keeps."""
    encoded = json.dumps(head).encode()
    start = LENGTHS.pack(len(encoded), 0) + encoded
    sent = socket.send_fds(connection, [start], [leash])
    if sent < len(start):
        connection.sendall(start[sent:])


def _asked(connection: socket.socket) -> tuple[dict[str, Any], int]:
    """A request and the descriptor of its leash."""
    data, leashes, _, _ = socket.recv_fds(connection, 1 << 16, 1)
    if not data or not leashes:
        raise EOFError("there is no request")
    head, _ = _frame(connection, data, None)
    return head, leashes[0]


def receive(connection: socket.socket, deadline: float) -> tuple[dict[str, Any], bytes]:
    """Receive an answer. Raises EOFError when the other side is gone before its end, TimeoutError past the
    deadline (of time.monotonic)."""
    return _frame(connection, b"", deadline)


def _send(connection: socket.socket, head: dict[str, Any], body: bytes) -> None:
    encoded = json.dumps(head).encode()
    start = LENGTHS.pack(len(encoded), len(body)) + encoded
    if len(body) < 1 << 16:
        connection.sendall(start + body)
    else:
        connection.sendall(start)
        connection.sendall(body)


def _frame(connection: socket.socket, data: bytes, deadline: float | None) -> tuple[dict[str, Any], bytes]:
    data = _more(connection, data, LENGTHS.size, deadline)
    size, length = LENGTHS.unpack_from(data)
    start = LENGTHS.size + size
    data = _more(connection, data, start, deadline)
    head: dict[str, Any] = json.loads(data[LENGTHS.size : start])
    if len(data) >= start + length:
        return head, data[start:]
    body = bytearray(length)
    filled = len(data) - start
    body[:filled] = data[start:]
    view = memoryview(body)
    while filled < length:
        _wait(connection, deadline)
        count = connection.recv_into(view[filled:])
        if not count:
            raise EOFError("the frame is not complete")
        filled += count
    return head, bytes(body)


def _more(connection: socket.socket, data: bytes, size: int, deadline: float | None) -> bytes:
    pieces, have = [data], len(data)
    while have < size:
        _wait(connection, deadline)
        piece = connection.recv(1 << 16)
        if not piece:
            raise EOFError("the frame is not complete")
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)


def _wait(connection: socket.socket, deadline: float | None) -> None:
    if deadline is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)


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


def run(listener: int, pipe: int, parent: int, memory: int, answering: Answering) -> None:
    """Be a worker: the descriptors of the listening socket and of the pipe to the zygote, the zygote's
    process id, bytes of memory per query above what the store takes. Never returns."""
    prctl = getattr(_libc, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    # Above the two places first: the descriptors may stand in each other's.
    raised = [fcntl.fcntl(each, fcntl.F_DUPFD, CONNECTION + 1) for each in (listener, pipe)]
    os.dup2(raised[0], LISTENER)
    os.dup2(raised[1], PIPE)
    _limit(memory)
    os.closerange(CONNECTION, highest())
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEASH + 1, LEASH + 1))
    _signals()
    for stack in STACKS:
        threading.stack_size(stack)
        thread = threading.Thread(target=_serve, args=(answering, memory))
        with contextlib.suppress(RuntimeError):
            thread.start()
            thread.join()
    os._exit(1)


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
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    # The interpreter's C handler writes to the pipe at once, whoever holds its lock; the Python one has
    # nothing to do.
    signal.signal(signal.SIGALRM, lambda *_: None)
    os.set_blocking(PIPE, False)
    signal.set_wakeup_fd(PIPE, warn_on_full_buffer=False)


def _serve(answering: Answering, memory: int) -> None:
    """Answer queries, one after the other, until one was long or large."""
    grown = _resident() + min(GROWN, memory)
    try:
        with socket.socket(fileno=LISTENER) as listener:
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(ConnectionError, EOFError):
                    long = _one(connection, answering)
                    if long or _resident() > grown:
                        # Its memory goes back with it, and the zygote forks the next.
                        connection.close()
                        os._exit(0)
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        os._exit(1)


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _one(connection: socket.socket, answering: Answering) -> bool:
    """One request and its answer; whether it took long."""
    request, leash = _asked(connection)
    _die_with(leash)
    signal.setitimer(signal.ITIMER_REAL, LONG)
    body = b""
    try:
        head, body = answering(request)
    except EngineError as error:
        head = {
            "error": type(error).__name__,
            "detail": error.detail,
            "extra": error.extra,
            "headers": error.headers,
        }
    except MemoryError:
        head = {"error": WorkerLost.__name__, "detail": LOST, "extra": {}, "headers": {}}
    left = signal.setitimer(signal.ITIMER_REAL, 0)[0]
    fcntl.fcntl(leash, fcntl.F_SETFL, 0)
    os.close(leash)
    _send(connection, head, body)
    return left == 0.0


LOST = (
    "The process that evaluated the query ended, most likely because it took more memory than a query gets or nests "
    "too deeply. Only this query is lost."
)


def _die_with(leash: int) -> None:
    """End this process the moment the asking side closes its end of the leash, or dies: the kernel then sends
    a signal that a running query cannot hold off, and whoever wants a query stopped has only to let go.

    The connection will not do for that, since data that arrive on it give the same signal, and may give it
    late.
    """
    fcntl.fcntl(leash, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(leash, fcntl.F_SETFL, os.O_ASYNC)
    # It may have been closed before that.
    gone = select.poll()
    gone.register(leash, 0)
    if gone.poll(0):
        os._exit(0)
