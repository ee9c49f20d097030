"""A server as `make serve` starts it, on a port of its own."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import free_port

ROOT = Path(__file__).parents[1]


@contextmanager
def serving(*options: str, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a running server and its process; both are gone afterwards, and `log` holds what it printed."""
    port = free_port()
    command = [sys.executable, "-m", "citygraph", "serve", "--port", str(port), *options]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, process, log)
            yield url, process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Returns once the server answers. Raises `RuntimeError` with its words if it does not within thirty seconds."""
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/.well-known/void", timeout=1).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"no server at {url}: {log.read_text('utf-8')}")
