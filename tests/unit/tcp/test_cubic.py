"""CUBIC: what a loss leaves behind, and the floor that Reno sets."""

from __future__ import annotations

from tcpcore.sysctl import Sysctls
from tcpcore.tcp.congestion.cubic import CUBE_FACTOR, Cubic, cube_root
from tcpcore.tcp.congestion.hystart import HyStart
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.flow import JIFFY
from tcpcore.units import SECOND, ms


def connection(cwnd: int) -> Connection:
    c = Connection("10.0.0.1", 1, "10.0.0.2", 2, Sysctls(), 0)
    c.cwnd = cwnd
    return c


def test_a_loss_leaves_seven_tenths():
    assert Cubic().ssthresh(connection(100)) == 70


def test_the_curve_is_flat_where_the_loss_was():
    c, cubic = connection(100), Cubic()
    cubic.ssthresh(c)
    assert cubic.show(c)["last_max"] == 100


def test_who_lost_earlier_than_last_time_leaves_room():
    c, cubic = connection(100), Cubic()
    cubic.ssthresh(c)
    for cwnd, flat in ((99, 99 * 1741 // 2048), (100, 100)):
        c.cwnd = cwnd
        cubic.ssthresh(c)
        assert cubic.show(c)["last_max"] == flat


def test_on_a_short_path_it_grows_as_reno_would_at_the_same_rate():
    """For 200 ms the curve is flat; Reno, with CUBIC's decrease, gains half a segment a window."""
    c, cubic = connection(20), Cubic()
    c.ssthresh = c.cwnd = cubic.ssthresh(c)
    for step in range(200):
        cubic.on_ack(c, 1, ms(step))
    assert 14 + 200 * 0.4 / 20 < c.cwnd < 14 + 200 / 14


def test_a_small_cube_root_is_rounded_down():
    for value, root in ((0, 0), (7, 1), (8, 2), (26, 2), (27, 3), (63, 3)):
        assert cube_root(value) == root


def test_a_large_cube_root_is_as_far_off_as_the_kernel_s():
    for value in range(64, 10**6, 997):
        assert 0.95 * value ** (1 / 3) - 1 < cube_root(value) <= 1.02 * value ** (1 / 3) + 1
    for segments in range(1, 2000):
        exact = (CUBE_FACTOR * segments) ** (1 / 3)
        assert abs(cube_root(CUBE_FACTOR * segments) - exact) < 0.002 * exact


def test_the_way_back_to_ten_segments_more_takes_the_kernel_2991_ticks():
    assert cube_root(10 * CUBE_FACTOR) == 2991  # 2993.2 would be right


def beyond_the_curve_s_middle(delay: int) -> tuple[Connection, Cubic]:
    """A window so large, and a round trip so long, that a tick more or less is seen."""
    c, cubic = connection(100_000_000), Cubic()
    c.ssthresh = c.cwnd
    cubic.ssthresh(c)
    cubic.on_sample(c, delay, 0)
    cubic.on_ack(c, 1, 0)
    return c, cubic


def test_a_tick_of_the_round_trip_that_has_begun_counts_whole():
    """usecs_to_jiffies() rounds up."""
    counts = [
        beyond_the_curve_s_middle(30 * SECOND + late)[1].count for late in (0, 1, JIFFY, JIFFY + 1)
    ]
    assert counts[0] > counts[1] == counts[2] > counts[3]


def test_the_curve_is_read_again_after_a_thirty_second_of_a_second_in_whole_ticks():
    c, cubic = beyond_the_curve_s_middle(30 * SECOND)
    first = cubic.count
    cubic.on_ack(c, 1, 8 * JIFFY - 1)
    assert cubic.count == first
    cubic.on_ack(c, 1, 8 * JIFFY)
    assert cubic.count < first


def watched(cwnd: int, gap: int, acks: int = 60) -> HyStart:
    """A round of a flow with 100 ms of delay whose ACKs come so many us apart."""
    c, hystart = connection(cwnd), HyStart()
    c.snd_nxt = c.snd_una + 1_000_000
    for number in range(acks):
        hystart.update(c, ms(100), ms(100), number * gap)
    return hystart


def test_acks_less_than_two_milliseconds_apart_for_half_the_delay_end_slow_start():
    assert watched(16, 1999).found
    assert not watched(16, 2000).found, "on a real path one of the gaps is a little longer"
    assert not watched(16, 1999, acks=25).found


def test_below_16_segments_slow_start_goes_on_but_rounds_are_counted():
    hystart = watched(15, 1999)
    assert not hystart.found
    assert hystart.end is not None
