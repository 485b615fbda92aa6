"""Networks that are checked after every event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.wire.segment import Segment
from tests.invariants import Watch


class CheckedNetwork(Network):
    """A network whose hosts are checked after every event."""

    def __init__(self, seed: int = 1, *arguments: Any, **keywords: Any) -> None:
        super().__init__(seed, *arguments, **keywords)
        self.watch = Watch(self.hosts)

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        assert time >= self.now, f"an event at {time}, and now is {self.now}"
        super().at(time, self._checked, (function, argument))

    def _checked(self, event: tuple[Callable[[Any], None], Any]) -> None:
        function, argument = event
        function(argument)
        self.watch.check()

    def _run_processes(self) -> None:
        super()._run_processes()
        self.watch.check()


class Bench(CheckedNetwork):
    """A network in which the host's segments end on the script's desk."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(1, *arguments, **keywords)
        self.desk: list[tuple[int, Segment]] = []

    def transmit(self, host: Host, segments: Sequence[Any]) -> None:
        for segment in segments:
            if self.trace is not None:
                self.trace.sent(segment, host.index, None, self.now)
            self.desk.append((self.now, segment))

    def go_on(self, until: int) -> None:
        self.run(until)
        self.now = until
