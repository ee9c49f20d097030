"""Where queries are kept that have a short link: one SQLite file in the state folder of a site.

A link never vanishes, so nothing is ever deleted here: what is bounded refuses when it is full. Each call opens the
file anew, and SQLite's locks let several processes write at once.
"""

import os
import sqlite3
import time
from base64 import b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from citygraph.errors import EngineError

LONGEST = 8 << 10
"""Bytes of a query in UTF-8."""
MOST, MOST_BYTES = 200_000, 256 << 20
"""Queries, and bytes of their texts, that are kept."""
AN_HOUR, HOURLY = 3600, 1000
"""New queries that are taken in an hour, so that nobody fills the file while everybody sleeps."""
SHORTEST = 10
"""Characters of an id: 50 bits. Where another text has them already, the id is longer."""
PATIENCE = 5.0
"""Seconds that a writer waits for others."""
TABLE = """
CREATE TABLE IF NOT EXISTS queries (
  id TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL, bytes INTEGER NOT NULL, made INTEGER NOT NULL
)
"""
INDEX = "CREATE INDEX IF NOT EXISTS by_time ON queries (made, bytes)"
"""Holds all that the limits are counted from, so that no text is read for them."""

ID = "SELECT id FROM queries WHERE digest = ?"
TOTALS = "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM queries"


class Full(EngineError):
    """No more queries are kept. extra: limit."""

    status = 507
    title = "No room for more links"


class TooMany(EngineError):
    """So many links were made in the last hour that no more are made now; headers say when to come back."""

    status = 429
    title = "Too many new links"


class NotKept(EngineError):
    """The file cannot be read or written."""

    status = 503
    title = "Short links are not kept here"


@dataclass(frozen=True)
class Limits:
    """How many queries are kept, how many bytes they may have together, and how many may be new in an hour."""

    queries: int = MOST
    bytes: int = MOST_BYTES
    hourly: int = HOURLY


def ids(digest: bytes) -> Iterator[str]:
    """The ids that a text may have by its SHA-256, the shortest first. In base32 no digit looks like a letter."""
    whole = b32encode(digest).decode().rstrip("=").lower()
    for length in range(SHORTEST, len(whole) + 1, 2):
        yield whole[:length]


class Kept:
    """The queries in a folder, which is made when the first one is kept."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.folder = folder
        self.file = folder / "queries.sqlite"
        self.limits = limits or Limits()

    def writable(self) -> bool:
        """Whether a query could be kept, as far as one can tell without trying."""
        if self.file.exists() and not os.access(self.file, os.W_OK):
            return False
        there = next((each for each in (self.folder, *self.folder.parents) if each.exists()), self.folder)
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)

    def text(self, id: str) -> str | None:
        """The query that has an id. Raises `NotKept` where the file is there and cannot be read."""
        row = self.read("SELECT text FROM queries WHERE id = ?", id)
        return str(row[0]) if row else None

    def id_of(self, text: str) -> str | None:
        """The id of a query, if it is kept. Raises `NotKept`."""
        row = self.read(ID, sha256(text.encode()).digest())
        return str(row[0]) if row else None

    def count(self) -> int:
        """How many queries are kept. Raises `NotKept`."""
        row = self.read(TOTALS)
        return int(str(row[0])) if row else 0

    def read(self, query: str, *values: object) -> tuple[object, ...] | None:
        """The first row of an answer; None also where nothing has been kept yet. Raises `NotKept`."""
        if not self.file.exists():
            return None
        # Not read-only: what a process left half done that was ended in the midst of it has to be taken back first.
        with self.opened("rw") as file:
            # Another process may have made the file this moment, and not yet what is in it.
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'queries'").fetchone():
                return None
            row: tuple[object, ...] | None = file.execute(query, values).fetchone()
            return row

    def keep(self, text: str) -> tuple[str, bool]:
        """The id of a query, which is kept from now on, and whether it is new. Raises `Full`, `TooMany`, `NotKept`."""
        encoded = text.encode()
        digest = sha256(encoded).digest()
        if found := self.id_of(text):
            return found, False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_kept(error) from None
        with self.opened("rwc") as file:
            file.execute("BEGIN IMMEDIATE")
            file.execute(TABLE)
            file.execute(INDEX)
            if row := file.execute(ID, (digest,)).fetchone():
                file.execute("COMMIT")
                return str(row[0]), False
            self.refuse_more(file, len(encoded))
            taken = "SELECT 1 FROM queries WHERE id = ?"
            id = next(each for each in ids(digest) if not file.execute(taken, (each,)).fetchone())
            row = (id, digest, text, len(encoded), int(time.time()))
            file.execute("INSERT INTO queries (id, digest, text, bytes, made) VALUES (?, ?, ?, ?, ?)", row)
            file.execute("COMMIT")
        return id, True

    def refuse_more(self, file: sqlite3.Connection, size: int) -> None:
        """Raise `Full` or `TooMany` where a text of so many bytes would be too much."""
        queries, size_of_all = file.execute(TOTALS).fetchone()
        if queries >= self.limits.queries or size_of_all + size > self.limits.bytes:
            raise Full(
                f"{queries:,} queries have a short link, and there is room for no more. Those that there are stay; "
                "link to this one by its long address.",
                limit=self.limits.queries,
            )
        since = int(time.time()) - AN_HOUR
        (late,) = file.execute("SELECT COUNT(*) FROM queries WHERE made > ?", (since,)).fetchone()
        if late >= self.limits.hourly:
            raise TooMany(
                f"{late:,} short links were made in the last hour; try again later, or link to the query by its long "
                "address.",
                headers={"Retry-After": str(AN_HOUR)},
            )

    @contextmanager
    def opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        """The file, for one thing to do; `mode` is rw, or rwc to make it. What fails is undone, and is `NotKept`."""
        address = f"{self.file.resolve().as_uri()}?mode={mode}"
        try:
            file = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
            try:
                yield file
            finally:
                file.close()
        except (sqlite3.Error, OSError) as error:
            raise not_kept(error) from None


def not_kept(error: Exception) -> NotKept:
    """What to say to whoever asked; paths of the machine are no part of it."""
    busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
    if busy:
        return NotKept("Too many are writing at once; try again in a few seconds.", headers={"Retry-After": "5"})
    return NotKept("The server cannot keep queries now; link to this one by its long address.")
