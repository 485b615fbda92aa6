"""Every state and every kind of segment: nothing raises, nothing is corrupted.

Kinds are made of flags, of where the segment starts and what it acknowledges relative to what the
state expects, and of its payload; those without payload are given twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpcore.seqnum import MASK, gt
from tcpcore.tcp import state, window
from tcpcore.tcp.connection import Connection
from tcpcore.units import ms, seconds
from tcpcore.wire.options import MSS, NOP, SACK, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment
from tests.notation import HOST, PEER, PEER_ISN, PEER_PORT, PORT, Wire
from tests.states import worlds


def _orphan_1(wire: Wire) -> Any:
    return worlds.fin_wait_1(wire, orphan=True)


def _orphan_2(wire: Wire) -> Any:
    return worlds.fin_wait_2(wire, orphan=True)


def _with_data(wire: Wire) -> Any:
    """Data in flight, data waiting, data unread, data beyond a hole."""
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 3000"
    wire >> ". 1:1(0) ack 101"
    wire << "P. 201:301(100) ack 1 win 3000"
    wire >> ". 1:1(0) ack 101"
    sock.write(20_000)
    wire.net.desk.clear()
    return sock


WORLDS: dict[str, Callable[[Wire], Any]] = {
    "CLOSED": lambda wire: None,
    "LISTEN": lambda wire: wire.listen(),
    "SYN_SENT": worlds.syn_sent,
    "SYN_RECV request": worlds.half_open,
    "SYN_RECV crossed": worlds.simultaneous,
    "ESTABLISHED": worlds.established,
    "ESTABLISHED with data": _with_data,
    "FIN_WAIT_1": worlds.fin_wait_1,
    "FIN_WAIT_1 orphan": _orphan_1,
    "FIN_WAIT_2": worlds.fin_wait_2,
    "FIN_WAIT_2 orphan": _orphan_2,
    "CLOSE_WAIT": worlds.close_wait,
    "CLOSING": worlds.closing,
    "LAST_ACK": worlds.last_ack,
    "TIME_WAIT": worlds.time_wait,
}

FLAGS = range(64)
"""Every combination of FIN, SYN, RST, PSH, ACK and URG."""
SIZES = [0, 1, 1460]


def endpoint(wire: Wire) -> Connection | None:
    """The connection that the segment is for, or the one that a request will become."""
    for found in wire.host.endpoints.values():
        connection: Connection = getattr(found, "child", found)
        return connection
    return None


def expected(wire: Wire) -> tuple[int, int]:
    """What the endpoint wants next, and the oldest number of ours without ACK."""
    c = endpoint(wire)
    if c is None:
        return PEER_ISN, 1000
    return (c.rcv_nxt if c.state != state.SYN_SENT else PEER_ISN), c.snd_una


def starts(wire: Wire) -> list[int]:
    """Where segments start, counted from what is expected.

    Below, just below, at it, inside the window, its last byte, its edge, beyond, and half the
    number space away.
    """
    c = endpoint(wire)
    open_now = window.current(c) if c is not None and c.state != state.SYN_SENT else 64_240
    return [-30_000, -1, 0, max(open_now // 2, 1), open_now - 1, open_now, open_now + 1, 1 << 31]


def acks(wire: Wire) -> list[int]:
    """What they acknowledge, from what is acknowledged: old, just that, between, all, beyond."""
    c = endpoint(wire)
    sent = (c.snd_nxt - c.snd_una) & MASK if c is not None else 1
    return list(dict.fromkeys([-100_000, -1, 0, sent // 2, sent, sent + 1, 1 << 31]))


def throw(wire: Wire, segment: Segment) -> None:
    """Let it arrive, and judge the answers."""
    before = len(wire.net.desk)
    wire.arrive(segment)
    answers = [answer for _, answer in wire.net.desk[before:]]
    if segment.flags & RST:
        assert not any(answer.flags & RST for answer in answers), "an RST is answered with an RST"
    for answer in answers:
        assert answer.flags & (ACK | RST | SYN)
        assert 0 <= answer.window <= 65535
    assert len(answers) <= 40


def build(base: tuple[int, int], flags: int, start: int, ack: int, size: int) -> Segment:
    seq, una = base
    return Segment(
        PEER,
        PEER_PORT,
        HOST,
        PORT,
        flags,
        (seq + start) & MASK,
        (una + ack) & MASK if flags & ACK else 0,
        1000,
        (),
        bytes(size),
    )


def test_the_table_has_all_eleven_states():
    assert {name.split()[0] for name in WORLDS} == set(state.STATES)


@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: f"{flags:#04x}")
@pytest.mark.parametrize("name", WORLDS)
def test_no_kind_of_segment_raises_or_corrupts_in_any_state(name: str, flags: int):
    make = WORLDS[name]
    wire = Wire()
    make(wire)
    places = starts(wire), acks(wire) if flags & ACK else [0], SIZES
    for start, ack, size in itertools.product(*places):
        if wire.state() not in name or len(wire.story) > 500:
            wire = Wire()
            make(wire)
        segment = build(expected(wire), flags, start, ack, size)
        throw(wire, segment)
        if not size:
            throw(wire, segment)
    wire.net.go_on(wire.now + seconds(300))
    wire.net.watch.check()


USUAL = [SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK]

options = st.lists(
    st.one_of(
        st.just((NOP,)),
        st.tuples(st.just(MSS), st.integers(0, 65535)),
        st.tuples(st.just(WINDOW_SCALE), st.integers(0, 255)),
        st.just((SACK_PERMITTED,)),
        st.tuples(st.just(TIMESTAMPS), st.integers(0, MASK), st.integers(0, MASK)),
        st.tuples(st.just(SACK), st.tuples(st.integers(0, MASK), st.integers(0, MASK))),
    ),
    max_size=3,
).map(tuple)

near = st.one_of(st.integers(-3, 3), st.integers(-70_000, 70_000), st.integers(0, MASK))

kinds = st.tuples(
    st.one_of(st.sampled_from(USUAL), st.integers(0, 0x1FF)),
    near,
    near,
    st.sampled_from([0, 0, 1, 100, 1460, 5000]),
    st.one_of(st.sampled_from([0, 1, 10, 65535]), st.integers(0, 65535)),
    options,
    st.sampled_from([0, 0, 1, ms(4), ms(40), ms(300), seconds(3), seconds(61)]),
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(WORLDS)), st.booleans(), st.lists(kinds, min_size=1, max_size=8))
def test_no_sequence_of_segments_raises_or_corrupts(
    name: str, stamped: bool, sequence: list[tuple[Any, ...]]
):
    wire = Wire()
    if stamped and name == "ESTABLISHED":
        stamps = "mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 2"
        wire.listen()
        wire << f"S 0:0(0) win 65535 <{stamps}>"
        wire >> "S. 0:0(0) ack 1 <...>"
        wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 100 ecr 0>"
        wire.net.desk.clear()
    else:
        WORLDS[name](wire)
    for flags, start, ack, size, offered, listed, pause in sequence:
        segment = build(expected(wire), flags, start, ack, size)
        segment.window = offered
        segment.options = listed
        throw(wire, segment)
        wire.net.go_on(wire.now + pause)
    wire.net.go_on(wire.now + seconds(2000))
    wire.net.watch.check()


@pytest.mark.parametrize("name", WORLDS)
def test_what_is_sent_again_in_any_state_is_what_was_sent(name: str):
    """Left alone, a host only repeats itself, and stops."""
    wire = Wire()
    WORLDS[name](wire)
    wire.net.desk.clear()
    wire.net.go_on(seconds(4000))
    seen = {segment.seq for _, segment in wire.net.desk}
    assert len(seen) <= 16
    for endpoint in wire.host.endpoints.values():
        assert endpoint.state in ("ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT_2")


def test_snd_una_never_goes_beyond_snd_nxt_whatever_is_acknowledged():
    for ack in (*range(-5, 30), 1460, 1461, 2920, 65535):
        wire = Wire()
        sock = _with_data(wire)
        c = sock.connection
        throw(wire, build((c.rcv_nxt, c.snd_una), ACK, 0, ack, 0))
        assert not gt(c.snd_una, c.snd_nxt)
