"""Both ends' states, and what each segment means, from the wire alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.observe.explain import Explanation, explain_packets, format_text
from tcpcore.tcp.state import STATES
from tests.unit.observe.captures import HANDSHAKE, packets
from tests.unit.wire.segments import segments as any_segment


def told(script: str) -> list[str]:
    """``client server: meaning`` per segment; states only where one of them changed."""
    lines = []
    before = ("", "")
    for connection in explain_packets(packets(script)).connections:
        for item in connection.segments:
            states = "" if item.states == before else f"{' '.join(item.states)}: "
            before = item.states
            lines.append(states + item.meaning)
    return lines


def after_handshake(script: str) -> list[str]:
    return told(HANDSHAKE + script)[3:]


def explained(script: str) -> Explanation:
    return explain_packets(packets(script))


def test_a_handshake_opens_both_ends() -> None:
    assert told(HANDSHAKE) == [
        "SYN_SENT LISTEN: the client asks to open",
        "ESTABLISHED SYN_RECV: the server accepts: acknowledges the SYN, sends its own",
        "ESTABLISHED ESTABLISHED: acknowledges the server's SYN",
    ]


def test_data_and_its_acknowledgments_are_counted_from_byte_1() -> None:
    assert after_handshake(
        """
        > P. 1:101(100) ack 1 win 502
        < . 1:1(0) ack 101 win 509
        < P. 1:2(1) ack 101 win 509
        > P. 101:201(100) ack 2 win 502
        """
    ) == [
        "bytes 1 to 100",
        "acknowledges bytes 1 to 100",
        "byte 1",
        "bytes 101 to 200; acknowledges byte 1",
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


def test_retransmissions_of_syn_and_ack_are_counted() -> None:
    lines = told(HANDSHAKE.replace("> .", "< S. 0:0(0) ack 1 win 65160\n" * 2 + "> ."))
    assert lines[2:4] == ["retransmission 1 of SYN+ACK", "retransmission 2 of SYN+ACK"]


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


def test_a_lost_segment_shows_as_a_gap_duplicate_acks_and_its_repair() -> None:
    assert after_handshake(
        """
        > . 1:1001(1000) ack 1 win 502
        > . 2001:3001(1000) ack 1 win 502
        < . 1:1(0) ack 1001 win 509
        < . 1:1(0) ack 1001 win 509 <nop,nop,sack 2001:3001>
        > . 3001:4001(1000) ack 1 win 502
        < . 1:1(0) ack 1001 win 509 <nop,nop,sack 2001:4001>
        > . 1001:2001(1000) ack 1 win 502
        < . 1:1(0) ack 4001 win 509
        """
    ) == [
        "bytes 1 to 1000",
        "bytes 2001 to 3000; bytes 1001 to 2000 before them not seen yet",
        "acknowledges bytes 1 to 1000",
        "duplicate ACK 1: still waits for byte 1001; holds 2001 to 3000 (SACK)",
        "bytes 3001 to 4000",
        "duplicate ACK 2: still waits for byte 1001; holds 2001 to 4000 (SACK)",
        "bytes 1001 to 2000: fill the gap that 2 duplicate ACKs reported",
        "acknowledges bytes 1001 to 4000",
    ]


def test_segments_in_the_wrong_order_are_told_from_retransmissions() -> None:
    script = """
        > . 1001:2001(1000) ack 1 win 502
        > . 1:1001(1000) ack 1 win 502
        > . 1:1001(1000) ack 1 win 502
        < . 1:1(0) ack 2001 win 509
        > . 1:1001(1000) ack 1 win 502
        """
    assert after_handshake(script) == [
        "bytes 1001 to 2000; bytes 1 to 1000 before them not seen yet",
        "bytes 1 to 1000: fill a gap (out of order, or sent again)",
        "retransmission of bytes 1 to 1000",
        "acknowledges bytes 1 to 2000",
        "retransmission of bytes 1 to 1000, acknowledged already",
    ]
    items = explained(HANDSHAKE + script).connections[0].segments
    assert [item.retransmission for item in items] == [0, 0, 0, 0, 0, 1, 0, 2]


def test_a_retransmission_with_new_bytes_says_so() -> None:
    lines = after_handshake("> . 1:101(100) ack 1 win 502\n> . 1:201(200) ack 1 win 502")
    assert lines[1] == "bytes 1 to 200, some of them again"


def test_a_duplicate_that_arrived_twice_is_read_from_d_sack() -> None:
    lines = after_handshake(
        """
        > . 1:101(100) ack 1 win 502
        > . 1:101(100) ack 1 win 502
        < . 1:1(0) ack 101 win 509 <nop,nop,sack 1:101>
        """
    )
    assert lines[2] == "acknowledges bytes 1 to 100; got bytes 1 to 100 twice"


def test_a_closed_window_its_probes_and_its_opening_are_named() -> None:
    assert after_handshake(
        """
        > . 1:101(100) ack 1 win 502
        < . 1:1(0) ack 101 win 0
        > . 100:100(0) ack 1 win 502
        < . 1:1(0) ack 101 win 0
        > . 101:102(1) ack 1 win 502
        < . 1:1(0) ack 101 win 0
        < . 1:1(0) ack 101 win 2
        < . 1:1(0) ack 101 win 4
        < . 1:1(0) ack 101 win 0
        > P. 101:301(200) ack 1 win 502
        """
    ) == [
        "bytes 1 to 100",
        "acknowledges bytes 1 to 100; zero window: no room for more",
        "window probe: asks whether the server has room",
        "answers the probe; the window is still zero",
        "window probe: one byte, to ask whether the server has room",
        "answers the probe; the window is still zero",
        "window update: room again, 256 bytes",
        "window update, 512 bytes",
        "zero window: the server has no room, the client must wait",
        "bytes 101 to 300; beyond the server's window",
    ]


def test_a_keep_alive_probe_and_its_answer_are_named() -> None:
    assert after_handshake(
        """
        > . 1:101(100) ack 1 win 502
        < . 1:1(0) ack 101 win 509
        > . 100:100(0) ack 1 win 502
        < . 1:1(0) ack 101 win 509
        > . 101:101(0) ack 1 win 502
        """
    )[2:] == [
        "keep-alive probe: one number back, to get an answer",
        "answers the probe",
        "repeats its last ACK",
    ]


def test_fin_with_data_and_fin_sent_again() -> None:
    assert after_handshake(
        """
        > FP. 1:101(100) ack 1 win 502
        > FP. 1:101(100) ack 1 win 502
        < . 1:1(0) ack 102 win 509
        > F. 101:101(0) ack 1 win 502
        < . 1:1(0) ack 102 win 509
        """
    ) == [
        "FIN_WAIT_1 ESTABLISHED: bytes 1 to 100; the client has nothing more to send (FIN)",
        "retransmission 1 of FIN",
        "FIN_WAIT_2 CLOSE_WAIT: acknowledges bytes 1 to 100 and the client's FIN",
        "retransmission 1 of FIN",
        "acknowledges the FIN again",
    ]


def test_a_fin_after_a_gap_does_not_count_as_received() -> None:
    assert after_handshake(
        """
        > F. 101:101(0) ack 1 win 502
        < . 1:1(0) ack 1 win 509
        > . 1:101(100) ack 1 win 502
        < . 1:1(0) ack 102 win 509
        """
    ) == [
        "FIN_WAIT_1 ESTABLISHED: the client has nothing more to send (FIN);"
        " bytes before it are missing here",
        "duplicate ACK 1: still waits for byte 1",
        "bytes 1 to 100: fill the gap that 1 duplicate ACK reported",
        "FIN_WAIT_2 CLOSE_WAIT: acknowledges bytes 1 to 100 and the client's FIN",
    ]


def test_fast_open_is_named() -> None:
    lines = told(
        """
        > S 0:5(5) win 1 <mss 1460,FO 01020304>
        < S. 0:0(0) ack 6 win 1 <mss 1460>
        > . 6:6(0) ack 1 win 1
        """
    )
    assert lines == [
        "SYN_SENT LISTEN: the client asks to open, with 5 bytes of data (Fast Open)",
        "ESTABLISHED SYN_RECV: the server accepts: acknowledges the SYN, sends its own,"
        " and takes the 5 bytes sent with it (Fast Open)",
        "ESTABLISHED ESTABLISHED: acknowledges the server's SYN",
    ]
    assert told("> S 0:0(0) win 1 <FO>")[0].endswith("and for a Fast Open cookie")


def test_ecn_is_named() -> None:
    lines = told(
        """
        > SEW 0:0(0) win 1
        < SE. 0:0(0) ack 1 win 1
        > W. 1:1(0) ack 1 win 1
        < E. 1:1(0) ack 1 win 1
        """.replace("SE.", "S.E")
        .replace("W.", ".W")
        .replace("E. 1", ".E 1")
    )
    assert lines[0].endswith("offers ECN")
    assert lines[1].endswith("agrees to ECN")
    assert lines[2].endswith("; has slowed down (CWR)")
    assert lines[3].endswith("; echoes congestion (ECE)")


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


def test_an_unanswered_syn_is_not_called_a_missing_direction() -> None:
    assert explained("> S 0:0(0) win 1").connections[0].notes == []


def test_variables_are_relative_and_unknown_ones_are_none() -> None:
    items = explained(HANDSHAKE + "> P. 1:101(100) ack 1 win 502").connections[0].segments
    unknown = {"snd.una": None, "snd.nxt": None, "rcv.nxt": None, "rcv.wnd": None}
    assert items[0].variables == (
        {"snd.una": 0, "snd.nxt": 1, "rcv.nxt": None, "rcv.wnd": None},
        unknown,
    )
    assert items[3].variables == (
        {"snd.una": 1, "snd.nxt": 101, "rcv.nxt": 1, "rcv.wnd": 64256},
        {"snd.una": 1, "snd.nxt": 1, "rcv.nxt": 1, "rcv.wnd": 65160},
    )


def test_the_text_has_one_line_per_segment_with_both_kinds_of_numbers() -> None:
    lines = format_text(explain_packets(packets(HANDSHAKE), "a.pcap")).splitlines()
    assert lines[0] == "a.pcap: 1 connection, 3 TCP segments"
    assert lines[2] == "Connection 1: client 10.0.0.1:40000, server 10.0.0.2:8888"
    words = lines[5].split()
    assert words[:9] == ["2", "0.001000", "server", "S.", "0", "(5000)", "1", "(4294967001)", "0"]
    assert words[9:13] == ["ESTABLISHED", "SYN_RECV", "the", "server"]
    assert len(lines) == 7


@given(st.lists(any_segment(), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_any_segments_in_any_order_are_followed(found: list, turns: list[bool]) -> None:  # type: ignore[type-arg]
    from tcpcore.observe.capture import Packet

    mixed = []
    for number, (segment, turn) in enumerate(zip(found, turns, strict=False), 1):
        ends = (("10.0.0.1", 1), ("10.0.0.2", 2))
        (segment.src, segment.sport), (segment.dst, segment.dport) = ends if turn else ends[::-1]
        mixed.append(Packet(number, number, segment, 0, b""))
    explanation = explain_packets(mixed, "mixed")
    assert explanation.segments == len(mixed)
    for connection in explanation.connections:
        for item in connection.segments:
            assert set(item.states) <= set(STATES)
            assert item.meaning
    assert format_text(explanation)
