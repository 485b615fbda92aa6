"""What a real Linux 6.18 was measured to do (K4 to K40), by the engine in virtual time, exactly.

The names carry the numbers of the measurements.  Kernels are a little late where the model is
exact; the records that the scenarios come with are compared with tolerance in `tests/kernel`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.trace import STATE, Trace
from tcpcore.units import minutes, ms, seconds
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN

CLIENT, SERVER = 0, 1
LETTERS = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "."))


def wire(trace: Trace) -> list[str]:
    """Who sent which flags, in order: ``c S``, ``s S.``, ..."""
    return [
        "cs"[one.sender] + " " + "".join(name for bit, name in LETTERS if one.segment.flags & bit)
        for one in trace.segments
    ]


def times(trace: Trace, sender: int, flags: int) -> list[float]:
    """When a host sent segments with these flags among others, in seconds."""
    return [
        one.sent / 1e6
        for one in trace.segments
        if one.sender == sender and one.segment.flags & flags == flags
    ]


def states(trace: Trace, host: int) -> list[tuple[float, str, str]]:
    """A host's changes of state, the listener's left out."""
    return [
        (moment.time / 1e6, *values)
        for moment in trace.moments
        if moment.host == host
        for kind, _, _, values in moment.events
        if kind == STATE and "LISTEN" not in values
    ]


def path(trace: Trace, host: int) -> list[str]:
    """The states that a host went through after ESTABLISHED."""
    return [new for _, _, new in states(trace, host)]


def calls(trace: Trace, host: int, *names: str) -> list[str]:
    """What the calls of these names came to on a host."""
    return [result for _, who, call, result in trace.calls if who == host and call in names]


def run(serve: Any, fetch: Any, rtt: int = 100, until: int = minutes(3), **sysctls: int) -> Trace:
    """A client and a server, and one application on each."""
    net = Network()
    client = net.host("client", "10.0.0.1", **sysctls)
    server = net.host("server", "10.0.0.2", **sysctls)
    net.link(client, server, delay=ms(rtt / 2))

    async def on_server(host: Any) -> None:
        await serve(host, await host.socket().bind(8888).listen(8).accept())

    async def on_client(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 8888)
        await fetch(host, connection)

    server.spawn(on_server)
    client.spawn(on_client)
    return net.run(until)


async def hold(host: Any, _: Any) -> None:
    await host.pause()


def test_k4_the_fin_of_an_orphan_goes_out_again_eight_times_and_then_it_is_over():
    """And once before, as the tail loss probe."""
    trace = registry.run("fin-wait-1-stuck")
    sent = times(trace, CLIENT, FIN)
    rto = 0.202
    assert sent[1] - sent[0] == pytest.approx(rto)
    waits = [b - a for a, b in pairwise(sent[1:])]
    assert waits == pytest.approx([rto * 2**n for n in range(8)])
    gone = states(trace, CLIENT)[-1]
    assert gone[1:] == ("FIN_WAIT_1", "CLOSED")
    assert gone[0] - sent[1] == pytest.approx(rto * (2**9 - 1))
    assert gone[0] - sent[1] > 102.2


def test_k5_an_orphan_in_fin_wait_2_is_gone_after_60_s_and_a_late_fin_gets_rst():
    trace = registry.run("fin-wait-2-orphan")
    entered, gone = states(trace, CLIENT)[-2:]
    assert entered[2] == "FIN_WAIT_2"
    assert gone[0] - entered[0] == 60
    assert wire(trace)[-2:] == ["s F.", "c R"]


def test_k6_tcp_fin_timeout_is_not_for_a_socket_that_is_still_held():
    parameters = {"orphan": False, "late": 300, "tcp_fin_timeout": 1}
    trace = registry.run("fin-wait-2-orphan", parameters)
    assert wire(trace)[-2:] == ["s F.", "c ."]
    assert path(trace, CLIENT)[-3:-1] == ["FIN_WAIT_2", "TIME_WAIT"]


@pytest.mark.parametrize("tcp_fin_timeout", [1, 60, 300])
def test_k7_time_wait_lasts_60_s_whatever_tcp_fin_timeout_says(tcp_fin_timeout: int):
    trace = registry.run("four-way-close", {"tcp_fin_timeout": tcp_fin_timeout})
    entered, gone = states(trace, CLIENT)[-2:]
    assert (entered[2], gone[1:]) == ("TIME_WAIT", ("TIME_WAIT", "CLOSED"))
    assert gone[0] - entered[0] == 60


def test_k8_after_fin_and_rst_reading_is_end_of_file_and_writing_epipe():
    async def serve(host: Any, connection: Any) -> None:
        await connection.close()

    async def fetch(host: Any, connection: Any) -> None:
        await host.sleep(ms(200))
        await connection.send(b"too late")  # the FIN is here; the RST comes for this
        await host.sleep(ms(200))
        assert await connection.recv(10) == b""
        await connection.send(b"again")

    trace = run(serve, fetch)
    assert "s R" in wire(trace)
    assert calls(trace, CLIENT, "recv", "send") == ["ok", "ok", "EPIPE"]


@pytest.mark.parametrize("first", ["send", "recv"])
def test_k9_after_an_rst_the_first_call_learns_it_and_the_second_finds_a_closed_socket(first: str):
    async def serve(host: Any, connection: Any) -> None:
        connection.setsockopt("SO_LINGER", (1, 0))
        await connection.close()

    async def fetch(host: Any, connection: Any) -> None:
        await host.sleep(ms(200))
        for _ in range(2):
            try:
                await (connection.send(b"x") if first == "send" else connection.recv(10))
            except OSError:
                continue

    second = {"send": "EPIPE", "recv": "ok"}[first]
    assert calls(run(serve, fetch), CLIENT, first) == ["ECONNRESET", second]


def test_k13_a_syn_in_last_ack_is_challenged_and_the_rst_for_that_frees_the_way():
    trace = registry.run("last-ack-challenge")
    again = next(i for i, one in enumerate(wire(trace)) if i and one == "c S")
    assert wire(trace)[again:] == ["c S", "s .", "c R", "c S", "s S.", "c ."]
    challenge = trace.segments[again + 1].segment
    assert trace.segments[again + 2].segment.seq == challenge.ack
    assert calls(trace, CLIENT, "connect") == ["ok", "ok"]


@pytest.mark.parametrize(("apart", "first"), [(0, "CLOSING"), (40, "CLOSING"), (60, "FIN_WAIT_2")])
def test_k15_a_fin_that_crosses_ours_leads_to_closing(apart: int, first: str):
    trace = registry.run("simultaneous-close", {"apart": apart})
    assert path(trace, CLIENT)[-4:] == ["FIN_WAIT_1", first, "TIME_WAIT", "CLOSED"]


def test_k15_a_fin_that_acknowledges_ours_leads_to_time_wait_at_once():
    trace = registry.run("three-segment-close")
    assert wire(trace)[3:] == ["c F.", "s F.", "c ."]
    assert trace.segments[4].segment.ack == trace.segments[3].segment.end
    moments = [time for time, _, new in states(trace, CLIENT) if new in ("FIN_WAIT_2", "TIME_WAIT")]
    assert len(set(moments)) == 1


def test_k16_two_syns_that_cross_open_one_connection():
    trace = registry.run("simultaneous-open")
    assert sorted(wire(trace)[:4]) == ["c S", "c S.", "s S", "s S."]
    for host in (CLIENT, SERVER):
        assert path(trace, host) == ["SYN_SENT", "SYN_RECV", "ESTABLISHED"]
        assert calls(trace, host, "connect") == ["ok"]


@pytest.mark.parametrize(("written", "farewell"), [(0, "s F."), (10, "s R.")])
def test_k18_a_killed_process_sends_fin_or_rst_when_data_is_unread(written: int, farewell: str):
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(1))

    async def serve(host: Any) -> None:
        await host.socket().bind(8888).listen(8).accept()
        await host.pause()

    async def fetch(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 8888)
        if written:
            await connection.send(bytes(written))
        await host.pause()

    process = server.spawn(serve)
    client.spawn(fetch)
    net.after(seconds(1), process.kill)
    trace = net.run(seconds(1))
    assert wire(trace)[-1] == farewell


def test_k19_close_with_unread_data_and_linger_zero_send_rst():
    assert "s R." in wire(registry.run("close-with-unread-data"))
    assert wire(registry.run("linger-zero"))[-1] == "c R."
    assert "s R." not in wire(registry.run("close-with-unread-data", {"read": 1000}))


def test_k24_a_socket_can_connect_to_itself():
    trace = registry.run("self-connect", {"greeting": 0})
    assert calls(trace, CLIENT, "connect") == ["ok"]
    assert path(trace, CLIENT)[:3] == ["SYN_SENT", "SYN_RECV", "ESTABLISHED"]
    assert len({(one.segment.sport, one.segment.dport) for one in trace.segments}) == 1


@pytest.mark.parametrize(
    ("tcp_tw_reuse", "again_after", "result"),
    [(0, 1500, "EADDRNOTAVAIL"), (1, 500, "EADDRNOTAVAIL"), (1, 1500, "ok"),
     (2, 1500, "EADDRNOTAVAIL"), (0, 70000, "ok")],
)  # fmt: skip
def test_k25_a_four_tuple_in_time_wait_is_free_when_tcp_tw_reuse_says_so(
    tcp_tw_reuse: int, again_after: int, result: str
):
    parameters = {"tcp_tw_reuse": tcp_tw_reuse, "again_after": again_after}
    trace = registry.run("time-wait-reuse", parameters)
    assert calls(trace, CLIENT, "connect") == ["ok", result]


def test_k26_fin_and_ack_travel_together_unless_quick_acks_are_asked_for():
    assert wire(registry.run("three-segment-close"))[3:] == ["c F.", "s F.", "c ."]
    quick = registry.run("three-segment-close", {"quick_ack": True})
    assert wire(quick)[3:] == ["c F.", "s .", "s F.", "c ."]


def test_k27_nagle_waits_for_the_delayed_ack_of_40_ms():
    trace = registry.run("nagle-delayed-ack", {"rtt": 100})
    gaps = [b.sent - a.sent for a, b in _requests(trace)]
    assert gaps == [ms(100), ms(140), ms(140)]  # at first, ACKs are quick


@pytest.mark.parametrize("remedy", ["nodelay", "quick_ack"])
def test_m31_tcp_nodelay_or_quick_acks_end_that(remedy: str):
    trace = registry.run("nagle-delayed-ack", {"rtt": 100, remedy: True})
    gaps = {b.sent - a.sent for a, b in _requests(trace)}
    assert gaps == ({0} if remedy == "nodelay" else {ms(100)})


def _requests(trace: Trace) -> list[tuple[Any, Any]]:
    """The two segments of each request."""
    data = [one for one in trace.segments if one.sender == CLIENT and one.segment.payload]
    return list(zip(data[::2], data[1::2], strict=True))


@pytest.mark.parametrize(
    ("how", "answer", "readable"),
    [("close", "c R", False), ("write", "c .", True), ("read", "c .", True)],
)
def test_k28_data_after_close_is_reset_and_after_shutdown_it_is_read(
    how: str, answer: str, readable: bool
):
    async def serve(host: Any, connection: Any) -> None:
        await host.sleep(ms(300))
        await connection.send(b"hello")
        await host.pause()

    read: list[bytes] = []

    async def fetch(host: Any, connection: Any) -> None:
        if how == "close":
            await connection.close()
        else:
            connection.shutdown(how)
        await host.sleep(ms(600))
        if how != "close":
            read.append(await connection.recv(10))
        await host.pause()

    trace = run(serve, fetch, until=seconds(2))
    sent = wire(trace)
    assert sent[sent.index("s P.") + 1] == answer
    assert read == ([b"hello"] if readable else [])


def test_k29_data_completes_a_handshake_whose_last_ack_was_lost():
    trace = registry.run("lost-third-ack")
    assert trace.segments[2].fate == "lost"
    assert calls(trace, SERVER, "accept", "recv") == ["ok", "ok"]


def test_k33_three_probes_two_seconds_apart_then_rst_and_etimedout():
    trace = registry.run("keepalive", {"rtt": 2})
    probes = [one for one in trace.segments if one.fate == "lost"][:-1]
    opened = trace.calls[0][0]
    assert [one.sent - opened for one in probes] == [seconds(t) for t in (3, 5, 7)]
    last = trace.segments[2].segment
    for one in probes:
        assert one.segment.flags == ACK
        assert (one.segment.seq, one.segment.length) == (last.seq - 1 & 0xFFFF_FFFF, 0)
    assert times(trace, CLIENT, RST) == [(opened + seconds(9)) / 1e6]
    assert calls(trace, CLIENT, "recv") == ["ETIMEDOUT"]


def test_k34_probes_of_a_shut_window_go_on_as_long_as_they_are_answered():
    trace = registry.run("zero-window", {"read_after": 120})
    probes = [one for one in trace.segments if seconds(0.5) < one.sent < seconds(120)]
    asked, told = probes[::2], probes[1::2]
    assert all(one.sender == CLIENT and not one.segment.length for one in asked)
    assert all(one.sender == SERVER and not one.segment.window for one in told)
    waits = [b.sent - a.sent for a, b in pairwise(asked)]
    assert len(waits) == 7
    assert all(1.8 < b / a < 2.1 for a, b in pairwise(waits))
    assert calls(trace, CLIENT, "send", "recv") == ["ok", "ok"]


def test_k34_unanswered_probes_end_with_tcp_user_timeout():
    parameters = {"answered": False, "user_timeout": 5000, "read_after": 30}
    trace = registry.run("zero-window", parameters)
    assert calls(trace, CLIENT, "recv") == ["ETIMEDOUT"]


def test_tcp_user_timeout_counts_from_the_first_probe_though_all_are_answered():
    trace = registry.run("zero-window", {"user_timeout": 3000, "read_after": 10})
    probes = [one for one in trace.segments if one.sender == CLIENT and one.sent > seconds(0.5)]
    gave_up = next(time for time, _, call, result in trace.calls if result == "ETIMEDOUT")
    assert gave_up == probes[0].sent + seconds(3)
    assert len(probes) == 4, "three probes, and an RST when the window opens at last"


def test_k39_a_newer_syn_ends_the_time_wait_of_the_server_at_once():
    trace = registry.run("time-wait-reuse", {"server_first": True})
    assert calls(trace, CLIENT, "connect") == ["ok", "ok"]
    second = [i for i, one in enumerate(wire(trace)) if one == "c S"][1]
    assert wire(trace)[second : second + 3] == ["c S", "s S.", "c ."]


@pytest.mark.parametrize(
    ("change", "tries", "last"),
    [
        ({"tcp_rto_min_us": 100_000, "tcp_retries2": 4}, 5, 6.6),
        ({"tcp_rto_max_ms": 1000}, 15, 14.8),
    ],
)
def test_the_time_to_give_up_follows_the_largest_timeout_but_not_the_smallest(change, tries, last):
    """Measured on the kernel, see the records: tcp_model_timeout() begins at TCP_RTO_MIN."""
    trace = registry.run("data-unanswered", change)
    sent = [one.sent for one in trace.segments if one.segment.payload]
    assert len(sent) - 2 == tries
    gave_up = next(time for time, _, _, result in trace.calls if result == "ETIMEDOUT")
    assert gave_up == pytest.approx(seconds(last), abs=2000)


def test_keepalive_does_not_probe_while_data_waits_for_an_ack():
    plain = registry.run("data-unanswered", {"tcp_retries2": 5})
    probing = registry.run("data-unanswered", {"tcp_retries2": 5, "keepalive": True})
    assert [one.sent for one in probing.segments] == [one.sent for one in plain.segments]
    assert [call[0] for call in probing.calls] == [call[0] for call in plain.calls]


def test_k40_data_goes_out_again_fifteen_times_and_the_application_learns_it_after_924_6_s():
    """With an RTO of 200 ms; the tail loss probe, 200 ms after the data, comes before all that."""
    trace = registry.run("data-unanswered")
    sent = [one.sent for one in trace.segments if one.segment.payload]
    assert len(sent) == 1 + 1 + 15
    waits = [(b - a) / 1e6 for a, b in pairwise(sent[1:])]
    doubling = [0.2 * 2**n for n in range(10)] + [120] * 5
    assert waits == pytest.approx(doubling, rel=1e-4)
    gave_up = next(time for time, _, call, result in trace.calls if result == "ETIMEDOUT")
    assert gave_up - sent[1] == pytest.approx(seconds(924.6), abs=2000)
