"""Two hosts over a bad network that hypothesis makes, and what must hold in the end.

    python -m tests.pairs.hostile --segments 1000000

runs batch after batch until so many segments have arrived, and says how many; a batch is named by
its seed, so that a failure can be had again with ``--first SEED``.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tcpcore.tcp import state
from tcpcore.units import mbit, ms, seconds
from tests.checked import CheckedNetwork

CLIENT, SERVER, PORT = "10.0.0.1", "10.0.0.2", 8888
DATA = [random.Random(side).randbytes(1 << 17) for side in range(2)]


class Report:
    """What one end's application saw."""

    def __init__(self) -> None:
        self.sent = 0
        self.received = bytearray()
        self.end_of_file = False
        self.errors: list[str] = []
        self.finished = False
        self.closed_early = False


async def talk(host: Any, sock: Any, side: int, plan: dict[str, Any], report: Report) -> None:
    """Write, read and pause as planned, shut down, read to the end, close."""
    for step, size in plan["steps"]:
        if step == "write":
            data = DATA[side][report.sent : report.sent + size]
            await sock.send(data)
            report.sent += len(data)
        elif step == "pause":
            await host.sleep(size)
        else:
            data = await sock.recv(max(size, 1))
            report.received += data
            if not data:
                break
    if plan["leave"]:
        report.closed_early = True
        await sock.close()
        return
    sock.shutdown("write")
    while data := await sock.recv(plan["chunk"]):
        report.received += data
        if plan["slow"]:
            await host.sleep(plan["slow"])
    report.end_of_file = True
    await sock.close()


def run(plans: list[dict[str, Any]], network: dict[str, Any]) -> tuple[list[Report], Any]:
    reports = [Report(), Report()]
    net = CheckedNetwork(network["seed"])
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    for host in (client, server):
        for name, value in network["sysctls"].items():
            host.sysctl.set(name, value)
    shape = {name: network[name] for name in ("delay", "rate", "queue")}
    net.link(client, server, **shape).impair(**network["impairments"])
    net.drop_segments(network["drops"])

    def application(side: int, opened: Any) -> Any:
        async def run_side(host: Any) -> None:
            report = reports[side]
            try:
                await talk(host, await opened(host), side, plans[side], report)
            except OSError as error:
                report.errors.append(type(error).__name__)
            report.finished = True

        return run_side

    async def accept(host: Any) -> Any:
        return await host.socket().bind(PORT).listen(4).accept()

    async def connect(host: Any) -> Any:
        sock = host.socket()
        await sock.connect(SERVER, PORT)
        return sock

    server.spawn(application(1, accept))
    client.spawn(application(0, connect))
    net.run(until=seconds(20_000))
    net.watch.check()
    return reports, net


def both_wait_to_write(net: Any) -> bool:
    """Neither application reads before it has written, and neither has room: for ever, as on Linux.

    All that was sent is acknowledged, and each has shut the other's window.
    """
    ends = [end for host in net.hosts for end in host.endpoints.values()]
    shut = [end for end in ends if not end.snd_wnd and end.snd_una == end.snd_nxt]
    return len([end for end in shut if end.lacks_space]) == 2


def judge(reports: list[Report], net: Any) -> None:
    for side, report in enumerate(reports):
        other = reports[1 - side]
        got = bytes(report.received)
        assert got == DATA[1 - side][: len(got)], "a byte is wrong, missing or doubled"
        if report.end_of_file:
            assert len(got) == other.sent, "end of file before all bytes"
    # Who only listens never learns that the other end has given up, or left with a lost RST.
    vanished = reports[1].finished and not net.hosts[1].endpoints
    finished = reports[0].finished or vanished or both_wait_to_write(net)
    assert finished, "the client's application never ends"
    clean = not any(report.errors or report.closed_early for report in reports)
    if clean and all(report.finished for report in reports):
        assert all(report.end_of_file for report in reports)
    for report, host in zip(reports, net.hosts, strict=True):
        for endpoint in host.endpoints.values():
            ended = endpoint.state in (state.TIME_WAIT, state.CLOSED)
            assert ended or not report.finished, f"{host.name} is left in {endpoint.state}"


write = st.tuples(st.just("write"), st.one_of(st.integers(0, 6000), st.integers(0, 20_000)))
read = st.tuples(st.just("read"), st.integers(1, 6000))
pause = st.tuples(st.just("pause"), st.integers(0, ms(700)))


def plans(may_wait: bool) -> st.SearchStrategy[dict[str, Any]]:
    """What one side does; reading first on both sides would wait for ever."""
    allowed = st.one_of(write, read, pause) if may_wait else st.one_of(write, pause)
    return st.fixed_dictionaries(
        {
            "steps": st.lists(allowed, max_size=6),
            "chunk": st.sampled_from([1, 100, 1448, 5000, 1 << 20]),
            "slow": st.sampled_from([0, 0, 0, ms(1), ms(50)]),
            "leave": st.sampled_from([False, False, False, True]),
        }
    ).map(_bounded)


def _bounded(plan: dict[str, Any]) -> dict[str, Any]:
    """One byte at a time is a lot of work."""
    if plan["chunk"] < 100:
        plan["slow"] = 0
    return plan


networks = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 1000),
        "delay": st.sampled_from([0, 1, ms(1), ms(50), ms(300)]),
        "rate": st.sampled_from([None, None, mbit(1), mbit(50)]),
        "queue": st.sampled_from([1, 5, 1000]),
        "impairments": st.fixed_dictionaries(
            {},
            optional={
                "loss": st.sampled_from([0.01, 0.1, 0.3]),
                "reorder": st.sampled_from([0.05, 0.5]),
                "reorder_by": st.sampled_from([1, ms(1), ms(400)]),
                "duplicate": st.sampled_from([0.05, 0.5]),
                "corrupt": st.sampled_from([0.01, 0.1]),
                "burst": st.sampled_from([(0.02, 0.3), (0.1, 0.2)]),
            },
        ),
        "drops": st.lists(st.integers(0, 40), max_size=12),
        "sysctls": st.fixed_dictionaries(
            {},
            optional={
                "tcp_timestamps": st.integers(0, 2),
                "tcp_sack": st.integers(0, 1),
                "tcp_window_scaling": st.integers(0, 1),
                "tcp_rmem": st.sampled_from(["4096 6000 6000", "4096 20000 6291456"]),
            },
        ),
    }
)


# --- many of them, in a row --------------------------------------------------------------------

BATCH = 200
"""Conversations of one seed."""


def batch(number: int, seen: Counter[str]) -> None:
    """Conversations that hypothesis makes from this seed; what is wrong is raised."""

    @seed(number)
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(plans(False), plans(True), networks)
    def conversations(client: Any, server: Any, network: Any) -> None:
        reports, net = run([client, server], network)
        seen["conversations"] += 1
        seen["sent"] += len(net.trace.segments)
        seen["delivered"] += sum(host.counters.get("TcpInSegs", 0) for host in net.hosts)
        seen["damaged"] += sum(host.counters.get("TcpInCsumErrors", 0) for host in net.hosts)
        seen["bytes read"] += sum(len(report.received) for report in reports)
        judge(reports, net)

    conversations()


def told(seen: Counter[str], batches: int, began: float) -> str:
    """One line of numbers."""
    counted = ", ".join(f"{seen[name]:,} {name}" for name in ("delivered", "damaged", "sent"))
    return (
        f"{batches} batches, {seen['conversations']:,} conversations: segments {counted}; "
        f"{seen['bytes read']:,} bytes read, all of them right; {time.monotonic() - began:.0f} s"
    )


def main() -> int:
    """Run until enough segments have arrived; 1 when a conversation went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--segments", type=int, default=1_000_000, help="how many shall arrive")
    parser.add_argument("--first", type=int, default=0, help="the first batch's seed")
    chosen = parser.parse_args()
    seen: Counter[str] = Counter()
    began, number = time.monotonic(), chosen.first
    while seen["delivered"] < chosen.segments:
        try:
            batch(number, seen)
        except Exception:
            print(f"batch {number} failed: --first {number} plays it again", file=sys.stderr)
            raise
        number += 1
        if not (number - chosen.first) % 20:
            print(told(seen, number - chosen.first, began), flush=True)
    print(told(seen, number - chosen.first, began))
    return 0


if __name__ == "__main__":
    sys.exit(main())
