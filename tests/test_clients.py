"""What other people's tools read from a running server: curl, rapper, rdflib, pandas and Comunica, where they are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import clients
from bench.clients import CLIENTS, Misread, Site
from bench.crawl import started


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A running server; COMUNICA names the folder in which npm has installed that tool."""
    process, url = started()
    folder = os.environ.get("COMUNICA")
    yield Site(url, Path(folder) if folder else None)
    process.terminate()
    process.wait(15)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_tool_reads_what_is_there(name: str, site: Site) -> None:
    if reason := clients.missing(name, site):
        pytest.skip(reason)
    assert list(CLIENTS[name](site))


def test_what_a_tool_misread_is_said_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def misreading(site: Site) -> Iterator[str]:
        """Reads."""
        yield clients.same("one", 1, 1)
        yield clients.same("members", 405, 406)

    monkeypatch.setitem(CLIENTS, "curl", misreading)
    monkeypatch.setattr(clients, "missing", lambda name, site: None)
    assert clients.report(Site("http://127.0.0.1:1/"), ["curl"]) == 1
    assert "one: 1\n  WRONG: members: 405 instead of 406" in capsys.readouterr().out


def test_a_tool_that_is_not_there_is_left_out_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert clients.report(Site("http://127.0.0.1:1/", Path("/nowhere")), ["comunica"]) == 0
    assert "left out: no folder has it" in capsys.readouterr().out


def test_a_command_that_fails_is_a_misreading_in_its_own_words() -> None:
    with pytest.raises(Misread, match="sh says: no such document"):
        clients.run("sh", "-c", "echo no such document >&2; exit 1")
