"""The graph as files: each part as Turtle, the whole as Turtle and as canonical N-Quads, with checksums."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode

from citygraph import turtle
from citygraph.dataset import PARTS, Dataset
from citygraph.digest import canonical


def write(loaded: Dataset, out: Path) -> list[Path]:
    """Replace the folder `out` by a fresh export; the same graph gives the same bytes.

    The files are written beside it and moved into place, so an interrupted export leaves the old one.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name, blocks in dumps(loaded):
            with (fresh / name).open("wb") as file:
                file.writelines(blocks)
        lines = [f"{checksum(path)}  {path.name}\n" for path in sorted(fresh.iterdir())]
        (fresh / "SHA256SUMS").write_text("".join(lines), "utf-8")
        fresh.chmod(0o755)
        swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return sorted(out.iterdir())


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def dumps(loaded: Dataset) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Name and content, in pieces, of each dump. `creative-cities.ttl` is what queries see by default."""
    name = loaded.base.rstrip("/").rpartition("/")[2] or "graph"
    graphs: dict[str, NamedNode | DefaultGraph] = {name: DefaultGraph()}
    graphs |= {part: NamedNode(loaded.graph(part)) for part in (*PARTS, "derived") if loaded.counts[part]}
    for file, graph in graphs.items():
        triples = (quad.triple for quad in loaded.store.quads_for_pattern(None, None, None, graph))
        yield f"{file}.ttl", [turtle.write(triples, loaded.prefixes).encode()]
    yield f"{name}.nq", canonical(loaded.store)


def swap(fresh: Path, out: Path) -> None:
    """Put a folder in the place of another."""
    old = fresh.with_name(fresh.name + "-old")
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
