"""The process that forks query workers: as many as the pool has, and stand-ins for those that are long at one query.

It does nothing else: it hears the workers' ticks, and knows by them how long each is at its query.

- After a tick (0.1 s) the query is long: a stand-in is forked, and one for those to come, so that light queries do not
  wait behind heavy ones.
- After a second one (0.5 s) it lets every other process go first, and of these at most two for each worker of the pool
  run at a time. The others are halted, with what memory they took so far, until it is their turn or their time is over.
- When as many are long as there are places in the queue, the latest is ended, so that light queries still get through.
- When it is quiet again, workers beyond the pool's size are told to retire. One that was at a long query stays until
  then: its pages are its own by now, where those of a new one are copied at the first touch.
"""

import contextlib
import gc
import os
import select
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from citygraph import worker

if TYPE_CHECKING:
    from citygraph.workers import Pool

AT_A_TIME = 2
"""Very long queries that run at a time, for each worker of the pool."""
QUIET = 1.0
"""Seconds without a long query after which workers that are too many retire."""


@dataclass
class Child:
    """A worker as the zygote knows it: its ticks at one query and when the last one came, whether it is
    halted, or told to retire."""

    pid: int
    talk: socket.socket
    ticks: int = 0
    heard: float = 0.0
    halted: bool = False
    retiring: bool = False


class Zygote:
    """Of a pool, with the descriptor of the socket at which the workers listen, and the process that owns the pool."""

    def __init__(self, pool: "Pool", listener: int, owner: int) -> None:
        self.pool = pool
        self.listener = listener
        self.owner = owner
        self.children: dict[int, Child] = {}
        self.long: list[Child] = []
        self.poll = select.poll()

    def run(self) -> None:
        """Fork, reap, and end with the owner. Never returns."""
        watch, told = self.settle()
        try:
            while True:
                self.fill()
                heard = self.poll.poll(QUIET * 1000 if self.spare() or self.long else None)
                for descriptor, _ in heard:
                    if descriptor == watch and self.owner == self.pool.owner:
                        shutil.rmtree(self.pool.folder, ignore_errors=True)
                    if descriptor in (watch, told):
                        return
                    self.hear(self.children[descriptor])
                self.forget()
                if not heard and not self.long:
                    self.retire()
        finally:
            for child in self.children.values():
                os.kill(child.pid, signal.SIGKILL)
            for child in self.children.values():
                os.waitpid(child.pid, 0)
            os._exit(0)

    def settle(self) -> tuple[int, int]:
        """Let go of all that the owner had; returns the descriptors that say that the owner is gone, and that
        it wants the zygote to end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # By a pipe and not by an exception: a signal just before poll blocks would be noticed after it.
        told, mouth = os.pipe()
        os.set_blocking(mouth, False)
        signal.set_wakeup_fd(mouth)
        signal.signal(signal.SIGTERM, lambda *_: None)
        gc.disable()
        gc.freeze()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):
            os.dup2(null, standard)
        watch = os.pidfd_open(self.owner)
        if os.getppid() != self.owner:
            os._exit(0)
        keep = sorted((2, self.listener, watch, told, mouth))
        for low, high in zip(keep, [*keep[1:], worker.highest()], strict=True):
            os.closerange(low + 1, high)
        worker.leave_network()
        self.poll.register(watch, select.POLLIN)
        self.poll.register(told, select.POLLIN)
        return watch, told

    def free(self) -> list[Child]:
        """The workers that are not long at a query, oldest first."""
        return [child for child in self.children.values() if not child.ticks and not child.retiring]

    def spare(self) -> list[Child]:
        """Those of them beyond the size of the pool."""
        return self.free()[self.pool.size :]

    def fill(self) -> None:
        """Fork what is missing."""
        most = self.pool.size * AT_A_TIME + self.pool.queue
        for child in self.long[most:]:
            self.end(child)
        # The more are long, the more may come at once: a crowd shall not go through the queue a few at a time.
        more = min(len(self.long), self.pool.size * AT_A_TIME)
        for _ in range(self.pool.size + more - len(self.free())):
            self.spawn()

    def spawn(self) -> None:
        talk, theirs = socket.socketpair()
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                worker.run(self.listener, theirs.fileno(), zygote, self.pool.memory, self.pool.answering)
            finally:
                os._exit(1)
        theirs.close()
        self.children[talk.fileno()] = Child(pid, talk)
        self.poll.register(talk, select.POLLIN)

    def hear(self, child: Child) -> None:
        """What a worker says: ticks, that it is done, or by its silence that it ended."""
        said = b""
        with contextlib.suppress(ConnectionError):
            said = child.talk.recv(64)
        if not said:
            self.end(child)
        for one in said:
            if one == worker.DONE[0]:
                child.ticks = 0
                if child in self.long:
                    self.long.remove(child)
            else:
                child.ticks += 1
                child.heard = time.monotonic()
                if child.ticks == 1:
                    self.long.append(child)
                elif child.ticks == 2:
                    yield_to_others(child.pid)
        self.take_turns()

    def forget(self) -> None:
        """Take for done what no longer ticks: on a busy machine the last tick of a query may come after its end."""
        for child in list(self.long):
            if not child.halted and time.monotonic() - child.heard > QUIET + worker.LATER:
                child.ticks = 0
                self.long.remove(child)
                self.take_turns()

    def take_turns(self) -> None:
        """Of the very long queries the first ones run."""
        for place, child in enumerate(child for child in self.long if child.ticks > 1):
            halted = place >= self.pool.size * AT_A_TIME
            if halted != child.halted:
                os.kill(child.pid, signal.SIGSTOP if halted else signal.SIGCONT)
                child.halted, child.heard = halted, time.monotonic()

    def retire(self) -> None:
        """Send the workers home that are too many, the youngest first."""
        for child in self.spare():
            child.retiring = True
            with contextlib.suppress(OSError):
                child.talk.send(worker.RETIRE)

    def end(self, child: Child) -> None:
        """See a worker to its end, or put it there."""
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
        if child in self.long:
            self.long.remove(child)
        self.poll.unregister(child.talk)
        del self.children[child.talk.fileno()]
        child.talk.close()


def yield_to_others(pid: int) -> None:
    """Let every other process go before this one: to the kernel each of its threads has a priority of its
    own."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), 10)
