"""Our lines beside those of the real tcpdump."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcpcore.observe.tcpdump import Printer, TimeStyle, flag_letters
from tcpcore.wire.codec import encode
from tcpcore.wire.option_codec import decode_options
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, URG, Segment
from tests.unit.wire.segments import segments

needs_tcpdump = pytest.mark.skipif(
    not shutil.which("tcpdump"), reason="needs tcpdump (Debian package tcpdump)"
)
START = 1_700_000_000_123_456
A, B = ("10.0.0.1", 40000), ("10.0.0.2", 8000)
SYN_OPTIONS = ((2, 1460), (4,), (8, 1, 0), (1,), (3, 10))


def conversation() -> list[Segment]:
    """A handshake, data with a hole, urgent data, a close, and a reset."""
    here, there = 0xFFFF_FFF0, 5000  # the sender's numbers wrap on the way
    return [
        Segment(*A, *B, SYN, here, 0, 64240, SYN_OPTIONS),
        Segment(*B, *A, SYN | ACK, there, here + 1, 65160, (*SYN_OPTIONS, (34, b"12345678"))),
        Segment(*A, *B, ACK, here + 1, there + 1, 63, ((1,), (1,), (8, 2, 1))),
        Segment(*A, *B, PSH | ACK, here + 1, there + 1, 63, payload=b"x" * 100),
        Segment(*B, *A, ACK, there + 1, here + 1, 64, ((1,), (1,), (5, (20, 30), (50, 60)))),
        Segment(*A, *B, ACK | URG, 85, there + 1, 63, payload=b"!", urgent=1),
        Segment(*A, *B, FIN | ACK, 86, there + 1, 63),
        Segment(*B, *A, RST, there + 1, 0, 0),
        Segment(*B, *A, 0, there + 1, 0, 0),
    ]


def expected_relative() -> list[str]:
    ends = "IP 10.0.0.1.40000 > 10.0.0.2.8000: ", "IP 10.0.0.2.8000 > 10.0.0.1.40000: "
    syn = "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 10"
    cookie = f"{syn},tfo  cookie 3132333435363738,eol"
    return [
        f"{ends[0]}Flags [S], seq 4294967280, win 64240, options [{syn}], length 0",
        f"{ends[1]}Flags [S.], seq 5000, ack 4294967281, win 65160, options [{cookie}], length 0",
        f"{ends[0]}Flags [.], ack 1, win 63, options [nop,nop,TS val 2 ecr 1], length 0",
        f"{ends[0]}Flags [P.], seq 1:101, ack 1, win 63, length 100",
        f"{ends[1]}Flags [.], ack 1, win 64, options [nop,nop,sack 2 {{36:46}}{{66:76}}], length 0",
        f"{ends[0]}Flags [.U], seq 101:102, ack 1, win 63, urg 1, length 1",
        f"{ends[0]}Flags [F.], seq 102, ack 1, win 63, length 0",
        f"{ends[1]}Flags [R], seq 5001, win 0, length 0",
        f"{ends[1]}Flags [none], win 0, length 0",
    ]


def ours(packets: list[tuple[int, Segment]], printer: Printer) -> list[str]:
    return [printer.line(segment, time) for time, segment in packets]


def theirs(packets: list[tuple[int, Segment]], path: Path, *options: str) -> list[str]:
    write_pcap(path, [(time, encode(segment)) for time, segment in packets])
    done = subprocess.run(
        ["tcpdump", "-n", *options, "-r", str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/usr/sbin:/bin:/sbin"},
    )
    return done.stdout.splitlines()


def spaced(items: list[Segment]) -> list[tuple[int, Segment]]:
    return [(START + index * 40_000_007, segment) for index, segment in enumerate(items)]


def test_a_conversation_reads_as_tcpdump_prints_it() -> None:
    assert ours(spaced(conversation()), Printer(time="none")) == expected_relative()


def test_the_time_is_the_time_of_day_by_default() -> None:
    assert ours(spaced(conversation()), Printer())[1].startswith("22:14:00.123463 IP 10.0.0.2.8000")


def test_virtual_time_starts_at_midnight() -> None:
    assert Printer().line(conversation()[0], 0).startswith("00:00:00.000000 IP ")


@needs_tcpdump
@pytest.mark.parametrize(
    ("style", "option"),
    [
        ("day", "-n"),
        ("none", "-t"),
        ("unix", "-tt"),
        ("delta", "-ttt"),
        ("date", "-tttt"),
        ("elapsed", "-ttttt"),
    ],
)
@pytest.mark.parametrize("absolute", [False, True])
def test_every_line_equals_the_real_tcpdumps(
    style: TimeStyle, option: str, absolute: bool, tmp_path: Path
) -> None:
    packets = spaced(conversation())
    real = theirs(packets, tmp_path / "a.pcap", option, *(["-S"] if absolute else []))
    assert ours(packets, Printer(absolute=absolute, time=style)) == real


@needs_tcpdump
def test_times_that_go_backwards_print_as_tcpdumps(tmp_path: Path) -> None:
    items = conversation()[:3]
    packets = [(START, items[0]), (START - 1_500_000, items[1]), (START + 1, items[2])]
    for style, option in (("delta", "-ttt"), ("elapsed", "-ttttt")):
        real = theirs(packets, tmp_path / "a.pcap", option)
        assert ours(packets, Printer(time=style)) == real  # type: ignore[arg-type]


@needs_tcpdump
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(segments(flags=st.integers(0, 0xFF)), min_size=1, max_size=20), st.integers(1, 2))
def test_verbose_lines_are_the_real_tcpdumps(
    tmp_path: Path, items: list[Segment], verbose: int
) -> None:
    for segment in items:
        segment.sport, segment.dport = 1000, 1001  # no protocol that tcpdump knows
        segment.options = tuple(option for option in segment.options if option[0] not in (13, 30))
        if segment.flags & RST:
            segment.payload = b""  # -v prints it as a text, which nobody sends
    real = theirs(spaced(items), tmp_path / "a.pcap", "-t", f"-{'v' * verbose}", "-S")
    printer = Printer(absolute=True, time="none", verbose=verbose)
    assert "\n".join(ours(spaced(items), printer)).splitlines() == real


few_ends = st.sampled_from([("10.0.0.1", 1000), ("10.0.0.2", 1000), ("10.0.0.1", 1001)])
six_ends = st.sampled_from([("::1", 1000), ("fe80::2", 1000), ("::1", 1001)])


@st.composite
def chatter(draw: st.DrawFn) -> Segment:
    """Any segment between a handful of ends, so that connections repeat.

    Not MPTCP, which we print plainly; not CC.ECHO, whose name 4.99.3 forgot; not AE (4.99.5).
    """
    segment = draw(segments(flags=st.integers(0, 0xFF)))
    ends = six_ends if ":" in segment.src else few_ends
    segment.src, segment.sport = draw(ends)
    segment.dst, segment.dport = draw(ends)
    segment.options = tuple(option for option in segment.options if option[0] not in (13, 30))
    return segment


@needs_tcpdump
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(chatter(), min_size=1, max_size=30), st.booleans())
def test_any_segments_print_as_the_real_tcpdumps(
    tmp_path: Path, items: list[Segment], absolute: bool
) -> None:
    packets = spaced(items)
    real = theirs(packets, tmp_path / "a.pcap", "-tt", *(["-S"] if absolute else []))
    assert ours(packets, Printer(absolute=absolute, time="unix")) == real


@needs_tcpdump
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.sampled_from([0, 1, 2, 2, 3, 3, 4, 4, 5, 6, 8, 8, 10, 18, 19, 20, 28, 29, 34, 254]),
            min_size=4,
            max_size=40,
        ).map(lambda values: bytes(values[: len(values) // 4 * 4])),
        min_size=1,
        max_size=30,
    )
)
def test_broken_options_print_as_the_real_tcpdumps(tmp_path: Path, lists: list[bytes]) -> None:
    packets = spaced([Segment(*A, *B, SYN, 1, options=decode_options(data)) for data in lists])
    assert ours(packets, Printer(time="none")) == theirs(packets, tmp_path / "a.pcap", "-t")


@pytest.mark.parametrize(
    ("flags", "letters"),
    [(0, "none"), (SYN | ACK, "S."), (FIN | PSH | ACK, "FP."), (0x1FF, "FSRP.UEWe")],
)
def test_flags_have_tcpdumps_letters_in_tcpdumps_order(flags: int, letters: str) -> None:
    assert flag_letters(flags) == letters
