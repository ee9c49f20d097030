"""What tests of a running server measure with: requests by hand, its processes, their memory, light load meanwhile."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pools import alive


def light() -> str:
    """A query that takes no time, different each time, since an answer that is kept proves nothing."""
    return f"ASK {{ <https://w3id.org/creative-cities/city/norrkoping> ?p ?o }} # {time.monotonic_ns()}"


def page() -> str:
    """The address of a page, different each time."""
    return f"/city/norrkoping.html?n={time.monotonic_ns()}"


@dataclass(frozen=True)
class Reply:
    """A reply; status 0 stands for a connection that ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def send(
    url: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None,
    timeout: float = 30.0,
) -> Reply:  # fmt: skip
    """One request on a connection of its own."""
    started = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        # A server that refuses a body does not wait for its end.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, headers or {})
        found = connection.getresponse()
        read = found.read()
        named = {key.lower(): value for key, value in found.getheaders()}
        return Reply(found.status, named, read, time.monotonic() - started)
    except (OSError, http.client.HTTPException):
        return Reply(0, {}, b"", time.monotonic() - started)
    finally:
        connection.close()


def ask(url: str, query: str | bytes, accept: str = "*/*", timeout: float = 30.0) -> Reply:
    """A query as the body of a POST."""
    body = query if isinstance(query, bytes) else query.encode()
    headers = {"Content-Type": "application/sparql-query", "Accept": accept}
    return send(url, "POST", "/sparql", body, headers, timeout)


def children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, (thread / "children").read_text().split())
    return found


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    return [pid, *(each for child in children(pid) for each in tree(child))]


def roles(main: int) -> dict[str, list[int]]:
    """The processes below a server's main one, by what they do. Web workers have many threads; a zygote has one, and
    is a child of the main process or, when it was forked anew, of a web worker."""
    below = [child for child in children(main) if alive(child)]
    web = [child for child in below if threads(child) > 1]
    zygotes = [each for parent in (main, *web) for each in children(parent) if alive(each) and threads(each) == 1]
    return {"web": web, "zygote": zygotes, "query": [each for zygote in zygotes for each in children(zygote)]}


def threads(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def memory(main: int) -> int:
    """Bytes that a server's processes take together; what they share is counted once."""
    total = 0
    for pid in tree(main):
        with suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(text.partition("\nPss:")[2].split()[0]) << 10
    return total


def soon(promise: Callable[[], object], seconds: float = 10.0) -> float:
    """Seconds until the promise came true; infinite if it did not in that time."""
    started = time.monotonic()
    while not promise():
        if time.monotonic() - started > seconds:
            return float("inf")
        time.sleep(0.005)
    return time.monotonic() - started


@dataclass
class Light:
    """How a light query and a page were answered: seconds and statuses by kind ("query", "page")."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"query": [], "page": []})
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: {"query": Counter(), "page": Counter()})

    def add(self, kind: str, reply: Reply) -> None:
        self.seconds[kind].append(reply.seconds)
        self.statuses[kind][reply.status] += 1

    def percentile(self, kind: str, of_hundred: int) -> float:
        """Seconds under which that many of a hundred answers came; 0 without any."""
        ordered = sorted(self.seconds[kind])
        return ordered[min(len(ordered) - 1, len(ordered) * of_hundred // 100)] if ordered else 0.0


@contextmanager
def light_load(url: str, pause: float = 0.01) -> Iterator[Light]:
    """A light query and a page, each asked by one thread again and again, while the block runs."""
    seen, stop = Light(), threading.Event()

    def go(kind: str) -> None:
        while not stop.is_set():
            seen.add(kind, ask(url, light()) if kind == "query" else send(url, "GET", page()))
            stop.wait(pause)

    running = [threading.Thread(target=go, args=(kind,)) for kind in seen.seconds]
    for each in running:
        each.start()
    try:
        yield seen
    finally:
        stop.set()
        for each in running:
            each.join()
