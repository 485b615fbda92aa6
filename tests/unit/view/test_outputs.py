"""What calls moved and what programs printed, on both sides."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tcpcore import Network
from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.linux.store import Output
from tcpcore.units import ms, seconds
from tcpcore.view.evidence import both, engine, kernel, of_trace

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


@SIDES
def test_calls_say_how_many_bytes_they_moved(side: Any) -> None:
    run = side("byte-stream")
    assert run.moved("send", "client") == [100, 100, 100]
    assert run.moved("recv", "server") == [100, 200, 0]


@SIDES
def test_a_segment_says_when_it_arrived_and_how_large_its_packet_is(side: Any) -> None:
    run = side("late-segment")
    late = [one for one in run.segments if one.length][1]
    assert late.arrived - late.time == pytest.approx(0.07, abs=0.005)
    assert late.size == 1000 + 52
    assert side("data-and-close", drop=(2,))[2].arrived is None


def test_both_sides_say_which_segment_acknowledges_data() -> None:
    for run in both("delayed-ack"):
        last = run.data("client")[-1]
        assert run.ack_of(last).time - last.arrived == pytest.approx(0.04, abs=0.005)


def looking_network() -> Network:
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(10))

    async def serve(host: Any) -> None:
        host.socket().bind(80).listen(1)
        await host.pause()

    async def look(host: Any) -> None:
        await host.look("nc -vz 10.0.0.2 80")
        await host.look("ss -tan")
        await host.look("tcpdump -t -S -c 1")

    server.spawn(serve)
    client.spawn(look)
    return net


def test_an_application_may_look_with_programs_and_the_run_keeps_what_they_print() -> None:
    run = of_trace(looking_network().run(seconds(5)))
    assert run.printed("nc -vz 10.0.0.2 80").endswith("port [tcp/http] succeeded!\n")
    assert "FIN-WAIT-1" in run.printed("ss -tan")
    assert "Flags [S], seq" in run.printed("tcpdump -t -S -c 1")
    assert [one.time for one in run.outputs] == [0.02, 0.02, 0.02]
    assert run.calls == []  # nc's connect() and close() are not the application's


def test_a_command_that_nobody_asked_is_a_mistake_in_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"Nobody asked 'ss' on server; asked were \[\]"):
        engine("handshake").printed("ss", "server")


def test_a_record_keeps_outputs_and_one_without_has_none() -> None:
    record = store.find("late-segment", {"late_by": 20})
    assert record is not None
    assert "outputs" not in record.to_json()
    record.outputs = [Output(5, 0, "ss -tan", "State\n")]
    again = store.from_json(record.to_json())
    assert again.outputs == record.outputs


def test_looking_from_outside_of_a_run_works_as_well() -> None:
    net = looking_network()
    net.run(seconds(1))
    assert "LISTEN" in asyncio.run(net.hosts[1].look("ss -lnt"))


@SIDES
def test_a_sack_block_counts_from_the_syn_as_all_numbers_do(side: Any) -> None:
    blocks = [one.options[-1] for one in side("late-segment").segments if len(one.options) == 6]
    assert blocks == ["sack {2001:3001}", "sack {2001:4001}"]
