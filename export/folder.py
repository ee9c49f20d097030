"""A folder that is replaced as a whole: at every moment it is the old one or the new one, complete.

The new one is made beside it, in a folder that a lock marks as somebody's. Where the system can exchange two names in
one step (Linux, macOS), there is no moment without the folder; elsewhere two renames leave one.
"""

import ctypes
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = -100
"""AT_FDCWD: paths are those of this process."""
EXCHANGE = 2
"""RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS."""


@contextmanager
def replaced(out: Path) -> Iterator[tuple[Path, Path]]:
    """A new folder that takes the place of `out` when the block ends well, and one for what is needed meanwhile.

    What killed runs have left is cleared away; what belongs to one that still runs is left alone.
    """
    out = out.resolve()
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out}: is no folder; name one with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    sweep(out)
    ours, lock = claimed(out)
    try:
        fresh, scratch = ours / "fresh", ours / "scratch"
        fresh.mkdir()
        fresh.chmod(0o755)
        scratch.mkdir()
        yield fresh, scratch
        for path in fresh.iterdir():
            settle(path)
        settle(fresh)
        swap(fresh, out)
        settle(out.parent)
    finally:
        shutil.rmtree(ours, ignore_errors=True)
        os.close(lock)


def claimed(out: Path) -> tuple[Path, int]:
    """A new folder beside `out`, and the descriptor that holds its lock for as long as this process lives."""
    while True:
        ours = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        with suppress(FileNotFoundError):  # another run took it for a leftover before it had its lock
            lock = os.open(ours, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if ours.is_dir() and os.fstat(lock).st_ino == ours.stat().st_ino:
                return ours, lock
            os.close(lock)


def sweep(out: Path) -> None:
    """Clear away what killed runs have left beside `out`."""
    for left in out.parent.glob(f".{out.name}-*"):
        try:
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def settle(path: Path) -> None:
    """Have what was written outlast a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(fresh: Path, out: Path) -> None:
    """Put a folder in the place of another, which comes to stand in its place."""
    if not out.exists():
        fresh.rename(out)
        return
    if exchange(fresh, out):
        return
    old = fresh.with_name("old")
    out.rename(old)
    fresh.rename(out)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or its file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        return bool(library.renamex_np(*paths, EXCHANGE) == 0)
    if hasattr(library, "renameat2"):
        return bool(library.renameat2(HERE, paths[0], HERE, paths[1], EXCHANGE) == 0)
    return False
