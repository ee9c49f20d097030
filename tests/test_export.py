"""Dumps: the graph that is served, the same bytes every time, and nothing when it is not right."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import RdfFormat, parse

from citygraph.dataset import Dataset
from export.__main__ import main
from export.dumps import write

ROOT = Path(__file__).parents[1]
LIGHTS = ROOT / "tests" / "roots" / "lighthouses"


@pytest.fixture(scope="module")
def dist(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "dist"
    write(dataset, out)
    return out


def test_the_dumps_are_there(dist: Path) -> None:
    assert sorted(path.name for path in dist.iterdir()) == [
        "SHA256SUMS",
        "creative-cities.nq",
        "creative-cities.ttl",
        "data.ttl",
        "derived.ttl",
        "ontology.ttl",
        "shapes.ttl",
    ]


def test_the_turtle_has_what_the_default_graph_has(dist: Path, dataset: Dataset) -> None:
    dumped = {quad.triple for quad in parse(path=dist / "creative-cities.ttl", format=RdfFormat.TURTLE)}
    served = set(dataset.store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"))
    assert dumped == served


@pytest.mark.filterwarnings("ignore:Dataset.default_context")
def test_another_library_reads_the_same_number_of_quads(dist: Path, dataset: Dataset) -> None:
    graph = rdflib.Dataset()
    graph.parse(data=(dist / "creative-cities.nq").read_bytes(), format="nquads")
    assert sum(1 for _ in graph.quads()) == sum(dataset.counts.values())


def test_the_hash_of_the_quads_is_the_digest_of_the_dataset(dist: Path, dataset: Dataset) -> None:
    assert hashlib.sha256((dist / "creative-cities.nq").read_bytes()).hexdigest() == dataset.digest


def test_the_checksums_are_true(dist: Path) -> None:
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=dist, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == 6


def test_two_exports_are_the_same_bytes(dist: Path, dataset: Dataset, tmp_path: Path) -> None:
    for path in write(dataset, tmp_path / "again"):
        assert path.read_bytes() == (dist / path.name).read_bytes()


def test_nothing_is_written_when_validation_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "dist"
    out.mkdir()
    (out / "old").write_text("kept", "utf-8")
    assert main(["--root", str(LIGHTS), "--out", str(out)]) == 1
    assert "Nothing was written" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["old"]


def test_a_root_of_another_vocabulary_exports_too(tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(LIGHTS, root)
    shutil.rmtree(root / "shapes")
    assert main(["--root", str(root), "--out", str(tmp_path / "dist")]) == 0
    assert (tmp_path / "dist" / "lights.example.org.nq").is_file()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
