"""What the reconciliation service refuses, each time with a status and words that say why."""

import json
from contextlib import suppress
from threading import BoundedSemaphore

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from citygraph import reconciling
from citygraph.protocol import BadRequest
from citygraph.reconciliation import answers, reading

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "[]", "1", "null", '"Lyon"', '{"q": 1}', '{"q": []}', '{"q": {}}', '{"q": {"query": 1}}',
        '{"q": {"query": null}}', '{"q": {"properties": []}}', '{"q": {"query": "a", "limit": 0}}',
        '{"q": {"query": "a", "limit": 1.5}}', '{"q": {"query": "a", "limit": "3"}}',
        '{"q": {"query": "a", "limit": true}}',
        '{"q": {"query": "a", "limit": 1e999}}', '{"q": {"query": "a", "limit": NaN}}', '{"q": {"query": "\\ud800"}}',
        '{"q": {"query": "a", "type": {}}}', '{"q": {"query": "a", "type": [1]}}',
        '{"q": {"query": "a", "type_strict": "x"}}',
        '{"q": {"query": "a", "properties": {}}}', '{"q": {"query": "a", "properties": [1]}}',
        '{"q": {"query": "a", "properties": [{"pid": "x"}]}}',
        '{"q": {"query": "a", "properties": [{"pid": 1, "v": 1}]}}',
        '{"q": {"query": "a", "properties": [{"pid": "country", "v": {}}]}}', "[" * 100_000, '{"q":' * 50_000,
        '{"q": {"query": "a", "limit": 1' + "0" * 5_000 + "}}",
    ],
)  # fmt: skip
def test_hostile_json_is_a_bad_request_in_words(client: FlaskClient, text: str) -> None:
    for parameter in ("queries", "extend"):
        answer = client.post("/reconcile", data={parameter: text})
        assert answer.status_code == 400, answer.text
        assert answer.mimetype == "application/problem+json"
        assert parameter in answer.json["detail"]
        assert len(answer.json["detail"]) < 300


MEMBERS = st.sampled_from(["query", "type", "limit", "properties", "pid", "v", "id", "ids", "q"])
LEAVES = st.none() | st.booleans() | st.floats() | st.text()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(MEMBERS, inner)))
@settings(max_examples=300, deadline=None)
def test_any_json_is_either_read_or_refused(value: object) -> None:
    for read, asked in ((reading.batch, {"q": value}), (reading.extension, value)):
        with suppress(BadRequest):
            assert read(json.dumps(asked)) is not None


def test_requests_that_are_none_are_refused(client: FlaskClient) -> None:
    assert client.post("/reconcile").status_code == 400
    assert client.post("/reconcile", data={"nothing": "1"}).status_code == 400
    assert client.post("/reconcile", data="{}", content_type="application/json").status_code == 415
    assert client.post("/reconcile", data=b"queries=%ff", content_type=FORM).status_code == 400
    assert client.put("/reconcile").status_code == 405
    assert client.get("/reconcile/suggest/colour?prefix=a").status_code == 404
    assert client.get("/reconcile/suggest/entity?prefix=a&cursor=-1").status_code == 400


def test_more_queries_than_the_manifest_allows_are_too_many(client: FlaskClient) -> None:
    size = client.get("/reconcile").json["batchSize"]
    answer = client.post("/reconcile", data={"queries": json.dumps({str(n): {"query": ""} for n in range(size + 1)})})
    assert (answer.status_code, answer.json["limit"]) == (413, size)
    ids = client.post("/reconcile", data={"extend": json.dumps({"ids": ["x"] * (size + 1), "properties": []})})
    assert ids.status_code == 413


def test_a_batch_that_takes_too_long_is_stopped_and_says_where(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "SECONDS", 0.0)
    answer = client.post("/reconcile", data={"queries": json.dumps({"a": {"query": "Lyon"}, "b": {"query": "Lyon"}})})
    assert answer.status_code == 503
    assert answer.json["limit_seconds"] == 0
    assert "of 2" in answer.json["detail"]


def test_a_batch_that_gets_no_turn_is_told_when_to_come_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = BoundedSemaphore(1)
    monkeypatch.setattr(reconciling, "TURNS", turns)
    monkeypatch.setattr(reconciling, "PATIENCE", 0.01)
    queries = {"queries": json.dumps({"a": {"query": "Lyon"}})}
    with turns:
        for path, data in (("/reconcile", queries), ("/reconcile/table", {"names": "Lyon"})):
            answer = client.post(path, data=data)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert client.post("/reconcile", data=queries).status_code == 200
