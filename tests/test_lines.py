"""Queries asked from an event loop, over connections to the workers that stay open."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import pytest
from pools import LIGHT, PRODUCT, Making, alive, busy, soon

from citygraph.engine import Embedded
from citygraph.errors import Busy, QueryError, TimedOut, WorkerLost
from citygraph.lines import Left, Lines


def request(engine: Embedded, text: str) -> dict[str, Any]:
    return engine.request(text, None, None, None, None, None)[0]


async def never() -> None:
    await asyncio.Event().wait()


async def asked(lines: Lines, engine: Embedded, text: str = LIGHT, timeout: float | None = None) -> bytes:
    return (await lines.run(request(engine, text), timeout, never))[1]


async def at_work(engine: Embedded) -> list[int]:
    """The workers that compute, once some do."""
    found: list[int] = []
    while not found:
        await asyncio.sleep(0.1)
        found = await asyncio.to_thread(busy, engine)
    return found


Scene = Callable[..., Awaitable[None]]


def play(engine: Embedded, scene: Scene, processes: int = 1) -> None:
    """Run a scene with the lines that so many processes would have."""

    async def run() -> None:
        with ExitStack() as stack:
            made = [Lines(engine.pool, asyncio.get_running_loop()) for _ in range(processes)]
            for lines in made:
                stack.callback(lines.close)
            await asyncio.wait_for(scene(*made), 30)

    asyncio.run(run())


def test_one_line_carries_query_after_query(make: Making) -> None:
    engine = make()

    async def scene(lines: Lines) -> None:
        for _ in range(20):
            assert b"true" in await asked(lines, engine)
        assert len(lines.open) == len(lines.idle) == 1

    play(engine, scene)


def test_an_idle_worker_leaves_its_line_for_somebody_who_waits(make: Making) -> None:
    engine = make(workers=1)

    async def scene(lines: Lines, other: Lines) -> None:
        for _ in range(5):
            assert b"true" in await asked(lines, engine)
            assert b"true" in await asked(other, engine)
        assert b"true" in engine.query(LIGHT).body
        assert b"true" in await asked(lines, engine)

    play(engine, scene, processes=2)


def test_two_processes_at_one_worker_both_get_all_their_answers(make: Making) -> None:
    engine = make(workers=1, timeout=20.0)

    async def scene(lines: Lines, other: Lines) -> None:
        many = [asked(each, engine) for _ in range(15) for each in (lines, other)]
        assert all(b"true" in body for body in await asyncio.gather(*many))

    play(engine, scene, processes=2)


def test_a_worker_that_ended_while_idle_is_not_noticed(make: Making) -> None:
    engine = make()

    async def scene(lines: Lines) -> None:
        assert b"true" in await asked(lines, engine)
        for pid in engine.pool.workers():
            os.kill(pid, signal.SIGKILL)
        assert b"true" in await asked(lines, engine)
        assert len(lines.open) == 1

    play(engine, scene)


def test_a_worker_that_ended_at_work_loses_its_query(make: Making) -> None:
    engine = make(timeout=20.0)

    async def scene(lines: Lines) -> None:
        heavy = asyncio.ensure_future(asked(lines, engine, PRODUCT))
        for pid in await at_work(engine):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await heavy
        assert b"true" in await asked(lines, engine)

    play(engine, scene)


def test_over_its_time_a_query_is_ended_and_the_loop_goes_on(make: Making) -> None:
    engine = make(timeout=20.0)

    async def scene(lines: Lines) -> None:
        heavy = asyncio.ensure_future(asked(lines, engine, PRODUCT, timeout=3.0))
        running = await at_work(engine)
        assert b"true" in await asked(lines, engine)
        with pytest.raises(TimedOut):
            await heavy
        assert await asyncio.to_thread(soon, lambda: not any(map(alive, running)))

    play(engine, scene)


def test_when_the_client_leaves_its_query_ends(make: Making) -> None:
    engine = make(timeout=20.0)

    async def scene(lines: Lines) -> None:
        left = asyncio.Event()
        heavy = asyncio.ensure_future(lines.run(request(engine, PRODUCT), None, left.wait))
        running = await at_work(engine)
        left.set()
        with pytest.raises(Left):
            await heavy
        assert await asyncio.to_thread(soon, lambda: not any(map(alive, running)))
        assert not lines.open

    play(engine, scene)


def test_an_error_leaves_the_line_open(make: Making) -> None:
    engine = make()

    async def scene(lines: Lines) -> None:
        with pytest.raises(QueryError):
            await asked(lines, engine, "SELECT * { ?s ?p }")
        assert len(lines.idle) == 1

    play(engine, scene)


def test_a_large_answer_arrives_whole(make: Making) -> None:
    engine = make(timeout=20.0)
    text = "CONSTRUCT { ?s ?p ?t } { ?s ?p ?o . { SELECT ?t { ?t ?q ?r } LIMIT 40 } }"

    async def scene(lines: Lines) -> None:
        body = await asked(lines, engine, text)
        assert len(body) > 1 << 21
        assert body == engine.query(text).body

    play(engine, scene)


def test_a_full_queue_says_when_to_come_back(make: Making) -> None:
    engine = make(workers=1, timeout=1.0, queue=1)

    async def scene(lines: Lines) -> None:
        many = await asyncio.gather(*(asked(lines, engine, PRODUCT) for _ in range(12)), return_exceptions=True)
        assert any(isinstance(each, Busy) and int(each.headers["Retry-After"]) >= 1 for each in many)
        assert any(isinstance(each, TimedOut) for each in many)
        assert b"true" in await asked(lines, engine)

    play(engine, scene)


def test_a_zygote_that_ended_is_forked_anew(make: Making) -> None:
    engine = make(timeout=10.0)

    async def scene(lines: Lines) -> None:
        assert b"true" in await asked(lines, engine)
        zygote = engine.pool.zygote()
        assert zygote
        os.kill(zygote, signal.SIGKILL)
        assert b"true" in await asked(lines, engine)

    play(engine, scene)
