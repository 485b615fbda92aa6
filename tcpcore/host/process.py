"""Processes: applications as coroutines, driven in virtual time.

A blocking call yields a `Wait`; the process goes on when its queue is woken or its deadline comes.
No asyncio and no threads: the network's loop runs whoever is ready, in order of waking.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Protocol


class WaitQueue:
    """Processes that wait for something to change; `wake` makes all of them look again.

    ``await queue`` waits without a deadline.
    """

    __slots__ = ("waiting", "watchers")

    def __init__(self) -> None:
        self.waiting: list[Process] = []
        self.watchers: list[Callable[[], None]] = []  # called, too: poll() and epolls

    def __await__(self) -> Generator[WaitQueue, None, None]:
        yield self

    def wake(self) -> None:
        """Let every waiting process look again, in the order in which they came."""
        if self.watchers:
            for watcher in tuple(self.watchers):
                watcher()
        waiting = self.waiting
        if waiting:
            self.waiting = []
            for process in waiting:
                process.run_queue.append(process)


class Wait:
    """What a blocked process waits for: a queue, a deadline in microseconds, or both.

    ``await Wait(queue, deadline)`` gives up the processor until then.
    """

    __slots__ = ("deadline", "queue")

    def __init__(self, queue: WaitQueue | None, deadline: int | None = None) -> None:
        self.queue = queue
        self.deadline = deadline

    def __await__(self) -> Generator[Wait, None, None]:
        yield self


class Scheduler(Protocol):
    """What processes need of the network's loop."""

    run_queue: deque[Process]

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Call ``function(argument)`` at `time`."""


Application = Callable[[Any], Coroutine[Wait | WaitQueue, None, Any]]
"""What a process runs: ``async def application(host)``."""


class Process:
    """One application on a host; `host.spawn` makes it.

    `looking`: another program runs in its stead, whose calls are not this application's.  `number`
    counts the host's processes from 0; `sockets` is the table of descriptors, None where one was
    closed.  `run_queue` is the network's.
    """

    __slots__ = (
        "_coroutine", "_scheduler", "_waiting", "exited", "host", "looking", "name", "number",
        "run_queue", "sockets",
    )  # fmt: skip

    def __init__(
        self,
        host: Any,
        name: str,
        coroutine: Coroutine[Wait | WaitQueue, None, Any],
        scheduler: Scheduler,
        number: int,
    ) -> None:
        self.host = host
        self.name = name
        self.number = number
        self.exited = False
        self.looking = False
        self.sockets: list[Any] = []
        self._coroutine = coroutine
        self._scheduler = scheduler
        self.run_queue = scheduler.run_queue
        self._waiting: Wait | None = None

    def ready(self) -> None:
        """Put the process into the run queue."""
        self.run_queue.append(self)

    def run(self) -> None:
        """Run until the process blocks or ends.

        An `OSError` that the application does not catch ends it, as it would end a program; any
        other exception is a fault of the application's author and goes up.
        """
        if self.exited:
            return
        host = self.host
        host.running = self
        self._waiting = None
        try:
            wait = self._coroutine.send(None)
        except StopIteration:
            self._exit()
        except OSError as error:
            host.note(f"{self.name} ends: {error.strerror}")
            self._exit()
        else:
            if wait.__class__ is WaitQueue and not self.exited:
                wait.waiting.append(self)
            else:
                self._wait(wait)
        host.running = None

    def _wait(self, wait: Any) -> None:
        if self.exited:  # it ended itself
            return
        self._waiting = wait
        if wait.queue is not None:
            wait.queue.waiting.append(self)
        if wait.deadline is not None:
            self._scheduler.at(wait.deadline, self._deadline, wait)

    def _deadline(self, wait: Wait) -> None:
        if self._waiting is wait:
            if wait.queue is not None:
                wait.queue.waiting.remove(self)
            self.run_queue.append(self)

    def hold(self, socket: Any) -> None:
        """Take the lowest free descriptor for the socket (alloc_fd())."""
        if None in self.sockets:
            self.sockets[self.sockets.index(None)] = socket
        else:
            self.sockets.append(socket)

    def release(self, socket: Any) -> None:
        """Free the socket's descriptor."""
        if socket in self.sockets:
            self.sockets[self.sockets.index(socket)] = None
            while self.sockets and self.sockets[-1] is None:
                self.sockets.pop()

    def fork(self, application: Application, name: str = "") -> Process:
        """Start ``application(host)`` as a child that holds all our sockets, too (fork(2)).

        A socket is closed when the last process that holds it has closed it.
        """
        child: Process = self.host.spawn(application, name)
        child.sockets = [None] * len(self.sockets)
        for slot, socket in enumerate(self.sockets):
            if socket is not None and socket.inherit(child):
                child.sockets[slot] = socket
        return child

    def kill(self) -> None:
        """End the process at once, as ``kill -9`` does: it runs no more, its sockets are closed."""
        if not self.exited:
            self.host.call(f"kill -9 {self.name}")
            self.host.note(f"{self.name} is killed")
            self._exit()

    def vanish(self) -> None:
        """The host lost its power: the process is gone, and nobody closes anything."""
        self.exited = True

    def _exit(self) -> None:
        """The kernel closes what an exiting process leaves open."""
        self.exited = True
        for socket in tuple(self.sockets):
            if socket is not None:
                socket.close_at_exit(self)
        self.sockets.clear()
        if self in self.host.processes:
            self.host.processes.remove(self)
