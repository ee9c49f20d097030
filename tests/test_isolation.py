"""A query that runs away costs nobody but the one who asked it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pools import LIGHT, LIMIT, PRODUCT, Making, alive, outcome, soon

from citygraph import worker
from citygraph.errors import ResultTooLarge, TimedOut, WorkerLost

# Time


def test_a_runaway_query_is_stopped_at_its_limit_and_light_ones_go_on(make: Making) -> None:
    engine = make()
    with ThreadPoolExecutor() as threads:
        heavy = [threads.submit(outcome, engine, PRODUCT) for _ in range(3)]
        while not all(each.done() for each in heavy):
            assert b"true" in engine.query(LIGHT).body
    for each in heavy:
        error = each.result()
        assert isinstance(error, TimedOut)
        assert (error.status, error.extra["limit_seconds"]) == (503, LIMIT)


def test_a_timeout_may_shorten_the_limit_and_not_stretch_it(make: Making) -> None:
    engine = make()
    with pytest.raises(TimedOut) as short:
        engine.query(PRODUCT, timeout=0.1)
    assert short.value.extra["limit_seconds"] == 0.1
    with pytest.raises(TimedOut) as long:
        engine.query(PRODUCT, timeout=60)
    assert long.value.extra["limit_seconds"] == LIMIT


def test_the_stopped_process_is_gone_and_replaced(make: Making) -> None:
    engine = make(workers=1)
    first = engine.pool.workers()
    assert isinstance(outcome(engine, PRODUCT), TimedOut)
    assert b"true" in engine.query(LIGHT).body
    assert soon(lambda: not any(map(alive, first)) and len(engine.pool.workers()) == 1)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(30)) + " } ORDER BY ?a1",
        "SELECT (REPLACE('" + "a" * 3000 + "b', '(a*)*(a*)*(a*)*(a*)*c', 'x') AS ?x) {}",
        "ASK { ?s ?p ?o FILTER(REGEX(?o, '((((.{1,200}){1,200}){1,200}){1,200})')) }",
        "SELECT * { ?a (<x:a>|!<x:b>|^<x:c>)* ?b . ?b (!<x:d>)* ?c . ?c !<x:e> ?d . ?d (!<x:f>)* ?e }",
    ],
    ids=["product", "backtracking", "counted repetition", "paths"],
)
def test_a_bomb_costs_at_most_the_limit(make: Making, text: str) -> None:
    engine = make()
    start = time.monotonic()
    outcome(engine, text)
    assert time.monotonic() - start < LIMIT + 2
    assert b"true" in engine.query(LIGHT).body


# Memory and depth


DOUBLING = (
    "SELECT (STRLEN(?b40) AS ?n) { BIND('aaaaaaaaaaaaaaaa' AS ?b0) "
    + " ".join(f"BIND(CONCAT(?b{i}, ?b{i}) AS ?b{i + 1})" for i in range(40))
    + " }"
)


def test_a_memory_bomb_costs_that_query_alone(make: Making) -> None:
    engine = make(timeout=10.0)
    with pytest.raises(WorkerLost, match="Only this query") as lost:
        engine.query(DOUBLING)
    assert lost.value.status == 503
    assert b"true" in engine.query(LIGHT).body


@pytest.mark.parametrize("depth", [1_000, 20_000, 100_000])
def test_deep_nesting_is_an_answer_or_a_clean_503(make: Making, depth: int) -> None:
    engine = make(timeout=5.0)
    for text in (
        f"SELECT ({'CONCAT(' * depth}'a'{')' * depth} AS ?x) {{}}",
        f"ASK {'{' * depth}{'}' * depth}",
    ):
        result = outcome(engine, text)
        assert isinstance(result, bytes) or result.status == 503
    assert b"true" in engine.query(LIGHT).body


def test_a_thousand_levels_are_answered(make: Making) -> None:
    text = f"SELECT ({'CONCAT(' * 1000}'a'{')' * 1000} AS ?x) {{}}"
    assert json.loads(make(timeout=5.0).query(text).body)["results"]["bindings"][0]["x"]["value"] == "a"


def test_a_worker_that_grew_ends_after_its_answer(make: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GROWN", 16 << 20)
    engine = make(workers=1, timeout=5.0, memory=512 << 20)
    first = engine.pool.workers()
    text = "SELECT (STRLEN(?b21) AS ?n) { BIND('aaaaaaaaaaaaaaaa' AS ?b0) "
    text += " ".join(f"BIND(CONCAT(?b{i}, ?b{i}) AS ?b{i + 1})" for i in range(21)) + " }"
    assert b"33554432" in engine.query(text).body
    assert soon(lambda: engine.pool.workers() not in (first, []))
    assert b"true" in engine.query(LIGHT).body


def test_a_body_over_the_limit_is_413(make: Making) -> None:
    engine = make(max_body=10_000)
    with pytest.raises(ResultTooLarge) as refusal:
        engine.query("SELECT * { ?s ?p ?o }")
    assert refusal.value.status == 413


def test_a_large_body_arrives_whole(make: Making) -> None:
    engine = make(timeout=10.0)
    body = engine.query("SELECT * { ?s ?p ?o . VALUES ?x { 1 2 3 4 5 6 7 8 9 10 } }").body
    assert len(json.loads(body)["results"]["bindings"]) == 20_000
