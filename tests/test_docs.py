"""What the documents promise: each command of the README runs, and each option stands in its help."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import ROOT, serving

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("--workers", "1", log=tmp_path_factory.mktemp("serve") / "log") as (address, _):
        yield address


def block(words: str) -> str:
    [found] = [text for _, text in BLOCKS if words in text]
    return str(found)


def shell(text: str, url: str, out: Path) -> str:
    """Run a block of the README with this interpreter and the address of the test's server."""
    text = text.replace("http://127.0.0.1:8000", url).replace(".venv/bin/python", sys.executable)
    text = text.replace("-m export", f"-m export --out {out}")
    ran = subprocess.run(["bash", "-euc", text], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_city_as_turtle(url: str, tmp_path: Path) -> None:
    told = shell(block("curl -L -H"), url, tmp_path)
    for fact in (
        "field:music",
        '"2017-10-31"^^xsd:date',
        '"Sweden"@en',
        "owl:sameAs wd:Q25724",
        "dcterms:source source:hannover-2017",
    ):
        assert fact in told


def test_a_table_of_those_who_joined_in_2017(url: str, tmp_path: Path) -> None:
    lines = shell(block("text/csv"), url, tmp_path).splitlines()
    assert lines[0] == "name,fieldName"
    assert len(lines) == 1 + 64
    assert "Norrköping,Music" in lines


def test_the_python_example(url: str, tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(block("import json").replace("http://127.0.0.1:8000", url), "utf-8")
    ran = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=60, check=True)
    assert "2017 180 72" in ran.stdout.splitlines()


def test_a_query_on_the_folders_and_the_dumps(url: str, tmp_path: Path) -> None:
    told = shell(block("query members-on-a-day"), url, tmp_path / "dist")
    assert "25      17" in told
    assert (tmp_path / "dist" / "creative-cities.ttl").is_file()


def test_names_are_reconciled(url: str, tmp_path: Path) -> None:
    told = json.loads(shell(block("Norrkoeping"), url, tmp_path))
    assert [found["result"][0]["id"].rpartition("/")[2] for found in told.values()] == ["norrkoping", "granada-ni"]
    lines = shell(block("reconcile/table"), url, tmp_path).splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["yes"] * 3


def test_another_folder_is_served_and_validated(tmp_path: Path) -> None:
    validated, served = block("tests/roots/lighthouses").splitlines()
    ran = subprocess.run(
        validated.replace(".venv/bin/python", sys.executable).split(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Say how far the light reaches" in ran.stdout
    assert "-m citygraph serve --root tests/roots/lighthouses" in served
    with serving("--root", "tests/roots/lighthouses", "--workers", "1", log=tmp_path / "log") as (address, _):
        told = shell("curl -sL -H 'Accept: text/turtle' http://127.0.0.1:8000/light/eddystone", address, tmp_path)
    assert "17" in told
    assert "Lighthouse" in told


OTHERS = {"--data", "--quiet", "--package", "--omit", "--ignore"}
"""The beginnings of options of curl, sha256sum and npm."""


def test_every_option_that_is_named_is_an_option() -> None:
    known = "".join(
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for command in [
            ["citygraph", name, "--help"] for name in ("serve", "validate", "format", "query", "stats", "push")
        ]
        + [["citygraph", "link", name, "--help"] for name in ("propose", "check", "labels")]
        + [["export", *name, "--help"] for name in ([], ["quickstatements"], ["release"], ["site"])]
        + [["bench.crawl", "--help"]]
    )
    named = {
        option
        for file in ("README.md", "CONTRIBUTING.md")
        for option in re.findall(r"(?<![\w-])--[a-z]+", (ROOT / file).read_text("utf-8"))
    }
    assert {option for option in named - OTHERS if option not in known} == set()


def test_every_folder_and_file_that_is_named_exists() -> None:
    text = README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for path in re.findall(r"`((?:data|ontology|shapes|tests|citygraph|export|\.ci)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


def test_every_dependency_has_its_reason() -> None:
    stated = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for name in re.findall(r'^    "([a-z-]+)', project, re.MULTILINE):
        assert name in stated.lower(), name


def test_nothing_names_a_registry_or_is_fetched_from_the_web() -> None:
    for path in (ROOT / "requirements.txt", ROOT / "requirements-test.txt"):
        assert "://" not in path.read_text("utf-8")
        assert "--hash=sha256:" in path.read_text("utf-8")
