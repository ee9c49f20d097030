"""A root as a store on disk: built when its files have changed, and opened without parsing when they have not.

A folder of ours holds `manifest.json`, the store that it names, `citygraph.lock` (held while a store is built) and,
while one is built or a server still reads the one before, other stores. The manifest is replaced in one step, once its
store is complete, so whatever ends a build leaves the store that was there. A server keeps its own from being deleted.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Any, TextIO

from pyoxigraph import Literal, QueryResultsFormat, Store

from citygraph import dataset, queries
from citygraph.dataset import Dataset
from citygraph.digest import QUADS
from citygraph.sparql import bind

MANIFEST, LOCK, READERS, ANSWERS, PREFIX = "manifest.json", "citygraph.lock", "readers", "answers.json", "store-"
FORMAT = 1
FILES = 1024
"""Descriptors that a process which reads a store may need: one for each of its files, of which there are some hundred
for 70 million quads."""
CODE = ("dataset.py", "digest.py", "ondisk.py", "turtle.py")
"""What decides, beside the files, what is in a store."""
KEPT: list[TextIO] = []
"""Open for as long as this process and its copies live."""


class NotBuilt(Exception):
    """The process that builds has said why it did not."""


def opened(root: Path, base: str | None, place: Path, say: Callable[[str], None] = lambda text: None) -> Dataset:
    """The dataset of a root, from the store in `place`, which is built first where it is not up to date.

    Building is left to another process, whose threads and memory end with it. Raises `OSError` for a folder that cannot
    be used, `ValueError` for one that is not ours, `NotBuilt`.
    """
    place = place.resolve()
    for _ in range(3):
        found = current(root, base, place)
        if found:
            return found
        claim(place)
        say(f"building {place}")
        command = [sys.executable, "-m", "citygraph", "build", "--root", str(root), "--store", str(place)]
        options = ["--base", base] if base else []
        if subprocess.run([*command, *options], cwd=Path(__file__).parents[1], check=False).returncode:
            raise NotBuilt
    raise NotBuilt(f"{root}: its files change faster than a store is built")


def current(root: Path, base: str | None, place: Path) -> Dataset | None:
    """The dataset in `place` if it is up to date; it is then kept from being deleted."""
    manifest = read(place)
    if manifest is None or manifest["fingerprint"] != fingerprint(root, base):
        return None
    folder = place / manifest["store"]
    try:
        lock = (folder / READERS).open("r")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # it is being deleted
        lock.close()
        return None
    if not (folder / "CURRENT").exists():
        lock.close()
        return None
    KEPT.append(lock)
    kept = json.loads((folder / ANSWERS).read_text("utf-8"))
    told = {name: manifest[name] for name in ("base", "version", "digest", "prefixes", "counts")}
    quads = folder / QUADS
    return Dataset(root=root, opened=PerProcess(folder), files=FILES, answers=kept, quads=quads, **told)


def read(place: Path) -> dict[str, Any] | None:
    """The manifest of a folder of ours, if it has one that this code can read."""
    try:
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("format") == FORMAT else None


def fingerprint(root: Path, base: str | None) -> str:
    """Changes with the names, sizes and times of a root's files, with the base, and with the code that loads them."""
    seen = hashlib.sha256()
    told: list[object] = [FORMAT, base or os.environ.get("CITYGRAPH_BASE"), version("pyoxigraph")]
    for path in [*(path for part in dataset.PARTS for path in dataset.files(root, part)), *dataset.rules_of(root)]:
        about = path.stat()
        told.append([str(path.relative_to(root)), about.st_size, about.st_mtime_ns])
    seen.update(json.dumps(told).encode())
    for name in CODE:
        seen.update(Path(__file__).with_name(name).read_bytes())
    return seen.hexdigest()


def build(root: Path, base: str | None, place: Path, say: Callable[[str], None] = lambda text: None) -> bool:
    """Load a root into a new store in `place` and have the manifest name it; False if it is up to date already.

    One process builds at a time. Raises what `dataset.load` and `opened` raise.
    """
    place = place.resolve()
    claim(place)
    with (place / LOCK).open("w") as lock:
        alone(lock, say)
        expected = fingerprint(root, base)
        known = read(place)
        if known and known["fingerprint"] == expected and (place / known["store"] / "CURRENT").exists():
            return False
        sweep(place, known["store"] if known else "")
        folder = place / f"{PREFIX}{token_hex(8)}"
        try:
            loaded = fill(root, base, folder, say)
            publish(loaded, expected, place, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        sweep(place, folder.name)
    return True


def claim(place: Path) -> None:
    """Make a folder ours. Raises `ValueError` when it holds something else, `OSError` when it cannot be written."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / LOCK).is_file():
            if any(place.iterdir()):
                raise ValueError(f"{place}: holds something that is no store of ours; name an empty or a new folder")
            (place / LOCK).touch()
        elif not os.access(place, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise OSError(f"{place}: a store cannot be built there ({error.strerror}); name another folder") from None


def alone(lock: TextIO, say: Callable[[str], None]) -> None:
    """Wait until no other process builds here."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another process is building this store; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def fill(root: Path, base: str | None, folder: Path, say: Callable[[str], None]) -> Dataset:
    """A complete store in a new folder, with nothing left in memory."""
    folder.mkdir()
    loaded = dataset.load(root, base, say, folder)
    say("optimizing")
    loaded.store.optimize()
    loaded.store.flush()
    say("answers")
    (folder / ANSWERS).write_text(json.dumps(dict(answers(loaded.store)), ensure_ascii=False), "utf-8")
    (folder / READERS).touch()
    return loaded


def answers(store: Store) -> Iterator[tuple[str, str]]:
    """Queries of ours that read the whole graph and take no parameters, and their results as SPARQL JSON.

    Every process of the server would ask them once; over tens of millions of triples each takes its time.
    """
    for name in (*queries.names("description"), *queries.names("pages/home")):
        query = queries.load(name)
        if set(query.parameters) <= {"lang"}:
            text = bind(query.text, {"lang": Literal("en")} if query.parameters else {})
            results = dataset.solutions(store, text).serialize(format=QueryResultsFormat.JSON) or b""
            yield text, results.decode()


def publish(loaded: Dataset, expected: str, place: Path, folder: Path) -> None:
    """Have the manifest name a store, in one step."""
    manifest = {
        "format": FORMAT,
        "fingerprint": expected,
        "store": folder.name,
        "base": loaded.base,
        "version": loaded.version,
        "digest": loaded.digest,
        "prefixes": loaded.prefixes,
        "counts": loaded.counts,
        "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    fresh = place / f"{MANIFEST}.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place / MANIFEST)


def sweep(place: Path, keep: str) -> None:
    """Delete stores that neither the manifest names nor a server reads."""
    for folder in place.glob(f"{PREFIX}*"):
        if folder.name == keep:
            continue
        with reading(folder) as read:
            if not read:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def reading(folder: Path) -> Iterator[bool]:
    """Whether a server reads a store; while it does not, none can begin to."""
    with suppress(FileNotFoundError), (folder / READERS).open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield True
            return
        yield False
        return
    yield False


class PerProcess:
    """A store that each process opens for itself, read-only: one that was opened before a fork has threads in the
    parent only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opening: dict[int, threading.Lock] = {}
        # Those of other processes too: to let go of one would be to wait for threads that are not here.
        self.stores: dict[int, Store] = {}

    def __call__(self) -> Store:
        store = self.stores.get(os.getpid())
        if store is None:
            with self.opening.setdefault(os.getpid(), threading.Lock()):
                store = self.stores.get(os.getpid()) or Store.read_only(str(self.folder))
                self.stores[os.getpid()] = store
        return store
