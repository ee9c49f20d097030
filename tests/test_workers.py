"""Query processes come, go and are replaced; nothing of them stays behind."""

import json
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pools import LIGHT, PRODUCT, Making, Small, alive, busy, outcome, soon
from pyoxigraph import Store

from citygraph import frames, worker, zygote
from citygraph.engine import Embedded
from citygraph.errors import Busy, EngineError, TimedOut, WorkerLost

# Loss


def test_a_killed_worker_loses_its_query_alone(make: Making) -> None:
    engine = make(timeout=5.0)
    with ThreadPoolExecutor() as threads:
        heavy = threads.submit(outcome, engine, PRODUCT)
        assert soon(lambda: busy(engine))
        for pid in busy(engine):
            os.kill(pid, signal.SIGKILL)
        assert isinstance(heavy.result(), WorkerLost)
    assert b"true" in engine.query(LIGHT).body


def test_all_workers_killed_are_all_replaced(make: Making) -> None:
    engine = make(timeout=5.0)
    first = set(engine.pool.workers())
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    assert soon(lambda: len(set(engine.pool.workers()) - first) == 2)
    assert b"true" in engine.query(LIGHT).body


def test_a_killed_zygote_is_forked_anew_by_the_next_query(make: Making) -> None:
    engine = make(timeout=5.0)
    first, workers = engine.pool.zygote(), engine.pool.workers()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert soon(lambda: not any(map(alive, workers)))
    assert b"true" in engine.query(LIGHT).body
    assert engine.pool.zygote() != first


def test_many_that_find_the_zygote_dead_fork_one(make: Making) -> None:
    engine = make(timeout=5.0, queue=16)
    first, workers = engine.pool.zygote(), engine.pool.workers()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert soon(lambda: not any(map(alive, workers)))
    with ThreadPoolExecutor(8) as threads:
        assert all(b"true" in each for each in threads.map(lambda _: engine.query(LIGHT).body, range(8)))
    assert soon(lambda: len(engine.pool.workers()) == 2)


def test_whoever_hangs_up_kills_the_query(make: Making) -> None:
    engine = make(timeout=60.0)
    request = {"query": PRODUCT, "format": "json", "examine": False, "graphs": None}
    leash, ours = os.pipe()
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(engine.pool.address)
        frames.ask(asker, frames.framed(request), leash)
        os.close(leash)
        assert soon(lambda: busy(engine))
        running = busy(engine)
        assert running
        os.close(ours)
        assert soon(lambda: not any(map(alive, running)), 1.0)


def test_an_asking_process_that_dies_takes_its_query_with_it(make: Making) -> None:
    engine = make(timeout=60.0)
    asker = os.fork()
    if asker == 0:
        try:
            engine.query(PRODUCT)
        finally:
            os._exit(0)
    assert soon(lambda: busy(engine))
    running = busy(engine)
    os.kill(asker, signal.SIGKILL)
    os.waitpid(asker, 0)
    assert soon(lambda: not any(map(alive, running)), 1.0)


def test_workers_end_with_the_process_that_started_them(small_store: Store) -> None:
    ear, mouth = os.pipe()
    owner = os.fork()
    if owner == 0:
        try:
            engine = Embedded(Small(small_store), workers=2)
            assert soon(lambda: len(engine.pool.workers()) == 2)
            known = {"all": [engine.pool.zygote(), *engine.pool.workers()], "address": engine.pool.address}
            os.write(mouth, json.dumps(known).encode())
            signal.pause()
        finally:
            os._exit(0)
    os.close(mouth)
    known = json.loads(os.read(ear, 4096))
    os.close(ear)
    os.kill(owner, signal.SIGKILL)
    os.waitpid(owner, 0)
    assert len(known["all"]) == 3
    assert soon(lambda: not any(map(alive, known["all"])))
    assert soon(lambda: not Path(known["address"]).parent.exists())


def test_close_leaves_nothing_behind(small_store: Store) -> None:
    engine = Embedded(Small(small_store), workers=3)
    processes = [engine.pool.zygote() or 0, *engine.pool.workers()]
    with ThreadPoolExecutor() as threads:
        heavy = threads.submit(outcome, engine, PRODUCT)
        assert soon(lambda: busy(engine))
        engine.close()
        assert isinstance(heavy.result(), WorkerLost)
    assert soon(lambda: not any(map(alive, processes)))
    assert not Path(engine.pool.address).parent.exists()
    with pytest.raises(WorkerLost):
        engine.query(LIGHT)
    assert engine.ask(LIGHT)
    engine.close()


def test_a_copy_made_by_fork_asks_the_same_workers_and_does_not_close_them(make: Making) -> None:
    engine = make()
    copy = os.fork()
    if copy == 0:
        try:
            answered = b"true" in engine.query(LIGHT).body
            engine.close()
            os._exit(0 if answered else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    assert b"true" in engine.query(LIGHT).body


# The queue


def test_a_full_queue_says_when_to_come_back(make: Making) -> None:
    engine = make(workers=1, timeout=1.5, queue=1)
    with ThreadPoolExecutor(8) as threads:
        heavy = [threads.submit(outcome, engine, PRODUCT) for _ in range(8)]
        results = [each.result() for each in heavy]
    turned_away = [each for each in results if isinstance(each, Busy)]
    assert turned_away
    for error in turned_away:
        assert error.status == 503
        assert int(error.headers["Retry-After"]) >= 1
    assert any(isinstance(each, TimedOut) for each in results)
    assert b"true" in engine.query(LIGHT).body


MEDIUM = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . FILTER(STRLEN(CONCAT(?c, ?f)) > 0) }"
"""About a second."""


def test_a_long_query_gets_a_stand_in(make: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote, "QUIET", 0.3)
    engine = make(workers=1, timeout=30.0)
    first = engine.pool.workers()
    with ThreadPoolExecutor() as threads:
        heavy = threads.submit(engine.query, MEDIUM)
        assert soon(lambda: len(engine.pool.workers()) > 1)
        assert b"true" in engine.query(LIGHT).body
        assert b"4000000" in heavy.result().body
    # A very long one ends its worker; one that was only long leaves a worker too many.
    assert soon(lambda: len(engine.pool.workers()) == 1)
    assert engine.pool.workers() != first


def test_a_worker_stays_after_a_long_query_and_the_spare_one_retires(
    make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LATER", 60.0)
    monkeypatch.setattr(zygote, "QUIET", 1.0)
    engine = make(workers=1, timeout=30.0)
    first = engine.pool.workers()
    assert b"4000000" in engine.query(MEDIUM).body
    assert set(first) < set(engine.pool.workers())
    assert soon(lambda: engine.pool.workers() == first)
    assert b"true" in engine.query(LIGHT).body


def test_a_tick_that_comes_after_the_end_of_its_query_keeps_no_worker_too_many(
    make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the timer may fire when the worker has said already that it is done: here it always does so.
    monkeypatch.setattr(worker, "DONE", worker.DONE + bytes([signal.SIGALRM]))
    monkeypatch.setattr(worker, "LATER", 2.0)
    monkeypatch.setattr(zygote, "QUIET", 0.2)
    engine = make(workers=1, timeout=30.0)
    assert b"4000000" in engine.query(MEDIUM).body
    assert len(engine.pool.workers()) > 1
    assert soon(lambda: len(engine.pool.workers()) == 1, 20.0)
    assert b"true" in engine.query(LIGHT).body


def test_of_many_very_long_queries_some_run_and_the_others_are_halted(
    make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONG", 0.02)
    monkeypatch.setattr(worker, "LATER", 0.02)
    engine = make(workers=1, timeout=6.0, queue=8)
    with ThreadPoolExecutor(5) as threads:
        heavy = [threads.submit(outcome, engine, f"{PRODUCT} # {n}") for n in range(5)]
        assert soon(lambda: sum(map(halted, engine.pool.workers())) == 3)
        assert b"true" in engine.query(LIGHT).body
        assert all(isinstance(each.result(), TimedOut) for each in heavy)
    assert soon(lambda: len(engine.pool.workers()) == 1)


def test_a_halted_query_has_its_turn_when_another_ends(make: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LONG", 0.02)
    monkeypatch.setattr(worker, "LATER", 0.02)
    monkeypatch.setattr(zygote, "AT_A_TIME", 1)
    engine = make(workers=1, timeout=30.0, queue=8)
    with ThreadPoolExecutor(3) as threads:
        counts = list(threads.map(lambda n: engine.query(f"{MEDIUM} # {n}").body, range(3)))
    assert all(b"4000000" in each for each in counts)


def test_when_too_many_are_long_the_latest_is_lost_and_light_ones_get_through(
    make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONG", 0.02)
    engine = make(workers=1, timeout=4.0, queue=2)
    with ThreadPoolExecutor(8) as threads:
        heavy = []
        for number in range(8):
            heavy.append(threads.submit(outcome, engine, f"{PRODUCT} # {number}"))
            assert b"true" in light(engine)
        results = [each.result() for each in heavy]
    assert any(isinstance(each, WorkerLost) for each in results)
    assert isinstance(results[0], TimedOut)


def light(engine: Embedded) -> bytes:
    """A light query, asked again while the queue is full."""
    results: list[bytes | EngineError] = []

    def answered() -> bool:
        results.append(outcome(engine, LIGHT))
        return isinstance(results[-1], bytes)

    assert soon(answered)
    assert isinstance(results[-1], bytes)
    return results[-1]


def halted(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (FileNotFoundError, ProcessLookupError):
        return False


# The network


@pytest.mark.parametrize("walls", ["all", "descriptors only"])
def test_a_worker_cannot_connect_even_if_the_refusal_failed(
    make: Making, monkeypatch: pytest.MonkeyPatch, walls: str
) -> None:
    monkeypatch.setattr("citygraph.sparql.refuse", lambda *_: None)
    if walls != "all":
        monkeypatch.setattr(worker, "leave_network", lambda: None)
    calls: list[object] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.5)

        def listen() -> None:
            try:
                calls.append(listener.accept())
            except TimeoutError:
                return

        ear = threading.Thread(target=listen)
        ear.start()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        result = outcome(make(), f"SELECT * {{ SERVICE <{endpoint}> {{ ?s ?p ?o }} }}")
        ear.join()
    assert not isinstance(result, bytes)
    assert result.status == 403
    assert calls == []
