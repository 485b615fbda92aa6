"""The verdicts on captures of the real kernel: what each fault looks like from either end.

A record knows when a segment left one host and arrived at the other, so it gives two captures: one
as tcpdump on the first host would have made it, one on the second.
"""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.linux import store
from tcpcore.observe.capture import Packet
from tcpcore.observe.diagnosis import Finding
from tcpcore.observe.explain import Explanation, explain_packets
from tcpcore.wire import codec
from tests.unit.observe.captures import HANDSHAKE, packets

BOTH, CLIENT, SERVER = (0, 1), (0,), (1,)


def captured_at(record: store.Record, host: int) -> Explanation:
    """What a capture on that host shows."""
    passed = []
    for one in record.segments:
        if one.sender == host:
            passed.append((one.sent, one.packet))
        elif one.receiver == host and one.arrived is not None:
            passed.append((one.arrived, one.packet))
    passed.sort(key=lambda packet: packet[0])
    return explain_packets(
        Packet(number, time, codec.decode(data), 0, data)
        for number, (time, data) in enumerate(passed, 1)
    )


def record(scenario: str, drop: tuple[int, ...] = (), **parameters: Any) -> store.Record:
    from tcpcore.scenarios import registry

    found = store.find(scenario, registry.get(scenario).check(parameters), drop)
    assert found is not None, f"there is no record of {scenario} {parameters} {drop}"
    return found


FAULTS = [
    ("connection-refused", (), {}, BOTH, 0, "refused", "nothing listens on port 8888"),
    ("syn-unanswered", (), {}, CLIENT, 0, "syn-unanswered", "sent 11 times in 6"),
    ("handshake", (0,), {}, CLIENT, 0, "syn-lost", "1 SYN got no answer in time"),
    ("synack-unanswered", (), {}, SERVER, 0, "syn-ack-unanswered", "sent 6 times in 3"),
    ("synack-filtered", (), {}, SERVER, 0, "syn-ack-lost", "the client sent its SYN again"),
    ("accept-queue-overflow", (), {}, BOTH, 2, "accept-queue-overflow", "third ACK was ignored"),
    (
        *("accept-queue-overflow", (), {"tcp_abort_on_overflow": 1}),
        *(SERVER, 2, "reset-after-handshake", "tcp_abort_on_overflow"),
    ),
    ("handshake", (2,), {}, CLIENT, 0, "accept-queue-overflow", "or the ACK was lost on its way"),
    ("nagle-delayed-ack", (), {}, BOTH, 0, "nagle-delayed-ack", "delayed ACK met Nagle"),
    ("zero-window", (), {}, BOTH, 0, "zero-window", "its application did not read"),
    ("data-and-close", (3,), {}, CLIENT, 0, "timeout", "sent again by its timer"),
    ("late-segment", (), {}, SERVER, 0, "reordering", "came out of order"),
    ("data-unanswered", (), {}, CLIENT, 0, "peer-vanished", "the server vanished"),
    ("host-crash", (), {}, CLIENT, 0, "peer-vanished", "bytes 1 to 100 were sent again"),
    ("host-reboot", (), {}, BOTH, 0, "reset", "no socket wanted packet"),
    ("keepalive", (), {}, CLIENT, 0, "keepalive-unanswered", "got no answer"),
    ("path-mtu", (), {}, CLIENT, 0, "path-mtu", "were sent again as 1148"),
    ("close-with-unread-data", (), {}, BOTH, 0, "reset", "closed with data unread"),
    ("linger-zero", (), {}, BOTH, 0, "reset", "its application aborted it"),
    ("calls-after-the-end", (), {}, BOTH, 0, "reset", "data came after it had closed"),
    ("fin-wait-2-orphan", (), {}, BOTH, 0, "reset", "after its own FIN: its socket was gone"),
    ("fin-wait-1-stuck", (), {}, CLIENT, 0, "fin-lost", "and never acknowledged"),
    ("simultaneous-close", (3,), {"apart": 10}, CLIENT, 0, "fin-lost", "FIN was sent twice"),
    ("close-wait-leak", (), {}, BOTH, 0, "close-wait", "the server never closed"),
    ("old-duplicate-rst", (), {}, BOTH, 1, "old-duplicate-rst", "outside the window"),
    ("rst-attack", (), {}, SERVER, 0, "inexact-rst", "answered by a challenge ACK"),
    ("forged-segments", (), {"kind": 1}, SERVER, 0, "syn-inside", "inside an open connection"),
    ("data-and-close", (8,), {}, CLIENT, 0, "spurious-retransmission", "DSACK"),
]
WORTH_KNOWING = [
    ("half-close", (), {}, BOTH, 0, "half-close", "went on sending"),
    ("simultaneous-open", (), {}, BOTH, 0, "simultaneous-open", "opened at once"),
    ("fast-open", (), {}, BOTH, 1, "fast-open", "data came with the SYN"),
    ("keepalive", (), {"answers": 1}, BOTH, 0, "keepalive", "keep-alive probe"),
]
UNEVENTFUL = [
    ("delayed-ack-server", (), {}),
    ("handshake", (), {}),
    ("three-segment-close", (), {}),
    ("data-and-close", (), {}),
    ("byte-stream", (), {}),
    ("delayed-ack", (), {}),
    ("nagle-delayed-ack", (), {"nodelay": 1}),
    ("tls-flights", (), {}),
    ("segment-sizes", (), {}),
    ("simultaneous-close", (), {}),
    ("time-wait-reuse", (), {}),
]


def findings(case: tuple[Any, ...], host: int) -> list[Finding]:
    scenario, drop, parameters, _, connection, *_ = case
    explanation = captured_at(record(scenario, drop, **parameters), host)
    return explanation.connections[connection].findings


@pytest.mark.parametrize("case", [*FAULTS, *WORTH_KNOWING], ids=lambda case: f"{case[5]}-{case[0]}")
def test_what_happened_on_the_real_kernel_is_found(case: tuple[Any, ...]) -> None:
    *_, hosts, _, kind, words = case
    for host in hosts:
        found = {one.kind: one for one in findings(case, host)}
        assert kind in found, f"seen from host {host}: {found}"
        assert words in found[kind].text
        assert found[kind].fault == (case in FAULTS)
        assert found[kind].packets


@pytest.mark.parametrize("case", UNEVENTFUL, ids=lambda case: case[0])
@pytest.mark.parametrize("host", BOTH)
def test_where_nothing_is_wrong_nothing_is_found(case: tuple[Any, ...], host: int) -> None:
    scenario, drop, parameters = case
    for connection in captured_at(record(scenario, drop, **parameters), host).connections:
        assert [one for one in connection.findings if one.fault] == []
        assert connection.verdict.startswith("nothing unusual: ")


@pytest.mark.parametrize("one", store.committed(), ids=lambda one: one.scenario)
def test_every_record_gets_a_verdict_whose_packets_are_its_own(one: store.Record) -> None:
    for host in BOTH:
        explanation = captured_at(one, host)
        for connection in explanation.connections:
            own = {item.packet.number for item in connection.segments}
            assert connection.verdict
            for finding in connection.findings:
                assert set(finding.packets) <= own
                assert list(finding.packets) == sorted(set(finding.packets))
                assert len(finding.packets) <= 24


# --- rules at their limits ------------------------------------------------------------------------


def kinds(script: str, gaps: list[int] | None = None) -> list[str]:
    """The findings about packetdrill lines, one millisecond apart unless `gaps` (µs) say more."""
    found = list(packets(HANDSHAKE + script))
    if gaps is not None:
        time, moved = 0, []
        for packet, gap in zip(found, [1000] * 3 + gaps, strict=True):
            time += gap
            moved.append(packet._replace(time=time))
        found = moved
    return [one.kind for one in explain_packets(found).connections[0].findings]


NAGLE = """
> P. 1:51(50) ack 1 win 502
< . 1:1(0) ack 51 win 509
> P. 51:101(50) ack 1 win 502
< . 1:1(0) ack 101 win 509
"""


@pytest.mark.parametrize(
    ("held", "then", "found"),
    [(40_000, 100, True), (20_000, 100, False), (300_000, 100, False), (40_000, 30_000, False)],
)
def test_nagle_meets_a_delayed_ack_only_when_the_data_waited_for_it(
    held: int, then: int, found: bool
) -> None:
    assert ("nagle-delayed-ack" in kinds(NAGLE, [1000, held, then, 1000])) == found


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (2, "1 packet of the client is in the capture twice"),
        (3, "2 packets of the client are in the capture twice"),
    ],
)
def test_doubled_packets_are_counted_in_good_english(times: int, text: str) -> None:
    seen = list(packets(HANDSHAKE + "> P. 1:51(50) ack 1 win 502\n< . 1:1(0) ack 51 win 509"))
    seen[3].segment.ip_id = 7
    doubled = [*seen[:3], *[seen[3]] * times, *seen[4:]]
    assert [one.text for one in explain_packets(doubled).connections[0].findings] == [text]


def test_a_capture_that_has_every_packet_twice_shows_neither_losses_nor_more_bytes() -> None:
    script = HANDSHAKE + "> FP. 1:51(50) ack 1 win 502\n< F. 1:1(0) ack 52 win 509"
    doubled = [one for one in packets(script) for _ in range(2)]
    for one in doubled:
        one.segment.ip_id = 7  # as any packet of a real capture has a number
    (connection,) = explain_packets(doubled).connections
    assert {one.kind for one in connection.findings} == {"captured-twice"}
    assert connection.verdict.startswith("nothing unusual: 50 bytes there and 0 back")
    assert connection.bytes == [50, 0]


@pytest.mark.parametrize(("closed", "fault"), [(999, False), (1000, True)])
def test_a_window_that_was_closed_for_less_than_a_millisecond_is_no_fault(
    closed: int, fault: bool
) -> None:
    script = HANDSHAKE + "< . 1:1(0) ack 1 win 0\n< . 1:1(0) ack 1 win 500"
    *before, shut, opened = packets(script)
    captured = [*before, shut, opened._replace(time=shut.time + closed)]
    (finding,) = explain_packets(captured).connections[0].findings
    assert (finding.kind, finding.fault) == ("zero-window", fault)


def test_a_client_that_goes_on_was_answered_though_the_capture_has_only_its_own_side() -> None:
    own = [one for one in packets(HANDSHAKE) if one.segment.sport == 40000]
    assert kinds_of(own) == []
    assert kinds_of(own[:1]) == ["syn-unanswered"]
    assert kinds_of([own[0]._replace(time=own[0].time - 10**6), *own]) == ["syn-lost"]


def kinds_of(captured: list[Packet]) -> list[str]:
    return [one.kind for one in explain_packets(captured).connections[0].findings]


@pytest.mark.parametrize(("rounds", "said"), [(1, "once, 40 ms"), (2, "twice, up to 40 ms each")])
def test_a_stall_that_came_once_is_not_said_to_be_several(rounds: int, said: str) -> None:
    lines = [
        line
        for at in range(rounds + 1)
        for line in (
            f"> P. {50 * at + 1}:{50 * at + 51}(50) ack 1 win 502",
            f"< . 1:1(0) ack {50 * at + 51} win 509",
        )
    ]
    found, late = list(packets(HANDSHAKE + "\n".join(lines))), 0
    for at, packet in enumerate(found):
        late += 40_000 * (at in (4, 6)[:rounds])
        found[at] = packet._replace(time=packet.time + late)
    [finding] = explain_packets(found).connections[0].findings
    assert finding.text.endswith(f"delayed ACK came, {said}")


def test_a_window_that_closes_and_opens_is_timed() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    < . 1:1(0) ack 101 win 0
    > . 100:100(0) ack 1 win 502
    < . 1:1(0) ack 101 win 0
    < . 1:1(0) ack 101 win 502
    """
    found = list(packets(HANDSHAKE + script))
    late = [packet._replace(time=packet.time + 3_200_000) for packet in found[-1:]]
    [finding] = explain_packets(found[:-1] + late).connections[0].findings
    assert finding.text == (
        "the server's window was closed for 3.2 s, 1 probe asked: its application did not read"
    )
    assert finding.packets == (5, 8)


def test_a_segment_without_a_duplicate_ack_came_again_by_the_timer() -> None:
    data = "> P. 1:101(100) ack 1 win 502\n"
    answer = "< . 1:1(0) ack 101 win 502\n"
    assert kinds(data + data + answer) == ["timeout"]
    missed = """
    > . 1:1001(1000) ack 1 win 502
    > . 1001:2001(1000) ack 1 win 502
    > . 2001:3001(1000) ack 1 win 502
    < . 1:1(0) ack 1 win 502 <nop,nop,sack 1001:3001>
    > . 1:1001(1000) ack 1 win 502
    < . 1:1(0) ack 3001 win 502
    """
    assert kinds(missed) == ["loss"]


def test_a_reset_with_ack_was_an_application_and_one_without_was_a_kernel() -> None:
    data = "> P. 1:101(100) ack 1 win 502\n"
    for flags, words in (("R.", "its application aborted it"), ("R", "no socket wanted packet 4")):
        script = HANDSHAKE + data + f"< {flags} 1:1(0) {'ack 101 ' if '.' in flags else ''}win 0\n"
        [finding] = explain_packets(packets(script)).connections[0].findings
        assert words in finding.text
