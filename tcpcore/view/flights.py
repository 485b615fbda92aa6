"""What a sender's segments say of loss and windows; the same on the engine and on a record.

Nothing here looks into a host: what went out again, which news had come by then and how much was
under way can be told from the wire alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tcpcore.view.exchange import Seen

_MSS = 1448
"""Bytes in a full segment of the scenarios that these questions are put to."""


class Flights:
    """Questions to an `Exchange` about the data that one of its hosts sends."""

    __slots__ = ()

    if TYPE_CHECKING:
        segments: list[Seen]

        def data(self, host: str) -> list[Seen]: ...

    def resent(self, host: str = "client") -> list[tuple[float, int]]:
        """What that host sent again: seconds, and the number of the data segment.

        Segments are counted from 1, in the order in which their first bytes were first sent.
        """
        numbers: dict[int, int] = {}
        again = []
        for one in self.data(host):
            if one.seq in numbers:
                again.append((one.time, numbers[one.seq]))
            numbers.setdefault(one.seq, len(numbers) + 1)
        return again

    def holes_reported(self, by: float, host: str = "client") -> int:
        """How many ACKs with SACK blocks had reached the host by that second."""
        return len([one for arrived, one in self._acks(host) if one.sack and arrived <= by])

    def flying(self, start: float, end: float, host: str = "client") -> int:
        """The most segments that were sent and not acknowledged, from `start` to before `end`.

        As the host's end of the wire saw it, in full segments, rounded up.
        """
        events = [(one.time, 1, one.seq + one.length) for one in self.data(host)]
        events += [(arrived, 0, one.ack or 0) for arrived, one in self._acks(host)]
        sent = acknowledged = 1
        most = 0
        for time, sending, number in sorted(events):
            if sending:
                sent = max(sent, number)
            else:
                acknowledged = max(acknowledged, number)
            if start <= time < end:
                most = max(most, sent - acknowledged)
        return -(-most // _MSS)

    def answers(self, host: str = "client") -> list[tuple[int, int]]:
        """For each ACK with news: how many segments it acknowledged, and how many then left.

        What leaves before the next ACK arrives counts as the answer.
        """
        acks = self._acks(host)
        found, known = [], 1
        for number, (arrived, one) in enumerate(acks):
            news = (one.ack or 0) - known
            if news <= 0:
                continue
            known += news
            until = acks[number + 1][0] if number + 1 < len(acks) else float("inf")
            left = [sent for sent in self.data(host) if arrived <= sent.time < until]
            found.append((-(-news // _MSS), len(left)))
        return found

    def _acks(self, host: str) -> list[tuple[float, Seen]]:
        """The peer's segments that reached the host, in the order of arrival."""
        return [
            (one.arrived, one)
            for one in sorted(self.segments, key=lambda one: one.arrived or 0)
            if one.host != host and one.arrived is not None
        ]
