"""Requests as fast as a server takes them, over connections that are kept open: by wrk, else by processes of ours."""

import asyncio
import contextlib
import itertools
import json
import multiprocessing
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

SCRIPT = Path(__file__).with_name("wrk.lua")
PROCESSES = 2
PATIENCE = 30.0
"""Seconds that one reply may take."""


@dataclass(frozen=True)
class Measured:
    """`rate` in whole good replies a second, latencies in milliseconds, `failed` in replies."""

    rate: float
    p50: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Load:
    """What is asked of a server, how long and by how many at once. Every request differs when `fresh`."""

    port: int
    targets: tuple[str, ...]
    accept: str
    fresh: bool
    connections: int
    seconds: float


def generator() -> str:
    """The name of what makes the load here."""
    return "wrk" if shutil.which("wrk") else f"{PROCESSES} processes of Python"


def measure(load: Load) -> Measured:
    """Put one load on a server and measure it."""
    return by_wrk(load) if shutil.which("wrk") else by_python(load)


def warm(load: Load) -> None:
    """The same load from this process, where every reply is awaited.

    wrk hangs up on what it has asked, and a server that ends the queries of clients who leave would be measured with
    processes that are new."""
    share(load, load.connections, PROCESSES)


def by_wrk(load: Load) -> Measured:
    """wrk with a script that makes the requests and prints what it counted."""
    threads = min(PROCESSES, load.connections)
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(load.targets if load.fresh else load.targets[:1]))
        file.flush()
        command = [
            "wrk", f"-t{threads}", f"-c{load.connections}", f"-d{max(1, round(load.seconds))}s",
            f"--timeout={PATIENCE:g}s", "-s", str(SCRIPT), f"http://127.0.0.1:{load.port}",
            "--", file.name, load.accept, "fresh" if load.fresh else "same", str(time.time_ns()),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=load.seconds + 90, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"wrk says: {(done.stderr or done.stdout)[-300:]}")
    told = json.loads(lines[-1])
    good = told["requests"] - told["failed"]
    return Measured(good / told["seconds"], told["p50"] / 1000, told["p99"] / 1000, told["failed"] + told["lost"])


def by_python(load: Load) -> Measured:
    """The same by processes of ours."""
    shares = [load.connections // PROCESSES + (n < load.connections % PROCESSES) for n in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        parts = pool.starmap(share, [(load, n, number) for number, n in enumerate(shares) if n])
    times = sorted(itertools.chain.from_iterable(part[0] for part in parts))
    failed = sum(part[1] for part in parts)
    rate = sum(len(part[0]) / part[2] for part in parts)
    if not times:
        return Measured(0.0, 0.0, 0.0, failed)
    p50, p99 = (times[min(len(times) - 1, int(len(times) * part))] * 1000 for part in (0.5, 0.99))
    return Measured(rate, p50, p99, failed)


def share(load: Load, connections: int, number: int) -> tuple[list[float], int, float]:
    """The part of one process: seconds of each good reply, how many failed, and how long all took."""
    return asyncio.run(drive(load, connections, number))


async def drive(load: Load, connections: int, number: int) -> tuple[list[float], int, float]:
    times: list[float] = []
    started = time.perf_counter()
    requests = stream(load, number)
    until = started + load.seconds
    failures = await asyncio.gather(*(converse(load.port, requests, until, times) for _ in range(connections)))
    return times, sum(failures), time.perf_counter() - started


def stream(load: Load, number: int) -> Iterator[bytes]:
    """The requests of one process as bytes."""
    end = f" HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\nAccept: {load.accept}\r\n\r\n".encode()
    begin = time.time_ns()
    for turn in itertools.count(number):
        target = load.targets[turn % len(load.targets) if load.fresh else 0].encode()
        yield b"GET %s%s%s" % (target, b"%%0A%%23%d-%d-%d" % (number, begin, turn) if load.fresh else b"", end)


async def converse(port: int, requests: Iterator[bytes], until: float, times: list[float]) -> int:
    """One connection after the other until the time is over; how many replies failed."""
    failed = 0
    while time.perf_counter() < until:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            with contextlib.closing(writer):
                while (began := time.perf_counter()) < until:
                    writer.write(next(requests))
                    async with asyncio.timeout(PATIENCE):
                        status, lasting = await reply(reader)
                    if status == 200:
                        times.append(time.perf_counter() - began)
                    failed += status != 200
                    if not lasting:
                        break
            continue
        failed += 1
    return failed


async def reply(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one reply to its end: its status, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status, lasting = int(head[9:12]), b"connection: close" not in head
    if b"transfer-encoding: chunked" in head:
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    elif b"content-length:" in head:
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    elif status != 204:
        await reader.read()
        return status, False
    return status, lasting
