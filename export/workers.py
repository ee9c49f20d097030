"""Processes that write files side by side; they end with the one that started them, however that ends."""

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG."""
HELD: list[Any] = []
"""What a process was started with, and need not be sent."""


class Work:
    """What other processes do. A task is a function with its arguments, and what is done here with its result, which
    may be to give further tasks."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self.pool = pool
        self.pending: dict[Future[Any], Callable[[Any], None]] = {}

    def later(self, then: Callable[[Any], None], function: Callable[..., Any], *arguments: object) -> None:
        """Have something done."""
        self.pending[self.pool.submit(function, *arguments)] = then

    def finish(self) -> None:
        """Wait until all is done. Raises what a task raised."""
        while self.pending:
            done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
            for future in done:
                self.pending.pop(future)(future.result())


@contextmanager
def workers(number: int, held: object) -> Iterator[Work]:
    """So many processes, forked when there is something to do for them; `HELD` has what they were started with."""
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(number, context, initializer=begin, initargs=(os.getpid(), held))
    try:
        yield Work(pool)
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def begin(parent: int, held: object) -> None:
    """Make a process one that ends with its parent. An interrupt is for the parent to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(END_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    HELD.append(held)
