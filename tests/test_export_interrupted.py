"""An export that is interrupted, at whatever moment, leaves the one that was there; nobody ever finds half of one."""

import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from citygraph.dataset import load
from export import folder
from export.dumps import write

ROOT = Path(__file__).parents[1]
LIGHTS = ROOT / "tests" / "roots" / "lighthouses"
TIMES = 20


def command(root: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "export", "--root", str(root), "--out", str(out), "--unvalidated"]


def whole(out: Path) -> str:
    """The checksums of an export, which are true."""
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=out, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    sums = (out / "SHA256SUMS").read_text("utf-8")
    assert {line.split()[1] for line in sums.splitlines()} == {p.name for p in out.iterdir()} - {"SHA256SUMS"}
    return sums


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """Two states of a graph."""
    made = [tmp_path / "one", tmp_path / "other"]
    for number, root in enumerate(made):
        shutil.copytree(LIGHTS, root)
        (root / "data" / "more.ttl").write_text(f"<http://e.org/a>\n    <http://e.org/p> {number} ;\n    .\n", "utf-8")
    return made


def begun(process: subprocess.Popen[bytes], out: Path) -> bool:
    """Whether an export has begun to write; waits until it has or has ended."""
    while process.poll() is None:
        if any(out.parent.glob(f".{out.name}-*/fresh/*")):
            return True
        time.sleep(0.001)
    return False


def test_killed_at_random_moments_it_leaves_a_whole_export(roots: list[Path], tmp_path: Path) -> None:
    out, moment = tmp_path / "dist", random.Random()  # noqa: S311
    states = {whole(_exported(root, out)) for root in roots}
    assert len(states) == 2
    killed = 0
    for turn in range(TIMES):
        process = subprocess.Popen(
            command(roots[turn % 2], out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        if turn % 4:
            begun(process, out)
            time.sleep(moment.uniform(0, 0.3))
        else:
            time.sleep(moment.uniform(0, 2))
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert whole(out) in states
    assert killed > TIMES // 2
    _exported(roots[0], out)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [], (
        "what they left is cleared away"
    )


def _exported(root: Path, out: Path) -> Path:
    subprocess.run(command(root, out), cwd=ROOT, capture_output=True, check=True)
    return out


def test_its_processes_end_with_it(roots: list[Path], tmp_path: Path) -> None:
    process = subprocess.Popen(command(ROOT, tmp_path / "dist"), cwd=ROOT, stdout=subprocess.DEVNULL)
    assert begun(process, tmp_path / "dist")
    time.sleep(0.3)
    process.kill()
    process.wait()
    end = time.monotonic() + 10
    while (left := _mentioning(str(tmp_path / "dist"))) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []


def _mentioning(text: str) -> list[str]:
    """The processes whose command names something."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in said:
            found.append(said)
    return found


def test_there_is_no_moment_without_an_export(roots: list[Path], tmp_path: Path) -> None:
    out, missing, stop = tmp_path / "dist", [], threading.Event()
    datasets = [load(root) for root in roots]
    write(datasets[0], out, processes=1)

    def watch() -> None:
        while not stop.is_set():
            if not (out / "SHA256SUMS").is_file():
                missing.append(time.time())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for turn in range(200):
            with folder.replaced(out) as (fresh, _):
                (fresh / "SHA256SUMS").write_text(str(turn), "utf-8")
    finally:
        stop.set()
        watcher.join()
    assert missing == []


def test_where_names_cannot_be_exchanged_the_folder_is_replaced_by_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "exchange", lambda one, other: False)
    out = tmp_path / "dist"
    for text in ("old", "new"):
        with folder.replaced(out) as (fresh, _):
            (fresh / "file").write_text(text, "utf-8")
    assert (out / "file").read_text("utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_what_a_killed_run_left_is_cleared_away_and_what_a_running_one_has_is_not(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    left = tmp_path / ".dist-left"
    (left / "fresh").mkdir(parents=True)
    with folder.replaced(out) as (running, _):
        assert not left.exists()
        with folder.replaced(out) as (fresh, _):
            (fresh / "file").write_text("the second", "utf-8")
        assert running.is_dir()
        (running / "file").write_text("the first, which ends last", "utf-8")
    assert (out / "file").read_text("utf-8") == "the first, which ends last"


def test_a_failed_export_leaves_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    with folder.replaced(out) as (fresh, _):
        (fresh / "file").write_text("old", "utf-8")

    def fail() -> None:
        with folder.replaced(out) as (fresh, _):
            (fresh / "file").write_text("half", "utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (out / "file").read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dist").write_text("mine", "utf-8")
    with pytest.raises(NotADirectoryError, match="is no folder"), folder.replaced(tmp_path / "dist"):
        pass
    assert (tmp_path / "dist").read_text("utf-8") == "mine"
