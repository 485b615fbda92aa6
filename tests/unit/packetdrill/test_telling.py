"""Times of scripts: from the start, and from one event to the next; and how both are judged."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.packetdrill.drill import run_text
from tcpcore.packetdrill.routes import route_attributes
from tcpcore.packetdrill.story import Did, Seen
from tcpcore.packetdrill.telling import FromEachToTheNext, FromTheStart
from tcpcore.units import ms
from tcpcore.wire.text import parse_packetdrill


def packet(time: float, words: str) -> Seen:
    """A packet at so many milliseconds; ``<`` arrives."""
    here, there = ("10.0.0.2", 80), ("10.0.0.1", 40000)
    sign, rest = words.split(maxsplit=1)
    if sign == "<":
        here, there = there, here
    one = parse_packetdrill(rest, src=here[0], sport=here[1], dst=there[0], dport=there[1])
    return Seen(ms(time), sign == "<", one)


def told(*entries: Seen | Did) -> list[str]:
    clock = FromEachToTheNext(entries[0].time)
    return [clock.of(entry) for entry in entries]


def test_an_engines_times_count_from_the_start():
    clock = FromTheStart(ms(1))
    assert clock.of(packet(1, "< S 0:0(0) win 100")) == "0.000000"
    assert clock.of(Did(ms(3), "read", 3, returned=ms(9))) == "0.002000...0.008000"


def test_what_a_kernel_answers_comes_at_once_and_the_next_event_counts_from_the_question():
    times = told(
        packet(0, "< S 0:0(0) win 100"),
        packet(0.9, "> S. 0:0(0) ack 1 win 100"),
        packet(10, "< . 1:1(0) ack 1 win 100"),
    )
    assert times == ["+0.000000", "+0.000000", "+0.010000"]


def test_what_comes_a_millisecond_later_is_no_answer():
    times = told(packet(0, "< S 0:0(0) win 100"), packet(1, "> S. 0:0(0) ack 1 win 100"))
    assert times[1] == "+0.001000"


def test_a_timer_from_before_the_last_call_may_be_early_by_an_eighth_of_its_time():
    times = told(
        packet(0, "> P. 1:101(100) ack 1 win 100"),
        Did(ms(300), "write", 3, "..., 100", "100"),
        packet(320, "> P. 1:101(100) ack 1 win 100"),
    )
    assert times[2] == "+0.000000~+0.020000"  # 40 ms, but not before the call


def test_a_timer_that_waited_alone_needs_no_range():
    times = told(
        packet(0, "> P. 1:101(100) ack 1 win 100"), packet(320, "> P. 1:101(100) ack 1 win 100")
    )
    assert times[1] == "+0.320000"


# --- how a run judges them -----------------------------------------------------------------------

OPEN = """
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000,sackOK,TS val 100 ecr 0>
+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 500 ecr 100>
+0.1 < . 1:1(0) ack 1 win 65535 <nop,nop,TS val 200 ecr 500>
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 100) = 100
+0 > P. 1:101(100) ack 1 <nop,nop,TS val 600 ecr 200>
"""


def test_a_timestamp_after_a_late_timer_may_be_as_late():
    """The engine sends again after 302 ms where the script says 330, and its clock is behind."""
    late = "+0.330 > P. 1:101(100) ack 1 <nop,nop,TS val 930 ecr 200>\n"
    after = "+0.1 < . 1:1(0) ack 101 win 65535 <nop,nop,TS val 630 ecr 930>\n"
    answer = "+0 write(4, ..., 9) = 9\n+0 > P. 101:110(9) ack 1 <nop,nop,TS val {} ecr 630>\n"
    assert run_text(OPEN + late + after + answer.format(1030)).passed
    assert not run_text(OPEN + late + after + answer.format(1037)).passed
    assert not run_text(OPEN + late + after + answer.format(1023)).passed


def test_a_timestamp_in_a_range_tells_the_moment_that_the_script_means():
    late = "+0.280~+0.330 > P. 1:101(100) ack 1 <nop,nop,TS val 930 ecr 200>\n"
    after = "+0.1 < . 1:1(0) ack 101 win 65535 <nop,nop,TS val 630 ecr 930>\n"
    answer = "+0 write(4, ..., 9) = 9\n+0 > P. 101:110(9) ack 1 <nop,nop,TS val {} ecr 630>\n"
    assert run_text(OPEN + late + after + answer.format(1030)).passed
    assert not run_text(OPEN + late + after + answer.format(1040)).passed


def test_packets_of_connections_that_are_named_wait_for_their_line():
    begin = OPEN.replace("listen(3, 1)", "listen(3, 5)").split("+0 < S")[0]
    syns = "".join(f"+0 < {port} > 8080 S 0:0(0) win 65535 <mss 1000>\n" for port in (40001, 40002))
    answers = "".join(f"+0 > 8080 > {port} S. 0:0(0) ack 1 <...>\n" for port in (40002, 40001))
    assert run_text(begin + syns + answers).passed


COOKIES = "`sysctl -q net.ipv4.tcp_syncookies=2`\n" + OPEN.split("+0 < S")[0]
COOKIES += """
+{} < S 0:0(0) win 65535 <mss 1000,sackOK,TS val 100 ecr 0,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 500 ecr 100,nop,wscale 10>
+0.1 < . 1:1(0) ack 1 win 600 <nop,nop,TS val 200 ecr 500>
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 100) = 100
+0 > P. 1:101(100) ack 1 <nop,nop,TS val {} ecr 200>
+0.1 < . 1:1(0) ack 101 win 600 <nop,nop,TS val 300 ecr {}>
+0 write(4, ..., 100) = 100
+0 > P. 101:201(100) ack 1 <nop,nop,TS val {} ecr 300>
"""


@pytest.mark.parametrize("begun", ["0.0", "0.030", "0.063"])
def test_a_cookies_timestamp_is_up_to_63_ticks_behind_and_the_next_one_shows_the_clock(begun):
    """A cookie's lowest bits hold options, so how far it is behind is a matter of the moment."""
    assert run_text(COOKIES.format(begun, 630, 630, 730)).passed
    assert not run_text(COOKIES.format(begun, 630, 630, 750)).passed


# --- routes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "attributes"),
    [
        ("ip route change 192.0.2.1 dev tun0 initcwnd 4", {"initcwnd": 4}),
        (
            "/sbin/ip -4 route replace 192.0.2.0/24 dev tun0 initrwnd 7 initcwnd 4",
            {"initrwnd": 7, "initcwnd": 4},
        ),
        ("ip ro add default via 10.0.0.1 initrwnd 2", {"initrwnd": 2}),
        (
            "ip route change default mtu lock 1200 advmss 900",
            {"mtu": 1200, "advmss": 900, "locked": "mtu"},
        ),
        ("ip route change default rtt 300 rttvar 40ms", {"rtt": 37_500, "rttvar": 40_000}),
        ("ip route change default rto_min 40ms quickack 1", {"rto_min": 40_000, "quickack": 1}),
        ("ip route change 192.0.2.1 dev tun0 rto_min 0.5s", {"rto_min": 500_000}),
        ("ip route change 192.0.2.1 dev tun0 rto_min 30", {"rto_min": 30_000}),
        ("ip route change 192.0.3.0/24 dev tun0 initcwnd 4", None),
        (
            "ip route change 192.0.2.1 dev tun0 hoplimit 12 features ecn",
            {"hoplimit": 12, "features": 1},
        ),
        (
            "ip route change 192.0.2.1 dev tun0 cwnd lock 4 congctl reno",
            {"cwnd": 4, "congctl": "reno"},
        ),
        ("ip route change 192.0.2.1 dev tun0 cwnd 4", {}),
        ("ip route change default congctl lock bbr", {"congctl": "bbr", "congctl_lock": 1}),
        ("ip route change 192.0.2.1 dev tun0 realm 12", None),
        ("ip route show", None),
        ("ip link set tun0 initcwnd 4", None),
        ("iptables -A INPUT initcwnd 4", None),
    ],
)
def test_a_command_that_gives_the_peers_route_attributes_is_understood(command, attributes):
    assert route_attributes(command, "192.0.2.1") == attributes


@pytest.mark.parametrize("name", ["initcwnd", "rto_min"])
def test_an_attribute_of_a_route_is_a_number(name):
    with pytest.raises(UsageError, match=f"a route's {name} is a number, not 'many'"):
        route_attributes(f"ip route change default {name} many", "192.0.2.1")
