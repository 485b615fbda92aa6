"""Reading back what tcpdump prints: the real one's output, with all its options of time."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture, Packet
from tcpcore.observe.explain_text import format_text
from tcpcore.observe.tcpdump import Printer
from tcpcore.observe.tcpdump_text import LONGEST, explain_text, packets
from tcpcore.scenarios import registry
from tcpcore.wire.codec import encode
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import ACK, Segment
from tests.unit.observe.test_tcpdump import START, conversation, needs_tcpdump

SHOWN_OPTIONS = (2, 3, 4, 5, 8)
SYN_LINE = "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, win 64240, length 0"


def facts(packet: Packet) -> tuple[object, ...]:
    s = packet.segment
    options = [option for option in s.options if option[0] in SHOWN_OPTIONS]
    ack = s.ack if s.flags & ACK else 0
    return (s.src, s.sport, s.dst, s.dport, s.flags, s.seq, ack, s.window, s.urgent,
            len(s.payload), options)  # fmt: skip


def printed(path: Path, *options: str) -> str:
    command = ["tcpdump", "-n", "-r", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def recorded(path: Path, segments: list[Segment]) -> list[Packet]:
    write_pcap(path, [(START + n * 1000, encode(one)) for n, one in enumerate(segments)])
    return list(Capture(path).segments())


@needs_tcpdump
@pytest.mark.parametrize(
    "options", [(), ("-S",), ("-t",), ("-tt",), ("-tttt",), ("-v",), ("-vv", "-S"), ("-X",)]
)
@pytest.mark.parametrize("name", ["data-and-close", "syn-flood", "late-segment", "fast-open"])
def test_what_the_real_tcpdump_prints_becomes_the_segments_again(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    segments = [one.public for one in registry.run(name).segments]
    expected = recorded(tmp_path / "a.pcap", segments)
    found = list(packets(printed(tmp_path / "a.pcap", *options)))
    assert [facts(one) for one in found] == [facts(one) for one in expected]


@needs_tcpdump
def test_numbers_that_wrap_sack_urgent_data_and_resets_come_back(tmp_path: Path) -> None:
    expected = recorded(tmp_path / "a.pcap", conversation()[:-1])
    found = list(packets(printed(tmp_path / "a.pcap")))
    assert [facts(one) for one in found] == [facts(one) for one in expected]


@needs_tcpdump
@pytest.mark.parametrize("options", [("-tt",), ("-tttt",)])
def test_times_since_1970_come_back(options: tuple[str, ...], tmp_path: Path) -> None:
    expected = recorded(tmp_path / "a.pcap", conversation())
    found = list(packets(printed(tmp_path / "a.pcap", *options)))
    assert [one.time for one in found] == [one.time for one in expected]


@needs_tcpdump
def test_a_text_without_its_beginning_keeps_the_distances(tmp_path: Path) -> None:
    segments = [one.public for one in registry.run("data-and-close").segments][3:]
    expected = recorded(tmp_path / "a.pcap", segments)
    found = list(packets(printed(tmp_path / "a.pcap")))
    assert [facts(one) for one in found] == [facts(one) for one in expected]


def test_the_engines_own_lines_with_interface_and_direction_are_read() -> None:
    printer = Printer()
    lines = [
        printer.line(one.public, one.sent, "eth0  Out ")
        for one in registry.run("handshake").segments
    ]
    assert [one.segment.flags for one in packets("\n".join(lines))] == [2, 18, 16]


def test_a_pure_ack_has_the_next_number_of_its_sender() -> None:
    text = "\n".join(
        [
            "IP 10.0.0.1.4 > 10.0.0.2.80: Flags [S], seq 1000, win 1, length 0",
            "IP 10.0.0.2.80 > 10.0.0.1.4: Flags [S.], seq 5000, ack 1001, win 1, length 0",
            "IP 10.0.0.1.4 > 10.0.0.2.80: Flags [P.], seq 1:101, ack 1, win 1, length 100: HTTP",
            "IP 10.0.0.1.4 > 10.0.0.2.80: Flags [.], ack 1, win 1, length 0",
        ]
    )
    found = [(one.segment.seq, one.segment.ack) for one in packets(text)]
    assert found == [(1000, 0), (5000, 1001), (1001, 5001), (1101, 5001)]


def test_a_time_of_day_that_runs_over_midnight_goes_on() -> None:
    lines = [f"23:59:59.500000 {SYN_LINE}", f"00:00:00.500000 {SYN_LINE}"]
    first, second = packets("\n".join(lines))
    assert second.time - first.time == 1_000_000


def test_other_lines_are_counted_and_tcpdumps_own_words_are_not() -> None:
    left_out: Counter[str] = Counter()
    text = f"listening on lo\n{SYN_LINE}\nARP, Request who-has 10.0.0.1\n3 packets captured\n"
    assert len(list(packets(text, left_out))) == 1
    assert left_out == {"no TCP segment": 1}


def test_it_is_explained_like_a_file() -> None:
    text = format_text(explain_text(f"12:00:00.000000 {SYN_LINE}", "pasted"))
    assert text.startswith("pasted: 1 connection, 1 TCP segment")
    assert "the client asks to open" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "hello has no line"),
        ("", "has no line of a TCP segment"),
        (SYN_LINE.replace("10.0.0.1.", "web-server."), "line 1: 'web-server' is no address"),
        (f"\n{SYN_LINE.replace('.80:', '.http:')}", "line 2: 'http' is no port"),
        ("x" * (LONGEST + 1), "5,000,000 is the most"),
    ],
)
def test_what_cannot_be_read_is_one_clear_sentence(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain_text(text, text[:5])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=300), st.integers(0, 60), st.text(max_size=5))
def test_any_text_is_read_or_refused(noise: str, at: int, inside: str) -> None:
    text = f"{SYN_LINE[:at]}{inside}{SYN_LINE[at:]}\n{noise}\n{SYN_LINE}"
    told = ""
    try:
        told = format_text(explain_text(text))
    except UsageError as error:
        told = str(error)
    assert told
