"""python -m export release: the graph as a release, with what changed since the one before.

A release is a whole export under its version, and it never changes. The version is the one that the dataset states of
itself; dates are those of the data."""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from citygraph import archive, changes, dataset, difference, telling, validation
from citygraph.archive import Export
from citygraph.changes import Changes, Collected
from citygraph.dataset import Dataset, ParseErrors
from citygraph.terminal import complain, progress
from export import dumps, revision, states
from export.folder import replaced


@dataclass(frozen=True)
class Before:
    """The state that a release is compared with: its version, and its canonical N-Quads."""

    version: str
    quads: Path


def main(arguments: list[str]) -> int:
    """Make a release, or say why there is none (exit code 1)."""
    given = parser().parse_args(arguments)
    root = given.root.resolve() if given.root else dataset.checkout()
    folder = given.releases or archive.releases_of(root)
    try:
        with tempfile.TemporaryDirectory(prefix="citygraph-") as place:
            return release(root, folder, given.base, given.since, given.to, Path(place))
    except ParseErrors as errors:
        return complain(*map(str, errors.problems), "Nothing was released: mend this first.")
    except (OSError, ValueError) as error:
        return complain(str(error), "Nothing was released.")


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(prog="python -m export release", description=__doc__)
    made.add_argument("--root", type=Path, default=None, help="folder to release (default: this checkout)")
    made.add_argument("--base", default=None, help="base IRI (default: the one that the data states)")
    made.add_argument(
        "--releases", type=Path, default=None, metavar="DIR",
        help="folder of releases (default: CITYGRAPH_RELEASES, else releases/ of the root)",
    )  # fmt: skip
    state = "a folder of Turtle, an export, a release, or a revision or tag of git"
    made.add_argument(
        "--from", dest="since", default=None, metavar="OLD",
        help=f"the state to compare with: {state} (default: the newest release before this one)",
    )  # fmt: skip
    made.add_argument("--to", default=None, metavar="NEW", help=f"the state to release: {state} (default: the root)")
    return made


def release(root: Path, folder: Path, base: str | None, since: str | None, to: str | None, place: Path) -> int:
    """Make the release of a state, and write the feed anew."""
    source = states.folder_of(to, root, place / "new") if to else root
    if states.exported(source):
        raise ValueError(f"{source}: is an export; name the folder or the revision that it was made of")
    progress("loading")
    loaded = dataset.load(source, base)
    version = states.stated(loaded)
    if there := archive.Archive(folder, folder, loaded.digest).release(version):
        progress("")
        return again(there, loaded)
    if (folder / version).exists():
        raise ValueError(f"{folder / version}: is there and is no whole release; look at it, and move it away")
    before = compared_with(root, folder, base, since, version, place)
    report = validation.check(loaded, progress, processes=os.cpu_count() or 1)
    progress("")
    if not report.conforms:
        return complain(*report.lines(), "Nothing was released: mend this first.")
    with replaced(folder / version) as (fresh, _):
        dumps.write(loaded, fresh, report, url=public_url(loaded), say=progress)
        said = write_changes(loaded, fresh, before)
        revision.complete(loaded, fresh, said, public_url(loaded))
    write_feed(loaded, folder)
    print(f"{folder / version}: {telling.opening(said)}")
    return 0


def again(there: Export, loaded: Dataset) -> int:
    """What there is to say when a version has been released before."""
    if there.manifest.hash == loaded.digest:
        print(f"{there.folder}: is this release already; it stays as it is")
        return 0
    return complain(
        f"release {there.version} has other facts, and a release never changes; raise dcat:version and "
        "dcterms:modified of the dataset in data/dataset.ttl",
        "Nothing was released.",
    )


def compared_with(
    root: Path, folder: Path, base: str | None, since: str | None, version: str, place: Path
) -> Before | None:
    """The state before: the one that was named, else the newest release; None for the first release.

    Raises `ValueError` where a release would come before one that is there, or after itself.
    """
    if since:
        old = Before(*states.quads(states.folder_of(since, root, place / "old"), base, place))
        if old.version == version:
            raise ValueError(f"{since} is version {version} too; raise dcat:version in data/dataset.ttl")
        return old
    newest = next(iter(archive.releases(folder)), None)
    if newest is None:
        return None
    if archive.in_order(newest.version) > archive.in_order(version):
        raise ValueError(
            f"version {version} comes before release {newest.version}; raise dcat:version in data/dataset.ttl, "
            "or say with --from what it follows"
        )
    return Before(*states.quads(newest.folder, base, place))


def write_changes(loaded: Dataset, fresh: Path, before: Before | None) -> Changes:
    """What changed, as N-Triples, as JSON and in words; of a first release only how much there is."""
    held = archive.read(fresh)
    if held.modified is None:
        raise ValueError(
            f"a release bears the day of its data; say dcterms:modified of <{loaded.iri}> in data/dataset.ttl"
        )
    main = held.main("nq")
    assert main, "an export has the canonical quads"
    if before:
        found = Collected(loaded.base)
        with (fresh / "added.nt").open("wb") as added, (fresh / "removed.nt").open("wb") as removed:
            for change in difference.compare(before.quads, fresh / main.path, loaded.base):
                (added if change.added else removed).write(change.line.text + difference.END)
                found.add(change)
        said = changes.collected(found, held.version, before.version, before.quads, fresh / main.path)
    else:
        said = Changes(held.version, None, sum(1 for _ in difference.lines(fresh / main.path, loaded.base)), 0)
    (fresh / "changes.json").write_text(said.text(), "utf-8")
    there = [] if before else revision.contents(loaded)
    text = telling.markdown(said, revision.about(loaded).title, held.modified.date().isoformat(), there)
    (fresh / "changes.md").write_text(text, "utf-8")
    return said


def write_feed(loaded: Dataset, folder: Path) -> None:
    """The feed of all releases, as a file beside them."""
    text = telling.of_releases(revision.about(loaded), loaded.base, public_url(loaded), archive.releases(folder))
    fresh = folder / f".{telling.FEED}"
    fresh.write_text(text, "utf-8")
    fresh.replace(folder / telling.FEED)


def public_url(loaded: Dataset) -> str:
    """Where the site stands on the web: CITYGRAPH_URL, else the base of the dataset."""
    return (os.environ.get("CITYGRAPH_URL") or loaded.base).rstrip("/") + "/"
