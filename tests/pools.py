"""Small engines whose processes are watched, and the ways to watch them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from citygraph.engine import Embedded
from citygraph.errors import EngineError

BASE = "https://example.org/"
LIMIT = 0.5
PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LIGHT = f"ASK {{ <{BASE}1> ?p ?o }}"


@dataclass(frozen=True)
class Small:
    store: Store
    base: str = BASE
    prefixes: dict[str, str] = field(default_factory=dict)
    graphs: frozenset[str] = frozenset()


Making = Callable[..., Embedded]


@pytest.fixture(scope="session")
def small_store() -> Store:
    """Two thousand facts, for queries that run away."""
    made = Store()
    for number in range(2000):
        made.add(Quad(NamedNode(f"{BASE}{number}"), NamedNode(f"{BASE}p"), Literal(str(number)), DefaultGraph()))
    return made


@pytest.fixture
def make(small_store: Store) -> Iterator[Making]:
    """Makes engines with the given limits; they are closed after the test."""
    made: list[Embedded] = []

    def start(**limits: Any) -> Embedded:
        made.append(Embedded(Small(small_store), **({"workers": 2, "timeout": LIMIT, "memory": 64 << 20} | limits)))
        assert soon(lambda: len(made[-1].pool.workers()) == made[-1].pool.size)
        return made[-1]

    yield start
    for engine in made:
        engine.close()


def soon(promise: Callable[[], object], seconds: float = 5.0) -> bool:
    """Whether the promise comes true in that time."""
    end = time.monotonic() + seconds
    while not promise():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def busy(engine: Embedded) -> list[int]:
    """The workers that are computing just now."""

    def ticks(pid: int) -> int:
        try:
            return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
        except (FileNotFoundError, ProcessLookupError):
            return 0

    before = {pid: ticks(pid) for pid in engine.pool.workers()}
    time.sleep(0.05)
    return [pid for pid, then in before.items() if ticks(pid) > then]


def outcome(engine: Embedded, text: str, **options: Any) -> EngineError | bytes:
    try:
        return engine.query(text, **options).body
    except EngineError as error:
        return error
