"""Queues by tc's words, and on a link: what arrives, and what the trace tells of it."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.net.codel import Aims, CoDel
from tcpcore.net.queues import discipline_of
from tcpcore.net.red import Red
from tcpcore.tcp import ecn
from tcpcore.units import mbit, ms, seconds
from tests.unit.net.test_link import pair, transfer
from tests.unit.net.waiting import SIZE, made

# --- words ---------------------------------------------------------------------------------------


def test_tc_s_words_reach_the_queue():
    queue: CoDel = made("codel limit 7 target 2ms interval 0.05s ecn")
    assert queue.limit == 7
    assert queue.law.aims == Aims(target=ms(2), interval=ms(50), ecn=True)
    red: Red = made("red limit 100k min 10k max 30kb ecn")
    assert (red.limit, red.least, red.most, red.ecn) == (102_400, 10_240, 30_720, True)


def test_what_red_is_not_told_is_as_tc_has_it():
    red: Red = made("red limit 120000")
    assert (red.most, red.least, red.ecn) == (30_000, 10_000, False)


def test_fq_codel_marks_unless_told_not_to():
    assert made("fq_codel")._aims.ecn
    assert not made("fq_codel noecn")._aims.ecn


def test_pfifo_is_the_plain_queue():
    assert discipline_of("pfifo limit 12", None, SIZE, "") == (12, None)
    assert discipline_of("pfifo", None, SIZE, "") == (1000, None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "A link's queue is a number of packets or one of pfifo, bfifo, red, codel, fq_codel"),
        ("cake", "or one of pfifo, bfifo, red, codel, fq_codel, not 'cake'"),
        ("codel targets 5ms", "The queue codel does not know 'targets'; it takes limit, target"),
        ("codel notarget", "The queue codel does not know 'notarget'"),
        ("codel target", "takes a time such as 5ms after 'target', and nothing follows it"),
        ("codel target soon", "takes a time such as 5ms after 'target', not 'soon'"),
        ("codel limit 2.5", "takes a whole number after 'limit', not '2.5'"),
        ("codel limit 0", "needs a limit of 1 packet or more"),
        ("codel target 100ms", "CoDel needs a target above 0 and below its interval"),
        ("pfifo limit 0", "The queue pfifo needs a limit of 1 packet or more"),
        ("bfifo limit 100", "The queue bfifo needs a limit of one packet's 1500 bytes"),
        ("red", "The queue red needs its limit in bytes"),
        ("red limit 9000 min 5000 max 4000", "not min 5000, max 4000, limit 9000"),
        ("red limit 90000 max 99999", "a limit that is no less"),
        ("red limit 90000 probability 2", "takes a chance above 0 and up to 1"),
        ("red limit 9000 min 900", "needs a min of one average packet at least"),
        ("red limit 900000 burst 2", "cannot let bursts of 2 packets pass"),
        ("red limit 90000 bandwidth fast", "takes a rate such as 10mbit"),
        ("fq_codel flows 0", "1 to 65536 flows"),
    ],
)
def test_words_that_do_not_fit_are_one_sentence(words: str, sentence: str):
    with pytest.raises(UsageError) as caught:
        made(words)
    assert sentence in str(caught.value)


def test_a_discipline_needs_a_line_on_which_packets_wait():
    with pytest.raises(UsageError, match="needs a link with a rate"):
        pair(queue="codel")


# --- on a link -----------------------------------------------------------------------------------

BOTTLENECK = {"delay": ms(10), "rate": mbit(5)}


@pytest.mark.parametrize(
    "queue",
    ["pfifo limit 20", "bfifo limit 30000", "red limit 60000", "codel", "fq_codel flows 16"],
)
def test_every_byte_arrives_in_the_end_through_any_queue(queue: str):
    net, client, server, _ = pair(queue=queue, **BOTTLENECK)
    received = transfer(net, client, server, 400_000)
    trace = net.run(seconds(60))
    assert b"".join(received) == bytes(i * 7 & 0xFF for i in range(400_000))
    assert [record.discipline for record in trace.queues] == [queue] * 2


def test_words_for_the_plain_queue_and_its_number_give_the_same_trace():
    def sent(queue: int | str) -> list[tuple[int, int | None, str]]:
        net, client, server, _ = pair(queue=queue, **BOTTLENECK)
        transfer(net, client, server, 300_000)
        return [(s.sent, s.arrived, s.fate) for s in net.run(seconds(60)).segments]

    assert sent(15) == sent("pfifo limit 15")


def test_a_queue_with_a_discipline_that_never_acts_delays_as_a_plain_one():
    def arrived(queue: int | str) -> list[int | None]:
        net, client, server, _ = pair(queue=queue, **BOTTLENECK)
        transfer(net, client, server, 100_000)
        return [s.arrived for s in net.run(seconds(60)).segments]

    assert arrived(1000) == arrived("bfifo limit 10000000")


def test_marked_packets_arrive_with_ce_and_nothing_is_lost():
    net, client, server, link = pair(queue="codel target 1ms interval 20ms ecn", **BOTTLENECK)
    client.sysctl.set("tcp_ecn", 1)
    transfer(net, client, server, 600_000)
    trace = net.run(seconds(60))
    marked = [s for s in trace.segments if s.received is not None and s.received.tos == ecn.CE]
    assert marked
    assert {s.segment.tos for s in marked} == {ecn.ECT_0}
    assert {s.fate for s in trace.segments} == {"delivered"}
    queue = trace.queues[0]
    assert [s.segment for s in queue.stays() if s.fate == "marked"] == [
        number for number, s in enumerate(trace.segments) if s in marked
    ]
    assert link.pipes["10.0.0.2"].marks == len(marked)


def test_the_trace_tells_who_waited_and_for_how_long():
    net, client, server, link = pair(queue=12, **BOTTLENECK)
    transfer(net, client, server, 400_000)
    trace = net.run(seconds(60))
    there, back = trace.queues
    assert (there.sender, there.to, there.rate) == ("client", "server", mbit(5))
    assert len(there.stays()) == sum(s.sender == 0 for s in trace.segments)
    assert len(back.stays()) == sum(s.sender == 1 for s in trace.segments)
    lengths = there.lengths()
    assert max(packets for _, packets, _ in lengths) == 12
    assert lengths[-1][1:] == (0, 0)
    for stay in there.stays():
        segment = trace.segments[stay.segment]
        assert stay.entered == segment.sent
        assert (stay.fate == "dropped") == (segment.fate == "lost")
        if segment.arrived is not None:
            sending = -(-stay.size * 8_000_000 // mbit(5))
            assert segment.arrived == stay.left + sending + ms(10)
    assert link.pipes["10.0.0.2"].drops == sum(s.fate == "dropped" for s in there.stays()) > 0


def test_what_waits_when_the_cable_is_pulled_out_is_lost():
    net, client, server, link = pair(queue="codel", **BOTTLENECK)
    transfer(net, client, server, 30_000)
    net.after(ms(25), link.unplug)
    trace = net.run(ms(100))
    assert "wire.cut" in {s.lost_because.why.key for s in trace.segments if s.lost_because}


def test_the_same_seed_gives_the_same_drops():
    def fates(seed: int) -> list[str]:
        net, client, server, _ = pair(seed, queue="red limit 60000 probability 0.2", **BOTTLENECK)
        transfer(net, client, server, 600_000)
        return [s.fate for s in net.run(seconds(60)).segments]

    assert fates(3) == fates(3)
    assert fates(3) != fates(4)
