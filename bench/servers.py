"""Servers of other makers as processes: where their programs lie, how they are set, started and awaited.

The bench and the tests over several stores both stand on this, so that what is measured is what is tested.
"""

import contextlib
import http.client
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote

PIECE = 1 << 20
STARTING = 3600.0
"""Seconds that a server may take to load and answer."""
JSON = "application/sparql-results+json"

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
ThreadsPerQuery = {threads}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
Charset = UTF-8
[SPARQL]
"""


@dataclass(frozen=True)
class Data:
    """What every server gets: the root for ours, the same triples as N-Triples for the others.

    `store` is the folder of ours where memory is too small for the data, and `seconds` is what building it took.
    """

    root: Path
    graph: Path
    triples: int
    store: Path | None = None
    seconds: float = 0.0


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
        """Status, media type, body and seconds of a request. Raises `OSError` when there is no whole reply in time."""
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", self.target(text), headers={"Accept": accept})
            reply = connection.getresponse()
            body = b"".join(pieces(reply, started + seconds))
        except http.client.HTTPException as error:
            raise ConnectionError(f"no whole reply: {error!r}") from error
        finally:
            connection.close()
        return reply.status, reply.headers.get("Content-Type", ""), body, time.perf_counter() - started


def pieces(reply: http.client.HTTPResponse, until: float) -> Iterator[bytes]:
    """A body as it comes. Raises `TimeoutError` for one that is still coming then, though each piece came in time."""
    while piece := reply.read(PIECE):
        if time.perf_counter() > until:
            raise TimeoutError("the reply does not end")
        yield piece


def program(name: str) -> str | None:
    """The file of a program: beside this Python, else on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def packaged(name: str) -> str:
    """The version of an installed package, or that it is not known."""
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


def wait(running: "subprocess.Popen[bytes]", port: int, path: str, folder: Path, text: str = "ASK{}",
         seconds: float = STARTING, patience: float = 5.0) -> None:  # fmt: skip
    """Returns once the endpoint answers `text`; `patience` are the seconds of one try, `seconds` those of all. Raises
    `RuntimeError` with the server's last words if it does not."""
    until = time.monotonic() + seconds
    while running.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", f"{path}?query={quote(text)}", headers={"Accept": JSON})
            if connection.getresponse().status == 200:
                connection.close()
                return
        connection.close()
        time.sleep(0.05)
    words = (folder / "output").read_text("utf-8", "replace")[-500:]
    state = "ended" if running.poll() is not None else f"did not answer within {seconds:g} s"
    raise RuntimeError(f"{state}: {words}")


def oxigraph(port: int) -> list[str]:
    """The command of Oxigraph's own server, the data in memory. It is queried at /query and loaded at /store."""
    return [str(program("oxigraph")), "serve", "--bind", f"127.0.0.1:{port}"]


def virtuoso(folder: Path, port: int, sql: int, buffers: int, threads: int, **limits: int) -> list[str]:
    """The command of Virtuoso, whose settings and data lie in `folder`. It is queried at /sparql; its own tools use
    the port `sql`. `buffers` are of 8 KiB, `threads` of one query, and `limits` those of its section SPARQL."""
    text = INI.format(http=port, sql=sql, buffers=buffers, dirty=buffers * 3 // 4, threads=threads)
    text += "".join(f"{name} = {most}\n" for name, most in limits.items())
    (folder / "virtuoso.ini").write_text(text, "utf-8")
    return [str(program("virtuoso-t")), "+foreground", "+configfile", "virtuoso.ini"]
