"""The small model of streams over datagrams: what waits for a loss, and a change of address."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tcpcore.errors import UsageError
from tcpcore.multistream import INITIAL_WINDOW, Transfer
from tcpcore.units import ms


def read(transfer: Transfer) -> dict[tuple[str, int], int]:
    return {(one.stream, one.number): one.read for one in transfer.pieces}


@pytest.mark.parametrize("lost", [(), (0,), (4,), (0, 1, 2), tuple(range(9)), (8, 9, 10)])
def test_every_piece_is_read_once_and_each_stream_in_order(lost: tuple[int, ...]):
    transfer = Transfer(3, 3, lost=lost)
    labels = [(one.stream, one.number) for one in transfer.pieces]
    assert sorted(labels) == [(name, n) for name in "ABC" for n in (1, 2, 3)]
    for name in "ABC":
        assert [n for stream, n in labels if stream == name] == [1, 2, 3]


def test_without_loss_nothing_waits():
    assert all(one.waited == 0 for one in Transfer(6, 12).pieces)


@pytest.mark.parametrize(("lost", "stream"), [(0, "A"), (1, "B"), (2, "C"), (3, "A")])
def test_only_the_stream_that_lost_a_packet_waits_for_it(lost: int, stream: str):
    waiting = {one.stream for one in Transfer(3, 4, lost=(lost,)).pieces if one.waited}
    assert waiting == {stream}


def test_the_other_streams_are_read_when_they_would_have_been_without_the_loss():
    with_loss, without = read(Transfer(lost=(0,))), read(Transfer())
    others = [key for key in without if key[0] != "A"]
    assert [with_loss[key] for key in others] == [without[key] for key in others]


def test_what_is_lost_goes_out_in_a_new_packet_with_a_number_of_its_own():
    transfer = Transfer(lost=(4,))
    numbers = [number for _, number, _ in transfer.sent]
    assert numbers == list(range(len(numbers)))
    assert [piece for _, _, piece in transfer.sent].count(("B", 2)) == 2


def test_the_third_packet_after_a_hole_says_that_it_is_lost_and_the_second_does_not():
    late = {
        count: next(t for t, n, piece in Transfer(1, count, lost=(0,)).sent if n == count)
        for count in (3, 4)
    }
    rtt = ms(100)
    assert late[4] < late[3], "with two behind it only time can tell"
    assert late[4] == ms(150) + rtt + 4 * 1200
    assert late[3] > ms(150) + rtt * 9 // 8


def test_the_last_packet_is_probed_for_and_each_probe_waits_twice_as_long():
    sent = [time for time, _, _ in Transfer(1, 1, lost=(0, 1, 2)).sent]
    first, second, third = (b - a for a, b in pairwise(sent))
    assert (second, third) == (2 * first, 4 * first)


def test_no_more_is_in_flight_than_the_window_and_it_doubles_in_a_round_trip():
    sent = [time for time, _, _ in Transfer(6, 12).sent]
    first = [time for time in sent if time == sent[0]]
    second = [time for time in sent if sent[0] < time < sent[0] + ms(100) * 2]
    assert (len(first), len(second)) == (INITIAL_WINDOW, 2 * INITIAL_WINDOW)


def test_a_loss_halves_the_window_once_for_a_flight():
    three_acknowledged, one = INITIAL_WINDOW + 3, INITIAL_WINDOW + 1
    assert Transfer(3, 4, lost=(0,)).sender.threshold == three_acknowledged / 2
    assert Transfer(3, 4, lost=(0, 1, 2)).sender.threshold == one / 2


def test_a_new_address_is_challenged_for_a_round_trip_and_then_the_connection_goes_on():
    transfer = Transfer(6, 12, moves_at=ms(230))
    assert len(transfer.pieces) == 72
    known, validated = (
        next(one.time for one in transfer.events if word in one.says)
        for word in ("known connection ID", "PATH_RESPONSE")
    )
    assert (known, validated) == (ms(280), ms(380))
    assert not [time for time, _, _ in transfer.sent if known < time < validated]


def test_what_was_on_its_way_to_the_old_address_is_lost_and_sent_again():
    transfer = Transfer(3, 3, moves_at=ms(190))
    gone = [one for one in transfer.events if "it went to" in one.says]
    assert len(gone) == 9
    assert all(one.again for one in transfer.pieces)


@pytest.mark.parametrize("wrong", [{"streams": 0}, {"streams": 7}, {"pieces": 0}, {"rtt": 0}])
def test_a_transfer_that_makes_no_sense_is_refused(wrong: dict[str, int]):
    with pytest.raises(UsageError, match="A transfer takes 1 to 6 streams"):
        Transfer(**wrong)
