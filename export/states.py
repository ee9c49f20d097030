"""States of a graph that a release is made of: a folder of Turtle, an export or a release, or a revision of git."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from citygraph import archive, dataset
from citygraph.archive import Export
from citygraph.dataset import PARTS, Dataset
from citygraph.digest import canonical
from citygraph.distributions import MANIFEST


def folder_of(named: str, root: Path, place: Path) -> Path:
    """The folder that a name means: a folder, else what the root was at a revision of git, unpacked in `place`.

    Raises `ValueError` for a name that is neither.
    """
    path = Path(named)
    if path.is_dir():
        return path.resolve()
    git = shutil.which("git")
    if not git:
        raise ValueError(f"{named} is no folder, and git is not installed, so it can be no revision; name a folder")
    asked = [git, "-C", str(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{named}^{{commit}}"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    if found.returncode:
        raise ValueError(f"{named} is neither a folder nor a revision that git knows in {root}")
    unpack([git, "-C", str(root), "archive", "--format=tar", found.stdout.strip()], place)
    return place


def unpack(command: list[str], place: Path) -> None:
    """The Turtle and the rules of an archive that git writes. Raises `ValueError` in git's words if it does not."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as files:
                for member in files:
                    if PurePosixPath(member.name).parts[:1] and PurePosixPath(member.name).parts[0] in PARTS:
                        files.extract(member, place, filter="data")
        except tarfile.ReadError:
            raise ValueError(f"git: {process.stderr.read().decode('utf-8', 'replace').strip()}") from None


def exported(folder: Path) -> Export | None:
    """The export that a folder is; None for a folder of Turtle. Raises `ValueError` for one that is broken."""
    return archive.read(folder) if (folder / MANIFEST).is_file() else None


def stated(loaded: Dataset) -> str:
    """The version that a dataset states of itself. Raises `ValueError` where it states none that can name a release."""
    version = dataset.version_of(loaded.store)
    where = f"data/dataset.ttl: <{loaded.iri}> a dcat:Dataset ; dcat:version"
    if version is None:
        raise ValueError(
            f'a release is called by the version of its dataset, and there is none; say it in {where} "…" .'
        )
    if not archive.PLAIN.fullmatch(version) or version == "latest":
        raise ValueError(f"{version!r} can name no release; use letters, digits, dots and dashes in {where}")
    return version


def quads(folder: Path, base: str | None, place: Path) -> tuple[str, Path]:
    """The version and the canonical N-Quads of a state; those of a folder of Turtle are written into `place`."""
    if held := exported(folder):
        main = held.main("nq")
        if main is None:
            raise ValueError(f"{folder}: has no {held.manifest.name}.nq, so nobody can tell what was in it")
        return held.version, folder / main.path
    loaded = dataset.load(folder, base)
    path = place / "old.nq"
    write(canonical(loaded.store), path)
    return stated(loaded), path


def write(blocks: Iterator[bytes], path: Path) -> None:
    """Write what comes in pieces."""
    with path.open("wb") as file:
        file.writelines(blocks)
