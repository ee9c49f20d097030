"""The processes of a server: query workers first, then granian's processes for the web."""

import multiprocessing
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from citygraph.dataset import Dataset
from citygraph.engine import Embedded, Engine
from citygraph.front import Front
from citygraph.mounting import prefix_of
from citygraph.remote import connect
from citygraph.terminal import complain

CACHE = 128 << 20
"""Bytes of kept answers, over all processes of the web server."""

STOPPING = 5
"""Seconds that a process of the web server has to end when the server does."""
QUERY_THREADS = 64
"""Per process of the web server: more than callers may wait, so that the engine's bounded queue is what says no."""


def run(
    create_app: Callable[..., Flask], loaded: Dataset, host: str, port: int, workers: int, timeout: float,
    path: str = "/", state: Path | None = None,
) -> int:  # fmt: skip
    """Serve until the process is told to stop. The loaded store is shared by fork, never loaded again.

    The query workers are forked before granian starts a thread, since a process with threads cannot be forked safely.
    """
    if problem := taken(host, port):
        return complain(problem)
    multiprocessing.set_start_method("fork", force=True)
    engine = connect(loaded, timeout) or Embedded(loaded, workers=workers, timeout=timeout)
    app = create_app(dataset=loaded, engine=engine, path=path, state=state)
    if isinstance(engine, Embedded) and not loaded.files:
        # Before the fork, so that the processes share it; over a store on disk it is built when it is first asked for.
        app.extensions["reconciliation"].prepare()
    front = before(app, engine, path, workers)
    server = Server(
        "server:create_app",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        respawn_failed_workers=True,
        workers_kill_timeout=STOPPING,
        log_level=LogLevels.warning,
    )
    triples = sum(loaded.counts.values())
    print(
        f"{triples:,} triples, version {loaded.version}: http://{host}:{port}{prefix_of(path)}/  (Ctrl+C stops)",
        file=sys.stderr,
        flush=True,
    )
    try:
        # granian asks for a callable, and looks for the methods of RSGI first.
        server.serve(target_loader=lambda: cast(Any, front), wrap_loader=False)
    finally:
        engine.close()
    return 0


def before(app: Flask, engine: Engine, path: str, workers: int) -> Front:
    """What stands before the application, in each of the workers."""
    site, prefixes = app.extensions["site"], ("", prefix_of(path))
    # Told before the fork: a process that comes later runs the same code, whatever lies in the files by then.
    started, archive = site.beginning, site.archive
    embedded = engine if isinstance(engine, Embedded) else None
    return Front(
        app,
        queries={f"{prefix}/sparql" for prefix in prefixes},
        threads=QUERY_THREADS,
        # A store elsewhere can change under us, and a kept answer may not outlive its data.
        cache=CACHE // workers if embedded else 0,
        engine=embedded,
        below=tuple(f"{prefix}/{folder}/" for prefix in prefixes for folder in ("queries", "q")),
        mark=lambda: f"{started} {archive.mark}",
    )


def taken(host: str, port: int) -> str:
    """Why the address cannot be listened at, or nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"{host}:{port} cannot be listened at ({error.strerror}); choose another with --host and --port"
    return ""
