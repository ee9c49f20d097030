"""The servers that are compared, each started with the same data on a port of its own on loopback."""

import contextlib
import http.client
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).parents[1]
STARTING = 600.0
"""Seconds that a server may take to load and answer."""

INI = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
CaseMode = 2
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
CheckpointInterval = 0
DirsAllowed = .
ThreadsPerQuery = 4
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
Charset = UTF-8
[SPARQL]
ResultSetMaxRows = 100000000
MaxConstructTriples = 100000000
"""


@dataclass(frozen=True)
class Data:
    """What every server gets: the root for ours, the same triples as N-Triples for the others."""

    root: Path
    graph: Path
    triples: int


@dataclass(frozen=True)
class Peer:
    """A server that answers. `path` is its endpoint, `loaded` the seconds from its start to the first answer."""

    name: str
    version: str
    settings: str
    process: "subprocess.Popen[bytes]"
    port: int
    path: str
    loaded: float

    def target(self, text: str) -> str:
        """The address of a query, without the host."""
        return f"{self.path}{'&' if '?' in self.path else '?'}query={quote(text, safe='')}"

    def ask(self, text: str, accept: str, seconds: float) -> tuple[int, str, bytes, float]:
        """Status, media type, body and seconds of one request. Raises `OSError` when there is no whole reply."""
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", self.target(text), headers={"Accept": accept})
            reply = connection.getresponse()
            body = reply.read()
        except http.client.HTTPException as error:
            raise ConnectionError(f"no whole reply: {error!r}") from error
        finally:
            connection.close()
        return reply.status, reply.headers.get("Content-Type", ""), body, time.perf_counter() - started


def program(name: str) -> str | None:
    """The file of a program: beside this Python, else on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def packaged(name: str) -> str:
    """The version of an installed package, or what the package's program lies in says nothing about."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "version unknown"


def said(*command: str) -> str:
    """What a program prints about its version."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A running server whose words lie in `folder`; it is gone afterwards."""
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()


def wait(running: "subprocess.Popen[bytes]", port: int, path: str, folder: Path) -> None:
    """Returns once the endpoint answers. Raises `RuntimeError` with the server's last words if it does not."""
    until = time.monotonic() + STARTING
    while running.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", f"{path}?query=ASK%7B%7D", headers={"Accept": "application/sparql-results+json"})
            if connection.getresponse().status == 200:
                connection.close()
                return
        connection.close()
        time.sleep(0.05)
    words = (folder / "output").read_text("utf-8", "replace")[-500:]
    raise RuntimeError(f"did not answer within {STARTING:g} s: {words}")


@contextmanager
def ours(data: Data, folder: Path) -> Iterator[Peer]:
    """The server of this checkout, as `make serve` starts it."""
    port, started = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "citygraph", "serve", "--root", str(data.root), "--port", str(port)]
    with process(["env", f"PYTHONPATH={REPOSITORY}", *command], folder) as running:
        wait(running, port, "/sparql", folder)
        head = said("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty").strip()
        engine = f"{head}, pyoxigraph {packaged('pyoxigraph')}, granian {packaged('granian')}"
        yield Peer("ours", engine, "defaults", running, port, "/sparql", time.perf_counter() - started)


@contextmanager
def oxigraph(data: Data, folder: Path) -> Iterator[Peer]:
    """Oxigraph's own server, the data in memory: the faster of its two ways."""
    port, started = free_port(), time.perf_counter()
    file = str(program("oxigraph"))
    with process([file, "serve", "--bind", f"127.0.0.1:{port}"], folder) as running:
        wait(running, port, "/query", folder)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STARTING)
        with data.graph.open("rb") as body:
            size = {"Content-Type": "application/n-triples", "Content-Length": str(data.graph.stat().st_size)}
            connection.request("PUT", "/store?default", body, size)
            status = connection.getresponse().status
        connection.close()
        if status >= 300:
            raise RuntimeError(f"the data was answered with {status}")
        loaded = time.perf_counter() - started
        yield Peer("oxigraph", said(file, "--version").split()[-1], "in memory", running, port, "/query", loaded)


@contextmanager
def virtuoso(data: Data, folder: Path) -> Iterator[Peer]:
    """Virtuoso 7, loaded by its bulk loader into the graph that its queries go to."""
    port, sql, started = free_port(), free_port(), time.perf_counter()
    file, isql = str(program("virtuoso-t")), str(program("isql-vt"))
    buffers = 20_000 if data.triples < 1_000_000 else 170_000
    ini = INI.format(http=port, sql=sql, buffers=buffers, dirty=buffers * 3 // 4)
    (folder / "virtuoso.ini").write_text(ini, "utf-8")
    (folder / "graph.nt").symlink_to(data.graph)
    with process([file, "+foreground", "+configfile", "virtuoso.ini"], folder) as running:
        wait(running, port, "/sparql", folder)
        load = "ld_dir('.', 'graph.nt', 'urn:bench'); rdf_loader_run(); checkpoint;"
        done = subprocess.run(
            [isql, f"127.0.0.1:{sql}", "dba", "dba", f"exec={load}"],
            capture_output=True, text=True, timeout=STARTING, check=False,
        )  # fmt: skip
        if done.returncode or "Error" in done.stderr:
            raise RuntimeError(f"the bulk loader says: {done.stderr[-300:]}")
        known = next((line.split()[1] for line in said(file, "-?").splitlines() if line.startswith("Version")), "7")
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
}
NEEDED = {
    "ours": (),
    "oxigraph": ("oxigraph",),
    "virtuoso": ("virtuoso-t", "isql-vt"),
    "rdflib-endpoint": ("rdflib-endpoint",),
}
LARGEST = {"rdflib-endpoint": 1_000_000}
"""Triples beyond which a peer is left out: loading alone would take many minutes, and each query too."""


def missing(name: str, triples: int) -> str:
    """Why a peer is left out; nothing when it is not."""
    absent = [file for file in NEEDED[name] if not program(file)]
    if absent:
        return f"{' and '.join(absent)} not installed"
    return f"left out above {LARGEST[name]:,} triples" if triples > LARGEST.get(name, triples) else ""
