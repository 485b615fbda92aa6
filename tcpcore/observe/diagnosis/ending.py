"""How a connection ends, or does not: resets, lost FINs, one end that never closes.

RFC 9293 §3.6 and §3.10.7; RFC 5961 for resets that are not believed.
"""

from __future__ import annotations

from tcpcore.observe.diagnosis.finding import Evidence, Finding, Sight, span
from tcpcore.observe.end import End
from tcpcore.observe.follow import Connection
from tcpcore.tcp.state import (
    CLOSE_WAIT,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    SYN_RECV,
    SYN_SENT,
)
from tcpcore.units import seconds
from tcpcore.wire.segment import ACK, FIN, RST, SYN

_LONG = seconds(1)
_OPEN = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, LAST_ACK)


class Ending:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._ends = connection.ends
        self._fins = (Evidence(), Evidence())
        self._after_fin = (Evidence(), Evidence())  # data of one end after the other's FIN
        self._reset: tuple[Sight, tuple[str, str]] | None = None
        self._states = (connection.ends[0].state, connection.ends[1].state)
        self._ignored = Evidence()
        self._ignorer = 0  # who sent the last of these
        self._ttls: list[int | None] = [None, None]  # of each end's last segment but RSTs
        self._challenged = Evidence()
        self._probes = [0, 0]  # keep-alive probes of each end since the other was heard
        self._answered: Sight | None = None  # what came right before the RST, from the other end

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        segment, index = sight.segment, sight.seen.sender
        if "older connection" in sight.seen.meaning:
            return
        if segment.flags & RST:
            self._resets(sight)
        elif not segment.flags & SYN:
            if segment.flags & FIN and not (segment.payload and sight.seen.retransmission):
                self._fins[index].add(sight)
            elif self._fins[1 - index] and segment.payload and sight.s.newest is segment:
                self._after_fin[index].add(sight)
            self._answered = sight
        if not segment.flags & RST:
            self._ttls[index] = segment.ttl
        if sight.seen.meaning.startswith("keep-alive"):
            self._probes[index] += 1
        self._probes[1 - index] = 0
        self._states = (self._ends[0].state, self._ends[1].state)

    def _resets(self, sight: Sight) -> None:
        meaning = sight.seen.meaning
        if meaning.startswith(("RST outside", "RST that acknowledges no")):
            self._ignored.add(sight)
            self._ignorer = sight.seen.sender
        elif meaning.startswith("RST not exactly"):
            self._challenged.add(sight)
        elif self._reset is None and not meaning.startswith("refused"):
            self._reset = (sight, self._states)

    def findings(self, end: int) -> list[Finding]:
        """What was found."""
        found = []
        if self._reset is not None:
            found += self._by_reset(*self._reset)
        if self._ignored:
            found.append(self._unheeded())
        if self._challenged:
            text = (
                f"a RST inside the window, yet not at the exact byte, came {self._challenged.times}"
                ": answered by a challenge ACK (RFC 5961)"
            )
            found.append(Finding("inexact-rst", text, self._challenged.numbers))
        for index, fins in enumerate(self._fins):
            found += self._fin(index, fins, end)
        return found

    def _unheeded(self) -> Finding:
        """RSTs outside the window; of who reset the connection, too, they only came too late."""
        times, packets = self._ignored.times, self._ignored.numbers
        if self._reset is not None and self._reset[0].seen.sender == self._ignorer:
            text = f"a RST was ignored {times}: it answered a packet from before"
            return Finding("old-duplicate-rst", text, packets, fault=False)
        text = f"a RST was ignored {times}: old, or forged, outside the window"
        return Finding("old-duplicate-rst", text, packets)

    def _fin(self, index: int, fins: Evidence, end: int) -> list[Finding]:
        s, r = self._ends[index], self._ends[1 - index]
        found = []
        if fins.count > 1:
            unheard = s.fin is not None and not r.got_fin
            why = "the first one, or its ACK, was lost or late"
            if unheard:
                why = "and never acknowledged"
            text = f"FIN lost: the {s.name}'s FIN was sent {fins.times}, {why}"
            found.append(Finding("fin-lost", text, fins.numbers))
        after = self._after_fin[1 - index]
        if fins and r.state == CLOSE_WAIT and s.state == FIN_WAIT_2 and self._reset is None:
            waited = end - max(fins.last, after.last)
            text = (
                f"the {r.name} never closed: when the capture ends, {span(waited)} later, it is "
                "still in CLOSE_WAIT; its application has not called close()"
            )
            found.append(Finding("close-wait", text, fins.numbers, fault=waited >= _LONG))
        if after and self._reset is None:
            text = f"half-close: the {r.name} went on sending after the {s.name}'s FIN"
            found.append(Finding("half-close", text, after.numbers, fault=False))
        return found

    def _by_reset(self, sight: Sight, states: tuple[str, str]) -> list[Finding]:
        index = sight.seen.sender
        s, r = self._ends[index], self._ends[1 - index]
        here, there = states[index], states[1 - index]
        if here in (SYN_SENT, SYN_RECV) or there not in _OPEN:
            return [_before_or_after(sight, s, r, here)]
        before = self._answered
        if before is not None and before.seen.sender == index:
            before = None
        packets = (sight.number,) if before is None else (before.number, sight.number)
        text = self._why(sight, s, r, here, before)
        return [Finding("reset", text + self._elsewhere(sight), packets)]

    def _elsewhere(self, sight: Sight) -> str:
        """A RST that took another number of hops than its sender's other segments."""
        usual, ttl = self._ttls[sight.seen.sender], sight.segment.ttl
        if usual is None or usual == ttl:
            return ""
        return (
            f"; its TTL is {ttl}, that of the {sight.s.name}'s other packets was {usual}: a "
            "firewall on the way may have sent it"
        )

    def _why(self, sight: Sight, s: End, r: End, here: str, before: Sight | None) -> str:
        """What a reset in an open connection means."""
        text = f"the {s.name} reset the connection"
        asked = before is not None and "probe" in before.seen.meaning
        probes = self._probes[sight.seen.sender]
        if sight.segment.flags & ACK and probes:  # tcp_keepalive_timer()
            often = "its keep-alive probe" if probes == 1 else f"{probes} keep-alive probes"
            return f"{text}: it gave up when nothing answered {often}"
        if sight.segment.flags & ACK:  # tcp_send_active_reset()
            return f"{text}: its application aborted it, or closed with data unread"
        if asked:
            return f"{text} when a probe came: it no longer knew the connection (restarted)"
        if before is None or s.rcv is None or s.segments < 2:
            return f"{text}: it does not know it (restarted, or one side of it is not here)"
        if self._fins[sight.seen.sender]:
            if before.segment.payload:
                return f"{text}: data came after it had closed, and its socket was gone"
            return f"{text} after its own FIN: its socket was gone"
        if before.seen.retransmission > 1:
            return f"{text} when it heard from the {r.name} again: it had restarted meanwhile"
        return f"{text}: no socket wanted packet {before.number} (closed, killed or restarted)"


def _before_or_after(sight: Sight, s: End, r: End, here: str) -> Finding:
    if here in (SYN_SENT, SYN_RECV):
        text = f"the {s.name} gave up while the connection was opening"
        return Finding("reset-while-opening", text, (sight.number,))
    text = f"the {s.name} sent RST when the connection was over"
    return Finding("reset-after-the-end", text, (sight.number,), fault=False)
