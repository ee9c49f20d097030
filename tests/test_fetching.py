"""How other people's sites are asked: who we are, seldom, patiently, and never twice for what is known."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import link_roots
import pytest
import wikidata_server as server
from hypothesis import given
from hypothesis import strategies as st
from link_roots import city, country, link
from wikidata_server import Fault, World

from citygraph.__main__ import main
from citygraph.fetching import retry_after

Out = pytest.CaptureFixture[str]
MANY = 130
"""Things linked to as many items: three batches of the API."""


@pytest.fixture
def world() -> World:
    made = World()
    for number in range(1, MANY + 1):
        made.add(f"Q{number}", {"en": f"Town {number}"}, types=(link_roots.SETTLEMENT,))
    made.add("Q34", {"en": "SE"}, types=(link_roots.COUNTRY,))
    return made


@pytest.fixture
def command(world: World, tmp_path: Path) -> Iterator[list[str]]:
    parts = [city(f"t{n}", f"Town {n}", "se", 58.0, 16.0) + link(f"city:t{n}", f"Q{n}")
             for n in range(1, MANY + 1) if n != 34]  # fmt: skip
    root = link_roots.write(tmp_path / "root", country("se", "Q34"), *parts)
    with server.serving(world) as options:
        cache = ["--cache", str(tmp_path / "cache")]
        yield ["link", "check", "--root", str(root), "--languages", "en", *options, *cache]


def asked(world: World) -> list[str]:
    """What each request asked for."""
    return [str(request.get("ids") or request.get("query")) for request in world.requests]


def test_we_say_who_we_are(command: list[str], world: World) -> None:
    assert main([*command, "--contact", "curator@example.org"]) == 0
    agents = {request["agent"] for request in world.requests}
    assert len(agents) == 1
    assert next(iter(agents)).startswith("creative-cities-graph (curator@example.org) urllib3/2.")


def test_items_are_asked_for_fifty_at_once_and_with_maxlag(command: list[str], world: World) -> None:
    assert main(command) == 0
    batches = [request["ids"].split("|") for request in world.requests if "ids" in request]
    assert list(map(len, batches)) == [50, 50, 30]
    assert {request["maxlag"] for request in world.requests if "ids" in request} == {"5"}


def test_what_was_answered_is_not_asked_again(command: list[str], world: World) -> None:
    assert main(command) == 0
    first = len(world.requests)
    assert main(command) == 0
    assert len(world.requests) == first
    assert main([*command, "--refresh"]) == 0
    assert len(world.requests) == 2 * first


def test_offline_asks_nobody_and_says_what_is_missing(command: list[str], world: World, capsys: Out) -> None:
    assert main([*command, "--offline"]) == 1
    assert "run it once without --offline" in capsys.readouterr().err
    assert world.requests == []
    assert main(command) == 0
    sent = len(world.requests)
    assert main([*command, "--offline", "--max-age", "0"]) == 0
    assert len(world.requests) == sent


def test_old_answers_are_asked_for_again(command: list[str], world: World, tmp_path: Path) -> None:
    assert main(command) == 0
    sent = len(world.requests)
    for file in (tmp_path / "cache").iterdir():
        kept = json.loads(file.read_text("utf-8"))
        kept["fetched"] = (datetime.now(UTC) - timedelta(days=8)).isoformat()
        file.write_text(json.dumps(kept), "utf-8")
    assert main(command) == 0
    assert len(world.requests) == 2 * sent


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"asked": 1}', b"\xff\xfe"])
def test_a_broken_cache_is_mended(command: list[str], world: World, tmp_path: Path, content: bytes) -> None:
    assert main(command) == 0
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(content)
    assert main(command) == 0
    assert main([*command, "--offline"]) == 0


def test_requests_to_one_site_keep_their_distance(command: list[str], world: World) -> None:
    assert main([*command, "--pause", "0.15"]) == 0
    times = [request["at"] for request in world.requests]
    assert all(later - earlier > 0.14 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (server.too_many("1"), 1.0),
        (server.too_many_until(2.5), 1.0),
        (server.lagging, 1.0),
        (server.broken, 0.0),
        (server.hang_up, 0.0),
        (server.slow(2.3), 2.0),
        (server.status(503), 0.0),
        (server.status(500), 0.0),
        (server.moved, 0.0),
    ],
    ids=["429", "429-date", "maxlag", "broken", "hang-up", "slow", "503", "500", "redirect"],
)
def test_a_fault_is_waited_out_and_nothing_is_lost(
    command: list[str], world: World, fault: Fault, least: float
) -> None:
    assert main(command) == 0
    whole = set(asked(world))
    world.requests.clear()
    world.faults = [fault]
    assert main([*command, "--refresh"]) == 0
    first, second = world.requests[:2]
    assert (first.get("ids"), first.get("query")) == (second.get("ids"), second.get("query"))
    assert second["at"] - first["at"] >= least
    assert set(asked(world)) == whole


def test_each_wait_is_twice_the_last(command: list[str], world: World) -> None:
    world.faults = [server.status(503)] * 3
    assert main([*command, "--backoff", "0.2"]) == 0
    times = [request["at"] for request in world.requests[:4]]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert [0.2 <= waits[0] < 0.35, 0.4 <= waits[1] < 0.6, 0.8 <= waits[2] < 1.1] == [True] * 3


def test_after_the_last_attempt_it_is_said_what_was_wrong(command: list[str], world: World, capsys: Out) -> None:
    world.faults = [server.status(503)] * 3
    assert main([*command, "--attempts", "3"]) == 1
    assert "status 503, 3 times." in capsys.readouterr().err
    assert len(world.requests) == 3


def test_a_site_that_asks_for_an_hour_is_left_alone(command: list[str], world: World, capsys: Out) -> None:
    world.faults = [server.too_many("3600")]
    assert main(command) == 1
    assert "status 429, and asks to be left for 3600 seconds" in capsys.readouterr().err
    assert len(world.requests) == 1


def test_what_is_refused_is_not_asked_twice(command: list[str], world: World, capsys: Out) -> None:
    world.faults = [server.status(403, b"<p>Blocked:\n no contact</p>")]
    assert main(command) == 1
    assert "answered 403: <p>Blocked: no contact</p>" in capsys.readouterr().err
    assert len(world.requests) == 1


def test_a_run_that_was_stopped_goes_on_where_it_was(command: list[str], world: World, capsys: Out) -> None:
    answer = lambda handler: handler.reply(  # noqa: E731
        200, server.entities(world, world.requests[-1]["ids"].split("|"), ["en"])
    )
    world.faults = [answer, answer, server.interrupting]
    assert main(command) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    before = asked(world)
    world.requests.clear()
    assert main(command) == 0
    assert not set(before[:2]) & set(asked(world))
    assert before[2] == asked(world)[0]


@given(st.text(max_size=40))
def test_any_retry_after_is_a_wait_or_nothing(text: str) -> None:
    wait = retry_after(text)
    assert wait is None or wait >= 0.0


def test_a_retry_after_in_the_past_is_no_wait() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("120") == 120.0
    assert retry_after("soon") is None
