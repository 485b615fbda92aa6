"""What one segment costs does not grow with the window, at either end, whatever was lost.

Counted in steps of the interpreter, which no busy machine changes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import steps
from tcpcore.seqnum import MASK
from tcpcore.tcp.connection import Connection
from tcpcore.units import MILLISECOND
from tcpcore.wire.options import NOP_OPTION, SACK, Option
from tcpcore.wire.segment import ACK, Segment
from tests.notation import HOST, PEER, PEER_ISN, PEER_PORT, PORT, Wire

pytestmark = pytest.mark.interpreted("a compiled engine has no steps to count")
NARROW, WIDE = 100, 2000
"""Segments in flight, or pieces that are kept."""
MORE = 1.2
"""Halving a longer list takes a few steps more."""
MSS = 1000
PIECE = 10
ROUND = 30 * MILLISECOND
ROOM = "4096 33554432 33554432"
FAR = 10
"""Segments that are looked at, in the middle of the window or at its end."""


def cost(work: Callable[[], object]) -> int:
    return round(sum(found.steps for found in steps.whole(work)))


def grows(each: Callable[[int], int]) -> float:
    """How much more it costs in a wide window."""
    return each(WIDE) / each(NARROW)


# --- the receiving side --------------------------------------------------------------------------


def opened(**sysctls: object) -> tuple[Wire, Connection]:
    wire = Wire(tcp_rmem=ROOM, tcp_wmem=ROOM, **sysctls)
    sock = wire.accepted(f"mss {MSS},nop,nop,sackOK,nop,wscale 10")
    return wire, sock.connection


def data(wire: Wire, offset: int) -> Segment:
    ack = wire.peer.host_isn
    assert ack is not None
    seq = (PEER_ISN + 1 + offset) & MASK
    ends = (PEER, PEER_PORT, HOST, PORT)
    return Segment(*ends, ACK, seq, (ack + 1) & MASK, 65535, (), bytes(PIECE))


def holding(count: int) -> tuple[Wire, Connection]:
    """A receiver with so many pieces, a hole before each."""
    wire, c = opened()
    for number in range(count):
        c.arrives(data(wire, (2 * number + 1) * PIECE), number)
    assert len(c.out_of_order) == count
    return wire, c


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda count: 2 * count, id="into the middle"),
        pytest.param(lambda count: 4 * count + 10, id="behind all"),
        pytest.param(lambda count: 1, id="once more what lies in front"),
        pytest.param(lambda count: 0, id="into the first hole"),
    ],
)
def test_a_segment_costs_no_more_the_more_pieces_are_kept(place: Callable[[int], int]):
    def each(count: int) -> int:
        wire, c = holding(count)
        segment = data(wire, place(count // 2) * PIECE)
        return cost(lambda: c.arrives(segment, count))

    assert grows(each) < MORE


# --- the sending side ----------------------------------------------------------------------------


class Flight:
    """A sender with so many segments in flight; what is acknowledged is counted in segments."""

    def __init__(self, count: int, **sysctls: object) -> None:
        self.wire, self.c = opened(**sysctls)
        self.count = count
        self.now = self.wire.net.now + 10 * MILLISECOND
        c = self.c
        c.cwnd = c.ssthresh = 2 * count
        c.snd_wnd = c.max_window = c.mss_window = 65535 << 10
        c.min_rtt = c.flow.rtts.reset(0, ROUND)  # enough for reordering not to look like loss
        c.srtt = ROUND << 3
        c.nodelay = True
        self.start = c.snd_nxt
        for _ in range(count):
            c.send(bytes(MSS), self.now)
            self.now += 10
        assert len(c.retransmission_queue) == count
        self.now += 20 * MILLISECOND

    def at(self, number: int) -> int:
        return (self.start + number * MSS) & MASK

    def ack(self, number: int, *blocks: tuple[int, int]) -> None:
        """All before segment `number` came, and the blocks, from one to before another."""
        options: tuple[Option, ...] = ()
        if blocks:
            sack = tuple((self.at(first), self.at(end)) for first, end in blocks)
            options = (NOP_OPTION, NOP_OPTION, (SACK, *sack))
        ends = (PEER, PEER_PORT, HOST, PORT)
        self.now += 10
        self.c.arrives(
            Segment(*ends, ACK, self.c.rcv_nxt, self.at(number), 65535, options), self.now
        )


def growing_block(flight: Flight) -> int:
    """The first segment is lost, all others arrive."""
    middle = flight.count // 2
    for number in range(2, middle):
        flight.ack(0, (1, number))
    return cost(lambda: [flight.ack(0, (1, middle + more)) for more in range(FAR)])


def every_other_one(flight: Flight) -> int:
    """As many holes as arrivals, of which each ACK reports the last three."""
    last = flight.count // 2 - FAR

    def arrives(number: int) -> None:
        places = [2 * (number - back) + 1 for back in range(3)]
        flight.ack(0, *[(place, place + 1) for place in places if place > 0])

    for number in range(last):
        arrives(number)
    return cost(lambda: [arrives(last + more) for more in range(FAR)])


def holes_that_close(flight: Flight) -> int:
    """Two long blocks become one, again and again."""
    count = flight.count
    for number in range(1, count, 2):
        flight.ack(0, (number, number + 1))
    middle = count // 4 * 2 + 1
    for number in range(1, middle, 2):
        flight.ack(0, (1, number))
    return cost(lambda: [flight.ack(0, (1, middle + 2 * more)) for more in range(FAR)])


def slow_repair(flight: Flight) -> int:
    """After a time-out, ACK by ACK."""
    c = flight.c
    assert c.next_deadline() is not None
    while c.ca_state < 4:
        flight.now = c.next_deadline() or 0
        c.fire(flight.now)
    for number in range(1, 20):
        flight.ack(number)
    return cost(lambda: [flight.ack(20 + more) for more in range(FAR)])


def reordering(flight: Flight) -> int:
    """Of ten segments the sixth comes two places late, again and again."""

    def ten(first: int) -> None:
        for number in range(first, first + 5):
            flight.ack(number + 1)
        flight.ack(first + 5, (first + 6, first + 7))
        flight.ack(first + 5, (first + 6, first + 8))
        flight.ack(first + 8)
        flight.ack(first + 9)
        flight.ack(first + 10)

    for number in range(0, flight.count // 2, 10):
        ten(number)
    return cost(lambda: ten(flight.count // 2))


PATTERNS = [growing_block, every_other_one, holes_that_close, slow_repair, reordering]


@pytest.mark.parametrize("pattern", PATTERNS, ids=[one.__name__ for one in PATTERNS])
@pytest.mark.parametrize("profile", ["linux-6.18", "rfc9293"])
def test_an_ack_costs_no_more_the_more_is_in_flight(pattern: Callable[[Flight], int], profile: str):
    assert grows(lambda count: pattern(Flight(count, profile=profile))) < MORE
