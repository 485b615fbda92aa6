"""Filters: the segments they let through, beside those of the real tcpdump."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.observe import filters
from tcpcore.observe.tcpdump import Printer
from tcpcore.wire.codec import encode
from tcpcore.wire.icmp import IcmpError, encode_icmp
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

needs_tcpdump = pytest.mark.skipif(
    not shutil.which("tcpdump"), reason="needs tcpdump (Debian package tcpdump)"
)
A, B, C = ("10.0.0.1", 40000), ("10.0.0.2", 80), ("192.168.7.9", 8080)
V6, W6 = ("2001:db8::1", 40000), ("2001:db8::2", 80)

SEGMENTS = [
    Segment(*A, *B, SYN, 1000, window=64240),
    Segment(*B, *A, SYN | ACK, 5000, 1001, 65160),
    Segment(*A, *B, ACK, 1001, 5001, 500),
    Segment(*A, *B, PSH | ACK, 1001, 5001, 500, payload=bytes(100)),
    Segment(*B, *C, ACK, 7, 9, 10, ttl=3),
    Segment(*C, *B, FIN | ACK, 9, 8, 10, payload=b"x"),
    Segment(*C, *A, RST, 9, 0, 0),
    Segment(*A, *C, RST | ACK, 0, 1, 0, tos=2),
    Segment(*V6, *W6, SYN, 1, window=1000),
    Segment(*W6, *V6, SYN | ACK, 5, 2, 1000),
]

ROUTER = "10.0.0.254"
ERRORS = [
    IcmpError(ROUTER, A[0], 3, 1, SEGMENTS[0]),
    IcmpError(ROUTER, A[0], 3, 4, SEGMENTS[3], mtu=1200),
    IcmpError(ROUTER, B[0], 11, 0, SEGMENTS[4]),
]
PACKETS = [*SEGMENTS, *ERRORS]

EXPRESSIONS = [
    "tcp",
    "icmp",
    "icmp or tcp port 8080",
    "icmp and src host 10.0.0.254",
    "not icmp",
    "not tcp",
    "host 10.0.0.254",
    "dst host 10.0.0.1 and not port 80",
    "icmp[icmptype] == icmp-unreach",
    "icmp[icmptype] = icmp-timxceed or icmp[icmpcode] = 4",
    "icmp[0] = 3 and icmp[6:2] = 1200",
    "not tcp[13] = 2",
    "ip",
    "ip6",
    "not ip6",
    "host 10.0.0.1",
    "src 10.0.0.1",
    "dst host 10.0.0.1",
    "src or dst host 10.0.0.1",
    "src and dst net 10.0.0.0/24",
    "net 10.0.0.0/8 and not host 10.0.0.1",
    "host 2001:db8::2",
    "src host 2001:db8::1 or port 8080",
    "port 80",
    "port 80 or 8080",
    "tcp port 80",
    "tcp src port 80",
    "src port 80",
    "dst port 80 or dst port 8080",
    "portrange 79-81",
    "tcp dst portrange 1-100",
    "host 10.0.0.1 and port 80",
    "host 10.0.0.1 && (port 8080 || port 40000)",
    "host 10.0.0.1 and not port 80",
    "not (port 80 and host 10.0.0.2)",
    "! port 80",
    "port 8080 or port 80 and host 10.0.0.1",
    "host 10.0.0.1 and port 80 or port 8080",
    "tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0",
    "tcp[tcpflags] & tcp-syn != 0 and tcp[tcpflags] & tcp-ack == 0",
    "tcp[tcpflags] == tcp-syn",
    "tcp[tcpflags] = (tcp-syn|tcp-ack)",
    "tcp[tcpflags]&(tcp-syn|tcp-fin)!=0 and port 80",
    "tcp[13] & 2 != 0",
    "tcp[13] = 0x12",
    "tcp[0:2] = 40000",
    "tcp[2:2] > 80",
    "tcp[4:4] = 1001",
    "(tcp[12] & 0xf0) >> 2 = 20",
    "ip[8] < 5",
    "ip[1] & 3 != 0",
    "ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0",
    "len > 100",
    "len <= 40",
    "greater 60",
    "less 41",
    "src host 10.0.0.1 or 10.0.0.2",
    "",
]


def real(expression: str, file: Path) -> list[str]:
    command = ["tcpdump", "-n", "-t", "-S", "-r", str(file), *expression.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "expression rejects all packets" in done.stderr:
        return []
    assert done.returncode == 0, done.stderr
    return [line.split(": HTTP")[0] for line in done.stdout.splitlines()]


def ours(expression: str) -> list[str]:
    test = filters.parse(expression)
    printer = Printer(absolute=True, time="none")
    return [printer.line(one, 0) for one in PACKETS if test(one)]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filters") / "a.pcap"
    packets = [encode(one) for one in SEGMENTS] + [encode_icmp(one) for one in ERRORS]
    write_pcap(file, list(enumerate(packets)))
    return file


@needs_tcpdump
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_filter_lets_through_what_tcpdumps_does(expression: str, capture: Path):
    assert [line.split(": HTTP")[0] for line in ours(expression)] == real(expression, capture)


conditions = st.sampled_from([one for one in EXPRESSIONS if one and " or 8080" not in one])


@st.composite
def combined(draw: st.DrawFn) -> str:
    """Some conditions, joined, negated and bracketed."""
    parts = [draw(conditions)]
    for _ in range(draw(st.integers(0, 3))):
        other = draw(conditions)
        if draw(st.booleans()):
            other = f"not ( {other} )"
        parts = [f"( {parts[0]} ) {draw(st.sampled_from(['and', 'or', '&&', '||']))} ( {other} )"]
    return parts[0]


@needs_tcpdump
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=combined())
def test_any_combination_lets_through_what_tcpdumps_does(expression: str, capture: Path):
    assert ours(expression) == real(expression, capture)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("hots 10.0.0.1", "'hots' is unknown; known words: host, net, port"),
        ("10.0.0.1", "'10.0.0.1' is unknown"),
        ("port", "a value is missing at the end"),
        ("port eighty", "'eighty' is no number"),
        ("host 10.0.0", "an address or network such as 10.0.0.0/8, not '10.0.0'"),
        ("( port 80", "')' is missing at the end"),
        ("port 80 )", "')' is left over"),
        ("tcp[13", "']' is missing at the end"),
        ("tcp[13:3] = 1", "a size of 3 is not 1, 2 or 4"),
        ("tcp[13] port", "'port' stands where a relation"),
        ("net 10.0.0.0/40", "10.0.0.0/40 has more bits than an address"),
        ("port 80 and", "a condition is missing"),
    ],
)
def test_a_filter_that_makes_no_sense_is_one_clear_sentence(expression: str, part: str):
    with pytest.raises(UsageError) as caught:
        filters.parse(expression)
    assert part in str(caught.value)
    assert str(caught.value).startswith("tcpdump: ")
    assert str(caught.value).endswith(".")
