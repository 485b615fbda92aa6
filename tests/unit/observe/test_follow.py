"""Both ends' states, from the wire alone."""

from __future__ import annotations

import copy

import pytest

from tcpcore.observe.explain import explain_packets
from tests.unit.observe.captures import HANDSHAKE, after_handshake, explained, packets, told


def test_a_handshake_opens_both_ends() -> None:
    assert told(HANDSHAKE) == [
        "SYN_SENT LISTEN: the client asks to open",
        "ESTABLISHED SYN_RECV: the server accepts: acknowledges the SYN, sends its own",
        "ESTABLISHED ESTABLISHED: acknowledges the server's SYN",
    ]


def test_a_close_in_four_segments_takes_every_state() -> None:
    assert after_handshake(
        """
        > F. 1:1(0) ack 1 win 502
        < . 1:1(0) ack 2 win 509
        < F. 1:1(0) ack 2 win 509
        > . 2:2(0) ack 2 win 502
        """
    ) == [
        "FIN_WAIT_1 ESTABLISHED: the client has nothing more to send (FIN)",
        "FIN_WAIT_2 CLOSE_WAIT: acknowledges the client's FIN",
        "FIN_WAIT_2 LAST_ACK: the server has nothing more to send (FIN)",
        "TIME_WAIT CLOSED: acknowledges the server's FIN",
    ]


def test_a_close_in_three_segments_takes_two_arrows_at_once() -> None:
    script = """
        < F. 1:1(0) ack 1 win 509
        > F. 1:1(0) ack 2 win 502
        < . 2:2(0) ack 2 win 509
        """
    assert after_handshake(script) == [
        "ESTABLISHED FIN_WAIT_1: the server has nothing more to send (FIN)",
        "LAST_ACK FIN_WAIT_2: the client has nothing more to send (FIN);"
        " acknowledges the server's FIN",
        "CLOSED TIME_WAIT: acknowledges the client's FIN",
    ]
    second = explained(HANDSHAKE + script).connections[0].segments[4]
    assert second.changes == [
        (0, "ESTABLISHED", "CLOSE_WAIT"),
        (1, "FIN_WAIT_1", "FIN_WAIT_2"),
        (0, "CLOSE_WAIT", "LAST_ACK"),
    ]


def test_a_simultaneous_close_goes_through_closing_at_both_ends() -> None:
    script = """
        > F. 1:1(0) ack 1 win 502
        < F. 1:1(0) ack 1 win 509
        > . 2:2(0) ack 2 win 502
        < . 2:2(0) ack 2 win 509
        """
    assert after_handshake(script) == [
        "FIN_WAIT_1 ESTABLISHED: the client has nothing more to send (FIN)",
        "FIN_WAIT_1 FIN_WAIT_1: the server has nothing more to send (FIN)",
        "CLOSING TIME_WAIT: acknowledges the server's FIN",
        "TIME_WAIT TIME_WAIT: acknowledges the client's FIN",
    ]
    third = explained(HANDSHAKE + script).connections[0].segments[5]
    assert (1, "FIN_WAIT_1", "CLOSING") in third.changes


def test_a_simultaneous_open_is_recognised() -> None:
    assert told(
        """
        > S 0:0(0) win 64240 <mss 1460>
        < S 0:0(0) win 64240 <mss 1460>
        > S. 0:0(0) ack 1 win 64240 <mss 1460>
        < S. 0:0(0) ack 1 win 64240 <mss 1460>
        """
    ) == [
        "SYN_SENT LISTEN: the client asks to open",
        "SYN_SENT SYN_SENT: the server asks to open, too: simultaneous open",
        "SYN_RECV ESTABLISHED: the client acknowledges the SYN that crossed its own",
        "ESTABLISHED ESTABLISHED: the server acknowledges the SYN that crossed its own",
    ]


def test_an_unanswered_syn_proves_nothing_about_the_server() -> None:
    assert told("> S 0:0(0) win 1\n" * 3) == [
        "SYN_SENT LISTEN: the client asks to open",
        "retransmission 1 of SYN",
        "retransmission 2 of SYN",
    ]


def test_a_syn_sent_again_shows_that_the_answer_was_lost() -> None:
    opening = "\n".join(HANDSHAKE.strip().splitlines()[:2])
    assert told(f"{opening}\n> S 0:0(0) win 64240 <mss 1460>")[2] == (
        "SYN_SENT SYN_RECV: retransmission 1 of SYN: the SYN+ACK did not reach the client"
    )


def test_a_refused_connection_closes_the_client() -> None:
    assert told("> S 0:0(0) win 1\n< R. 4294962296:4294962296(0) ack 1 win 0") == [
        "SYN_SENT LISTEN: the client asks to open",
        "CLOSED CLOSED: refused: nothing listens on port 8888",
    ]


def test_a_reset_that_acknowledges_no_syn_is_ignored() -> None:
    assert told("> S 0:0(0) win 1\n< R. 0:0(0) ack 77 win 0")[1] == (
        "RST that acknowledges no SYN of the client: ignored"
    )


@pytest.mark.parametrize(
    ("reset", "meaning"),
    [
        ("< R. 1:1(0) ack 1 win 0", "CLOSED CLOSED: the server resets the connection"),
        ("> R 1:1(0) win 0", "CLOSED CLOSED: the client resets the connection"),
        ("< R 5:5(0) win 0", "RST not exactly at the next expected byte: gets a challenge ACK"),
        ("< R 100000:100000(0) win 0", "RST outside the window: ignored"),
    ],
)
def test_a_reset_counts_only_at_the_next_expected_byte(reset: str, meaning: str) -> None:
    assert after_handshake(reset) == [meaning]


def test_a_reset_ends_time_wait_and_the_connection_is_said_to_be_over() -> None:
    close = """
        > F. 1:1(0) ack 1 win 502
        < F. 1:1(0) ack 2 win 509
        > . 2:2(0) ack 2 win 502
        < R 2:2(0) win 0
        > R 2:2(0) win 0
        """
    assert after_handshake(close)[3:] == [
        "CLOSED CLOSED: the server resets, which ends the client's TIME_WAIT",
        "the client resets; the connection was gone already",
    ]


def test_a_syn_in_an_open_connection_gets_a_challenge() -> None:
    assert after_handshake("> S 70000:70000(0) win 1\n< . 1:1(0) ack 1 win 509") == [
        "SYN inside an open connection: gets a challenge ACK, no new connection",
        "repeats its last ACK",
    ]


def test_a_syn_ack_for_a_syn_never_sent_will_be_reset() -> None:
    assert told("> S 0:0(0) win 1\n< S. 0:0(0) ack 5000 win 1")[1] == (
        "SYN_SENT SYN_RECV: acknowledges a SYN that the client did not send: it will answer RST"
    )


@pytest.mark.parametrize("ending", ["> R. 1:1(0) ack 1 win 0\n", "> F. 1:1(0) ack 1 win 5\n"])
def test_a_new_syn_after_the_end_begins_another_connection(ending: str) -> None:
    again = "> S 900000:900000(0) win 1"
    assert len(explained(HANDSHAKE + ending + again).connections) == 2


def test_a_syn_with_the_same_number_is_the_same_attempt_also_after_a_refusal() -> None:
    refused = "> S 0:0(0) win 1\n< R. 4294962296:4294962296(0) ack 1 win 0\n"
    (connection,) = explained(refused * 2).connections
    assert [item.states for item in connection.segments] == [
        ("SYN_SENT", "LISTEN"),
        ("CLOSED", "CLOSED"),
        ("SYN_SENT", "CLOSED"),
        ("CLOSED", "CLOSED"),
    ]


def test_without_a_handshake_both_ends_are_taken_to_be_established_and_it_is_said() -> None:
    script = """
        < P. 301:401(100) ack 501 win 5
        > . 501:501(0) ack 401 win 5
        > F. 501:501(0) ack 401 win 5
        """
    (connection,) = explained(script).connections
    assert [end.port for end in connection.ends] == [40000, 8888]
    assert "its handshake is not in the capture" in connection.notes[0]
    assert told(script) == [
        "ESTABLISHED ESTABLISHED: bytes 1 to 100",
        "acknowledges bytes 1 to 100",
        "FIN_WAIT_1 ESTABLISHED: the client has nothing more to send (FIN)",
    ]


def test_a_capture_that_starts_with_the_syn_ack_says_so() -> None:
    script = "\n".join(HANDSHAKE.strip().splitlines()[1:])
    (connection,) = explained(script).connections
    assert connection.notes == ["its SYN is not in the capture"]
    assert [item.states for item in connection.segments] == [
        ("ESTABLISHED", "SYN_RECV"),
        ("ESTABLISHED", "ESTABLISHED"),
    ]
    assert connection.ends[0].port == 40000


def test_one_direction_alone_is_followed_as_far_as_it_goes() -> None:
    script = """
        > S 0:0(0) win 1
        > . 1:1(0) ack 1 win 1
        > P. 1:101(100) ack 1 win 1
        > . 101:101(0) ack 501 win 1
        > F. 101:101(0) ack 501 win 1
        """
    (connection,) = explained(script).connections
    assert connection.notes == ["only one direction is in the capture: nothing from the server"]
    assert told(script) == [
        "SYN_SENT LISTEN: the client asks to open",
        "ESTABLISHED ESTABLISHED: acknowledges the server's SYN, which is not in this capture",
        "bytes 1 to 100",
        "acknowledges bytes 1 to 500 (not all in this capture)",
        "FIN_WAIT_1 ESTABLISHED: the client has nothing more to send (FIN)",
    ]


def captured_twice(gap: int, ip_id: int, ttl: int) -> list[str]:
    found = packets(HANDSHAKE + "> P. 1:101(100) ack 1 win 502\n")
    found[3].segment.ip_id = ip_id
    again = copy.copy(found[3].segment)
    again.ttl = ttl
    found.append(found[3]._replace(segment=again, time=found[3].time + gap))
    return [item.meaning for item in explain_packets(found).connections[0].segments[3:]]


def test_a_packet_seen_on_two_interfaces_is_no_retransmission() -> None:
    twice = ["bytes 1 to 100", "the same packet, captured a second time"]
    assert captured_twice(gap=499, ip_id=7, ttl=64) == twice
    assert captured_twice(gap=499, ip_id=7, ttl=63) == twice
    again = ["bytes 1 to 100", "retransmission of bytes 1 to 100"]
    assert captured_twice(gap=500, ip_id=7, ttl=64) == again
    assert captured_twice(gap=499, ip_id=0, ttl=64) == again


def test_an_unanswered_syn_is_not_called_a_missing_direction() -> None:
    assert explained("> S 0:0(0) win 1").connections[0].notes == []


def test_a_syn_ack_sent_again_because_the_ack_was_lost_takes_nothing_back() -> None:
    assert after_handshake("< S. 0:0(0) ack 1 win 65160\n> . 1:1(0) ack 1 win 502") == [
        "retransmission 1 of SYN+ACK",
        "repeats its last ACK",
    ]


def test_a_syn_that_was_captured_after_its_answer_opens_no_second_connection() -> None:
    syn, syn_ack, third = packets(HANDSHAKE)
    data = packets(HANDSHAKE + "> P. 1:101(100) ack 1 win 502\n< . 1:1(0) ack 101 win 500")[3:]
    (connection,) = explain_packets([syn_ack, syn, third, *data]).connections
    assert [one.meaning for one in connection.segments] == [
        "the server accepts: acknowledges the SYN, sends its own",
        "the client asks to open; captured after its answer",
        "acknowledges the server's SYN",
        "bytes 1 to 100",
        "acknowledges bytes 1 to 100",
    ]
    assert connection.segments[-1].states == ("ESTABLISHED", "ESTABLISHED")
    assert connection.notes == []
    assert connection.findings == []
    assert connection.ends[1].window == 500 << 7


def test_multipath_tcp_is_noted_when_both_ends_speak_it() -> None:
    note = "it speaks Multipath TCP"
    syn, syn_ack, third = packets(HANDSHAKE)
    syn.segment.options += ((30, b"\x01"),)
    assert explain_packets([syn, syn_ack, third]).connections[0].notes == []
    syn_ack.segment.options += ((30, b"\x01" + bytes(8)),)
    (found,) = explain_packets([syn, syn_ack, third]).connections[0].notes
    assert found.startswith(note)
