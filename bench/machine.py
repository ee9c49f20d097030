"""What a run stands on: the machine, its load, and the memory of a server's processes."""

import os
import platform
from pathlib import Path

PROC = Path("/proc")


def described() -> str:
    """The machine in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in read(PROC / "cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def busy() -> str:
    """The load average of the last minute and the last five."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} (1 min), {five:.1f} (5 min)"


def free() -> int:
    """Bytes of memory that can be had without swapping."""
    return next(int(line.split()[1]) << 10 for line in read(PROC / "meminfo").splitlines() if "MemAvailable" in line)


def memory(process: int) -> tuple[float, float]:
    """RSS and PSS in MB of a process and all that came from it. Shared pages count in full in RSS, in part in PSS."""
    sums = {"Rss:": 0, "Pss:": 0}
    for member in tree(process):
        for line in read(PROC / str(member) / "smaps_rollup").splitlines():
            name, _, rest = line.partition(" ")
            if name in sums:
                sums[name] += int(rest.split()[0])
    return sums["Rss:"] / 1000, sums["Pss:"] / 1000


def tree(process: int) -> list[int]:
    """A process and its descendants."""
    parents: dict[int, list[int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal() and (stat := read(folder / "stat")):
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    found = [process]
    for member in found:
        found += parents.get(member, [])
    return found


def read(path: Path) -> str:
    """A file of /proc; nothing when its process has gone."""
    try:
        return path.read_text("utf-8", "replace")
    except (OSError, ProcessLookupError):
        return ""
