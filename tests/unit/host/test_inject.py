"""Segments from raw sockets: they travel, and nothing stands behind them."""

from __future__ import annotations

from tcpcore.net.network import Network
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, RST, SYN, Segment

A, B, SPOOFED = "10.0.0.1", "10.0.0.2", "192.0.2.9"


def run(segment: Segment) -> tuple[Network, list[Segment]]:
    net = Network()
    sender, server = net.host("sender", A), net.host("server", B)
    net.link(sender, server, delay=ms(10))

    async def listen(host):
        host.socket().bind(80).listen(4)
        await host.pause()

    async def send(host):
        host.inject(segment)

    server.spawn(listen)
    sender.spawn(send)
    trace = net.run(until=seconds(0.5))
    return net, [traced.segment for traced in trace.segments]


def test_it_is_sent_as_it_is_and_says_that_no_connection_made_it():
    syn = Segment(A, 5000, B, 80, SYN, 7, 0, 1000)
    net, segments = run(syn)
    assert segments[0] is syn
    assert segments[0].reason.why.key == "raw.injected"
    assert segments[1].flags == SYN | ACK
    assert segments[1].ack == 8
    assert "TcpActiveOpens" not in net.hosts[0].counters


def test_the_senders_own_stack_knows_nothing_of_it_and_resets_the_answer():
    net, segments = run(Segment(A, 5000, B, 80, SYN, 7, 0, 1000))
    assert segments[2].flags == RST
    assert net.hosts[0].counters["TcpOutSegs"] == 1  # the RST: what was injected is not TCP's
    assert net.hosts[1].counters["TcpExtEmbryonicRsts"] == 1


def test_the_answer_to_a_spoofed_source_goes_astray():
    net, segments = run(Segment(SPOOFED, 5000, B, 80, ACK, 7, 9))
    assert segments[1].dst == SPOOFED
    assert net.trace is not None
    assert net.trace.segments[1].fate == "lost"
