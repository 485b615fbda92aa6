"""A small transport of many streams over datagrams: what QUIC does otherwise than TCP.

It is a model to lay beside the engine, not a QUIC: packets are objects, nothing is encrypted, one
end sends and the other one takes.  What it has is what makes the difference:

- packet numbers count packets, not bytes, and are never used again; what is lost goes out in a new
  packet (RFC 9000 §12.3, §13.3);
- each stream is put in order by itself (RFC 9000 §2.2);
- a connection is found by its connection ID, not by addresses, and a new address is tried with a
  challenge before data goes there (RFC 9000 §5.1, §8.2, §9).

Loss detection and congestion control are those of RFC 9002, without pacing and persistent
congestion.  Times are microseconds, as everywhere.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tcpcore.errors import UsageError
from tcpcore.units import MILLISECOND, mbit, ms

LETTERS = "ABCDEF"
"""Names of streams."""

PIECE = 1448
"""Bytes of a stream in one packet: what a full segment of TCP with timestamps carries."""

RATE = mbit(10)
PACKET = 1500  # bytes on the wire
INITIAL_WINDOW = 10  # packets, RFC 9002 §7.2
PACKET_THRESHOLD = 3  # RFC 9002 §6.1.1
TIME_THRESHOLD = (9, 8)  # of the round-trip time, RFC 9002 §6.1.2
GRANULARITY = MILLISECOND
MAX_ACK_DELAY = 25 * MILLISECOND


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a stream at its receiver: when it arrived, and when the program could read it.

    `again` says that its first packet was lost.
    """

    stream: str
    number: int
    arrived: int
    read: int
    again: bool = False

    @property
    def waited(self) -> int:
        """Microseconds that it lay there while something before it was missing."""
        return self.read - self.arrived


@dataclass(slots=True)
class Sent:
    """A packet in flight: what it carries, and when it went."""

    piece: tuple[str, int]
    at: int


@dataclass(slots=True)
class Sender:
    """The end that sends: what is in flight, the window, and which address it believes in."""

    todo: list[tuple[str, int]]
    flying: dict[int, Sent] = field(default_factory=dict)
    next_number: int = 0
    largest_acked: int = -1
    window: float = INITIAL_WINDOW
    threshold: float = float("inf")
    recovery_began: int = -1
    smoothed: int = 0
    variation: int = 0
    latest: int = 0
    probes: int = 0
    to_probe: int = 0
    alarm: int = 0
    address: str = "4G"
    validated: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """Something to read: microseconds, and a sentence."""

    time: int
    says: str


class Transfer:
    """One run: `pieces` in the order in which the program read them, `events`, and `sent`.

    `lost` numbers data packets to lose, from 0, in order of sending.  `moves_at` (us) is when the
    receiver changes its address: what is on its way to the old one is lost.  A round trip `rtt` in
    ms; the first packet of data leaves after one and a half, as after TCP's handshake.
    """

    def __init__(
        self,
        streams: int = 3,
        pieces: int = 3,
        *,
        rtt: float = 100,
        lost: Iterable[int] = (),
        moves_at: int | None = None,
    ) -> None:
        if not (1 <= streams <= len(LETTERS) and pieces >= 1 and rtt > 0):
            raise UsageError(
                f"A transfer takes 1 to {len(LETTERS)} streams, 1 piece or more of each and a "
                f"round trip above 0 ms, not {streams}, {pieces} and {rtt}."
            )
        self.delay = ms(rtt / 2)
        self.lost = frozenset(lost)
        self.pieces: list[Piece] = []
        self.events: list[Event] = []
        self.sent: list[tuple[int, int, tuple[str, int]]] = []  # time, number, piece
        self._here = "4G"
        self._got: dict[tuple[str, int], int] = {}
        self._received: set[int] = set()
        self._expected = dict.fromkeys(LETTERS[:streams], 1)
        self._tries: dict[tuple[str, int], int] = {}
        self._free_at = 0
        self._now = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._scheduled = 0
        order = [(name, n) for n in range(1, pieces + 1) for name in LETTERS[:streams]]
        self.sender = Sender(order)
        self._at(3 * self.delay, self._send)
        if moves_at is not None:
            self._at(moves_at, self._move)
        self._run()

    def _at(self, time: int, what: Callable[[], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._heap, (time, self._scheduled, what))

    def _run(self) -> None:
        while self._heap:
            self._now, _, what = heapq.heappop(self._heap)
            what()

    def _tell(self, says: str) -> None:
        self.events.append(Event(self._now, says))

    # --- the sender ------------------------------------------------------------------------------

    def _send(self) -> None:
        s = self.sender
        while s.validated and s.todo and (len(s.flying) < int(s.window) or s.to_probe):
            s.to_probe = max(s.to_probe - 1, 0)
            number, piece = s.next_number, s.todo.pop(0)
            s.next_number += 1
            s.flying[number] = Sent(piece, self._now)
            self.sent.append((self._now, number, piece))
            self._tries[piece] = self._tries.get(piece, 0) + 1
            self._free_at = max(self._free_at, self._now) + PACKET * 8_000_000 // RATE
            if number in self.lost:
                self._tell(f"packet {number} ({piece[0]}{piece[1]}) is lost")
            else:
                self._carry(number, piece, s.address)
        self._set_alarm()

    def _carry(self, number: int, piece: tuple[str, int], address: str) -> None:
        self._at(self._free_at + self.delay, lambda: self._arrives(number, piece, address))

    def _acked(self, numbers: frozenset[int]) -> None:
        s = self.sender
        new = sorted(numbers & s.flying.keys())
        if not new:
            return
        s.largest_acked = max(s.largest_acked, new[-1])
        s.probes = s.to_probe = 0
        self._measure(self._now - s.flying[new[-1]].at)
        for number in new:
            if s.flying.pop(number).at > s.recovery_began:
                s.window += 1 if s.window < s.threshold else 1 / s.window
        self._detect()
        self._send()

    def _measure(self, sample: int) -> None:
        """RFC 9002 §5.3."""
        s = self.sender
        s.latest = sample
        if not s.smoothed:
            s.smoothed, s.variation = sample, sample // 2
            return
        s.variation = (3 * s.variation + abs(s.smoothed - sample)) // 4
        s.smoothed = (7 * s.smoothed + sample) // 8

    def _detect(self) -> None:
        """Which packets are lost: three behind, or too long behind (RFC 9002 §6.1)."""
        s = self.sender
        behind = [number for number in s.flying if number < s.largest_acked]
        gone = [
            number
            for number in behind
            if number <= s.largest_acked - PACKET_THRESHOLD
            or s.flying[number].at + self._patience() <= self._now
        ]
        if not gone:
            return
        if max(s.flying[number].at for number in gone) > s.recovery_began:
            s.recovery_began = self._now
            s.threshold = s.window = max(s.window / 2, 2)
        s.todo[:0] = [s.flying.pop(number).piece for number in gone]

    def _patience(self) -> int:
        s = self.sender
        up, down = TIME_THRESHOLD
        return max(max(s.smoothed, s.latest) * up // down, GRANULARITY)

    def _set_alarm(self) -> None:
        """For a packet that is behind, or a probe when nothing is heard (RFC 9002 §6.1.2, §6.2)."""
        s = self.sender
        s.alarm += 1
        if not s.flying or not s.validated:
            return
        behind = [one.at for number, one in s.flying.items() if number < s.largest_acked]
        last = max(one.at for one in s.flying.values())
        quiet = s.smoothed + max(4 * s.variation, GRANULARITY) if s.smoothed else 6 * self.delay
        probe = last + (quiet + MAX_ACK_DELAY) * 2**s.probes
        time = min(behind) + self._patience() if behind else probe
        mine = s.alarm
        self._at(max(time, self._now), lambda: self._alarm(mine, bool(behind)))

    def _alarm(self, mine: int, behind: bool) -> None:
        s = self.sender
        if mine != s.alarm:
            return
        if behind:
            self._detect()
        else:
            s.probes += 1
            s.to_probe = 1
            oldest = min(s.flying)
            s.todo.insert(0, s.flying.pop(oldest).piece)
        self._send()

    # --- the receiver ----------------------------------------------------------------------------

    def _arrives(self, number: int, piece: tuple[str, int], address: str) -> None:
        if address != self._here:
            self._tell(f"packet {number} ({piece[0]}{piece[1]}) is lost: it went to {address}")
            return
        self._received.add(number)
        self._got.setdefault(piece, self._now)
        stream = piece[0]
        while (stream, self._expected[stream]) in self._got:
            ready = (stream, self._expected[stream])
            again = self._tries[ready] > 1
            self.pieces.append(Piece(*ready, self._got[ready], self._now, again))
            self._expected[stream] += 1
        heard = frozenset(self._received)
        self._at(self._now + self.delay, lambda: self._acked(heard))

    # --- another address -------------------------------------------------------------------------

    def _move(self) -> None:
        self._here = "Wi-Fi"
        self._tell("the client's address changes; it sends from the new one")
        self._at(self._now + self.delay, self._heard_from_elsewhere)

    def _heard_from_elsewhere(self) -> None:
        """RFC 9000 §9.3 and §9.4: try the path before data goes there, and begin anew there."""
        s = self.sender
        s.address, s.validated = self._here, False
        s.window, s.threshold, s.smoothed = INITIAL_WINDOW, float("inf"), 0
        self._tell("a known connection ID from another address: PATH_CHALLENGE")
        self._at(self._now + 2 * self.delay, self._validate)

    def _validate(self) -> None:
        s = self.sender
        s.validated = True
        self._tell("PATH_RESPONSE: the connection goes on at the new address")
        s.todo[:0] = [one.piece for one in s.flying.values()]
        s.flying.clear()
        self._send()
