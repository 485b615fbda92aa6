"""What captures of networks that nobody foresaw taught: each rule with the least that shows it.

The situations were made with real programs between real kernels; the captures here are built.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from tcpcore.observe.capture import Capture, Packet
from tcpcore.observe.diagnosis import Finding
from tcpcore.observe.explain import Explanation, explain_capture, explain_packets
from tcpcore.units import ms, seconds
from tcpcore.wire.codec import encode
from tcpcore.wire.icmp import HOST, TIME_EXCEEDED, UNREACHABLE, IcmpError
from tests.unit.observe.captures import HANDSHAKE, packets, pcap
from tests.unit.observe.test_causes import findings, meanings, sent, texts


def kinds(captured: list[Packet]) -> list[str]:
    return [one.kind for one in findings(captured)]


# --- sizes ----------------------------------------------------------------------------------------


def resent(before: int, after: int, handshake: str = HANDSHAKE) -> list[str]:
    script = f"""
    > . 1:{before + 1}({before}) ack 1 win 502
    > . 1:{after + 1}({after}) ack 1 win 502
    < . 1:1(0) ack {before + 1} win 502
    """
    captured = packets(handshake + script)
    return [one.kind for one in explain_packets(captured).connections[0].findings]


def test_a_packet_that_the_card_was_still_to_cut_tells_nothing_of_the_path() -> None:
    assert "path-mtu" not in resent(2920, 1460)
    assert "path-mtu" not in resent(2920, 1000), "nothing says how large its pieces were"
    assert "path-mtu" in resent(1460, 1000)
    assert "path-mtu" not in resent(1460, 1460)


def test_without_a_handshake_a_packet_of_ethernets_size_is_taken_to_be_whole() -> None:
    assert "path-mtu" in resent(1460, 1000, handshake="")
    assert "path-mtu" not in resent(1461, 1000, handshake="")


# --- needless retransmissions ---------------------------------------------------------------------

MISSED = """
> . 1:1001(1000) ack 1 win 502
> . 1001:2001(1000) ack 1 win 502
> . 2001:3001(1000) ack 1 win 502
< . 1:1(0) ack 1 win 502 <nop,nop,sack 1001:3001>
> . 1:1001(1000) ack 1 win 502
< . 1:1(0) ack 3001 win 502
"""


def test_what_the_receiver_says_it_got_twice_was_not_lost() -> None:
    assert kinds(sent(MISSED)) == ["loss"]
    twice = "< . 1:1(0) ack 3001 win 502 <nop,nop,sack 1:1001>\n"
    assert kinds(sent(MISSED + twice)) == ["spurious-retransmission"]
    elsewhere = "< . 1:1(0) ack 3001 win 502 <nop,nop,sack 2001:3001>\n"
    assert kinds(sent(MISSED + elsewhere)) == ["loss", "spurious-retransmission"]


def test_a_probe_into_a_full_buffer_leaves_the_closed_window_as_the_verdict() -> None:
    script = """
    > . 1:1001(1000) ack 1 win 502
    > . 1:1001(1000) ack 1 win 502
    < . 1:1(0) ack 1001 win 0
    < . 1:1(0) ack 1001 win 0 <nop,nop,sack 1:1001>
    < . 1:1(0) ack 1001 win 502
    """
    assert kinds(sent(script, {5: seconds(2)})) == ["zero-window", "spurious-retransmission"]


# --- waits ----------------------------------------------------------------------------------------


def limited(window: int) -> list[Packet]:
    """Small data that goes right after a delayed ACK, for which a window of so much had no room."""
    script = f"""
    < . 1:1(0) ack 1 win {window}
    > P. 1:101(100) ack 1 win 502
    < . 1:1(0) ack 101 win {window}
    > P. 101:201(100) ack 1 win 502
    """
    plain = HANDSHAKE.replace(",nop,wscale 7", "")
    found = list(packets(plain + script))
    for at in (5, 6):
        found[at] = found[at]._replace(time=found[at].time + ms(40) - 1000 * (at == 6))
    return found


@pytest.mark.parametrize(("window", "nagle"), [(199, False), (200, True)])
def test_data_that_the_window_held_back_was_not_held_back_by_nagle(
    window: int, nagle: bool
) -> None:
    assert ("nagle-delayed-ack" in kinds(limited(window))) == nagle


def test_an_answer_that_took_no_longer_than_the_last_ack_is_the_paths_delay() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    > P. 101:201(100) ack 1 win 502
    < . 1:1(0) ack 101 win 502
    < P. 1:11(10) ack 201 win 502
    """
    assert kinds(sent(script, {3: ms(700)})) == []
    assert kinds(sent(script, {4: ms(1300)})) == ["slow-application"]


def test_a_window_still_closed_when_the_connection_is_reset_is_not_closed_at_the_end() -> None:
    shut = "> P. 1:101(100) ack 1 win 502\n< . 1:1(0) ack 101 win 0\n"
    assert kinds(sent(shut)) == ["window-stays-closed"]
    found = findings(sent(shut + "< R. 1:1(0) ack 101 win 0", {3: seconds(2)}))
    assert [one.kind for one in found] == ["reset", "zero-window"]
    assert "was still closed when the connection ended, for 2.0 s" in found[1].text


def test_a_window_probe_that_crossed_the_update_is_no_keepalive() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    < . 1:1(0) ack 101 win 0
    < . 1:1(0) ack 101 win 502
    > . 100:100(0) ack 1 win 502
    """
    assert meanings(sent(script))[-1].startswith("window probe")
    later = script + "> P. 101:201(100) ack 1 win 502\n< . 1:1(0) ack 201 win 502\n"
    last = later + "> . 200:200(0) ack 1 win 502"
    assert meanings(sent(last))[-1].startswith("keep-alive probe")


# --- what never arrived ---------------------------------------------------------------------------


def test_an_acks_own_number_shows_data_that_never_arrived() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    < . 1:1(0) ack 101 win 502
    > F. 101:101(0) ack 1 win 502
    < . 5001:5001(0) ack 102 win 502
    """
    captured = sent(script, {3: seconds(5)})
    (finding,) = [one for one in findings(captured) if one.fault]
    assert finding.kind == "never-arrived"
    assert finding.text.startswith("bytes 1 to 5000 of the server never arrived here")
    assert "never-arrived" not in kinds(sent(script, {3: ms(990)}))
    assert "never-arrived" in kinds(sent(script, {3: seconds(1)}))


def test_bytes_that_were_acknowledged_were_missed_by_the_capture_and_not_lost() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    > P. 1101:1201(100) ack 1 win 502
    < . 1:1(0) ack 1201 win 502
    < . 1:1(0) ack 3201 win 502
    """
    (connection,) = explain_packets(sent(script, {4: seconds(5)})).connections
    assert [one for one in connection.findings if one.fault] == []
    assert connection.notes == [
        "3000 bytes were acknowledged that the client sent, yet are not in this capture: whoever "
        "captured missed packets"
    ]


def stubborn(size: int, heard: bool) -> list[str]:
    lines = [f"> . 1:{size + 1}({size}) ack 1 win 502"] * 4
    if heard:
        lines.append("< F. 1:1(0) ack 1 win 502")
    return kinds(sent("\n".join(lines), {n: seconds(1) for n in (2, 3, 4)}))


def test_a_peer_that_is_still_heard_has_not_vanished() -> None:
    assert stubborn(1400, heard=False) == ["peer-vanished"]
    assert stubborn(1400, heard=True)[0] == "mtu-black-hole"
    assert stubborn(100, heard=True)[0] == "never-arrived"


# --- openings -------------------------------------------------------------------------------------


def opened(script: str, times: Sequence[int]) -> list[Packet]:
    return [packet._replace(time=time) for packet, time in zip(packets(script), times, strict=True)]


SYN, SYN_ACK, THIRD = HANDSHAKE.strip().splitlines()


@pytest.mark.parametrize(
    ("after", "kind"), [(ms(199), "syn-ack-twice"), (ms(200), "accept-queue-overflow")]
)
def test_a_second_syn_ack_that_no_timer_sent_says_nothing_of_the_accept_queue(
    after: int, kind: str
) -> None:
    script = "\n".join((SYN, SYN_ACK, THIRD, SYN_ACK))
    times = (0, 1000, 1100, 1000 + after)
    (finding,) = explain_packets(opened(script, times)).connections[0].findings
    assert finding.kind == kind
    assert finding.fault == (kind == "accept-queue-overflow")


def test_a_third_ack_that_comes_after_the_syn_ack_was_sent_again_is_late() -> None:
    script = "\n".join((SYN, SYN_ACK, SYN_ACK, THIRD))
    late = opened(script, (0, 100, seconds(1), seconds(2)))
    (finding,) = explain_packets(late).connections[0].findings
    assert (finding.kind, finding.packets, finding.cost) == (
        "third-ack-late",
        (2, 3, 4),
        seconds(2) - 100,
    )


def test_a_doubled_syn_is_no_second_attempt() -> None:
    script = "\n".join((SYN, SYN, SYN_ACK, THIRD))
    for number, kind in ((7, "captured-twice"), (0, "syn-lost")):
        captured = opened(script, (0, ms(99), ms(100), ms(101)))
        for packet in captured[:2]:
            packet.segment.ip_id = number
        assert [one.kind for one in explain_packets(captured).connections[0].findings] == [kind]


def test_a_syn_answered_out_of_an_older_connection_opens_the_new_one_after_its_reset() -> None:
    script = f"""
    {SYN}
    < . 7000:7000(0) ack 900000 win 502
    > R 900000:900000(0) win 0
    {SYN}
    {SYN_ACK}
    {THIRD}
    """
    (connection,) = explain_packets(packets(script)).connections
    (finding,) = connection.findings
    assert (finding.kind, finding.packets) == ("old-connection", (1, 2, 3, 4))
    assert [one.states for one in connection.segments][-1] == ("ESTABLISHED", "ESTABLISHED")
    assert connection.segments[4].seq == 0, "the older one's numbers are forgotten"


def hearing(errors: Sequence[tuple[int, int]], script: str = SYN) -> list[Finding]:
    told = Explanation()
    for packet in packets(script):
        told.take(packet)
    quoted = packets(SYN)[0].segment
    for number, (kind, code) in enumerate(errors, 2):
        told.hear(number, 5000, IcmpError("10.9.9.9", quoted.src, kind, code, quoted))
    told.finish()
    return told.connections[0].findings


def test_what_icmp_said_to_a_syn_is_why_it_was_not_answered() -> None:
    first, second = hearing([(UNREACHABLE, HOST)] * 2)
    assert first.kind == "turned-away"
    assert first.text.endswith(
        "10.9.9.9 says by ICMP: host unreachable (no such host answers on its network)"
    )
    assert (second.kind, second.packets, second.fault) == ("icmp", (2, 3), False)
    assert "a routing loop" in hearing([(TIME_EXCEEDED, 0)])[0].text
    opened_after_all = hearing([(UNREACHABLE, HOST)], HANDSHAKE)
    assert [(one.kind, one.fault) for one in opened_after_all] == [("icmp", True)]


@pytest.mark.parametrize(("rounds", "kind"), [(4, "captured-twice"), (5, "routing-loop")])
def test_a_packet_that_comes_by_again_and_again_goes_round_in_circles(
    rounds: int, kind: str
) -> None:
    captured = []
    for number in range(rounds):
        (syn,) = packets(SYN)
        syn.segment.ip_id, syn.segment.ttl = 7, 64 - 2 * number
        captured.append(syn._replace(number=number + 1, time=number * 10_000))
    found = [one.kind for one in explain_packets(captured).connections[0].findings]
    assert set(found) == {"syn-unanswered", kind}


# --- ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ttl", "firewall"), [(64, False), (63, True)])
def test_a_reset_with_another_ttl_may_be_a_firewalls(ttl: int, firewall: bool) -> None:
    captured = sent("> P. 1:101(100) ack 1 win 502\n< R 1:1(0) win 0")
    captured[-1].segment.ttl = ttl
    assert ("a firewall on the way may have sent it" in texts(captured)[0]) == firewall


def test_resets_that_answer_what_was_on_its_way_are_not_called_forged() -> None:
    script = """
    < P. 1:101(100) ack 1 win 502
    > P. 1:101(100) ack 101 win 502
    < R 1:1(0) win 0
    < R 101:101(0) win 0
    """
    found = {one.kind: one for one in findings(sent(script))}
    assert not found["old-duplicate-rst"].fault
    alone = {one.kind: one for one in findings(sent("\n".join(script.splitlines()[:-2])))}
    assert alone["old-duplicate-rst"].fault


def test_the_capture_of_acks_alone_tells_of_the_gaps_that_they_report() -> None:
    script = """
    < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK>
    < . 1:1(0) ack 1001 win 502 <nop,nop,sack 2001:3001>
    < . 1:1(0) ack 3001 win 502
    """
    (finding,) = explain_packets(packets(script)).connections[0].findings
    assert (finding.kind, finding.packets) == ("gaps-reported", (2,))


def test_bytes_that_came_only_when_they_were_sent_again_are_counted_once() -> None:
    behind_the_loss = MISSED.replace("> . 1:1001(1000) ack 1 win 502\n", "", 1)
    for script in (MISSED, behind_the_loss):
        (connection,) = explain_packets(sent(script)).connections
        assert connection.bytes == [3000, 0]
        assert connection.again == 1


def test_a_repeated_ack_of_a_closed_window_says_that_it_is_closed() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    < . 1:1(0) ack 101 win 0
    < . 1:1(0) ack 101 win 0 <nop,nop,sack 1:101>
    """
    assert meanings(sent(script))[-1] == (
        "repeats its last ACK; got bytes 1 to 100 twice; the window is still zero"
    )


def test_who_asks_again_after_a_pause_did_not_take_long_to_answer() -> None:
    script = """
    > P. 1:101(100) ack 1 win 502
    < P. 1:101(100) ack 101 win 502
    > P. 101:201(100) ack 101 win 502
    < P. 101:201(100) ack 201 win 502
    """
    late = texts(sent(script, {3: seconds(2)}))
    assert late == ["the client's application waited 2.0 s before it sent more"]
    assert texts(sent(script, {4: seconds(2)})) == ["the server's application took 2.0 s to answer"]


def test_data_that_comes_late_is_no_half_close() -> None:
    script = """
    > . 1:1001(1000) ack 1 win 502
    < F. 1:1(0) ack 1001 win 502
    > . 1:1001(1000) ack 2 win 502
    """
    assert "half-close" not in kinds(sent(script))
    assert "half-close" in kinds(sent(script + "> . 1001:1101(100) ack 2 win 502"))


def test_segments_that_a_timer_at_last_made_smaller_were_too_large_for_the_path() -> None:
    script = """
    > . 1:1449(1448) ack 1 win 502
    > . 1:1449(1448) ack 1 win 502
    > . 1:1025(1024) ack 1 win 502
    < . 1:1(0) ack 1025 win 502
    """
    found = kinds(sent(script, {3: seconds(1), 4: seconds(2)}))
    assert found == ["path-mtu", "timeout"]


def test_a_capture_ends_with_its_last_packet_whatever_that_is() -> None:
    script = HANDSHAKE + "> F. 1:1(0) ack 1 win 502\n< . 1:1(0) ack 2 win 502"
    frames = [bytes(12) + b"\x08\x00" + encode(packet.segment) for packet in packets(script)]
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    for others, fault in ((995, False), (1000, True)):  # a millisecond each
        data = pcap(1, [*frames, *[arp] * others])
        told = explain_capture(Capture("a.pcap", file=io.BytesIO(data)))
        (finding,) = told.connections[0].findings
        assert (finding.kind, finding.fault) == ("close-wait", fault)


@pytest.mark.parametrize(("waited", "told"), [(seconds(1) - 1, False), (seconds(1), True)])
def test_a_connection_that_falls_silent_is_said_to_be_open_still(waited: int, told: bool) -> None:
    captured = packets(HANDSHAKE)
    other = packets(SYN)[0]
    other.segment.sport = 7
    later = other._replace(time=captured[-1].time + waited)
    verdict = explain_packets([*captured, later]).connections[0].verdict
    silence = "; then silence for 1.0 s, and still open when the capture ends"
    assert verdict == f"nothing unusual: 0 bytes there and 0 back in 2 ms{silence * told}"
