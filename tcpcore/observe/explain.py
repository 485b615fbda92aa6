"""Explaining a capture: its connections, what each segment means, and both ends' states.

`explain` reads and follows; `format_text` prints; the player's document is in
`explanation_document`.  Start at `Explanation`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from os import PathLike

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture, Packet
from tcpcore.observe.end import End
from tcpcore.observe.follow import Connection
from tcpcore.observe.tcpdump import flag_letters
from tcpcore.units import SECOND
from tcpcore.wire.segment import ACK


class Explained:
    """One segment of a connection, explained.

    `time` is in microseconds since 1970; `sender` is 0 for the client and 1 for the server; `seq`
    and `ack` are relative (`ack` is None without ACK); `states` are both ends' after it;
    `changes` are ``(end, old, new)``; `variables` hold what is known of each end after it.
    """

    __slots__ = (
        "ack",
        "changes",
        "meaning",
        "packet",
        "retransmission",
        "sender",
        "seq",
        "states",
        "variables",
    )

    def __init__(self, packet: Packet, connection: Connection) -> None:
        seen = connection.see(packet.segment, packet.time)
        s, r = connection.ends[seen.sender], connection.ends[1 - seen.sender]
        self.packet = packet
        self.sender: int = seen.sender
        self.meaning: str = seen.meaning
        self.retransmission: int = seen.retransmission
        self.seq = s.relative(packet.segment.seq)
        self.ack = r.relative(packet.segment.ack) if packet.segment.flags & ACK else None
        self.states = (connection.ends[0].state, connection.ends[1].state)
        self.changes = [(connection.ends.index(end), old, new) for end, old, new in seen.changes]
        self.variables = tuple(_variables(end, other) for end, other in _both(connection))

    @property
    def time(self) -> int:
        """Microseconds since 1970."""
        return self.packet.time


def _both(connection: Connection) -> tuple[tuple[End, End], tuple[End, End]]:
    first, second = connection.ends
    return (first, second), (second, first)


def _variables(end: End, peer: End) -> dict[str, int | None]:
    known = end.isn is not None
    return {
        "snd.una": end.relative(end.una) if known else None,
        "snd.nxt": end.relative(end.nxt) if known else None,
        "rcv.nxt": peer.relative(end.rcv) if end.rcv is not None else None,
        "rcv.wnd": end.window,
    }


class ExplainedConnection:
    """A connection of a capture: its two ends, its segments, and notes on what is missing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.segments: list[Explained] = []

    @property
    def ends(self) -> tuple[End, End]:
        """Client and server, as they are after the last segment."""
        return self.connection.ends

    @property
    def notes(self) -> list[str]:
        """What a reader must know: missing handshakes, missing directions, cut packets."""
        cut = sum(1 for item in self.segments if item.packet.missing)
        notes = list(self.connection.notes)
        if cut:
            notes.append(f"{cut} of its packets were captured without the end of their data")
        return notes


class Explanation:
    """All that a capture tells about TCP: its connections in order of their first segment.

    `packets` counts the packets of the file, `left_out` those that hold no whole TCP segment, by
    reason; `trouble` says where a damaged file ends.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.connections: list[ExplainedConnection] = []
        self.packets = 0
        self.left_out: Counter[str] = Counter()
        self.trouble = ""
        self.start = 0

    @property
    def segments(self) -> int:
        """How many TCP segments there are."""
        return sum(len(connection.segments) for connection in self.connections)


def explain(path: str | PathLike[str]) -> Explanation:
    """Explain a capture file (pcap or pcapng, also gzipped; ``-`` is standard input).

    UsageError, one sentence, when the file cannot be read or has no TCP segment.
    """
    return explain_capture(Capture(path))


def explain_capture(capture: Capture) -> Explanation:
    """Explain what a capture holds that is not read yet.  UsageError as `explain`."""
    explanation = explain_packets(capture.segments(), capture.name)
    explanation.packets = capture.packets
    explanation.left_out = capture.left_out
    explanation.trouble = capture.trouble
    if not explanation.connections:
        raise UsageError(
            f"{capture.name}: no TCP segment in {_count(capture.packets, 'packet')}"
            f"{_reasons(explanation)}"
        )
    return explanation


def explain_packets(packets: Iterable[Packet], name: str = "") -> Explanation:
    """Explain packets that come from anywhere, in the order of their capture."""
    explanation = Explanation(name)
    current: dict[tuple[str, int, str, int], ExplainedConnection] = {}
    for packet in packets:
        segment = packet.segment
        key = (segment.src, segment.sport, segment.dst, segment.dport)
        known = current.get(key)
        if known is None or known.connection.begins_another(segment):
            known = ExplainedConnection(Connection(segment))
            current[key] = current[key[2:] + key[:2]] = known
            if not explanation.connections:
                explanation.start = packet.time
            explanation.connections.append(known)
        known.segments.append(Explained(packet, known.connection))
    for connection in explanation.connections:
        connection.connection.finish()
    return explanation


def format_text(explanation: Explanation, connection: int | None = None) -> str:
    """The explanation as text, one line per segment; `connection` from 1 picks one.

    Times count from the first segment of the file.  UsageError when there is no such connection.
    """
    return "\n".join(_lines(explanation, connection)) + "\n"


def _lines(explanation: Explanation, only: int | None) -> Iterator[str]:
    connections = explanation.connections
    wanted = picked(explanation, only)
    yield (
        f"{explanation.name}: {_count(len(connections), 'connection')},"
        f" {_count(explanation.segments, 'TCP segment')}"
    )
    if explanation.left_out:
        yield f"Left out{_reasons(explanation)}."
    if explanation.trouble:
        yield f"Careful: {explanation.trouble}."
    for index in wanted:
        yield ""
        yield from _connection_lines(explanation, index + 1, connections[index])


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


def _connection_lines(
    explanation: Explanation, number: int, item: ExplainedConnection
) -> Iterator[str]:
    client, server = item.ends
    yield f"Connection {number}: client {client.socket}, server {server.socket}"
    for note in item.notes:
        yield f"  Note: {note}."
    rows = [("", "time", "from", "flags", "seq", "ack", "len", "client", "server", "meaning")]
    for explained in item.segments:
        segment = explained.packet.segment
        time = explained.time - explanation.start
        rows.append(
            (
                str(explained.packet.number),
                f"{'-' if time < 0 else ''}{abs(time) // SECOND}.{abs(time) % SECOND:06d}",
                item.ends[explained.sender].name,
                flag_letters(segment.flags),
                f"{explained.seq} ({segment.seq})",
                "" if explained.ack is None else f"{explained.ack} ({segment.ack})",
                str(len(segment.payload)),
                *explained.states,
                explained.meaning,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [
            cell.rjust(width) if column in (0, 1, 6) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        yield "  " + "  ".join([*cells, row[-1]]).rstrip()


def _reasons(explanation: Explanation) -> str:
    if not explanation.left_out:
        return ""
    reasons = [f"{count} × {reason}" for reason, count in explanation.left_out.most_common()]
    return ": " + "; ".join(reasons)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``python -m tcpcore explain``."""
    parser.add_argument(
        "file", metavar="FILE", help="a pcap or pcapng file, also gzipped; - for standard input"
    )
    parser.add_argument(
        "--connection", type=int, metavar="N", help="only this connection, counted from 1"
    )
    parser.add_argument("--html", metavar="OUT", help="also write the player for it as a page")
