"""python -m bench.dumps: what an export costs, and what each syntax costs by our writers and by rdflib's serialisers.

Each measurement is a process of its own. Ours goes from the sorted N-Triples of the default graph to the file; rdflib's
parses the same N-Triples and serialises them. Memory is the most that a process had (VmHWM); of the whole export, which
is several processes, the most that all of them had together (PSS), looked at ten times a second.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import machine
from citygraph import context, dataset
from citygraph.namespaces import PREFIXES
from export import as_json_ld, as_rdf_xml, as_turtle
from export.facts import Section, gathered

TIMEOUT = 3600


def ours(lines: Path, syntax: str, root: Path, scratch: Path) -> dict[str, float]:
    """Write a graph; the seconds that it took."""
    prefixes = PREFIXES | dataset.declared_prefixes(root)
    known = context.read("v1", next(iter(context.published(root).values())))
    out, place = scratch / "out", scratch / "body"

    def turtle(sections: list[Section], out: Path) -> None:
        as_turtle.turtle_file(["A graph"], as_turtle.body(sections, prefixes, {}, place), place, out)

    writers: dict[str, Callable[[list[Section], Path], None]] = {
        "turtle": turtle,
        "json-ld": lambda sections, out: as_json_ld.file(sections, known, out),
        "xml": lambda sections, out: as_rdf_xml.file(sections, prefixes, out),
    }
    started = time.perf_counter()
    writers[syntax](gathered(lines, scratch / "gathered", f"{out}#"), out)
    seconds = time.perf_counter() - started
    return {"write": seconds, "all": seconds, "bytes": out.stat().st_size}


def rdflib(lines: Path, syntax: str, root: Path, scratch: Path) -> dict[str, float]:
    """Parse a graph and serialise it; the seconds of the second, and of both."""
    import rdflib

    graph = rdflib.Graph()
    for prefix, space in (PREFIXES | dataset.declared_prefixes(root)).items():
        graph.bind(prefix, space)
    started = time.perf_counter()
    graph.parse(lines, format="nt")
    parsed = time.perf_counter()
    graph.serialize(scratch / "out", format=syntax, encoding="utf-8")
    ended = time.perf_counter()
    return {"write": ended - parsed, "all": ended - started, "bytes": (scratch / "out").stat().st_size}


def peak() -> float:
    """The most memory that this process had, in MB."""
    status = Path("/proc/self/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1000


def exported(root: Path, store: Path | None, out: Path) -> dict[str, float]:
    """A whole export: seconds and MB; what it writes."""
    command = [sys.executable, "-m", "export", "--root", str(root), "--out", str(out), "--unvalidated"]
    started, most = time.perf_counter(), 0.0
    process = subprocess.Popen(
        [*command, *(["--store", str(store)] if store else [])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        most = max(most, machine.memory(process.pid)[1])
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the export failed: {' '.join(command)}")
    written = sum(path.stat().st_size for path in out.iterdir())
    return {
        "seconds": time.perf_counter() - started,
        "memory": most,
        "bytes": written,
        "files": len(list(out.iterdir())),
    }


def measured(who: str, lines: Path, syntax: str, root: Path, scratch: Path) -> dict[str, float] | None:
    """One case in a process of its own; None where it ran out of time or memory."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        command = [sys.executable, "-m", "bench.dumps", "case", who, syntax, str(lines), str(root), folder]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return None
        return dict(json.loads(ran.stdout)) if ran.returncode == 0 else None


def row(syntax: str, one: dict[str, float] | None, other: dict[str, float] | None) -> str:
    """A line of the table."""
    if one is None:
        return f"| {syntax} | failed | | | | | |"
    mine = f"| {syntax} | {one['all']:.2f} | {one['memory']:,.0f} "
    if other is None:
        return f"{mine}| – | – | – | – | – |"
    theirs = f"| {other['write']:.1f} | {other['all']:.1f} | {other['memory']:,.0f} "
    seconds = f"{other['write'] / one['all']:.1f}; {other['all'] / one['all']:.1f} with parsing"
    return f"{mine}{theirs}| {seconds} | {other['memory'] / one['memory']:.1f} |"


def case(arguments: list[str]) -> int:
    """Be one measurement: who, syntax, N-Triples, root, folder."""
    who, syntax, lines, root, folder = arguments
    found = {"ours": ours, "rdflib": rdflib}[who](Path(lines), syntax, Path(root), Path(folder))
    print(json.dumps({**found, "memory": peak()}))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print Markdown."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["case"]:
        return case(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m bench.dumps", description=__doc__)
    parser.add_argument("--root", type=Path, default=dataset.checkout(), help="what to export (default: this checkout)")
    parser.add_argument("--store", type=Path, default=None, help="its store on disk (default: in memory)")
    parser.add_argument("--out", type=Path, default=None, help="where to write (default: a temporary folder)")
    parser.add_argument("--syntaxes", default="turtle,json-ld,xml", help="default: %(default)s")
    parser.add_argument("--ours-only", action="store_true", help="leave rdflib out: it holds the graph in memory")
    given = parser.parse_args(arguments)
    place = given.out.parent if given.out else None
    with tempfile.TemporaryDirectory(prefix="citygraph-", dir=place) as folder:
        out = given.out or Path(folder) / "dist"
        print(f"- {machine.described()}\n- load average: {machine.busy()}")
        whole = exported(given.root, given.store, out)
        print(
            f"- the whole export: {whole['seconds']:.1f} s, {whole['memory']:,.0f} MB in all its processes, "
            f"{whole['files']:.0f} files, {whole['bytes'] / 1e6:,.0f} MB\n"
        )
        name = json.loads((out / "manifest.json").read_text("utf-8"))["name"]
        print("| syntax | ours, s | MB | rdflib, s | with parsing | MB | seconds, rdflib / ours | memory |")
        print("|---|---|---|---|---|---|---|---|")
        for syntax in given.syntaxes.split(","):
            lines = out / f"{name}.nt"
            one = measured("ours", lines, syntax, given.root, Path(folder))
            other = None if given.ours_only else measured("rdflib", lines, syntax, given.root, Path(folder))
            print(row(syntax, one, other), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
