"""Captures and records told as a host had them: the way of a packet, the clock, late timers."""

from __future__ import annotations

from tcpcore.packetdrill import inferring
from tcpcore.packetdrill.drill import run_text
from tcpcore.packetdrill.ordering import in_order
from tcpcore.packetdrill.story import Did, Seen, Story
from tcpcore.packetdrill.vantage import in_milliseconds, seen_from
from tcpcore.packetdrill.writing import write
from tcpcore.units import ms
from tcpcore.wire import options as kinds
from tests.unit.packetdrill.test_to_script import captured

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
BESIDE_THE_CLIENT = """
0   > S 0:0(0) win 64240 <mss 1460>
80  < S. 0:0(0) ack 1 win 64240 <mss 1460>
80  > . 1:1(0) ack 1 win 64240
80  > P. 1:101(100) ack 1 win 64240
160 < . 1:1(0) ack 101 win 64240
165 < P. 1:501(500) ack 101 win 64240
165 > . 101:101(0) ack 501 win 64240
165 > F. 101:101(0) ack 501 win 64240
245 < F. 501:501(0) ack 102 win 64240
245 > . 102:102(0) ack 502 win 64240
"""


def times(packets: list[tuple[int, object]], host: str) -> list[int]:
    return [time // ms(1) for time, one in packets if one.src == host]


def test_beside_the_client_the_servers_packets_left_a_round_trip_before():
    packets = captured(BESIDE_THE_CLIENT)
    assert times(seen_from(packets, SERVER), SERVER) == [0, 80, 85, 165]
    assert times(seen_from(packets, SERVER), CLIENT) == times(packets, CLIENT)


def test_beside_the_client_its_own_packets_stay_where_they_are():
    packets = captured(BESIDE_THE_CLIENT)
    assert seen_from(packets, CLIENT) == packets


def test_a_capture_beside_the_client_is_a_script_of_either_end():
    for side in ("client", "server"):
        _, agrees = inferring.best(captured(BESIDE_THE_CLIENT), side, "It")
        assert agrees


def stamped(ticks: int) -> list[tuple[int, object]]:
    """A server that sends every 100 ms, with a clock of so many ticks in that time."""
    lines = ["0 > S 0:0(0) win 64240 <mss 1460,sackOK,TS val 5 ecr 0>"]
    for number in range(5):
        value = 700 + number * ticks
        lines.append(f"{number * 100} < . 1:1(0) ack 1 win 9 <nop,nop,TS val {value} ecr 5>")
        lines.append(f"{number * 100} > . 1:1(0) ack 1 win 9 <nop,nop,TS val 6 ecr {value}>")
    return captured("\n".join(lines))


def stamps(packets: list[tuple[int, object]], host: str) -> list[tuple[int, int]]:
    return [kinds.timestamps(one.options) for _, one in packets if one.src == host]


def test_timestamps_of_a_kernel_with_250_ticks_a_second_are_told_in_milliseconds():
    before = stamped(25)
    after = in_milliseconds(before, SERVER)
    assert stamps(after, SERVER) == [(700 + 100 * number, 5) for number in range(5)]
    assert stamps(after, CLIENT)[1:] == [(6, 700 + 100 * number) for number in range(5)]
    assert stamps(before, SERVER)[1] == (725, 5)  # the capture is as it was


def test_timestamps_of_milliseconds_and_of_no_clock_at_all_stay():
    for ticks in (100, 1, 0):
        packets = stamped(ticks)
        assert in_milliseconds(packets, SERVER) == packets


# --- an arrival while a timer was due ------------------------------------------------------------


def late_timer(retransmitted_at: int) -> Story:
    """A kernel whose RTO is late, and data that comes meanwhile."""
    packets = captured(f"""
0   < S 0:0(0) win 65535 <mss 1000>
0   > S. 0:0(0) ack 1 win 65535 <mss 1460>
100 < . 1:1(0) ack 1 win 65535
100 > P. 1:101(100) ack 1 win 65535
410 < P. 1:11(10) ack 1 win 65535
410 > . 101:101(0) ack 11 win 65535
{retransmitted_at} > P. 1:101(100) ack 11 win 65535
""")
    story = Story(CLIENT, SERVER, "It", exact=False)
    story.options.append("--tolerance_usecs=14000")
    story.entries.append(Did(0, "socket", None, "..., SOCK_STREAM, IPPROTO_TCP", "3"))
    story.entries += [Did(0, "bind", 3, "..., ..."), Did(0, "listen", 3, "1")]
    for time, one in packets:
        story.entries.append(Seen(time, one.src == SERVER, one))
        if time == ms(100) and one.src == SERVER:
            story.entries.append(Did(time, "accept", 3, "..., ...", "4"))
            story.entries.append(Did(time, "write", 4, "..., 100", "100"))
    story.sysctls["ipv4.tcp_early_retrans"] = "0"
    return story


def test_what_came_while_a_timer_was_due_is_told_before_it():
    assert not run_text(write(late_timer(420))).passed
    script = in_order(late_timer(420))
    assert run_text(script).passed
    assert "< P. 1:11(10)" in script


def test_a_timer_that_would_be_too_late_stays_a_failure():
    story = late_timer(520)
    for entry in story.entries[-3:]:
        entry.time += ms(100)
    assert not run_text(in_order(story)).passed
