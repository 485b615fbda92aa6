"""Following from the wire beside what the engine's own sockets did."""

from __future__ import annotations

import pytest

from tcpcore import trace as tr
from tcpcore.observe.capture import Packet
from tcpcore.observe.explain import explain_packets
from tcpcore.scenarios import registry
from tcpcore.tcp.state import TIME_WAIT
from tcpcore.trace import Trace
from tcpcore.wire.codec import encode

Moves = list[tuple[str, str]]


def in_the_engine(trace: Trace) -> list[Moves]:
    """Every change of state of a connection, per host; the end of TIME_WAIT sends nothing."""
    moves: list[Moves] = [[], []]
    for moment in trace.moments:
        for kind, socket, _, values in moment.events:
            listener = " > " not in socket
            if kind == tr.STATE and not listener and values[0] != TIME_WAIT:
                moves[moment.host].append(values)
    return moves


def on_the_wire(trace: Trace) -> list[Moves]:
    """The same, from the segments alone."""
    packets = [
        Packet(number, traced.sent, traced.segment, 0, encode(traced.segment))
        for number, traced in enumerate(trace.segments, 1)
    ]
    (connection,) = explain_packets(packets).connections
    moves: list[Moves] = [[], []]
    for item in connection.segments:
        for end, old, new in item.changes:
            moves[end].append((old, new))
    return moves


@pytest.mark.parametrize("name", ["handshake", "data-and-close"])
def test_the_wire_tells_what_the_sockets_did(name: str) -> None:
    trace = registry.run(name)
    assert on_the_wire(trace) == in_the_engine(trace)


@pytest.mark.parametrize("lost", [0, *range(2, 10)])
def test_it_does_so_whatever_other_segment_is_lost(lost: int) -> None:
    trace = registry.run("data-and-close", drop=(lost,))
    assert on_the_wire(trace) == in_the_engine(trace)


def test_a_lost_syn_ack_is_taken_back_once_it_is_sent_again() -> None:
    trace = registry.run("data-and-close", drop=(1,))
    client, server = on_the_wire(trace)
    taken_back = [("SYN_SENT", "ESTABLISHED"), ("ESTABLISHED", "SYN_SENT")]
    assert client[1:3] == taken_back
    assert [client[0], *client[3:]] == in_the_engine(trace)[0]
    assert server == in_the_engine(trace)[1]
