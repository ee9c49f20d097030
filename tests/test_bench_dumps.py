"""The bench of dumps measures what both sides write, and both write the same graph. Nothing is timed here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from bench import dumps
from bench.generate import generate

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bench") / "network"
    generate(ROOT, made, 20)
    return made


def test_each_syntax_is_measured_beside_rdflib(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dumps.main(["--root", str(network)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"the whole export: [\d.]+ s, [\d,]+ MB in all its processes, \d+ files", told)
    rows = [line.strip("| ").split(" | ") for line in told.splitlines() if re.match(r"\| (turtle|json-ld|xml) ", line)]
    assert [row[0] for row in rows] == ["turtle", "json-ld", "xml"]
    assert all(float(row[1]) > 0 and float(row[4]) > 0 for row in rows), rows


def test_both_sides_write_the_same_graph(network: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"
    command = [sys.executable, "-m", "export", "--root", str(network), "--out", str(out), "--unvalidated"]
    subprocess.run([*command, "--syntaxes", "nt"], cwd=ROOT, capture_output=True, check=True)
    name = json.loads((out / "manifest.json").read_text("utf-8"))["name"]
    found = {}
    for who in (dumps.ours, dumps.rdflib):
        (folder := tmp_path / who.__name__).mkdir()
        assert who(out / f"{name}.nt", "turtle", network, folder)["bytes"] > 0
        found[who.__name__] = {quad.triple for quad in parse(path=folder / "out", format=RdfFormat.TURTLE)}
    assert found["ours"] == found["rdflib"] != set()


def test_a_case_that_fails_is_said_to_have_failed(tmp_path: Path) -> None:
    assert dumps.measured("ours", tmp_path / "missing.nt", "turtle", ROOT, tmp_path) is None
    assert "failed" in dumps.row("turtle", None, None)
