"""CoDel's law (RFC 8289), on a queue in which every packet has waited as long as we say."""

from __future__ import annotations

from tcpcore.net.codel import Aims, CoDel
from tcpcore.tcp import ecn
from tcpcore.units import ms, seconds
from tests.unit.net.waiting import come


def standing(
    queue: CoDel, duration: int, waits: int = ms(20), tos: int = 0, start: int = 0
) -> list[int]:
    """A queue in which each packet has waited that long, one sent a ms: when it struck, in ms."""
    times: list[int] = []
    for now in range(start, start + duration, ms(1)):
        while queue.leave():
            pass
        for _ in range(5):
            come(queue, now - waits, tos=tos)
        before = queue.drops + queue.marks
        queue.dequeue(now)
        times += [(now - start) // ms(1)] * (queue.drops + queue.marks - before)
    while queue.leave():
        pass
    return times


def test_codel_lets_pass_whoever_waits_less_than_the_target():
    assert standing(CoDel(Aims()), seconds(1), waits=ms(5) - 1) == []


def test_codel_drops_when_waits_reach_the_target():
    assert standing(CoDel(Aims()), seconds(1), waits=ms(5)) != []


def test_codel_lets_a_burst_pass_that_is_gone_within_an_interval():
    assert standing(CoDel(Aims()), ms(100)) == []


def test_codel_drops_one_packet_after_an_interval_above_the_target():
    assert standing(CoDel(Aims()), ms(101)) == [100]


def test_codel_drops_faster_by_the_square_root_of_the_count():
    """RFC 8289 §3.3: an interval after the first, then the interval by the root of two, three."""
    expected = [100.0]
    for count in range(1, 6):
        expected.append(expected[-1] + 100 / count**0.5)
    measured = standing(CoDel(Aims()), ms(450))
    assert [abs(a - b) <= 2 for a, b in zip(measured, expected, strict=False)] == [True] * 6


def test_codel_leaves_the_dropping_state_when_a_wait_is_short():
    queue = CoDel(Aims())
    standing(queue, ms(150))
    assert queue.law.dropping
    for _ in range(5):
        come(queue, ms(150))
    queue.dequeue(ms(151))
    assert not queue.law.dropping


def test_codel_never_drops_the_last_packets_of_one_mtu():
    """RFC 8289 §5.2: with less than an MTU behind it, a packet goes out."""
    queue = CoDel(Aims())
    for now in range(0, seconds(1), ms(1)):
        for _ in range(2 - queue.packets):
            come(queue, now - ms(50))
        queue.dequeue(now)
    assert queue.drops == 0


def test_codel_goes_on_near_its_old_pace_when_the_queue_returns_soon():
    queue = CoDel(Aims())
    standing(queue, ms(600))
    pace = queue.law.count
    assert pace > 5
    queue.dequeue(ms(600))
    again = standing(queue, ms(200), start=ms(700))
    assert queue.law.last_count == pace - 1
    assert len(again) > 1, "after 100 ms it drops faster than one an interval"


def test_codel_starts_slowly_when_the_queue_returns_late():
    queue = CoDel(Aims())
    standing(queue, ms(600))
    queue.dequeue(ms(600))
    assert standing(queue, ms(150), start=seconds(3)) == [100]
    assert queue.law.count == 1


def test_codel_with_ecn_marks_and_drops_nothing():
    queue = CoDel(Aims(ecn=True))
    times = standing(queue, ms(300), tos=ecn.ECT_0)
    assert times[0] == 100
    assert (queue.drops, queue.marks) == (0, len(times))


def test_codel_with_ecn_drops_packets_whose_sender_does_not_know_ecn():
    queue = CoDel(Aims(ecn=True))
    standing(queue, ms(300), tos=ecn.NOT_ECT)
    assert queue.drops > 0
    assert queue.marks == 0


def test_a_mark_is_made_on_a_copy_and_leaves_the_sender_s_packet_alone():
    queue = CoDel(Aims(ecn=True))
    item = come(queue, 0, tos=ecn.ECT_0)
    sent = item.packet
    assert item.mark()
    assert (sent.tos, item.packet.tos) == (ecn.ECT_0, ecn.CE)


def test_codel_has_no_room_beyond_its_limit():
    queue = CoDel(Aims(), limit=2)
    for _ in range(3):
        come(queue, 0)
    assert (queue.packets, queue.drops) == (2, 1)
    assert queue.lost[0][1].why.key == "wire.queue"
