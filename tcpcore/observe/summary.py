"""A capture at a glance: one row for each connection, and what happened to it in plain words.

All of it follows from what `explain` made of the segments; nothing is guessed beyond them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tcpcore.observe.explain import Explained, ExplainedConnection, Explanation
from tcpcore.tcp.state import CLOSED, ESTABLISHED, LAST_ACK, TIME_WAIT
from tcpcore.units import SECOND, format_seconds
from tcpcore.wire.segment import ACK, FIN, RST, SYN

_LONG = SECOND
"""A silence that is worth a sentence."""


@dataclass(slots=True, frozen=True)
class Finding:
    """A sentence on a connection, and the segments (from 0) that show it."""

    text: str
    segments: tuple[int, ...] = ()


@dataclass(slots=True, frozen=True)
class Summary:
    """A row: `number` counts from 1, times are microseconds, `start` from the file's first segment.

    `sent` are bytes of data that client and server sent, each byte once; `again` how many segments
    were sent again; `ending` says in some words how it ended.
    """

    number: int
    client: str
    server: str
    segments: int
    start: int
    duration: int
    sent: tuple[int, int]
    again: int
    ending: str


def summaries(explanation: Explanation) -> list[Summary]:
    """A row for every connection, in the order of the file."""
    return [
        _summary(number, one, explanation.start)
        for number, one in enumerate(explanation.connections, 1)
    ]


def _summary(number: int, connection: ExplainedConnection, start: int) -> Summary:
    shown = connection.segments
    times = [one.time for one in shown]
    client, server = connection.ends
    return Summary(
        number,
        client.socket,
        server.socket,
        len(shown),
        times[0] - start,
        max(times) - times[0],
        (_bytes(shown, 0), _bytes(shown, 1)),
        sum(1 for one in shown if one.retransmission),
        ending(connection),
    )


def _bytes(shown: list[Explained], sender: int) -> int:
    """Bytes of data that one end sent, those sent again counted once."""
    return sum(
        len(one.packet.segment.payload)
        for one in shown
        if one.sender == sender and not one.retransmission
    )


def ending(connection: ExplainedConnection) -> str:
    """How it ended, as far as the capture goes."""
    shown = connection.segments
    reset = next((one for one in shown if one.packet.segment.flags & RST), None)
    opened = any(not one.packet.segment.flags & (SYN | RST) for one in shown)
    if not opened:
        if reset is not None:
            return "refused"
        answered = any(one.packet.segment.flags & ACK for one in shown)
        return "never opened" if answered else "never answered"
    if reset is not None and CLOSED in shown[-1].states:
        return f"reset by the {connection.ends[reset.sender].name}"
    fins = {one.sender for one in shown if one.packet.segment.flags & FIN}
    over = (CLOSED, TIME_WAIT, LAST_ACK)
    if len(fins) == 2 and all(state in over for state in shown[-1].states):
        return "closed by both"
    if fins:
        return f"closed by the {connection.ends[min(fins)].name} only" if len(fins) == 1 else (
            "closing"
        )  # fmt: skip
    return "still open" if ESTABLISHED in shown[-1].states else "open"


def findings(connection: ExplainedConnection) -> list[Finding]:
    """What happened, in the order of importance: its end, what was sent again, what waited."""
    found = [_how_it_ended(connection)]
    found += _unheard_ack(connection)
    found += _sent_again(connection)
    found += _closed_windows(connection)
    found += _silence(connection)
    return found


def _how_it_ended(connection: ExplainedConnection) -> Finding:
    shown, words = connection.segments, ending(connection)
    start = shown[0].time
    last = next((n for n, one in enumerate(shown) if one.packet.segment.flags & RST), None)
    if words == "refused" and last is not None:
        port = connection.ends[1].port
        return Finding(f"refused: nobody listens on port {port}, or a filter says so", (0, last))
    if words == "never answered":
        return Finding(f"never answered: {_many(len(shown), 'SYN')} and no reply", _all(shown))
    if words == "never opened":
        return Finding("never opened: the last ACK of the handshake is missing", _all(shown))
    if words.startswith("reset by") and last is not None:
        at = _seconds(shown[last].time - start)
        return Finding(f"{words} after {at} s: {shown[last].meaning}", (last,))
    fins = tuple(n for n, one in enumerate(shown) if one.packet.segment.flags & FIN)
    if words == "closed by both":
        first = connection.ends[shown[fins[0]].sender].name
        return Finding(f"closed by both ends in order, the {first} first", fins)
    if fins:
        return Finding(f"{words}: the capture ends before the other end's last word", fins)
    return Finding("still open when the capture ends")


def _all(shown: list[Explained]) -> tuple[int, ...]:
    return tuple(range(len(shown)))


def _unheard_ack(connection: ExplainedConnection) -> Iterator[Finding]:
    """A SYN+ACK again, although the third segment is in the capture: why Linux does that."""
    shown = connection.segments
    ack = next((n for n, one in enumerate(shown) if one.sender == 0 and _answers(one)), None)
    again = tuple(
        number
        for number, one in enumerate(shown)
        if one.retransmission and one.packet.segment.flags & (SYN | ACK) == SYN | ACK
    )
    if ack is not None and again and ack < again[-1]:
        times = _many(sum(number > ack for number in again), "time")
        text = (
            f"the server sent its SYN+ACK again, {times}, although the client had acknowledged it: "
            "its accept queue was full, or the ACK was lost behind the place of this capture"
        )
        yield Finding(text, (ack, *(number for number in again if number > ack)))


def _answers(one: Explained) -> bool:
    return one.packet.segment.flags & (SYN | RST | ACK) == ACK


def _sent_again(connection: ExplainedConnection) -> Iterator[Finding]:
    for end in range(2):
        again = [
            number
            for number, one in enumerate(connection.segments)
            if one.sender == end and one.retransmission
        ]
        if again:
            name = connection.ends[end].name
            most = max(connection.segments[number].retransmission for number in again)
            times = f", one of them {most} times" if most > 1 else ""
            text = f"the {name} sent {_many(len(again), 'segment')} again{times}"
            yield Finding(text, tuple(again))


def _closed_windows(connection: ExplainedConnection) -> Iterator[Finding]:
    """How long each end's window was 0."""
    for end in range(2):
        since: int | None = None
        total, numbers = 0, []
        for number, one in enumerate(connection.segments):
            flags = one.packet.segment.flags
            if one.sender != end or flags & (SYN | RST) or not flags & ACK:
                continue
            if one.packet.segment.window == 0:
                since = one.time if since is None else since
                numbers.append(number)
            elif since is not None:
                total += one.time - since
                numbers.append(number)
                since = None
        if since is not None:
            total += max(one.time for one in connection.segments) - since
        if numbers:
            name = connection.ends[end].name
            rest = ", and to the end of the capture" if since is not None else ""
            text = f"the {name}'s window was closed for {_seconds(total)} s{rest}"
            yield Finding(text, tuple(numbers))


def _silence(connection: ExplainedConnection) -> Iterator[Finding]:
    shown = connection.segments
    gaps = [(b.time - a.time, n) for n, (a, b) in enumerate(pairwise(shown), 1)]
    longest, number = max(gaps, default=(0, 0))
    if longest >= _LONG:
        after = shown[number].meaning
        text = f"the longest silence is {_seconds(longest)} s; it ends with: {after}"
        yield Finding(text, (number - 1, number))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _seconds(micros: int) -> str:
    """Seconds with three digits: what is said in words needs no more."""
    return format_seconds(round(micros, -3))
