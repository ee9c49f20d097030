"""Files of an export once they are written: each with its gzip beside it, its size and its checksum."""

import gzip
import hashlib
import shutil
from pathlib import Path

from citygraph.distributions import GZIP, File

LEVEL = 6
BLOCK = 1 << 20


def plain(path: Path, title: str, media_type: str, graph: str | None = None) -> File:
    """A file as it lies there."""
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.name, title, media_type, path.stat().st_size, checksum, None, graph)


def packed(path: Path, title: str, media_type: str, graph: str | None = None) -> list[File]:
    """A file, and its gzip, which is made: without a name or a time in it, the same for the same content."""
    target = path.with_name(path.name + ".gz")
    with path.open("rb") as source, target.open("wb") as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as file:
        shutil.copyfileobj(source, file, BLOCK)
    gzipped = plain(target, f"{title}, packed", media_type, graph)
    return [
        plain(path, title, media_type, graph),
        File(gzipped.path, gzipped.title, media_type, gzipped.bytes, gzipped.sha256, GZIP, graph),
    ]


def written(path: Path, content: bytes | str, title: str, media_type: str) -> File:
    """A small file, written."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return plain(path, title, media_type)
