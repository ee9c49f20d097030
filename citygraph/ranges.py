"""The part of a file that a request asks for: Range and If-Range, as RFC 9110 (section 14) says."""

import re
from collections.abc import Iterator
from pathlib import Path

SPEC = re.compile(r"(\d*)-(\d*)", re.ASCII)
LONGEST = 18
"""Digits of a position; more are no position in any file."""
CHUNK = 1 << 18


class Piece:
    """The bytes of a file from one place up to another. The web server sends it by its path; others iterate."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self.path, self.start, self.stop = path, start, stop

    def __iter__(self) -> Iterator[bytes]:
        left = self.stop - self.start
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk


class Unsatisfiable(Exception):
    """A range that begins after the end, or that is the last nothing of a file."""


def asked(header: str, length: int) -> tuple[int, int] | None:
    """First byte and one past the last, of a file of so many bytes; None for the whole of it.

    A header that is no byte range, or that asks for several, is as if it were not there: a server may ignore any
    Range, and clients have to take a 200 for it. Raises `Unsatisfiable`.
    """
    unit, equals, rest = header.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    specs = [spec.strip() for spec in rest.split(",") if spec.strip()]
    found = SPEC.fullmatch(specs[0]) if len(specs) == 1 else None
    if not found or found[0] == "-" or max(len(found[1]), len(found[2])) > LONGEST:
        return None
    if not found[1]:
        if not int(found[2]) or not length:
            raise Unsatisfiable
        return max(0, length - int(found[2])), length
    first, last = int(found[1]), int(found[2]) if found[2] else length - 1
    if found[2] and last < first:
        return None
    if first >= length:
        raise Unsatisfiable
    return first, min(last, length - 1) + 1


def stands(condition: str, tag: str) -> bool:
    """Whether If-Range lets a range stand: there is none, or it names the ETag. A date never does: two exports may
    bear the same day, so ours is no strong validator."""
    return not condition.strip() or condition.strip() == tag
