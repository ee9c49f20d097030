"""Queries and clients made to hurt: each costs its own answer, and pages and light queries go on meanwhile.

ATTACK_REPORT=FILE appends one JSON line of figures per attack.
"""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from live import serving
from probes import Light, Reply, ask, light, light_load, memory, roles, send, soon

from citygraph.errors import Busy

LIMIT = 2.0
OVER = 3.0
"""Seconds past the limit until the answer; one is the aim, on a machine that does nothing else."""
SLOWEST = 2.0
"""Seconds of the slowest of a hundred light requests; 0.1 is the aim."""
QUEUED = LIMIT + OVER
"""Seconds that a light query may wait in one queue with a crowd: it gets its turn, or a 503 at the limit."""
CROWD = int(os.environ.get("ATTACK_CROWD", "200"))

BOMB = "BIND('aaaaaaaaaaaaaaaa' AS ?b0) " + " ".join(f"BIND(CONCAT(?b{i}, ?b{i}) AS ?b{i + 1})" for i in range(40))
QUERIES: dict[str, tuple[str, set[int]]] = {
    "cross product": ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", {503}),
    "nine-fold join": ("SELECT * { " + " ".join(f"?s{i} ?p{i} ?s{i + 1} ." for i in range(9)) + " }", {413, 503}),
    "path without end": ("SELECT (COUNT(*) AS ?n) { ?a (!<x:a>|^!<x:b>)* ?b . ?b (!<x:c>|^!<x:d>)* ?c }", {503}),
    "path from nothing": ("SELECT * { ?a ((!<x:a>/^!<x:b>)+/(!<x:c>)*)+ ?b } ORDER BY ?a ?b", {413, 503}),
    "backtracking": (f"SELECT (REGEX('{'a' * 3000}b', '^(a+)+(a|aa)+(a*)*$') AS ?x) {{}}", {200, 503}),
    "counted repetition": ("ASK { ?s ?p ?o FILTER(REGEX(STR(?o), '((((.{1,99}){1,99}){1,99}){1,99})')) }", {200, 503}),
    "regex over all": ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(STR(?c), STR(?f))) }", {503}),
    "group_concat": (
        "SELECT (STRLEN(GROUP_CONCAT(?z; SEPARATOR='zzzzzzzzzzzzzzzz')) AS ?n) "
        "{ ?a ?b ?c . ?d ?e ?f BIND(CONCAT(STR(?a), STR(?d)) AS ?z) }",
        {503},
    ),
    "doubling": (f"SELECT (STRLEN(?b40) AS ?n) {{ {BOMB} }}", {503}),
    "doubling, replaced": (
        "SELECT (STRLEN(REPLACE(REPLACE(REPLACE(REPLACE(?x, 'a', ?x), 'a', ?x), 'a', ?x), 'a', ?x)) AS ?n) "
        f"{{ VALUES ?x {{ '{'a' * 300}' }} }}",
        {503},
    ),
    "order of everything": ("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c ?a LIMIT 10", {503}),
    "distinct everything": ("SELECT DISTINCT ?a ?c ?d ?f { ?a ?b ?c . ?d ?e ?f }", {413, 503}),
    "big answer": ("SELECT * { ?a ?b ?c . ?d ?e ?f }", {413, 503}),
    "constructed": ("CONSTRUCT { ?a ?b ?f } { ?a ?b ?c . ?d ?e ?f }", {413, 503}),
    "all values": ("SELECT (COUNT(*) AS ?n) { VALUES ?x { " + "1 " * 100_000 + "} }", {200}),
    "values crossed": (
        "SELECT (COUNT(*) AS ?n) { VALUES ?x { " + "1 " * 100_000 + "} VALUES ?y { " + "2 " * 100_000 + "} }",
        {503},
    ),
    "brackets": (f"SELECT ({'(' * 10_000}1{')' * 10_000} AS ?x) {{}}", {200, 400, 503}),
    "braces": (f"ASK {'{' * 10_000}{'}' * 10_000}", {200, 400, 503}),
    "open brackets": (f"ASK {{ FILTER({'(' * 100_000}", {400, 503}),
    "nested concat": (f"SELECT ({'CONCAT(' * 10_000}'a'{')' * 10_000} AS ?x) {{}}", {200, 503}),
    "nested lists": (f"ASK {{ ?s ?p {'(' * 10_000}1{')' * 10_000} }}", {200, 503}),
    "unions": ("SELECT (COUNT(*) AS ?n) { " + " UNION ".join(["{ ?s ?p ?o }"] * 5_000) + " }", {200, 503}),
    "optionals": ("SELECT (COUNT(*) AS ?n) { " + "OPTIONAL { ?a ?b ?c } " * 40 + "}", {200, 503}),
    "ten megabytes": ("ASK { } #" + "x" * (10 << 20), {0, 413}),
    "a megabyte of words": ("ASK { " + "?s ?p ?o . " * 90_000 + "}", {200, 503}),
}


@contextmanager
def attackable(workers: int, log: Path) -> Iterator[tuple[str, int]]:
    with serving("--workers", str(workers), "--timeout", f"{LIMIT:g}", log=log) as (url, process):
        # A server that has been at work: each process has touched, and so has of its own, the pages that queries use.
        with light_load(url), ThreadPoolExecutor(8) as threads:
            time.sleep(1)
            list(threads.map(lambda n: ask(url, f"SELECT * {{ ?s ?p ?o }} LIMIT 20000 # {n}"), range(24)))
        yield url, process.pid


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with attackable(2, tmp_path_factory.mktemp("attacks") / "log") as found:
        yield found


def settled(main: int, goal: float) -> int:
    """The server's memory once it is below a goal, or after five seconds."""
    end = time.monotonic() + 5
    while (now := memory(main)) > goal and time.monotonic() < end:
        time.sleep(0.1)
    return now


def report(attack: str, replies: list[Reply], before: int, after: int, seen: Light) -> None:
    """A line of figures in the file that ATTACK_REPORT names."""
    path = os.environ.get("ATTACK_REPORT")
    if not path:
        return
    statuses = [reply.status for reply in replies]
    figures: dict[str, object] = {
        "attack": attack,
        "status": {status: statuses.count(status) for status in sorted(set(statuses))},
        "seconds": round(max((reply.seconds for reply in replies), default=0), 2),
        "memory": [before >> 20, after >> 20],
    }
    for kind in seen.seconds:
        figures[kind] = {
            "n": len(seen.seconds[kind]),
            "p50": round(seen.percentile(kind, 50) * 1000, 1),
            "p99": round(seen.percentile(kind, 99) * 1000, 1),
            "status": dict(seen.statuses[kind]),
        }
    with Path(path).open("a") as output:
        print(json.dumps(figures), file=output)


def attacked(
    server: tuple[str, int], name: str, attack: Callable[[str], list[Reply]], patience: float = SLOWEST
) -> tuple[list[Reply], Light]:
    """Run an attack under light load. Afterwards the server must be what it was, and have answered meanwhile, pages
    as always and light queries with `patience`, in seconds."""
    url, main = server
    before = memory(main)
    with light_load(url) as seen:
        time.sleep(0.2)
        replies = attack(url)
    after = settled(main, before * 1.1)
    report(name, replies, before, after, seen)
    assert after < before * 1.25, f"{before >> 20} MB before, {after >> 20} MB after"
    assert ask(url, light()).status == 200
    assert set(seen.statuses["page"]) == {200}
    assert seen.percentile("page", 99) < SLOWEST
    assert seen.percentile("query", 99) < patience
    return replies, seen


def clean(reply: Reply) -> None:
    """A refusal says what it is and holds nothing of the machine."""
    if reply.status >= 400:
        assert reply.type == "application/problem+json"
        problem = json.loads(reply.body)
        assert problem["status"] == reply.status
        assert problem["title"] != Busy.title or int(reply.headers["retry-after"]) >= 1
        assert b"Traceback" not in reply.body


@pytest.mark.parametrize("name", QUERIES)
def test_a_hostile_query(server: tuple[str, int], name: str) -> None:
    query, allowed = QUERIES[name]
    (reply,), seen = attacked(server, name, lambda url: [ask(url, query)])
    assert reply.status in allowed
    assert reply.seconds < LIMIT + OVER
    assert set(seen.statuses["query"]) == {200}
    clean(reply)


def test_eight_heavy_queries_beside_light_ones(tmp_path: Path) -> None:
    """Four workers leave four processes for light queries then."""
    query = QUERIES["cross product"][0]

    def attack(url: str) -> list[Reply]:
        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(lambda n: ask(url, f"{query} # {n}"), range(8)))

    with attackable(4, tmp_path / "log") as server:
        replies, seen = attacked(server, "eight at once", attack)
    assert set(seen.statuses["query"]) == {200}
    for reply in replies:
        assert reply.status == 503
        assert reply.seconds < LIMIT + OVER
        clean(reply)


def test_a_crowd_of_heavy_queries(server: tuple[str, int]) -> None:
    """Those that find the queue full are told so at once."""
    query = QUERIES["cross product"][0]

    def attack(url: str) -> list[Reply]:
        with ThreadPoolExecutor(CROWD) as threads:
            return list(threads.map(lambda n: ask(url, f"{query} # {n}", timeout=60), range(CROWD)))

    replies, _ = attacked(server, f"{CROWD} at once", attack, patience=QUEUED)
    assert {reply.status for reply in replies} == {503}
    assert max(reply.seconds for reply in replies) < LIMIT + OVER
    for reply in replies:
        clean(reply)


def dial(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=10)


HEAD = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nContent-Length: {}\r\n\r\n"


def test_bodies_that_come_byte_by_byte(server: tuple[str, int]) -> None:
    def attack(url: str) -> list[Reply]:
        with ExitStack() as stack:
            lines = [stack.enter_context(dial(url)) for _ in range(40)]
            for line in lines:
                line.sendall(HEAD.format(1000).encode())
            for _ in range(12):
                for line in lines:
                    with suppress(OSError):
                        line.sendall(b"A")
                time.sleep(0.15)
        return []

    attacked(server, "40 slow bodies", attack)


def test_clients_that_stop_reading(server: tuple[str, int]) -> None:
    def attack(url: str) -> list[Reply]:
        with ExitStack() as stack:
            lines = [stack.enter_context(dial(url)) for _ in range(40)]
            for number, line in enumerate(lines):
                query = f"SELECT * {{ ?s ?p ?o }} # {number:3}".encode()
                line.sendall(HEAD.format(len(query)).encode() + query)
            begun = {line.recv(12) for line in lines}
            assert begun <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}
            time.sleep(2)
        return []

    attacked(server, "40 stop reading", attack, patience=QUEUED)


def ticks(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def computing(main: int) -> list[int]:
    before = {pid: ticks(pid) for pid in roles(main)["query"]}
    time.sleep(0.2)
    return [pid for pid, then in before.items() if ticks(pid) > then]


def test_a_client_that_hangs_up_ends_its_query(server: tuple[str, int]) -> None:
    url, main = server
    query = QUERIES["cross product"][0].encode()
    with dial(url) as line:
        line.sendall(HEAD.format(len(query)).encode() + query)
        assert soon(lambda: computing(main), LIMIT / 2) < LIMIT / 2
    assert soon(lambda: not computing(main), 1) < 1
    assert ask(url, light()).status == 200


def test_a_header_that_never_ends(server: tuple[str, int]) -> None:
    def attack(url: str) -> list[Reply]:
        with dial(url) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            for _ in range(200):
                with suppress(OSError):
                    line.sendall(b"X-A: " + b"a" * 8192 + b"\r\n")
            with suppress(OSError):
                line.settimeout(1)
                assert line.recv(12).partition(b" ")[2] in (b"", b"431", b"400")
        return [send(url, "GET", "/sparql?query=" + "a" * 100_000)]

    (reply,), _ = attacked(server, "long header", attack)
    assert reply.status in (400, 414, 431)
