"""What a trace keeps: segments, moments, and only what changed."""

from __future__ import annotations

from typing import Any

from tcpcore import Network, ms, seconds
from tcpcore import trace as tracing
from tcpcore.scenarios import registry


def test_moments_are_in_order_of_time_and_belong_to_a_host():
    trace = registry.run("data-and-close")
    times = [moment.time for moment in trace.moments]
    assert times == sorted(times)
    assert {moment.host for moment in trace.moments} == {0, 1}
    assert trace.end == times[-1]


def test_every_segment_is_sent_in_one_moment_and_arrives_in_one():
    trace = registry.run("data-and-close")
    sent = [
        values
        for moment in trace.moments
        for kind, _, _, values in moment.events
        if kind == tracing.SENT
    ]
    arrived = [moment.segment for moment in trace.moments if moment.kind == tracing.ARRIVAL]
    assert sent == list(range(len(trace.segments)))
    assert sorted(number for number in arrived if number is not None) == sent


def test_a_section_is_given_only_when_it_changed_and_then_whole():
    trace = registry.run("data-and-close")
    last: dict[tuple[int, str], Any] = {}
    for moment in trace.moments:
        for name, content in moment.sections.items():
            assert last.get((moment.host, name)) != content
            last[moment.host, name] = content
    assert {name for _, name in last} >= {"sockets", "timers", "queues", "counters"}


def test_without_a_trace_the_run_is_the_same():
    def world(traced: bool) -> list[tuple[int, bytes]]:
        heard: list[tuple[int, bytes]] = []
        net = Network(3, traced=traced)
        client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
        net.link(client, server, delay=ms(5), loss=0.2)

        async def serve(host: Any) -> None:
            connection = await host.socket().bind(80).listen(2).accept()
            while data := await connection.recv(1000):
                heard.append((host.now, data))
            await connection.close()

        async def tell(host: Any) -> None:
            sock = host.socket()
            await sock.connect("10.0.0.2", 80)
            await sock.send(bytes(range(256)) * 40)
            await sock.close()

        server.spawn(serve)
        client.spawn(tell)
        net.run(seconds(300))
        return heard

    assert world(True) == world(False)
    assert sum(len(data) for _, data in world(True)) == 256 * 40


def test_calls_are_kept_with_time_host_and_result():
    trace = registry.run("connection-refused", {"rtt": 20})
    assert trace.calls == [(ms(20), 0, "connect", "ECONNREFUSED")]


def test_a_note_outside_a_moment_makes_one():
    trace = tracing.Trace()
    trace.add_host("host", "10.0.0.1", dict)
    trace.note(5, 0, "hello")
    trace.finish()
    assert [(moment.time, moment.label) for moment in trace.moments] == [(5, "hello")]
    assert trace.end == 5


def test_a_moment_in_which_nothing_happened_is_not_kept():
    trace = tracing.Trace()
    trace.add_host("host", "10.0.0.1", dict)
    trace.begin(1, 0, tracing.CALL, "listen()")
    trace.begin(2, 0, tracing.TIMER, "nothing")
    trace.finish()
    assert trace.moments == []


def test_a_timer_that_is_set_and_one_that_is_cancelled_are_told_apart():
    trace = registry.run("data-and-close")
    told = [
        (moment.time, *event)
        for moment in trace.moments
        for event in moment.events
        if event[1] == "retransmission"
    ]
    made = [one for one in told if one[1] == tracing.TIMER_SET]
    ended = [one for one in told if one[1] == tracing.TIMER_CANCELLED]
    assert made
    assert ended
    assert len(made) + len(ended) == len(told)
    assert all(deadline > time and reason for time, _, _, reason, (_, deadline) in made)
    assert {(reason, deadline) for *_, reason, (_, deadline) in ended} == {(None, None)}
    assert {values[0] for *_, values in ended} <= {values[0] for *_, values in made}
