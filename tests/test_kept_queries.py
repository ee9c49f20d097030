"""The file of short links: what is kept comes back, within its limits, whoever else writes and whatever ends."""

import multiprocessing
import sqlite3
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citygraph.permalinks import kept, routes
from citygraph.permalinks.kept import Full, Kept, Limits, NotKept, TooMany

HALF_DONE = """
import os, sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("PRAGMA cache_size = 1")
file.execute("BEGIN IMMEDIATE")
for number in range(100):
    file.execute("INSERT INTO queries VALUES (?, ?, ?, 9, 0)", (str(number), bytes([number]), "x" * 9000))
os._exit(9)
"""
"""A writer that is ended in the midst of it, when part of what it writes is in the file already."""


def test_bytes_and_links_an_hour_are_bounded_too(tmp_path: Path) -> None:
    with pytest.raises(Full):
        Kept(tmp_path, Limits(bytes=10)).keep("ASK { ?s ?p ?o }")
    one = Kept(tmp_path, Limits(hourly=2))
    one.keep("ASK {}")
    one.keep("ASK { }")
    with pytest.raises(TooMany) as error:
        one.keep("ASK {  }")
    assert error.value.headers["Retry-After"] == "3600"
    with sqlite3.connect(tmp_path / "queries.sqlite") as file:
        file.execute("UPDATE queries SET made = made - 4000")
    file.close()
    assert one.keep("ASK {  }")[1]
    assert one.count() == 3


def test_two_texts_never_have_one_link(tmp_path: Path) -> None:
    one = Kept(tmp_path)
    one.keep("ASK {}")
    first, second = list(kept.ids(sha256(b"ASK { }").digest()))[:2]
    with sqlite3.connect(tmp_path / "queries.sqlite") as file:
        file.execute("UPDATE queries SET id = ?", (first,))
    file.close()
    assert one.keep("ASK { }") == (second, True)
    assert (one.text(first), one.text(second)) == ("ASK {}", "ASK { }")


@settings(deadline=None, max_examples=40)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), min_size=1, max_size=4))
def test_what_is_kept_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    one = Kept(tmp_path_factory.mktemp("kept"))
    found = [one.keep(text)[0] for text in texts]
    assert [one.text(id) for id in found] == texts
    assert [one.id_of(text) for text in texts] == found
    assert len(set(found)) == len(set(texts)) == one.count()
    assert all(routes.ID.fullmatch(id) for id in found)


def keep_some(folder: Path, shift: int) -> list[str]:
    one = Kept(folder)
    return [one.keep(f"ASK {{}} # {(each + shift) % 25}")[0] for each in range(25)]


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(keep_some, [(tmp_path, shift) for shift in (0, 8, 16)])
    assert len({tuple(sorted(ids)) for ids in found}) == 1
    assert Kept(tmp_path).count() == 25


def test_a_file_that_is_only_begun_by_another_process_is_empty_and_not_broken(tmp_path: Path) -> None:
    (tmp_path / "queries.sqlite").touch()
    one = Kept(tmp_path)
    assert (one.count(), one.text("aaaaaaaaaa")) == (0, None)
    assert one.keep("ASK {}")[1]


def test_a_locked_file_is_503_with_a_time_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 0.1)
    one = Kept(tmp_path)
    one.keep("ASK {}")
    file = sqlite3.connect(one.file, isolation_level=None)
    file.execute("BEGIN EXCLUSIVE")
    with pytest.raises(NotKept) as error:
        one.keep("ASK { }")
    file.close()
    assert error.value.headers["Retry-After"] == "5"


def test_links_are_there_after_a_process_was_ended_while_it_wrote(tmp_path: Path) -> None:
    one = Kept(tmp_path)
    id, _ = one.keep("ASK {}")
    assert subprocess.run([sys.executable, "-c", HALF_DONE, one.file], check=False).returncode == 9
    assert (tmp_path / "queries.sqlite-journal").stat().st_size
    assert (one.text(id), one.count()) == ("ASK {}", 1)
    assert one.keep("ASK { }")[1]
