"""What each segment means, in one sentence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tcpcore.observe.explain import explain_packets
from tcpcore.observe.explain_text import format_text
from tcpcore.tcp.state import STATES
from tests.unit.observe.captures import HANDSHAKE, after_handshake, explained, packets, told
from tests.unit.wire.segments import segments as any_segment


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


def test_retransmissions_of_syn_and_ack_are_counted() -> None:
    lines = told(HANDSHAKE.replace("> .", "< S. 0:0(0) ack 1 win 65160\n" * 2 + "> ."))
    assert lines[2:] == [
        "SYN_SENT SYN_RECV: retransmission 1 of SYN+ACK: nothing from the client yet",
        "retransmission 2 of SYN+ACK: nothing from the client yet",
        "ESTABLISHED ESTABLISHED: acknowledges the server's SYN",
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
        "retransmission of bytes 1 to 100 and of the FIN",
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
    assert lines[3] == "  Verdict: nothing unusual: 0 bytes there and 0 back in 2 ms."
    words = lines[6].split()
    assert words[:9] == ["2", "0.001000", "server", "S.", "0", "(5000)", "1", "(4294967001)", "0"]
    assert words[9:13] == ["ESTABLISHED", "SYN_RECV", "the", "server"]
    assert len(lines) == 8


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
