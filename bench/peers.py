"""The servers that are compared, each started with the same data on a port of its own on loopback."""

import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import servers
from bench.comunica import comunica
from bench.servers import STARTING, Data, Peer, free_port, packaged, process, program, said, wait

REPOSITORY = Path(__file__).parents[1]


@contextmanager
def ours(data: Data, folder: Path) -> Iterator[Peer]:
    """The server of this checkout, as `make serve` starts it."""
    port, started = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "citygraph", "serve", "--root", str(data.root), "--port", str(port)]
    # What lies on disk is slower: there ours may take as long as the bench waits for any.
    command += ["--store", str(data.store), "--timeout", "30"] if data.store else []
    with process(["env", f"PYTHONPATH={REPOSITORY}", *command], folder) as running:
        wait(running, port, "/sparql", folder)
        head = said("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty").strip()
        engine = f"{head}, pyoxigraph {packaged('pyoxigraph')}, granian {packaged('granian')}"
        settings = "store on disk, built before; limit 30 s" if data.store else "defaults"
        yield Peer("ours", engine, settings, running, port, "/sparql", time.perf_counter() - started)


@contextmanager
def oxigraph(data: Data, folder: Path) -> Iterator[Peer]:
    """Oxigraph's own server, the data in memory, the faster of its two ways, or on disk where memory is too small."""
    port, started = free_port(), time.perf_counter()
    command = servers.oxigraph(port)
    if data.store:
        place = ["--location", str(folder / "store")]
        subprocess.run([command[0], "load", *place, "--file", str(data.graph)], check=True, timeout=STARTING)
        command = [command[0], "serve-read-only", *place, *command[2:]]
    with process(command, folder) as running:
        wait(running, port, "/query", folder)
        if not data.store:
            put(data.graph, port)
        loaded, settings = time.perf_counter() - started, "store on disk" if data.store else "in memory"
        yield Peer("oxigraph", said(command[0], "--version").split()[-1], settings, running, port, "/query", loaded)


def put(graph: Path, port: int) -> None:
    """Load a file into the default graph of a running Oxigraph. Raises `RuntimeError` when it is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STARTING)
    with graph.open("rb") as body:
        size = {"Content-Type": "application/n-triples", "Content-Length": str(graph.stat().st_size)}
        connection.request("PUT", "/store?default", body, size)
        status = connection.getresponse().status
    connection.close()
    if status >= 300:
        raise RuntimeError(f"the data was answered with {status}")


@contextmanager
def virtuoso(data: Data, folder: Path) -> Iterator[Peer]:
    """Virtuoso 7, loaded by its bulk loader into the graph that its queries go to."""
    port, sql, started = free_port(), free_port(), time.perf_counter()
    isql, buffers = str(program("isql-vt")), 20_000 if data.triples < 1_000_000 else 170_000
    most = {"ResultSetMaxRows": 100_000_000, "MaxConstructTriples": 100_000_000}
    command = servers.virtuoso(folder, port, sql, buffers, threads=4, **most)
    (folder / "graph.nt").symlink_to(data.graph)
    with process(command, folder) as running:
        wait(running, port, "/sparql", folder)
        load = "ld_dir('.', 'graph.nt', 'urn:bench'); rdf_loader_run(); checkpoint;"
        done = subprocess.run(
            [isql, f"127.0.0.1:{sql}", "dba", "dba", f"exec={load}"],
            capture_output=True, text=True, timeout=STARTING, check=False,
        )  # fmt: skip
        if done.returncode or "Error" in done.stderr:
            raise RuntimeError(f"the bulk loader says: {done.stderr[-300:]}")
        known = next(
            (line.split()[1] for line in said(command[0], "-?").splitlines() if line.startswith("Version")), "7"
        )
        settings = f"{buffers:,} buffers"
        path = "/sparql?default-graph-uri=urn%3Abench"
        yield Peer("virtuoso", known, settings, running, port, path, time.perf_counter() - started)


@contextmanager
def rdflib_endpoint(data: Data, folder: Path) -> Iterator[Peer]:
    """rdflib-endpoint from its own command line, rdflib's store in memory."""
    port, started = free_port(), time.perf_counter()
    file = str(program("rdflib-endpoint"))
    command = [file, "serve", "--host", "127.0.0.1", "--port", str(port), str(data.graph)]
    with process(command, folder) as running:
        wait(running, port, "/", folder)
        python = str(Path(file).resolve().parent / "python")
        asked = "from importlib.metadata import version as v; print(v('rdflib-endpoint'), 'with rdflib', v('rdflib'))"
        known = said(python, "-c", asked).strip() if Path(python).exists() else packaged("rdflib-endpoint")
        yield Peer("rdflib-endpoint", known, "defaults", running, port, "/", time.perf_counter() - started)


STARTERS: dict[str, Callable[[Data, Path], contextlib.AbstractContextManager[Peer]]] = {
    "ours": ours,
    "oxigraph": oxigraph,
    "virtuoso": virtuoso,
    "rdflib-endpoint": rdflib_endpoint,
    "comunica": comunica,
}
NEEDED = {
    "ours": (),
    "oxigraph": ("oxigraph",),
    "virtuoso": ("virtuoso-t", "isql-vt"),
    "rdflib-endpoint": ("rdflib-endpoint",),
    "comunica": ("comunica-sparql-file-http", "node"),
}
LARGEST = {"rdflib-endpoint": 1_000_000, "comunica": 1_000_000}
"""Triples beyond which a peer is left out: loading alone would take many minutes, and each query too."""


def missing(name: str, triples: int) -> str:
    """Why a peer is left out; nothing when it is not."""
    absent = [file for file in NEEDED[name] if not program(file)]
    if absent:
        return f"{' and '.join(absent)} not installed"
    return f"left out above {LARGEST[name]:,} triples" if triples > LARGEST.get(name, triples) else ""
