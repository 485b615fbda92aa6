"""Two hosts over a bad network: every byte once and in order, or an error; and an end."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import given, note, settings
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


def judge(reports: list[Report], net: Any) -> None:
    for side, report in enumerate(reports):
        other = reports[1 - side]
        got = bytes(report.received)
        assert got == DATA[1 - side][: len(got)], "a byte is wrong, missing or doubled"
        if report.end_of_file:
            assert len(got) == other.sent, "end of file before all bytes"
    # Who only listens never learns that the other end has given up, or left with a lost RST.
    vanished = reports[1].finished and not net.hosts[1].endpoints
    assert reports[0].finished or vanished, "the client's application never ends"
    clean = not any(report.errors or report.closed_early for report in reports)
    if clean and all(report.finished for report in reports):
        assert all(report.end_of_file for report in reports)
    for report, host in zip(reports, net.hosts, strict=True):
        for endpoint in host.endpoints.values():
            ended = endpoint.state in (state.TIME_WAIT, state.CLOSED)
            assert ended or not report.finished, f"{host.name} is left in {endpoint.state}"


step = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 6000)),
    st.tuples(st.just("read"), st.integers(1, 6000)),
    st.tuples(st.just("pause"), st.integers(0, ms(700))),
)


def plans(may_wait: bool) -> st.SearchStrategy[dict[str, Any]]:
    """What one side does; reading first on both sides would wait for ever."""
    allowed = step if may_wait else step.filter(lambda one: one[0] != "read")
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


@settings(max_examples=int(os.environ.get("HOSTILE_EXAMPLES", "150")))
@given(plans(False), plans(True), networks)
def test_every_byte_arrives_once_and_in_order_or_an_error_is_reported(
    client: dict[str, Any], server: dict[str, Any], network: dict[str, Any]
):
    note(f"{client}\n{server}\n{network}")
    judge(*run([client, server], network))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 25), max_size=10), st.sampled_from([0, ms(30)]))
def test_whichever_segments_are_lost_the_rest_makes_up_for_them(drops: list[int], slow: int):
    plan = {"steps": [("write", 12_000)], "chunk": 2000, "slow": slow, "leave": False}
    network = {
        "seed": 1,
        "delay": ms(20),
        "rate": None,
        "queue": 1000,
        "impairments": {},
        "drops": drops,
        "sysctls": {},
    }
    reports, net = run([plan, plan], network)
    judge(reports, net)
    assert not reports[0].errors
    assert not reports[1].errors
    assert reports[0].received == DATA[1][:12_000]
    assert reports[1].received == DATA[0][:12_000]


@pytest.mark.parametrize("number", range(24))
def test_the_loss_of_any_single_segment_is_made_up_for(number: int):
    plan = {"steps": [("write", 8_000)], "chunk": 2000, "slow": 0, "leave": False}
    network = {
        "seed": 1,
        "delay": ms(20),
        "rate": mbit(10),
        "queue": 1000,
        "impairments": {},
        "drops": [number],
        "sysctls": {},
    }
    reports, net = run([plan, plan], network)
    judge(reports, net)
    assert all(report.end_of_file for report in reports)
