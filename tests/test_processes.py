"""Whatever process of a server dies, what it had in hand is lost and nothing else, and nothing stays behind."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from live import serving
from pools import alive
from probes import ask, light, light_load, roles, soon, tree

WORKERS = 2
WITHIN = 10.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    log = tmp_path_factory.mktemp("processes") / "log"
    with serving("--workers", str(WORKERS), "--timeout", "2", log=log) as (url, process):
        ask(url, light())
        yield url, process.pid


def complete(main: int) -> bool:
    found = roles(main)
    return len(found["web"]) == WORKERS and len(found["zygote"]) == 1 and len(found["query"]) >= WORKERS


def report(name: str, **figures: object) -> None:
    """A line of figures in the file that ATTACK_REPORT names."""
    if path := os.environ.get("ATTACK_REPORT"):
        with Path(path).open("a") as output:
            print(json.dumps({"killed": name} | figures), file=output)


@pytest.mark.parametrize("role", ["query", "zygote", "web"])
def test_a_killed_process_costs_what_it_had_in_hand(server: tuple[str, int], role: str) -> None:
    url, main = server
    assert soon(lambda: complete(main)) < WITHIN, roles(main)
    victims = roles(main)[role]
    with light_load(url, pause=0.002) as seen:
        time.sleep(0.5)
        before = sum(sum(each.values()) for each in seen.statuses.values())
        os.kill(victims[0], signal.SIGKILL)
        answered = soon(lambda: ask(url, light(), timeout=2).status == 200)
        whole = answered + soon(lambda: complete(main) and not alive(victims[0]))
        time.sleep(0.5)
    lost = {kind: {s: n for s, n in each.items() if s != 200} for kind, each in seen.statuses.items()}
    requests = sum(sum(each.values()) for each in seen.statuses.values())
    report(role, requests=requests, lost=lost, first_answer=round(answered, 3), all_back=round(whole, 3))
    assert before > 0
    assert answered < WITHIN
    assert whole < WITHIN
    # The load has two requests under way at any time.
    assert sum(sum(each.values()) for each in lost.values()) <= 4, lost
    assert set().union(*lost.values()) <= {0, 503}


def test_every_worker_in_turn_and_all_at_once(server: tuple[str, int]) -> None:
    url, main = server
    for _ in range(3):
        assert soon(lambda: complete(main)) < WITHIN
        for pid in roles(main)["query"] + roles(main)["zygote"]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert soon(lambda: ask(url, light(), timeout=2).status == 200) < WITHIN
    found = roles(main)
    assert len(found["web"]) == WORKERS


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_with_the_main_process_everything_ends(tmp_path: Path, end: signal.Signals) -> None:
    with serving("--workers", str(WORKERS), "--timeout", "2", log=tmp_path / "log") as (url, process):
        ask(url, light())
        everyone = tree(process.pid)
        assert len(everyone) >= 2 + 2 * WORKERS
        process.send_signal(end)
        gone = soon(lambda: process.poll() is not None and not any(map(alive, everyone)))
        left = [pid for pid in everyone if alive(pid)]
        report(f"main, {end.name}", everything_gone=round(gone, 3), orphans=len(left))
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert left == []


def test_a_process_that_no_longer_listens_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with serving("--workers", "1", log=tmp_path / "log") as (url, process):
        ask(url, light())
        everything = tree(process.pid)
        # As good as a thread that never comes back.
        os.kill(roles(process.pid)["web"][0], signal.SIGSTOP)
        process.terminate()
        process.wait(30)
        assert soon(lambda: not any(map(alive, everything))) < WITHIN
