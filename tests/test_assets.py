"""The editor of the query page comes from npm where that can be done; where it cannot, the reason is told and nothing
else is missing."""

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from citygraph import assets
from citygraph.__main__ import main
from server import create_app

INSTALLS = """
build = Path("node_modules/@zazuko/yasgui/build")
build.mkdir(parents=True)
(build / "yasgui.min.js").write_text("window.Yasgui = undefined;")
(build / "yasgui.min.css").write_text(".yasgui {}")
"""
HANGS = "time.sleep(60)"
OFFLINE = 'print("npm error code ENOTFOUND", file=sys.stderr); sys.exit(1)'
TAMPERED = 'print("npm error code EINTEGRITY", file=sys.stderr); sys.exit(1)'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for what is installed, and no npm but the one that the test makes."""
    monkeypatch.setattr(assets, "FOLDER", tmp_path / "assets")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assets.installed.cache_clear()
    yield tmp_path / "assets"
    assets.installed.cache_clear()


def npm(tmp_path: Path, does: str) -> None:
    """An npm that does this, and writes down how it was called."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir(exist_ok=True)
    calls = f"Path({str(tmp_path / 'calls')!r}).open('a').write(' '.join(sys.argv[1:]) + chr(10))"
    program.write_text(f"#!{sys.executable}\nimport sys, time\nfrom pathlib import Path\n{calls}\n{does}\n")
    program.chmod(0o755)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """What `python -m citygraph stats` says of the query page."""
    assets.installed.cache_clear()
    assert main(["stats", "--root", "tests/roots/harbours"]) == 0
    return re.search(r"query page has (.*)", capsys.readouterr().out)[1]  # type: ignore[index]


def page(dataset: object, engine: object) -> str:
    assets.installed.cache_clear()
    client = create_app(dataset=dataset, engine=engine).test_client()  # type: ignore[arg-type]
    return client.get("/sparql", headers={"Accept": "text/html"}).get_data(as_text=True)


def test_the_version_is_exact_and_every_package_has_its_hash_and_no_address() -> None:
    version = json.loads((assets.PINNED / "package.json").read_text("utf-8"))["dependencies"][assets.PACKAGE]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    text = (assets.PINNED / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    packages = {name: told for name, told in json.loads(text)["packages"].items() if name}
    assert packages[f"node_modules/{assets.PACKAGE}"]["version"] == version
    assert all(told["integrity"].startswith("sha512-") for told in packages.values())


def test_what_is_installed_is_served_for_good_and_told(
    tmp_path: Path, dataset: object, engine: object, capsys: pytest.CaptureFixture[str]
) -> None:
    npm(tmp_path, INSTALLS)
    assert main(["assets"]) == 0
    assert "--ignore-scripts" in (tmp_path / "calls").read_text()
    assert told(capsys) == "YASGUI 4.6.2"
    text = page(dataset, engine)
    assert "/assets/4.6.2/yasgui.min.js" in text
    client = create_app(dataset=dataset, engine=engine).test_client()  # type: ignore[arg-type]
    reply = client.get("/assets/4.6.2/yasgui.min.js")
    assert reply.data == b"window.Yasgui = undefined;"
    assert "immutable" in reply.headers["Cache-Control"]
    for path in ("/assets/4.6.1/yasgui.min.js", "/assets/4.6.2/state.json", "/assets/4.6.2/..%2fserver.py"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (None, "npm is not installed"),
        (OFFLINE, "is there a network?"),
        (TAMPERED, "has not the hash that the lock says"),
        (HANGS, "npm did not end within 0.5 seconds"),
        ("sys.exit(1)", "it ended without a word"),
    ],
)
def test_where_it_cannot_be_installed_the_reason_is_told_and_the_page_is_plain(
    tmp_path: Path, does: str | None, reason: str, dataset: object, engine: object, capsys: pytest.CaptureFixture[str]
) -> None:
    if does:
        npm(tmp_path, does)
    started = time.perf_counter()
    assert main(["assets", "--within", "0.5" if does == HANGS else "20"]) == 1
    assert time.perf_counter() - started < 20
    assert reason in capsys.readouterr().err
    assert reason in told(capsys)
    text = page(dataset, engine)
    assert "yasgui" not in text.lower()
    assert '<textarea id="query"' in text


def test_a_failed_try_is_not_made_again_at_each_start_and_never_stops_one(tmp_path: Path) -> None:
    npm(tmp_path, OFFLINE)
    assert main(["assets", "--once"]) == 0
    assert main(["assets", "--once"]) == 0
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    npm(tmp_path, INSTALLS)
    assert main(["assets"]) == 0
    assert assets.state()["version"] == "4.6.2"


def test_npm_is_asked_once_there_is_one(tmp_path: Path) -> None:
    assert main(["assets", "--once"]) == 0
    npm(tmp_path, INSTALLS)
    assert main(["assets", "--once"]) == 0
    assert assets.state()["version"] == "4.6.2"


def test_files_of_another_version_are_not_used(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npm(tmp_path, INSTALLS)
    assert main(["assets"]) == 0
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps({**state, "lock": "another"}))
    assert "make assets installs it" in told(capsys)


def test_without_the_editor_its_file_is_404_with_what_to_do(client: FlaskClient, app: Flask) -> None:
    reply = client.get("/assets/4.6.2/yasgui.min.js")
    assert reply.status_code == 404
    assert "make assets" in reply.get_data(as_text=True)


def test_an_editor_that_is_there_stays_where_a_new_try_fails(tmp_path: Path) -> None:
    npm(tmp_path, INSTALLS)
    assert main(["assets"]) == 0
    npm(tmp_path, OFFLINE)
    assert main(["assets"]) == 1
    assets.installed.cache_clear()
    assert assets.installed() == "4.6.2"
