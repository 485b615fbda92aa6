"""Explaining a capture: its connections, what each segment means, and both ends' states.

`explain` reads and follows, in memory that does not grow with the file when it is told how much to
keep; printing is in `explain_text`, the player's document in `view.capture_document`.  Start at
`Explanation`, then `explained`.
"""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable
from os import PathLike

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture, Packet
from tcpcore.observe.explained import ExplainedConnection
from tcpcore.observe.follow import Connection
from tcpcore.units import MILLISECOND
from tcpcore.wire.icmp import IcmpError

MOST_LISTED = 20_000
"""Connections that are listed one by one; of further ones only the verdicts are counted."""
_MOST_LIVE = 5_000
"""Connections that are followed at a time; beyond, those that are over or idle are settled."""
_MOST_DAMAGED = 100
"""Damaged packets that are kept until the connection shows that they may belong to."""
_UNSORTED = MILLISECOND
"""What several queues of one network card may mix up; more is a clock that was set, or two."""
UNEVENTFUL = "nothing unusual"


class Explanation:
    """All that a capture tells about TCP: its connections in order of their first segment.

    `packets` counts the packets of the file, `left_out` those that hold no whole TCP segment, by
    reason; `trouble` says where a damaged file ends, `places` that it is from several places.
    `backwards` is the number of the first packet whose time is before that of an earlier one, 0
    where there is none.  `further` counts connections that are not listed, by the kind of their
    verdict.  `start` is the first time of a segment, `end` the latest of any packet.
    """

    def __init__(
        self, name: str = "", connection: int | None = None, most: int | None = None
    ) -> None:
        self.name = name
        self.connections: list[ExplainedConnection] = []
        self.further: Counter[str] = Counter()
        self.packets = 0
        self.left_out: Counter[str] = Counter()
        self.trouble = ""
        self.places = ""
        self.backwards = 0
        self.start = 0
        self.end = 0
        self.segments = 0
        self.count = 0
        self._connection = connection
        self._room = sys.maxsize if most is None else most
        self._live: dict[Key, ExplainedConnection] = {}
        self._damaged: deque[Packet] = deque(maxlen=_MOST_DAMAGED)

    def take(self, packet: Packet) -> None:
        """Take in the next packet, in the order of the capture."""
        segment = packet.segment
        key = (segment.src, segment.sport, segment.dst, segment.dport)
        known = self._live.get(key)
        if packet.damaged and known is None:
            self._damaged.append(packet)
            return
        if known is None or (not packet.damaged and known.connection.begins_another(segment)):
            known = self._begin(key, packet, known)
        keep = self._room > 0 and self._connection in (None, known.number)
        self._room -= keep
        known.take(packet, keep)
        self.segments += 1
        if packet.time < self.end - _UNSORTED and not self.backwards:
            self.backwards = packet.number
        self.end = max(self.end, packet.time)

    def _begin(
        self, key: Key, packet: Packet, before: ExplainedConnection | None
    ) -> ExplainedConnection:
        """A new connection, in the place of an old one of the same addresses and ports."""
        if before is not None:
            self._settle(before, packet.time)
        elif len(self._live) > 2 * _MOST_LIVE:
            self._settle_some(packet.time)
        if not self.count:
            self.start = packet.time
        self.count += 1
        begun = ExplainedConnection(Connection(packet.segment), packet.time, self.count)
        self._live[key] = self._live[key[2:] + key[:2]] = begun
        if self.count <= MOST_LISTED:
            self.connections.append(begun)
        self._hand_over(begun, key)
        return begun

    def _hand_over(self, begun: ExplainedConnection, key: Key) -> None:
        """Damaged packets that came before the first sound one of the same addresses and ports."""
        keys = (key, key[2:] + key[:2])
        for packet in list(self._damaged):
            segment = packet.segment
            if (segment.src, segment.sport, segment.dst, segment.dport) in keys:
                self._damaged.remove(packet)
                self.segments += 1
                begun.take(packet, self._room > 0 and self._connection in (None, begun.number))

    def _settle_some(self, now: int) -> None:
        """Let go of half of the connections: those that are over first, then the longest idle."""
        live = set(self._live.values())
        order = sorted(live, key=lambda one: (not one.over, one.end))
        for one in order[: len(order) // 2]:
            self._settle(one, now)
        gone = set(order[: len(order) // 2])
        self._live = {key: one for key, one in self._live.items() if one not in gone}

    def _settle(self, one: ExplainedConnection, end: int) -> None:
        one.settle(end)
        if one.number > MOST_LISTED:
            fault = next((finding.kind for finding in one.findings if finding.fault), UNEVENTFUL)
            self.further[fault] += 1

    def hear(self, number: int, time: int, error: IcmpError) -> None:
        """Take in an ICMP error about a segment."""
        q = error.quoted
        known = self._live.get((q.src, q.sport, q.dst, q.dport))
        if known is None:
            self.left_out["ICMP error about a connection that is not in the capture"] += 1
        else:
            known.hear(number, error)

    def finish(self) -> None:
        """The capture ends: say what the whole of it shows."""
        for one in dict.fromkeys(self._live.values()):
            self._settle(one, self.end)
        if self._damaged:
            self.left_out["damaged on the way (wrong checksum), of no connection known here"] += (
                len(self._damaged)
            )
        self._live.clear()


Key = tuple[str, int, str, int]
"""Source address and port, destination address and port."""


def explain(
    path: str | PathLike[str],
    *,
    connection: int | None = None,
    most: int | None = None,
    progress: Callable[[int], object] | None = None,
    interface: int | None = None,
) -> Explanation:
    """Explain a capture file (pcap or pcapng, also gzipped; ``-`` is standard input).

    Every segment is looked at; kept one by one are those of `connection` only (counted from 1;
    None: of all), and at most the first `most` (None: all of them).  With `most` the memory it
    takes does not grow with the file.  `progress` is called now and then with the bytes read.
    `interface` reads only what one interface of a pcapng file saw, counted from 0.
    UsageError, one sentence, when the file cannot be read or has no TCP segment.
    """
    capture = Capture(path, progress, interface=interface)
    return explain_capture(capture, connection=connection, most=most)


def explain_capture(
    capture: Capture, *, connection: int | None = None, most: int | None = None
) -> Explanation:
    """Explain what a capture holds that is not read yet; else as `explain`."""
    explanation = Explanation(capture.name, connection, most)
    capture.on_icmp = explanation.hear
    for packet in capture.segments():
        explanation.take(packet)
    explanation.end = max(explanation.end, capture.last if explanation.count else 0)
    explanation.finish()
    explanation.packets = capture.packets
    explanation.left_out += capture.left_out
    explanation.trouble = capture.trouble
    explanation.places = capture.places.caution()
    if not explanation.connections:
        raise no_segments(capture)
    return explanation


def explain_packets(packets: Iterable[Packet], name: str = "") -> Explanation:
    """Explain packets that come from anywhere, in the order of their capture."""
    explanation = Explanation(name)
    for packet in packets:
        explanation.take(packet)
    explanation.finish()
    return explanation


def picked(explanation: Explanation, connection: int | None) -> list[int]:
    """Indices of all connections, or of the one asked for (counted from 1).

    UsageError when there is no such connection.
    """
    total = len(explanation.connections)
    if connection is None:
        return list(range(total))
    if not 1 <= connection <= total:
        raise UsageError(f"{explanation.name} has no connection {connection}, only 1 to {total}")
    return [connection - 1]


def cautions(explanation: Explanation) -> list[str]:
    """What makes the whole capture less than sure: damage, several places, a clock that jumps."""
    found = [explanation.trouble] if explanation.trouble else []
    if explanation.places:
        found.append(explanation.places)
    if explanation.backwards:
        found.append(
            f"the capture's clock goes back at packet {explanation.backwards}: "
            "durations are not to be trusted"
        )
    return found


def no_segments(capture: Capture) -> UsageError:
    """What to say of a capture in which no TCP segment was found, once it has been read."""
    told = f"no TCP segment in {count(capture.packets, 'packet')}{reasons(capture)}"
    return UsageError(
        f"{capture.name}: {told}" + (f"; {capture.trouble}" if capture.trouble else "")
    )


def reasons(read: Explanation | Capture) -> str:
    """Why packets were left out: `` : 2 × ARP, not IP``, or nothing."""
    if not read.left_out:
        return ""
    listed = [f"{many} × {reason}" for reason, many in read.left_out.most_common()]
    return ": " + "; ".join(listed)


def count(number: int, noun: str) -> str:
    """``1 packet``, ``2 packets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
