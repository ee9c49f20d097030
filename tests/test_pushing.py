"""Graphs go from the folders into a store, all of them, or with a word about which."""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import live
import pytest
import stores
from faulty import JSON, ROWS, Request, serving
from live import ROOT

from citygraph import pushing
from citygraph.dataset import load
from citygraph.endpoint import Endpoint
from citygraph.errors import TimedOut
from citygraph.remote import Remote

COUNTED = b'{"head":{"vars":["triples"]},"results":{"bindings":[{"triples":{"type":"literal","value":"%d"}}]}}'
SIGHT = "    t:sees l:plymouth-hoe ;\n"


@pytest.fixture(scope="module", params=stores.ENGINES[1:])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stores.Store]:
    if reason := stores.missing(request.param):
        pytest.skip(reason)
    with stores.running(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The lighthouses without the shapes that find fault with them."""
    return Path(shutil.copytree(ROOT / "tests/roots/lighthouses", tmp_path / "root", ignore=lambda *_: ["shapes"]))


def push(root: Path, store: stores.Store, password: str | None = None) -> "subprocess.CompletedProcess[str]":
    known = {
        "CITYGRAPH_ENDPOINT": store.endpoint,
        "CITYGRAPH_GRAPH_STORE": store.graph_store,
        "CITYGRAPH_ENDPOINT_USER": store.credentials.user,
        "CITYGRAPH_ENDPOINT_PASSWORD": password or store.credentials.password,
    }
    command = [sys.executable, "-m", "citygraph", "push", "--root", str(root)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | known, capture_output=True, text=True, check=False)


def test_a_push_replaces_each_graph_and_counts_it(store: stores.Store, root: Path) -> None:
    loaded = load(root)
    first = push(root, store)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        f"graph/{part}: {loaded.counts[part]:,} triples, counted in the store"
        for part in ("ontology", "data", "shapes", "derived")
    ]
    lights = root / "data/lights.ttl"
    assert SIGHT in lights.read_text("utf-8")
    lights.write_text(lights.read_text("utf-8").replace(SIGHT, ""), "utf-8")
    assert push(root, store).returncode == 0
    engine = Remote(loaded, store.endpoint)
    assert not engine.ask(f"ASK {{ <{loaded.base}eddystone> ?p <{loaded.base}plymouth-hoe> }}")
    assert pushing.count(engine, loaded.graph("data")) == loaded.counts["data"] - 1


def test_serve_asks_the_store_that_the_environment_names(
    store: stores.Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert push(root, store).returncode == 0
    lights = root / "data/lights.ttl"
    lights.write_text(lights.read_text("utf-8").replace("t:range 17", "t:range 99"), "utf-8")
    monkeypatch.setenv("CITYGRAPH_ENDPOINT", store.endpoint)
    with live.serving("--root", str(root), "--workers", "2", log=tmp_path / "log") as (url, _):
        for _ in range(4):
            with urllib.request.urlopen(f"{url}/light/eddystone.ttl", timeout=10) as reply:
                assert "t:range 17" in reply.read().decode()


CHANGING = (
    "/light/eddystone.ttl",
    "/light/eddystone.html",
    "/graph/data.nt",
    "/rdf-graph-store?default",
    "/sparql?query=SELECT%20%3Fo%20%7B%20%3Clight%2Feddystone%3E%20%3Fp%20%3Fo%20%7D",
)


def got(url: str, tag: str = "") -> tuple[int, str, str]:
    """Status, ETag and body, for a client that has the reply with that tag already."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": tag}), timeout=10) as reply:
            return reply.status, reply.headers["ETag"], reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["ETag"], ""


def test_a_change_in_the_store_is_in_the_next_reply_of_every_process(
    store: stores.Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert push(root, store).returncode == 0
    monkeypatch.setenv("CITYGRAPH_ENDPOINT", store.endpoint)
    lights = root / "data/lights.ttl"
    with live.serving("--root", str(root), "--workers", "2", log=tmp_path / "log") as (url, _):
        tags = {}
        for path in CHANGING * 4:
            status, tags[path], body = got(url + path)
            assert (status, "9876" in body) == (200, False), path
        assert [got(url + path, tag)[0] for path, tag in tags.items()] == [304] * len(CHANGING)
        lights.write_text(lights.read_text("utf-8").replace("t:range 17", "t:range 9876"), "utf-8")
        assert push(root, store).returncode == 0
        for path in CHANGING * 4:
            status, tag, body = got(url + path, tags[path])
            assert (status, "9876" in body, tag == tags[path]) == (200, True, False), path


def test_a_wrong_password_changes_nothing_and_is_not_told(store: stores.Store, root: Path) -> None:
    if not store.credentials.user:
        pytest.skip("the store is open")
    ran = push(root, store, "swordfish")
    assert ran.returncode == 1
    assert "the store refuses us" in ran.stderr
    assert "as before: data, shapes, derived" in ran.stderr
    assert "swordfish" not in ran.stdout + ran.stderr


def test_nothing_is_pushed_when_validation_fails() -> None:
    with serving(lambda request: request.send(204, "", b"")) as store:
        ran = push(ROOT / "tests/roots/lighthouses", stores.Store(store.url, store.url))
        assert store.seen == []
    assert ran.returncode == 1
    assert "Say how far the light reaches" in ran.stderr
    assert ran.stderr.endswith("nothing was pushed\n")


@pytest.mark.parametrize(
    ("status", "counted", "words"),
    [
        (507, None, "graph/data: the store answered 507: the disk is full"),
        (404, None, "graph/data: no graph store is there (status 404); name the right address with --graph-store"),
        (204, 3, "graph/data: the store counts 3 triples there, and 6 were sent"),
    ],
)
def test_a_push_that_fails_says_which_graphs_are_new(root: Path, status: int, counted: int | None, words: str) -> None:
    loaded = load(root)
    words = words.replace("and 6", f"and {loaded.counts['data']}")

    def behave(request: Request) -> None:
        late = len(request.server.seen) > 2
        if request.command == "PUT":
            request.send(status if late else 201, "text/plain", b"<p>the disk is full</p>")
        else:
            request.send(200, JSON, COUNTED % (counted if late and counted else loaded.counts["ontology"]))

    with serving(behave) as store:
        ran = push(root, stores.Store(store.url, f"{store.url}?graph={{graph}}"))
        assert ran.returncode == 1
        assert ran.stderr.splitlines() == [
            words,
            "new: ontology; in doubt: data; as before: shapes, derived; push again when it is mended",
        ]


def test_a_store_that_cannot_count_is_a_failed_push(root: Path) -> None:
    loaded = load(root)
    with serving(lambda request: request.send(200, JSON, ROWS)) as store:
        engine = Remote(loaded, store.url)
        done = pushing.push(loaded, Endpoint(store.url), store.url, engine, print)
        assert (done.new, done.failed) == ([], "ontology")


def test_a_store_that_is_too_slow_is_a_failed_push(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "SENDING", 0.3)
    loaded = load(root)
    with serving(lambda request: request.server.stopped.wait(5) and None) as store:
        with pytest.raises(TimedOut):
            pushing.put(loaded, "data", Endpoint(store.url), store.url)
        done = pushing.push(loaded, Endpoint(store.url), store.url, Remote(loaded, store.url), print)
    assert done.reason == "The store did not answer within 0.3 seconds."


def test_the_address_of_a_graph_in_a_store() -> None:
    graph = "https://x.org/graph/data"
    escaped = "https%3A%2F%2Fx.org%2Fgraph%2Fdata"
    assert pushing.address("http://s/store", graph) == f"http://s/store?graph={escaped}"
    assert pushing.address("http://s/store?db=x", graph) == f"http://s/store?db=x&graph={escaped}"
    assert pushing.address("http://s/crud?graph-uri={graph}", graph) == f"http://s/crud?graph-uri={escaped}"


def test_a_push_without_a_store_says_what_to_name(root: Path) -> None:
    ran = push(root, stores.Store("", ""))
    assert ran.returncode == 1
    assert "--graph-store" in ran.stderr


@pytest.mark.parametrize("name", stores.ENGINES[1:])
def test_a_store_that_is_asked_for_and_missing_is_a_failure_that_says_what_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "installed", lambda _: False)
    monkeypatch.setenv("STORE_TESTS", name)
    assert stores.missing(name) == ""
    with pytest.raises(FileNotFoundError, match=r"not installed: .*install"), stores.running(name, tmp_path):
        pass


def test_stores_that_nobody_knows_are_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_TESTS", "oxigraph,virtuso")
    with pytest.raises(ValueError, match="virtuso; there are oxigraph, virtuoso"):
        stores.missing("virtuoso")
