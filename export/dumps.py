"""An export: the graph in every syntax, its tables, its description, a manifest and checksums, in one folder.

The same graph gives the same bytes, whatever machine or folder it lies in: what is written is in order, and every date
comes from the data.
"""

import os
import re
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from citygraph import formats, reporting
from citygraph.dataset import PARTS, Dataset
from citygraph.distributions import MANIFEST, SUMS, File, Manifest
from citygraph.engine import Embedded
from citygraph.findings import Report
from citygraph.labels import pick
from citygraph.site import Site
from export import descriptions, tables
from export.folder import replaced
from export.graphs import Graphs
from export.tables import About
from export.workers import HELD, workers

SYNTAXES = frozenset(format.name for format in formats.GRAPH_FORMATS)
RESERVED = {*PARTS, "derived", "void", "dcat", "validation"}
"""Names of files that mean something else than the whole graph."""


@dataclass
class Export:
    """An export on its way: `report` is what validation found, None where nobody asked; `files` are those that are
    written to `fresh` so far, `hash` that of the canonical N-Quads, `triples` the size of each named graph."""

    loaded: Dataset
    site: Site
    fresh: Path
    report: Report | None = None
    files: list[File] = field(default_factory=list)
    triples: dict[str, int] = field(default_factory=dict)
    hash: str = ""

    @cached_property
    def name(self) -> str:
        """What the files of the whole graph are called: as the base ends."""
        end = self.loaded.base.rstrip("/#").rpartition("/")[2]
        found = re.sub(r"[^A-Za-z0-9._-]+", "-", end).strip(".-_")
        return found if found and found not in RESERVED else "graph"

    @property
    def below(self) -> str:
        """What the addresses of its files begin with."""
        return f"{self.site.public_url}dump/{self.loaded.version}/"

    @property
    def head(self) -> tuple[str, str]:
        """What Turtle begins with: what this is, and whose it is."""
        site = self.site
        licensed = f"; {site.license_name}, {site.license}" if site.license else ""
        return f"{site.title}, version {self.loaded.version}", f"{self.loaded.iri}{licensed}"

    @cached_property
    def labels(self) -> dict[str, str]:
        """What classes are called."""
        return {iri: label.value for iri, labels in self.site.terms.items() if (label := pick(labels, "en"))}

    @property
    def about(self) -> About:
        """What tables say of the graph."""
        site, loaded = self.site, self.loaded
        facts = {
            "base": loaded.base, "dataset": loaded.iri, "license": site.license, "sha256": loaded.digest,
            "modified": site.said("dcterms:modified"), "title": site.title, "version": loaded.version,
            "description": site.said("dcterms:description"),
        }  # fmt: skip
        told = {key: value for key, value in facts.items() if value}
        return About(self.name, site.title, site.license, site.license_name, site.terms, site.definitions, told)

    def manifest(self) -> Manifest:
        """What it says of itself."""
        loaded = self.loaded
        graphs: dict[str, dict[str, str | int]] = {
            name: {"iri": loaded.graph(name), "triples": count} for name, count in self.triples.items()
        }
        modified = self.site.said("dcterms:modified")
        validated = self.report is not None
        return Manifest(
            self.name, loaded.base, loaded.version, modified, self.hash, validated, graphs, tuple(sorted(self.files))
        )


def report(export: Export) -> list[File]:
    """What validation found, where somebody asked."""
    return reporting.write(export.site, export.report, export.fresh) if export.report else []


WRITERS: tuple[Callable[[Export], list[File]], ...] = (report, descriptions.write)
"""What is written once the graphs and tables are there; each sees the files of those before it."""


def write(
    loaded: Dataset, out: Path, report: Report | None = None, *, url: str | None = None,
    syntaxes: Set[str] = SYNTAXES, processes: int | None = None, say: Callable[[str], None] = lambda text: None,
) -> list[Path]:  # fmt: skip
    """Replace the folder `out` by a fresh export; returns its files.

    `report` is what validation found; `url` is where the site stands on the web (default: CITYGRAPH_URL, else the base
    of the dataset); `syntaxes` are those of RDF that are wanted. What interrupts an export leaves the old one, whole.
    `say` is told of progress, and of what cannot be written. Raises `OSError` where the folder cannot be used.
    """
    public = url or os.environ.get("CITYGRAPH_URL") or loaded.base
    engine = Embedded(loaded, workers=0)
    try:
        with replaced(out) as (fresh, scratch):
            export = Export(loaded, Site(loaded, engine, public.rstrip("/") + "/"), fresh, report)
            content(export, syntaxes, scratch, processes or os.cpu_count() or 1, say)
            for make in WRITERS:
                say(make.__module__.rpartition(".")[2])
                export.files += make(export)
            (fresh / MANIFEST).write_text(export.manifest().text(), "utf-8")
            sums = {file.path: file.sha256 for file in export.files}
            sums[MANIFEST] = descriptions.checksum_of(fresh / MANIFEST)
            lines = [f"{checksum}  {path}\n" for path, checksum in sorted(sums.items())]
            (fresh / SUMS).write_text("".join(lines), "utf-8")
    finally:
        engine.close()
    return sorted(out.iterdir())


def content(export: Export, syntaxes: Set[str], scratch: Path, processes: int, say: Callable[[str], None]) -> None:
    """Write the graphs and the tables, side by side."""
    site = export.site
    with workers(processes, (export.loaded, export.about)) as work:
        graphs = Graphs(
            export.loaded, export.name, site.context, export.head, export.labels, syntaxes, export.fresh, scratch,
            work, say,
        )  # fmt: skip
        work.later(graphs.take, of_tables, export.fresh, scratch)
        export.triples = graphs.begin()
        work.finish()
    export.files += graphs.files
    export.hash = graphs.hash
    for line in graphs.left_out:
        say(line)


def of_tables(fresh: Path, scratch: Path) -> list[File]:
    """The tables, in a process that was started with the dataset."""
    loaded, about = HELD[0]
    return tables.write(loaded, about, fresh, scratch)
