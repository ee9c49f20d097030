"""The files of the graph that lie ready: releases, which never change, and the last export.

Both are folders with a manifest. Which of them are the graph that is served is told by the hash of its canonical
N-Quads alone, never by a name or a date.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from citygraph import distributions
from citygraph.distributions import MANIFEST, File, Manifest

RELEASES, DIST = "releases", "dist"
SECONDS = 1.0
"""How long the folders are taken to be as they were last seen."""
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""The name of a file or of a version: one step of a path, and never one that leads elsewhere."""
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Export:
    """A whole export in a folder; `released` where that is one of the folder of releases."""

    folder: Path
    manifest: Manifest
    released: bool = False

    @property
    def version(self) -> str:
        """The version of its dataset."""
        return self.manifest.version

    def file(self, path: str) -> File | None:
        """The file of that name."""
        return next((file for file in self.manifest.files if file.path == path), None)

    @property
    def path(self) -> str:
        """Where its files stand below the address of the site: those of a release for ever, those of the last export
        as long as they are those of the graph that is served."""
        return f"{'releases' if self.released else 'dump'}/{self.version}/"

    def main(self, suffix: str) -> File | None:
        """The whole graph in one syntax, by its suffix without the dot."""
        return self.file(f"{self.manifest.name}.{suffix}")

    @property
    def modified(self) -> datetime | None:
        """The day of the last change, where the dataset states one."""
        return day(self.manifest.modified or "")


def day(text: str) -> datetime | None:
    """The day that a date or a time begins with, as its first moment; None for what is none."""
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)
    except ValueError:
        return None


def read(folder: Path) -> Export:
    """The export in a folder. Raises `OSError` where it has no manifest, `ValueError` where that is not one to go by:
    files are sent by what it says."""
    seen = (folder / MANIFEST).stat()
    return Export(folder, checked(folder, (seen.st_ino, seen.st_mtime_ns, seen.st_size)))


@lru_cache(256)
def checked(folder: Path, seen: tuple[int, int, int]) -> Manifest:
    """A manifest, read once for each state that its file is seen in."""
    found = distributions.read(folder)
    names = [("graph", found.name), ("version", found.version), *(("file", file.path) for file in found.files)]
    for key, value in names:
        if not isinstance(value, str) or not PLAIN.fullmatch(value):
            raise ValueError(f"{folder / MANIFEST}: {value!r} is no plain name for a {key}; export again")
    sums = [found.hash, *(file.sha256 for file in found.files)]
    if not all(isinstance(each, str) and SHA256.fullmatch(each) for each in sums):
        raise ValueError(f"{folder / MANIFEST}: has a checksum that is none; export again")
    return found


def find(folder: Path) -> Export | None:
    """The export in a folder; None where there is none, or one whose manifest is broken."""
    try:
        return read(folder)
    except (OSError, ValueError):
        return None


def releases_of(root: Path) -> Path:
    """The folder of releases: CITYGRAPH_RELEASES, else that of the root."""
    return Path(os.environ.get("CITYGRAPH_RELEASES") or root / RELEASES)


def dist_of(root: Path) -> Path:
    """The folder of the last export: CITYGRAPH_DIST, else that of the root."""
    return Path(os.environ.get("CITYGRAPH_DIST") or root / DIST)


def in_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """What versions are sorted by: their numbers as numbers, so that 2026.9 comes before 2026.11."""
    parts = re.findall(r"\d+|[^\d.]+", version)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)


def releases(folder: Path) -> list[Export]:
    """The releases in a folder, the newest first; what has no manifest of the version that it is called by is none."""
    if not folder.is_dir():
        return []
    found = [find(each) for each in folder.iterdir() if PLAIN.fullmatch(each.name) and each.is_dir()]
    kept = [replace(one, released=True) for one in found if one and one.version == one.folder.name]
    return sorted(kept, key=lambda release: in_order(release.version), reverse=True)


@dataclass
class Archive:
    """The folders of releases and of the last export, as they are now; `digest` is the hash of the graph that is
    served."""

    folder: Path
    dist: Path
    digest: str
    clock: Callable[[], float] = time.monotonic
    seen: float = field(default=float("-inf"), repr=False)
    told: str = field(default="", repr=False)

    @property
    def mark(self) -> str:
        """Changes when an export or a release comes, goes or is replaced; looked at once a second."""
        now = self.clock()
        if now - self.seen >= SECONDS:
            # In this order, since another thread that sees the new time takes what is told for new too.
            self.told = " ".join(map(state, (self.dist / MANIFEST, self.folder)))
            self.seen = now
        return self.told

    @property
    def releases(self) -> list[Export]:
        """All releases, the newest first."""
        return releases(self.folder)

    def release(self, version: str) -> Export | None:
        """The release of a version."""
        found = find(self.folder / version) if PLAIN.fullmatch(version) else None
        return replace(found, released=True) if found and found.version == version else None

    @property
    def export(self) -> Export | None:
        """The last export, whatever state of the graph it is of."""
        return find(self.dist)

    @property
    def current(self) -> Export | None:
        """The files of the very graph that is served: a release where one has it, else the last export; None where
        there are none, or only files of another state of the graph."""
        last = self.export
        found = (each for each in (*self.releases, *([last] if last else [])) if each.manifest.hash == self.digest)
        return next(found, None)


def state(path: Path) -> str:
    """What changes with a file, or with the names in a folder."""
    try:
        seen = path.stat()
    except OSError:
        return "-"
    return f"{seen.st_ino}.{seen.st_mtime_ns}.{seen.st_size}"


def said(archive: Archive) -> str:
    """In a few words, whether the files that lie ready are those of the graph."""
    newest, last = next(iter(archive.releases), None), archive.export
    if found := archive.current:
        kind = f"release {found.version}" if found.released else f"the export in {archive.dist}"
        return f"{len(found.manifest.files)} files of this graph: {kind}"
    other = [f"release {newest.version}"] if newest else []
    other += [f"the export in {archive.dist}"] if last else []
    if not other:
        return "none; run python -m export, or python -m export release"
    return f"stale: {' and '.join(other)} hold another state of the graph, and are not offered as this one"
