"""Explained captures in the player."""

from __future__ import annotations

import json
from pathlib import Path

from tcpcore.observe.capture import Packet
from tcpcore.observe.explain import explain, explain_packets
from tcpcore.view.capture_document import to_document
from tcpcore.wire.codec import encode
from tcpcore.wire.segment import ACK, Segment
from tests.unit.observe.captures import HANDSHAKE, packets, pcap

CLOSE = """
> P. 1:101(100) ack 1 win 502
< F. 1:1(0) ack 101 win 509
> F. 101:101(0) ack 2 win 502
< . 2:2(0) ack 102 win 509
"""


def test_every_segment_is_one_step_that_shows_both_ends() -> None:
    doc = to_document(explain_packets(packets(HANDSHAKE + CLOSE)), 0)
    assert len(doc["segments"]) == len(doc["steps"]) == 7
    assert [step["segment"] for step in doc["steps"]] == list(range(7))
    assert [step["sent"] for step in doc["steps"]] == [[n] for n in range(7)]
    assert [step["t"] for step in doc["steps"]] == [n * 1000 for n in range(7)]
    assert [step["label"] for step in doc["steps"][:3]] == ["SYN", "SYN+ACK", "ACK"]
    assert [host["name"] for host in doc["hosts"]] == ["client", "server"]


def test_steps_carry_the_states_and_the_numbers_of_both_sockets() -> None:
    doc = to_document(explain_packets(packets(HANDSHAKE)), 0)
    second = doc["steps"][1]
    assert second["transitions"] == [
        {
            "socket": "10.0.0.2:8888 > 10.0.0.1:40000",
            "from": "LISTEN",
            "to": "SYN_RECV",
            "why": 1,
        },
        {
            "socket": "10.0.0.1:40000 > 10.0.0.2:8888",
            "from": "SYN_SENT",
            "to": "ESTABLISHED",
            "why": 1,
        },
    ]
    (client,) = second["hosts"]["0"]["sockets"]
    assert client["state"] == "ESTABLISHED"
    assert client["variables"]["snd.una"] == 1
    assert "0" in doc["steps"][2]["hosts"]


def test_a_section_is_only_given_where_it_changed() -> None:
    again = HANDSHAKE + "> P. 1:101(100) ack 1 win 502\n" * 2
    doc = to_document(explain_packets(packets(again)), 0)
    assert doc["steps"][4]["hosts"] == {}


def test_whys_say_what_the_segments_mean() -> None:
    doc = to_document(explain_packets(packets(HANDSHAKE + CLOSE)), 0)
    assert doc["whys"][doc["segments"][0]["why"]]["text"] == "the client asks to open"
    assert doc["outcome"] == "Acknowledges the client's FIN."
    assert doc["question"] == "Nothing unusual: 100 bytes there and 0 back in 6 ms."


def test_notes_about_the_capture_stand_where_the_question_does() -> None:
    doc = to_document(explain_packets(packets("> P. 1:101(100) ack 1 win 5")), 0)
    assert ". Its handshake is not in the capture:" in doc["question"]


def test_bytes_are_those_of_the_capture_also_when_they_were_cut(tmp_path: Path) -> None:
    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 1, 1, 1, payload=b"x" * 100)
    captured = encode(segment)[:60]
    (tmp_path / "a").write_bytes(pcap(101, [captured]))
    (entry,) = to_document(explain(tmp_path / "a"), 0)["segments"]
    assert entry["bytes"] == captured.hex()
    assert entry["length"] == 100
    assert ["TCP", "Payload", "100 bytes, 20 of them captured"] in entry["fields"]
    assert ["Capture", "Packet number", "1"] in entry["fields"]


def test_a_packet_larger_than_ip_allows_is_shown_all_the_same() -> None:
    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 1, 1, 1, payload=bytes(70_000))
    explanation = explain_packets([Packet(1, 0, segment, 0, b"")])
    (entry,) = to_document(explanation, 0)["segments"]
    assert entry["length"] == 70_000


def test_a_long_connection_is_cut_and_says_so() -> None:
    script = HANDSHAKE + "> . 1:1(0) ack 1 win 502\n" * 20
    doc = to_document(explain_packets(packets(script)), 0, limit=5)
    assert len(doc["steps"]) == 5
    assert "Only the first 5 of 23 segments" in doc["question"]


def test_the_document_is_plain_json() -> None:
    doc = to_document(explain_packets(packets(HANDSHAKE + CLOSE)), 0)
    assert json.loads(json.dumps(doc)) == doc


def test_time_never_runs_backwards_in_the_player() -> None:
    found = packets(HANDSHAKE)
    found[2] = found[2]._replace(time=0)
    doc = to_document(explain_packets(found), 0)
    assert [step["t"] for step in doc["steps"]] == [0, 1000, 1000]
