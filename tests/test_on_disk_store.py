"""A store on disk: built once, opened without parsing, shared, and whole whatever ends a build."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import serving
from pyoxigraph import Store

from citygraph import dataset, ondisk, queries, worker
from citygraph.dataset import Dataset
from citygraph.digest import canonical
from citygraph.engine import Embedded
from export.dumps import write

ROOT = Path(__file__).parents[1]
LIGHTS = ROOT / "tests" / "roots" / "lighthouses"
PAGES = ("/", "/city/norrkoping.html", "/cities", "/.well-known/void?format=turtle")
COUNT = "/sparql?query=SELECT%20(COUNT(*)%20AS%20?n)%20%7B%20?s%20?p%20?o%20%7D&format=csv"
FIELDS = (
    "/sparql?query=SELECT%20?f%20(COUNT(?d)%20AS%20?n)%20%7B%20?d%20a%20?f%20%7D%20GROUP%20BY%20?f%20ORDER%20BY%20?f"
)


@pytest.fixture
def lights(tmp_path: Path) -> Path:
    shutil.copytree(LIGHTS, tmp_path / "root")
    return tmp_path / "root"


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    """Lets go of the stores that a test read in this process."""
    before = len(ondisk.KEPT)
    yield
    for lock in ondisk.KEPT[before:]:
        lock.close()
    del ondisk.KEPT[before:]


def command(root: Path, store: Path) -> list[str]:
    return [sys.executable, "-m", "citygraph", "build", "--root", str(root), "--store", str(store)]


def stores(place: Path) -> list[str]:
    return sorted(path.name for path in place.glob("store-*"))


def quads(loaded: Dataset) -> set[str]:
    return {str(quad) for quad in loaded.store}


def test_a_store_on_disk_holds_what_a_store_in_memory_holds(lights: Path, tmp_path: Path) -> None:
    rules = lights / "ontology" / "rules"
    rules.mkdir()
    (rules / "a.rq").write_text("CONSTRUCT { ?a <urn:seen> true } WHERE { ?a a ?class }", "utf-8")
    (lights / "data" / "blank.ttl").write_text("<urn:a> <urn:p> [ <urn:q> 1 ] , _:x . _:x <urn:q> 2 .", "utf-8")
    kept, held = ondisk.opened(lights, None, tmp_path / "store"), dataset.load(lights)
    for name in ("base", "version", "digest", "prefixes", "counts"):
        assert getattr(kept, name) == getattr(held, name)
    assert held.counts["derived"]
    assert len(kept.store) == len(held.store)


def test_a_store_that_is_up_to_date_is_opened_and_not_built(
    lights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ondisk.build(lights, None, tmp_path / "store")
    assert not ondisk.build(lights, None, tmp_path / "store")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be parsed")

    monkeypatch.setattr(dataset, "parse", refuse)
    monkeypatch.setattr(subprocess, "run", refuse)
    assert len(ondisk.opened(lights, None, tmp_path / "store").store) == 2 * 19 + 7


@pytest.mark.parametrize("change", ["changed", "added", "removed", "touched", "rule"])
def test_a_file_that_is_changed_added_or_removed_builds_the_store_again(
    lights: Path, tmp_path: Path, change: str
) -> None:
    ondisk.build(lights, None, tmp_path / "store")
    before = stores(tmp_path / "store")
    file = lights / "data" / "lights.ttl"
    if change == "changed":
        file.write_text(file.read_text("utf-8").replace("17", "18"), "utf-8")
    elif change == "added":
        (lights / "data" / "more.ttl").write_text("<urn:a> <urn:p> 1 .", "utf-8")
    elif change == "removed":
        (lights / "ontology" / "lights.ttl").unlink()
    elif change == "touched":
        os.utime(file, ns=(1, 1))
    else:
        (lights / "ontology" / "rules").mkdir()
        (lights / "ontology" / "rules" / "a.rq").write_text("CONSTRUCT { ?a <urn:p> 1 } WHERE { ?a a ?b }", "utf-8")
    assert ondisk.current(lights, None, tmp_path / "store") is None
    assert ondisk.build(lights, None, tmp_path / "store")
    after = stores(tmp_path / "store")
    assert len(after) == 1
    assert after != before
    loaded = ondisk.current(lights, None, tmp_path / "store")
    assert loaded is not None
    assert loaded.digest == dataset.load(lights).digest


def test_what_reads_the_whole_graph_is_computed_once_and_kept(lights: Path, tmp_path: Path) -> None:
    ondisk.build(lights, None, tmp_path / "store")
    kept, held = ondisk.current(lights, None, tmp_path / "store"), dataset.load(lights)
    assert kept is not None
    assert queries.load("description/totals").text in kept.answers
    own, other = Embedded(kept, workers=1), Embedded(held, workers=1)
    try:
        for text in kept.answers:
            assert own.select(text) == other.select(text)
        assert kept.opened.stores == {}  # type: ignore[attr-defined]
    finally:
        own.close()
        other.close()


def test_another_base_is_another_store(lights: Path, tmp_path: Path) -> None:
    ondisk.build(lights, None, tmp_path / "store")
    assert ondisk.current(lights, "https://other.example.org/", tmp_path / "store") is None


def test_a_store_that_is_read_is_not_deleted_when_the_next_is_built(lights: Path, tmp_path: Path) -> None:
    first = ondisk.opened(lights, None, tmp_path / "store")
    expected = quads(first)
    (lights / "data" / "more.ttl").write_text("<urn:a> <urn:p> 1 .", "utf-8")
    second = ondisk.opened(lights, None, tmp_path / "store")
    assert len(stores(tmp_path / "store")) == 2
    assert quads(first) == expected
    assert len(quads(second)) == len(expected) + 2
    for lock in ondisk.KEPT:
        lock.close()
    os.utime(lights / "data" / "more.ttl", ns=(1, 1))
    ondisk.build(lights, None, tmp_path / "store")
    assert len(stores(tmp_path / "store")) == 1


def test_files_that_are_no_turtle_leave_the_store_that_was_there(lights: Path, tmp_path: Path) -> None:
    ondisk.build(lights, None, tmp_path / "store")
    before = stores(tmp_path / "store"), (tmp_path / "store" / "manifest.json").read_bytes()
    (lights / "data" / "bad.ttl").write_text("<urn:a> <urn:p> \n", "utf-8")
    done = subprocess.run(
        command(lights, tmp_path / "store"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, "data/bad.ttl:2:1: Unexpected end\n")
    assert (stores(tmp_path / "store"), (tmp_path / "store" / "manifest.json").read_bytes()) == before


def test_a_build_that_is_killed_leaves_a_store_that_can_be_used(lights: Path, tmp_path: Path) -> None:
    """Killed at several moments after it began to write, and then not."""
    store, changed = tmp_path / "store", tmp_path / "changed"
    ondisk.build(lights, None, store)
    before = stores(store)
    shutil.copytree(lights, changed)
    facts = "".join(f"<urn:{number}> <urn:p> {number} .\n" for number in range(30_000))
    (changed / "data" / "more.ttl").write_text(facts, "utf-8")
    chance = random.Random(7)  # noqa: S311 (moments, no secrets)
    for _ in range(5):
        with subprocess.Popen(command(changed, store), cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and set(stores(store)) <= set(before):
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
        kept = json.loads((store / "manifest.json").read_text("utf-8"))
        opened = Store.read_only(str(store / kept["store"]))
        assert len(opened) == 2 * sum(kept["counts"].values()) - kept["counts"]["shapes"]
    loaded = ondisk.opened(changed, None, store)
    assert loaded.digest == dataset.load(changed).digest
    assert len(stores(store)) == 1


def test_two_that_build_at_once_build_one_store(lights: Path, tmp_path: Path) -> None:
    both = [
        subprocess.Popen(command(lights, tmp_path / "store"), cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(stores(tmp_path / "store")) == 1
    assert sum("up to date" in text for text in said) == 1


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(lights: Path, tmp_path: Path) -> None:
    place = tmp_path / "letters"
    place.mkdir()
    (place / "letter.txt").write_text("Dear", "utf-8")
    for refused in (ondisk.build, ondisk.opened):
        with pytest.raises(ValueError, match="holds something that is no store of ours"):
            refused(lights, None, place)
    assert [path.name for path in place.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("place", ["/proc/store", "file", "file/store"])
def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(lights: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OSError, match="a store cannot be built there"):
        ondisk.opened(lights, None, tmp_path / place)


def answers(*options: str, log: Path) -> dict[str, tuple[bytes, str | None]]:
    """Bytes and ETag of some replies of a server."""
    found = {}
    with serving(*options, log=log) as (url, _):
        for path in (*PAGES, COUNT, FIELDS):
            with urllib.request.urlopen(url + path, timeout=20) as reply:
                found[path] = reply.read(), reply.headers["ETag"]
    return found


def test_a_second_start_parses_nothing_and_answers_the_same(tmp_path: Path, dataset: Dataset) -> None:
    store = str(tmp_path / "store")
    first = answers("--store", store, "--workers", "2", log=tmp_path / "first")
    second = answers("--store", store, "--workers", "2", log=tmp_path / "second")
    assert first == second
    assert first[COUNT][0] == b"n\r\n%d\r\n" % (sum(dataset.counts.values()) - dataset.counts["shapes"])
    assert "built in" in (tmp_path / "first").read_text("utf-8")
    assert "built in" not in (tmp_path / "second").read_text("utf-8")


def test_an_export_from_a_store_on_disk_is_the_same(tmp_path: Path) -> None:
    kept = ondisk.opened(LIGHTS, None, tmp_path / "store")
    assert kept.quads is not None
    assert gzip.decompress(kept.quads.read_bytes()) == b"".join(canonical(kept.store))
    for name, loaded in (("disk", kept), ("memory", dataset.load(LIGHTS))):
        write(loaded, tmp_path / name)
    for path in (tmp_path / "memory").iterdir():
        assert (tmp_path / "disk" / path.name).read_bytes() == path.read_bytes(), path.name


def test_quads_that_are_not_those_of_the_dataset_are_refused(tmp_path: Path) -> None:
    kept = ondisk.opened(LIGHTS, None, tmp_path / "store")
    assert kept.quads is not None
    kept.quads.write_bytes(gzip.compress(b""))
    with pytest.raises(ValueError, match="build its store anew"):
        write(kept, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_a_worker_keeps_the_store_that_it_opened(lights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where the store is in memory, a worker ends after a query that made it larger. Here the store itself makes it so.
    monkeypatch.setattr(worker, "GROWN", 0)
    engine = Embedded(ondisk.opened(lights, None, tmp_path / "store"), workers=1)
    try:
        engine.query("ASK { ?s ?p ?o }")
        first = engine.pool.workers()
        for number in range(5):
            engine.query(f"ASK {{ ?s ?p {number} }}")
        assert engine.pool.workers() == first
    finally:
        engine.close()
