"""Segments out of order, overlapping, doubled and cut differently: the stream comes out whole."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpcore.wire.segment import ACK, FIN, Segment
from tests.notation import HOST, PEER, PEER_ISN, PEER_PORT, PORT, STREAM, Wire
from tests.states import worlds

SIZE = 3000
MASK = 0xFFFF_FFFF
pieces = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, 700)), max_size=40)


@settings(max_examples=150)
@given(pieces, st.booleans(), st.integers(0, 1000))
def test_whatever_the_order_the_stream_is_whole(
    parts: list[tuple[int, int]], sack: bool, seed: int
):
    wire = Wire(tcp_sack=int(sack))
    sock = wire.accepted("mss 1460,sackOK" if sack else "mss 1460")
    rest = [(start, 500) for start in range(0, SIZE, 500)]
    random.Random(seed).shuffle(rest)
    for start, length in [*parts, *rest]:
        end = min(start + length, SIZE)
        start = min(start, end)
        fin = FIN if end == SIZE and seed % 2 else 0
        arrive(wire, start, end, fin)
    arrive(wire, SIZE, SIZE, FIN)
    call = sock.reading(SIZE + 1)
    assert call.result == STREAM[1 : 1 + SIZE]
    assert sock.reading().result == b""
    assert not sock.connection.out_of_order
    assert sock.state == "CLOSE_WAIT"


def arrive(wire: Wire, start: int, end: int, fin: int) -> None:
    wire.net.desk.clear()
    seq = (PEER_ISN + 1 + start) & MASK
    ack = wire.peer.host_isn
    assert ack is not None
    data = STREAM[1 + start : 1 + end]
    flags = ACK | fin
    wire.arrive(Segment(PEER, PEER_PORT, HOST, PORT, flags, seq, (ack + 1) & MASK, 65535, (), data))
    wire.net.desk.clear()


def test_a_hole_is_reported_with_sack_blocks_the_latest_first():
    wire = Wire()
    wire.accepted("mss 1460,sackOK")
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 <nop,nop,sack 101:201>"
    wire << "P. 301:401(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 <nop,nop,sack 301:401 101:201>"
    wire << "P. 201:301(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 <nop,nop,sack 101:401>"
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 401"


def test_a_fin_alone_beyond_a_hole_stays_reported_until_the_hole_is_filled():
    wire = Wire()
    wire.accepted("mss 1460,sackOK")
    wire << "F. 201:201(0) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 <nop,nop,sack 201:202>"
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101 <nop,nop,sack 201:202>"
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 202"


def test_a_duplicate_is_reported_once_with_dsack():
    wire = Wire()
    worlds_sock = wire.accepted("mss 1460,sackOK")
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101 <nop,nop,sack 1:101>"
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 201"
    worlds_sock.read(200)


def test_without_sack_no_block_is_sent():
    wire = Wire()
    worlds.established(wire)
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
