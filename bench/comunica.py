"""Comunica as a peer: its own HTTP server over a file, from npm.

`npm install @comunica/query-sparql-file` in a folder of its own puts it there; it is looked for on the path, where
`python -m bench --comunica DIR` puts that folder's programs.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import STARTING, Data, Peer, free_port, process, program, wait

SERVER = "comunica-sparql-file-http"
LOOPBACK = Path(__file__).parent / "loopback.cjs"
"""It has no option for the address that it listens at, and would listen at all."""
WORKERS = min(4, os.cpu_count() or 1)
"""As many as ours has. Each reads the file for itself, at its first query."""


def find(folder: Path) -> str:
    """Put the programs of a folder of npm on the path, or say why Comunica is not among them."""
    programs = folder.resolve() / "node_modules" / ".bin"
    if not (programs / SERVER).exists():
        return f"no {SERVER} in {programs}; install it there with: npm install @comunica/query-sparql-file"
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    return ""


@contextmanager
def comunica(data: Data, folder: Path) -> Iterator[Peer]:
    """Comunica over the file of the graph, which it keeps in memory once it has read it."""
    port, started = free_port(), time.perf_counter()
    file = Path(str(program(SERVER))).resolve()
    command = [str(program("node")), "--require", str(LOOPBACK), str(file)]
    command += ["--port", str(port), "--workers", str(WORKERS), str(data.graph)]
    with process(command, folder) as running:
        # ASK {} would be answered without reading the file.
        wait(running, port, "/sparql", folder, "ASK { ?s ?p ?o }", patience=STARTING)
        known = json.loads((file.parents[1] / "package.json").read_text("utf-8"))["version"]
        loaded = time.perf_counter() - started
        yield Peer("comunica", known, f"{WORKERS} workers", running, port, "/sparql", loaded)
