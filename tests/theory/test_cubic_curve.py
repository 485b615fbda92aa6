"""CUBIC's window after a loss, beside the curve of RFC 9438 §4.2."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.tcp.congestion.cubic import Cubic
from tcpcore.tcp.connection import Connection
from tcpcore.units import gbit, ms, seconds

C, BETA = 0.4, 0.7
TICK = 0.004
"""Seconds: a step of the clock by which Linux reads the curve (CONFIG_HZ 250)."""
LATE = 1 / 32 + TICK
"""Seconds by which what Linux knows of the curve may be old."""
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def flow(rtt: int, lost: int) -> Network:
    """A bulk flow on a path that is never full, and loses one segment."""
    net = Network(1, traced=False)
    client = net.host("client", CLIENT, tcp_congestion_control="cubic")
    server = net.host("server", SERVER, tcp_rmem="4096 16777216 33554432")
    net.link(client, server, delay=rtt // 2, rate=gbit(1)).drop(to=server, numbers=[lost])

    async def serve(host: Host) -> None:
        connection = await host.socket().bind(80).listen(1).accept()
        while await connection.recv(1 << 20):
            pass

    async def push(host: Host) -> None:
        connection = host.socket()
        connection.setsockopt("SO_SNDBUF", 1 << 22)
        await connection.connect(SERVER, 80)
        while True:
            await connection.send(bytes(1 << 16))

    server.spawn(serve)
    client.spawn(push)
    return net


def sampled(rtt: int, lost: int, until: int) -> tuple[float, list[tuple[float, float]]]:
    """``(W_max, [(seconds since the epoch began, cwnd)])``, each half a round trip.

    Linux keeps cwnd in whole segments, and beside it what the next one has been paid of already.
    """
    net, found = flow(rtt, lost), []
    most = 0.0
    for now in range(0, until, rtt // 2):
        net.run(now)
        endpoint: Any = next(iter(net.hosts[0].endpoints.values()), None)
        if isinstance(endpoint, Connection) and isinstance(endpoint.congestion, Cubic):
            cubic = endpoint.congestion
            if cubic.epoch is not None and not endpoint.ca_state:
                paid = endpoint.cwnd_counter / cubic.count if cubic.count else 0
                found.append(((now - cubic.epoch) / seconds(1), endpoint.cwnd + min(paid, 1)))
                most = cubic.last_max
    return most, found


@pytest.mark.parametrize(("rtt", "lost", "until"), [(50, 250, 9), (100, 250, 10), (200, 400, 12)])
def test_cwnd_keeps_within_a_segment_of_the_rfc_s_curve(rtt: int, lost: int, until: int):
    """An ACK now moves cwnd toward where the curve is a round trip later (RFC 9438 §4.4).

    Linux reads the curve at most once in 1/32 s and by a clock of 4 ms, so it may be late by both,
    and ahead by a tick.
    Where Reno would be faster, cwnd follows Reno (§4.3).
    """
    w_max, samples = sampled(ms(rtt), lost, seconds(until))
    k = (w_max * (1 - BETA) / C) ** (1 / 3)

    def cubic(t: float) -> float:
        return float(C * (t - k) ** 3 + w_max)

    def reno(t: float) -> float:
        return BETA * w_max + 3 * (1 - BETA) / (1 + BETA) * t * 1000 / rtt

    inside = [(t, cwnd) for t, cwnd in samples if t >= 2 * rtt / 1000]
    assert inside[-1][0] > 1.3 * k, "both halves of the curve are there"
    for t, cwnd in inside:
        low, high = cubic(t - LATE), max(cubic(t + rtt / 1000 + TICK), reno(t))
        assert low - 1 <= cwnd <= high + 1, f"cwnd {cwnd} at {t:.2f} s"


def test_k_is_when_cwnd_is_back_where_the_loss_was():
    w_max, samples = sampled(ms(100), 250, seconds(10))
    k = (w_max * (1 - BETA) / C) ** (1 / 3)
    assert samples[0][1] == pytest.approx(BETA * w_max, abs=1)
    assert {int(cwnd) for t, cwnd in samples if abs(t - k) < 0.3} == {w_max}
