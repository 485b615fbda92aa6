"""Why a segment came again, came late or came twice: what a capture proves, and what it does not.

Each of these was a capture of real programs on a network that did just this.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tcpcore.observe.capture import Packet
from tcpcore.observe.diagnosis import Finding
from tcpcore.observe.explain import Explanation, explain_packets
from tcpcore.units import ms, seconds
from tcpcore.wire.icmp import FRAG_NEEDED, UNREACHABLE, IcmpError
from tests.unit.observe.captures import HANDSHAKE, packets


def sent(
    script: str, times: dict[int, int] | None = None, ids: Sequence[int] | None = None
) -> list[Packet]:
    """HANDSHAKE and `script`; from line N of the script on, `times[N]` µs later; IPv4 ids."""
    found, late = list(packets(HANDSHAKE + script)), 0
    for at, packet in enumerate(found):
        late += (times or {}).get(at - 2, 0)
        found[at] = packet._replace(time=packet.time + late)
        if ids is not None and at > 2:
            packet.segment.ip_id = ids[at - 3]
    return found


def findings(captured: list[Packet]) -> list[Finding]:
    return explain_packets(captured).connections[0].findings


def texts(captured: list[Packet]) -> list[str]:
    return [one.text for one in findings(captured)]


def meanings(captured: list[Packet]) -> list[str]:
    return [one.meaning for one in explain_packets(captured).connections[0].segments[3:]]


OVERTAKEN = """
> . 1:1001(1000) ack 1 win 502{0}
> . 2001:3001(1000) ack 1 win 502{1}
< . 1:1(0) ack 1001 win 502 <nop,nop,sack 2001:3001>
> . 1001:2001(1000) ack 1 win 502{2}
"""


def filled(ids: Sequence[int], stamps: Sequence[int] = ()) -> str:
    options = [f" <nop,nop,TS val {stamp} ecr 1>" for stamp in stamps] or [""] * 3
    return meanings(sent(OVERTAKEN.format(*options), ids=ids))[3]


def test_the_identification_tells_a_late_segment_from_one_that_was_sent_again() -> None:
    late = "bytes 1001 to 2000: out of order, overtaken by later ones on the way"
    again = "bytes 1001 to 2000: fill the gap that a SACK reported"
    assert filled([10, 12, 0, 11]) == late
    assert filled([10, 12, 0, 13]) == again
    assert filled([65535, 1, 0, 0xFFFF]) == late
    assert filled([10, 12, 0, 12]) == again, "as with equal numbers"
    assert filled([40_000, 7, 0, 65_000]) == again, "of a host that numbers them at random"


def test_where_packets_have_no_number_the_timestamps_tell() -> None:
    late = "bytes 1001 to 2000: out of order, overtaken by later ones on the way"
    again = "bytes 1001 to 2000: fill the gap that a SACK reported"
    assert filled([0, 0, 0, 0], stamps=[5, 6, 5]) == late
    assert filled([0, 0, 0, 0], stamps=[5, 6, 6]) == again
    assert filled([0, 0, 0, 0], stamps=[5, 6, 7]) == again


def test_reordering_is_no_loss() -> None:
    [finding] = findings(sent(OVERTAKEN.format("", "", ""), ids=[10, 12, 0, 11]))
    assert (finding.kind, finding.packets) == ("reordering", (7,))


def test_an_ack_that_its_senders_fin_overtook_is_no_keepalive_probe() -> None:
    script = """
    > FP. 1:1001(1000) ack 1 win 502
    < F. 1:1(0) ack 1002 win 502
    > . 1002:1002(0) ack 2 win 502
    < . 1:1(0) ack 501 win 502
    """
    assert meanings(sent(script))[-1] == "older ACK, overtaken by another"


ANSWERS = """
> . 1:1001(1000) ack 1 win 502
> . 1001:2001(1000) ack 1 win 502
< R 1:1(0) win 0
< R 1:1(0) win 0
"""


def test_a_closed_port_answers_each_segment_and_that_is_no_doubled_capture() -> None:
    close = sent(ANSWERS, {4: -600})
    assert close[-1].time - close[-2].time == 400
    assert "captured-twice" not in {one.kind for one in findings(close)}
    found = sent(ANSWERS)[:-1]
    doubled = [one for one in found for _ in range(2)]
    for one in doubled[:-2]:
        one.segment.ip_id = 7
    counted = [one.text for one in findings(doubled) if one.kind == "captured-twice"]
    assert "2 packets of the server are in the capture twice" in counted


def test_a_receiver_that_got_bytes_twice_though_they_were_sent_once_blames_the_network() -> None:
    script = """
    > P. 1:1001(1000) ack 1 win 502
    < . 1:1(0) ack 1001 win 502
    < . 1:1(0) ack 1001 win 502 <nop,nop,sack 1:1001>
    """
    assert texts(sent(script)) == [
        "the server got bytes twice (once) and says so (DSACK), though the client sent them once: "
        "the network doubled its packets"
    ]
    again = "\n> P. 1:1001(1000) ack 1 win 502\n"
    both = script.replace("win 502\n", f"win 502{again}", 1)
    assert findings(sent(both))[-1].kind == "spurious-retransmission"


@pytest.mark.parametrize(("others", "kind"), [(2, "captured-twice"), (3, "network-duplicate")])
def test_one_doubled_packet_among_many_was_doubled_by_the_network(others: int, kind: str) -> None:
    lines = [f"> P. {1000 * n + 1}:{1000 * n + 1001}(1000) ack 1 win 502" for n in range(others)]
    found = sent("\n".join(lines), ids=range(7, 7 + others))
    found.insert(4, found[3])  # with SYN and ACK 1 of 5, or 1 of 6
    found = found[1:] if others == 2 else found
    assert [one.kind for one in findings(found)] == [kind]


def test_a_repeated_syn_number_is_called_the_syn_and_is_no_retransmission_of_data() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    < . 1:1(0) ack 1 win 502 <nop,nop,sack 0:1>
    """
    captured = sent(script)
    assert meanings(captured)[1].endswith("; got the SYN twice")
    assert findings(captured) == []


REQUEST = """
> P. 1:101(100) ack 1 win 502
< . 1:1(0) ack 101 win 502
"""


@pytest.mark.parametrize(("thought", "slow"), [(ms(499), False), (ms(500), True)])
def test_an_application_is_slow_from_the_ack_of_the_request_on(thought: int, slow: bool) -> None:
    captured = sent(REQUEST + "< P. 1:101(100) ack 101 win 502", {3: thought - 1000})
    assert [one.kind for one in findings(captured)] == ["slow-application"] * slow


def test_an_upload_that_takes_long_is_no_slow_application() -> None:
    script = (
        REQUEST
        + """
    > F. 101:101(0) ack 1 win 502
    < F. 1:1(0) ack 102 win 502
    """
    )
    assert findings(sent(script, {3: seconds(3)})) == []
    assert [one.kind for one in findings(sent(script, {4: seconds(3)}))] == ["slow-application"]


def test_who_closes_after_a_pause_was_not_slow_to_answer() -> None:
    script = REQUEST + "< P. 1:101(100) ack 101 win 502\n> F. 101:101(0) ack 101 win 502"
    assert findings(sent(script, {4: seconds(3)})) == []


def test_a_reset_after_unanswered_keepalive_probes_is_the_kernel_that_gives_up() -> None:
    probe = "> . 0:0(0) ack 1 win 502\n"
    reset = "> R. 1:1(0) ack 1 win 502\n"
    gave_up = "\n".join(texts(sent(probe * 2 + reset)))
    assert "gave up when nothing answered 2 keep-alive probes" in gave_up
    answered = probe + "< . 1:1(0) ack 1 win 502\n"
    assert "its application aborted it" in "\n".join(texts(sent(answered + reset)))


def test_a_partial_ack_makes_the_next_segment_go_again_and_no_timer() -> None:
    script = """
    > . 1:1001(1000) ack 1 win 502
    > . 1001:2001(1000) ack 1 win 502
    > . 2001:3001(1000) ack 1 win 502
    > . 3001:4001(1000) ack 1 win 502
    < . 1:1(0) ack 1 win 502
    < . 1:1(0) ack 1 win 502
    < . 1:1(0) ack 1 win 502
    > . 1:1001(1000) ack 1 win 502
    < . 1:1(0) ack 2001 win 502
    > . 2001:3001(1000) ack 1 win 502
    < . 1:1(0) ack 4001 win 502
    """
    for waited in (0, ms(250)):
        [finding] = findings(sent(script, {9: waited}))
        assert (finding.kind, finding.packets) == ("loss", (11, 13))


FLIGHT = """
> . 1:1001(1000) ack 1 win 502
> . 1001:2001(1000) ack 1 win 502
"""


def test_the_tail_that_comes_again_before_any_timeout_could_is_a_tail_loss_probe() -> None:
    tail = FLIGHT + "> . 1001:2001(1000) ack 1 win 502\n"
    [finding] = findings(sent(tail, {3: seconds(3)}))
    assert finding.text == (
        "1 segment of the client had to be sent again by its timer (as 1 tail loss probe, "
        "RFC 8985 §7)"
    )
    alone = FLIGHT.splitlines()[1] + "\n"
    assert "probe" in texts(sent(alone * 2, {2: ms(198)}))[0]
    assert "probe" not in texts(sent(alone * 2, {2: ms(199)}))[0]
    head = FLIGHT + "> . 1:1001(1000) ack 1 win 502\n< . 1:1(0) ack 2001 win 502"
    assert texts(sent(head, {3: ms(199)})) == [
        "1 segment of the client had to be sent again by its timer"
    ]
    assert [one.kind for one in findings(sent(head, {3: ms(198)}))] == ["loss"]


def test_one_segment_that_came_again_often_is_one_segment() -> None:
    again = "> P. 1:101(100) ack 1 win 502\n"
    captured = sent(again * 4 + "< . 1:1(0) ack 101 win 502", {2: seconds(1), 3: seconds(2)})
    assert texts(captured)[0].startswith(
        "1 segment of the client had to be sent again by its timer, 3 times in all; the longest"
    )


def test_of_one_direction_nobody_can_say_why_it_was_sent_again() -> None:
    again = "> P. 1:101(100) ack 1 win 502\n"
    own = [one for one in sent(again * 2 + "> . 101:101(0) ack 2 win 502") if one.number != 2]
    assert "only the other direction would show" in texts(own)[0]


@pytest.mark.parametrize(("waited", "fault"), [(seconds(1) - 1, False), (seconds(1), True)])
def test_a_handshake_without_its_third_ack_is_not_called_nothing_unusual(
    waited: int, fault: bool
) -> None:
    syn, syn_ack, _ = packets(HANDSHAKE)
    other = syn._replace(time=syn_ack.time + waited, segment=packets(HANDSHAKE)[0].segment)
    other.segment.sport = 7
    [finding] = explain_packets([syn, syn_ack, other]).connections[0].findings
    assert (finding.kind, finding.fault) == ("unopened", fault)


def test_marks_echoes_and_what_the_sender_did_make_one_finding() -> None:
    script = """
    > . 1:1001(1000) ack 1 win 502
    < .E 1:1(0) ack 1001 win 502
    > .W 1001:2001(1000) ack 1 win 502
    """
    marked = sent(script)
    marked[3].segment.tos = 3
    assert texts(marked) == [
        "the way to the server is congested and says so by ECN: 1 packet of the client came marked "
        "(CE), the server echoed it once (ECE), the client slowed down once (CWR)"
    ]
    assert [one.kind for one in findings(sent(script))] == ["congestion-marks"]


TOO_BIG = """
> . 1:1449(1448) ack 1 win 502
> . 1449:2897(1448) ack 1 win 502
> . 1:1249(1248) ack 1 win 502
> . 1249:2497(1248) ack 1 win 502
> . 1249:2497(1248) ack 1 win 502
< . 1:1(0) ack 2497 win 502
"""


def test_what_icmp_makes_a_sender_cut_smaller_was_not_sent_again_by_a_timer() -> None:
    captured = sent(TOO_BIG, {5: seconds(1)})
    told = Explanation()
    for packet in captured:
        told.take(packet)
        if packet.number == 5:
            quoted = packet.segment
            told.hear(5, packet.time, IcmpError("10.9.9.9", quoted.src, UNREACHABLE, FRAG_NEEDED,
                                                quoted, 1300))  # fmt: skip
    told.finish()
    found = {one.kind: one for one in told.connections[0].findings}
    assert found["path-mtu"].packets == (6, 7)
    assert found["timeout"].packets == (8,)
