"""One link: delay, rate, queue, loss, damage, copies, overtaking, the cable out and back."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.host.stack import Host
from tcpcore.net import impairment
from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import kbit, mbit, ms, seconds
from tcpcore.wire.segment import RST, Segment

PORT = 8888


def pair(seed: int = 1, **options: Any) -> tuple[Network, Host, Host, Any]:
    net = Network(seed)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    return net, client, server, net.link(client, server, **options)


def transfer(net: Network, client: Host, server: Host, size: int) -> list[bytes]:
    """Applications that send `size` bytes to the server; what the server reads."""
    received: list[bytes] = []

    async def serve(host: Host) -> None:
        connection = await host.socket().bind(PORT).listen(8).accept()
        while data := await connection.recv(65536):
            received.append(data)
        await connection.close()

    async def push(host: Host) -> None:
        connection = host.socket()
        await connection.connect(server.address, PORT)
        await connection.send(bytes(i * 7 & 0xFF for i in range(size)))
        await connection.close()

    server.spawn(serve)
    client.spawn(push)
    return received


def carried(seed: int = 1, size: int = 20_000, **options: Any) -> tuple[Trace, Host, bytes]:
    """The trace of a transfer over a link with these options, the server, what it read."""
    net, client, server, _ = pair(seed, **options)
    received = transfer(net, client, server, size)
    trace = net.run(until=seconds(600))
    return trace, server, b"".join(received)


def held(in_order: bool) -> list[int]:
    """How long the first four packets of the client's take when the third is held for 40 ms."""
    net, client, server, link = pair(delay=ms(5), rate=mbit(10))
    link.hold(to=server, numbers=[2], by=ms(40), in_order=in_order)
    transfer(net, client, server, 20_000)
    sent = [one for one in net.run(seconds(5)).segments if one.sender == 0]
    return [(one.arrived - one.sent) // ms(1) for one in sent[:4] if one.arrived is not None]


def test_a_packet_that_is_held_is_overtaken_or_holds_up_those_behind_it():
    assert held(in_order=False) == [5, 5, 46, 7]
    assert held(in_order=True) == [5, 5, 46, 47]


def test_a_link_without_a_rate_cannot_hold_up_a_queue():
    _, _, server, link = pair()
    with pytest.raises(UsageError, match="no queue in which packets could wait"):
        link.hold(to=server, numbers=[1], by=5, in_order=True)
    link.hold(to=server, numbers=[1], by=5)


EXPECTED = bytes(i * 7 & 0xFF for i in range(20_000))


def test_a_plain_link_only_delays():
    trace, _, data = carried(delay=ms(5))
    assert data == EXPECTED
    assert {s.arrived - s.sent for s in trace.segments if s.arrived is not None} == {ms(5)}


def test_a_rate_spaces_packets_by_their_length():
    trace, _, _ = carried(delay=ms(5), rate=mbit(8))
    first, second = [s for s in trace.segments if len(s.segment.payload) == 1448][:2]
    assert first.sent == second.sent
    assert first.arrived is not None
    assert second.arrived is not None
    assert second.arrived - first.arrived == 1500  # 1500 bytes at 1 byte/us


def test_a_full_queue_drops_the_tail():
    trace, _, data = carried(delay=ms(5), rate=mbit(1), queue=3)
    lost = [s for s in trace.segments if s.fate == "lost"]
    assert data == EXPECTED
    assert {s.lost_because.why.key for s in lost} == {"wire.queue"}


def test_loss_by_chance_is_about_as_frequent_as_asked():
    pipe = pair(loss=0.3)[3].pipes["10.0.0.2"]
    lost = [pipe.passes(0)[0] is not None for _ in range(1000)]
    assert 250 < sum(lost) < 350


def test_bursts_lose_packets_in_runs():
    pipe = pair(burst=(0.02, 0.25))[3].pipes["10.0.0.2"]
    lost = "".join("x" if pipe.passes(0)[0] is not None else "." for _ in range(5000))
    runs = [run for run in lost.split(".") if run]
    assert 3 < sum(map(len, runs)) / len(runs) < 5  # 1 / 0.25 packets long
    assert 0.05 < lost.count("x") / len(lost) < 0.11  # 0.02 / (0.02 + 0.25)


def test_a_burst_with_loss_in_both_states_uses_both():
    pipe = pair(burst=(0.5, 0.5, 0.0, 1.0))[3].pipes["10.0.0.2"]
    lost = sum(pipe.passes(0)[0] is not None for _ in range(1000))
    assert 400 < lost < 600


def test_scripted_packets_are_lost_each_way_by_its_own_numbers():
    net, client, server, link = pair(delay=ms(5))
    link.drop(to=server, numbers=[0])
    link.drop(to=client, numbers=[1])
    transfer(net, client, server, 100)
    trace = net.run()
    toward = {0: [], 1: []}
    for s in trace.segments:
        toward[s.sender].append(s.fate)
    assert [i for i, fate in enumerate(toward[0]) if fate == "lost"] == [0]
    assert [i for i, fate in enumerate(toward[1]) if fate == "lost"] == [1]


def test_a_damaged_segment_fails_its_checksum_and_is_counted():
    trace, server, data = carried(seed=5, delay=ms(5), corrupt=0.2)
    assert data == EXPECTED
    bad = server.counters["TcpInCsumErrors"]
    assert bad > 0
    assert server.counters["TcpInErrs"] == bad
    reasons = [e[2].why.key for m in trace.moments for e in m.events if e[2] is not None]
    assert reasons.count("drop.checksum") >= bad


def test_a_doubled_segment_arrives_twice():
    trace, server, data = carried(delay=ms(5), duplicate=1.0)
    assert data == EXPECTED
    to_server = [s for s in trace.segments if s.receiver == server.index]
    assert server.counters["TcpInSegs"] == 2 * len(to_server)


def test_a_reordered_segment_is_overtaken():
    trace, _, data = carried(seed=3, delay=ms(5), reorder=0.2, reorder_by=ms(2))
    assert data == EXPECTED
    delays = {s.arrived - s.sent for s in trace.segments if s.arrived is not None}
    assert delays == {ms(5), ms(7)}


def test_one_kind_of_chance_does_not_change_what_another_decides():
    alone = pair(loss=0.2)[3].pipes["10.0.0.2"]
    both = pair(loss=0.2, corrupt=0.3, reorder=0.1)[3].pipes["10.0.0.2"]
    lost = [alone.passes(0)[0] is not None for _ in range(300)]
    assert lost == [both.passes(0)[0] is not None for _ in range(300)]


def test_the_two_directions_have_chances_of_their_own():
    link = pair(loss=0.5)[3]
    one, other = (
        [link.pipes[to].passes(0)[0] is not None for _ in range(64)]
        for to in ("10.0.0.1", "10.0.0.2")
    )
    assert one != other


@pytest.mark.parametrize(
    "options",
    [{"loss": 0.1}, {"burst": (0.05, 0.4)}, {"corrupt": 0.1}, {"duplicate": 0.2}, {"reorder": 0.3}],
    ids=str,
)
def test_every_byte_arrives_whatever_the_link_does(options: dict[str, Any]):
    for seed in range(3):
        assert carried(seed, delay=ms(10), **options)[2] == EXPECTED


def test_the_same_seed_gives_the_same_fates():
    def fates(seed: int) -> list[tuple[int, str, int | None]]:
        options = {"loss": 0.1, "reorder": 0.1, "duplicate": 0.1, "corrupt": 0.1}
        trace, _, _ = carried(seed, delay=ms(10), **options)
        return [(s.sent, s.fate, s.arrived) for s in trace.segments]

    assert fates(4) == fates(4)
    assert fates(4) != fates(5)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": 0.05},
        {"loss": 1e-9},
        {"loss": 0.02, "burst": (0.05, 0.4, 0.8)},
        {"loss": 0.02, "corrupt": 0.02, "duplicate": 0.02, "reorder": 0.02, "reorder_by": ms(3)},
    ],
)
def test_what_chance_decides_ahead_is_what_it_decides_packet_by_packet(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """Whatever else happens to the link between: rules, a cut, other chances."""

    def fates() -> list[Any]:
        net, client, server, link = pair(7, delay=ms(5), rate=mbit(10), **options)
        transfer(net, client, server, 300_000)
        link.drop(to=server, numbers=range(20, 23))
        link.hold(to=client, numbers=[30], by=ms(2))
        net.after(ms(100), lambda: link.drop(to=server, numbers=range(70, 72)))
        for at, change in ((200, link.unplug), (260, link.plug)):
            net.after(ms(at), change)
        net.after(ms(700), lambda: link.impair(to=server, loss=0.03))
        segments = net.run(seconds(600)).segments
        return [(one.sent, one.arrived, one.fate, str(one.lost_because)) for one in segments]

    ahead = fates()
    monkeypatch.setattr(impairment, "AHEAD", 0)
    assert fates() == ahead


def test_a_packet_that_a_rule_loses_leaves_the_next_one_its_chance():
    def lost(rule: range) -> list[int]:
        net, client, server, link = pair(4, loss=0.02)
        link.drop(to=server, numbers=rule)
        inject = [Segment(client.address, 1, server.address, 9, RST, seq) for seq in range(200)]
        for segment in inject:
            client.inject(segment)
        traced = net.run(seconds(1)).segments
        return [place for place, one in enumerate(traced) if one.fate == "lost"]

    plain = lost(range(0))
    assert plain
    assert plain[0] > 5
    assert lost(range(3)) == [0, 1, 2, *(place + 3 for place in plain if place < 197)]


def test_a_cable_that_comes_back_lets_retransmissions_through():
    net, client, server, link = pair(delay=ms(10))
    received = transfer(net, client, server, 20_000)
    net.after(ms(25), link.unplug)
    net.after(seconds(3), link.plug)
    trace = net.run(until=seconds(600))
    assert b"".join(received) == EXPECTED
    why = {s.lost_because.why.key for s in trace.segments if s.lost_because}
    assert why == {"wire.cut", "wire.unplugged"}
    notes = [e[1] for m in trace.moments for e in m.events if e[0] == "note"]
    assert "cable out" in notes
    assert "cable back in" in notes


def test_what_is_on_the_cable_when_it_is_pulled_out_is_lost():
    net, client, server, link = pair(delay=ms(10))
    transfer(net, client, server, 100)
    net.after(ms(9), link.unplug)
    net.after(ms(9) + 1, link.plug)
    trace = net.run(until=ms(500))
    assert trace.segments[0].lost_because.why.key == "wire.cut"


def test_a_black_hole_is_one_way_and_can_end():
    net, client, server, link = pair(delay=ms(10))
    link.drop(to=server)
    net.after(ms(1500), lambda: link.restore(to=server))
    received = transfer(net, client, server, 10)
    net.run(until=seconds(60))
    assert sum(map(len, received)) == 10


def test_impairments_can_change_on_the_way():
    net, client, server, link = pair(delay=ms(10))
    link.impair(to=server, loss=1.0)
    net.after(ms(2500), lambda: link.impair(to=server))
    received = transfer(net, client, server, 10)
    trace = net.run(until=seconds(60))
    assert sum(map(len, received)) == 10
    assert [s.fate for s in trace.segments[:3]] == ["lost"] * 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"delay": -1}, "A link takes a delay of 0 us or more"),
        ({"rate": 0}, "A link takes a delay of 0 us or more"),
        ({"queue": 0}, "A link takes a delay of 0 us or more"),
        ({"mtu": 60}, "an MTU from 68 to 65535 bytes"),
        ({"loss": 1.5}, "loss is a chance and takes 0 to 1, not 1.5"),
        ({"burst": (0.1,)}, r"burst takes \(enter, leave\)"),
        ({"burst": (0.1, 2)}, "burst is a chance and takes 0 to 1, not 2"),
        ({"jitter": 3}, "A link has no 'jitter'; its impairments are loss, burst"),
        ({"reorder_by": -3}, "reorder_by takes microseconds from 0 on"),
    ],
    ids=str,
)
def test_an_impossible_link_is_one_sentence(options: dict[str, Any], sentence: str):
    with pytest.raises(UsageError, match=sentence):
        pair(**options)


def test_a_link_tells_where_it_leads():
    net, _, _, link = pair()
    stranger = net.host("stranger", "10.0.0.9")
    with pytest.raises(UsageError, match="does not lead to stranger"):
        link.drop(to=stranger)


def test_a_slow_link_with_nothing_else_still_needs_one_event_per_packet():
    net, client, server, _ = pair(delay=ms(5), rate=kbit(512))
    transfer(net, client, server, 5000)
    trace = net.run()
    assert len(trace.segments) <= net._scheduled
