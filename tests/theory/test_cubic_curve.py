"""CUBIC's window after a loss, beside the curve of RFC 9438 §4.2."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.tcp.congestion.cubic import Cubic
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.flow import HZ, JIFFY
from tcpcore.units import gbit, ms, seconds

C, BETA = 0.4, 0.7
KEPT = HZ // 32
"""Ticks for which Linux keeps to what it read of the curve while cwnd stays."""
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


def sampled(rtt: int, lost: int, until: int) -> tuple[float, list[tuple[int, int, float]]]:
    """``(W_max, [(ticks since the epoch began, cwnd, paid)])``, each half a round trip.

    The curve's time is Linux's: a clock that ticks each 4 ms (tcp_jiffies32, CONFIG_HZ 250).
    Linux keeps cwnd in whole segments, and beside it what part of the next one is paid already.
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
                found.append((now // JIFFY - cubic.epoch, endpoint.cwnd, min(paid, 1)))
                most = cubic.last_max
    return most, found


@pytest.mark.parametrize(("rtt", "lost", "until"), [(50, 250, 9), (100, 250, 10), (200, 400, 12)])
def test_cwnd_keeps_within_a_segment_of_the_rfc_s_curve(rtt: int, lost: int, until: int):
    """An ACK now moves cwnd toward where the curve is a round trip later (RFC 9438 §4.4).

    A round trip in ticks is rounded up.  Where Reno would be faster, cwnd follows Reno (§4.3).
    """
    w_max, samples = sampled(ms(rtt), lost, seconds(until))
    k = (w_max * (1 - BETA) / C) ** (1 / 3)
    ahead = ms(rtt) // JIFFY + 1

    def cubic(ticks: int) -> float:
        return float(C * (ticks / HZ - k) ** 3 + w_max)

    def reno(ticks: int) -> float:
        return BETA * w_max + 3 * (1 - BETA) / (1 + BETA) * ticks * JIFFY / ms(rtt)

    inside = [sample for sample in samples if sample[0] >= 2 * ahead]
    assert inside[-1][0] > 1.3 * k * HZ, "both halves of the curve are there"
    for ticks, cwnd, paid in inside:
        low, high = cubic(ticks - KEPT), max(cubic(ticks + ahead), reno(ticks))
        assert low - 1 <= cwnd + paid, f"cwnd {cwnd} after {ticks} ticks"
        assert cwnd <= high + 1, f"cwnd {cwnd} after {ticks} ticks"


def test_k_is_when_cwnd_is_back_where_the_loss_was():
    w_max, samples = sampled(ms(100), 250, seconds(10))
    k = (w_max * (1 - BETA) / C) ** (1 / 3)
    assert samples[0][1] == pytest.approx(BETA * w_max, abs=1)
    assert {cwnd for ticks, cwnd, _ in samples if abs(ticks / HZ - k) < 0.3} == {w_max}
