"""What became of one packet: sent, lost or delivered, and why; the records of a trace."""

from __future__ import annotations

from typing import Any

from tcpcore.why import Reason

DELIVERED = "delivered"
LOST = "lost"
IN_FLIGHT = "in flight"


class _Rare:
    """What is true of few segments; see `TracedSegment`."""

    __slots__ = (
        "at_door", "left", "lost_because", "outside", "received", "retransmission", "why",
    )  # fmt: skip

    def __init__(self) -> None:
        self.left = True
        self.at_door: int | None = None
        self.received: Any = None
        self.outside: Any = None
        self.lost_because: Reason | None = None
        self.why: Reason | None = None
        self.retransmission: int | None = None


class TracedSegment:
    """A segment with what became of it; times in us, hosts as indices into `Trace.hosts`.

    What is true of few segments only stands apart, and is None for the others.
    """

    __slots__ = (
        "_rare", "arrived", "fate", "receiver", "segment", "sender", "sent",
    )  # fmt: skip

    def __init__(self, segment: Any, sender: int, receiver: int | None, sent: int) -> None:
        self.segment = segment
        self.sender = sender
        self.receiver = receiver
        self.sent = sent
        self.arrived: int | None = None
        self.fate = IN_FLIGHT
        self._rare: _Rare | None = None  # made when one of these is not as nearly always

    @property
    def why(self) -> Reason | None:
        """Why it was sent: as the segment says, unless somebody knows better."""
        reason: Reason | None = self.segment.reason
        return reason if self._rare is None or self._rare.why is None else self._rare.why

    @why.setter
    def why(self, value: Reason | None) -> None:
        self._unusual().why = value

    @property
    def retransmission(self) -> int:
        """How often it had been sent before: as the segment says, or who explains a capture."""
        if self._rare is not None and self._rare.retransmission is not None:
            return self._rare.retransmission
        reason: Reason | None = self.segment.reason
        return int(reason.retransmission) if reason is not None else 0

    @retransmission.setter
    def retransmission(self, value: int) -> None:
        self._unusual().retransmission = value

    @property
    def left(self) -> bool:
        """Whether it left its host: False when the sender's own firewall dropped it."""
        return True if self._rare is None else self._rare.left

    @left.setter
    def left(self, value: bool) -> None:
        self._unusual().left = value

    @property
    def at_door(self) -> int | None:
        """When it was at the receiver whose firewall dropped it (us)."""
        return None if self._rare is None else self._rare.at_door

    @at_door.setter
    def at_door(self, value: int | None) -> None:
        self._unusual().at_door = value

    @property
    def received(self) -> Any:
        """The packet as the receiver got it, where a router changed it on the way."""
        return None if self._rare is None else self._rare.received

    @received.setter
    def received(self, value: Any) -> None:
        self._unusual().received = value

    @property
    def outside(self) -> Any:
        """The packet beyond a router that put its own address in the sender's place."""
        return None if self._rare is None else self._rare.outside

    @outside.setter
    def outside(self, value: Any) -> None:
        self._unusual().outside = value

    @property
    def lost_because(self) -> Reason | None:
        """Why it was lost."""
        return None if self._rare is None else self._rare.lost_because

    @lost_because.setter
    def lost_because(self, value: Reason | None) -> None:
        self._unusual().lost_because = value

    def _unusual(self) -> _Rare:
        if self._rare is None:
            self._rare = _Rare()
        return self._rare

    @property
    def public(self) -> Any:
        """The packet by the addresses under which its two ends know each other outside of a NAT."""
        return self.segment if self.outside is None else self.outside


class TracedIcmp:
    """An ICMP error with what became of it.

    `sender` is the name of the router or host that made it, `host` that host's index (None for a
    router), `receiver` the index of the host it goes to; `segment` is the TCP segment quoted.
    """

    __slots__ = (
        "arrived", "fate", "host", "lost_because", "message", "receiver", "sender", "sent",
    )  # fmt: skip

    def __init__(
        self, message: Any, sender: str, host: int | None, receiver: int | None, sent: int
    ) -> None:
        self.message = message
        self.sender = sender
        self.host = host
        self.receiver = receiver
        self.sent = sent
        self.arrived: int | None = None
        self.fate = IN_FLIGHT
        self.lost_because: Reason | None = None

    @property
    def segment(self) -> Any:
        """The TCP segment that the error is about."""
        return self.message.quoted
