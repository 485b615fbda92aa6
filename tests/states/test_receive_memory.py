"""The receive buffer: what each packet costs of it, and how it grows with what is read."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.units import ms
from tests.states.conftest import Make
from tests.states.worlds import established


def costs(wire: Any, sizes: list[int], order: list[int] | None = None) -> list[int]:
    """Memory in use after each segment of these sizes came, in this order."""
    sock = established(wire)
    starts = [1 + sum(sizes[:number]) for number in range(len(sizes))]
    found = []
    for number in order or range(len(sizes)):
        start, size = starts[number], sizes[number]
        wire << f". {start}:{start + size}({size}) ack 1 win 65535"
        wire.forget()
        found.append(sock.memory())
    sock.read(sum(sizes))
    assert sock.memory() == 0
    return found


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([100] * 3, [832, 1664, 2496]),
        ([1] * 3, [832] * 3),
        ([152, 153], [832, 2112]),
        ([1460, 104, 104, 10, 10], [2304, 2304, 3136, 3136, 3136]),
        ([300] * 4, [1280, 1280, 2560, 2560]),
        ([200] * 4, [1280, 1280, 1280, 2560]),
        ([1000] * 3, [2304, 4608, 6912]),
    ],
)
def test_a_small_packet_is_free_where_the_one_before_has_room_for_it(
    make: Make, sizes: list[int], found: list[int]
):
    assert costs(make(), sizes) == found


@pytest.mark.parametrize(
    ("sizes", "order", "found"),
    [
        ([10] * 6, [1, 3, 2, 5, 4, 0], [832, 1664, 1664, 2496, 2496, 832]),
        ([10] * 4, [3, 2, 1, 0], [832, 1664, 2496, 832]),
        ([1460, 100, 1460, 100], [2, 3, 0, 1], [2304, 2304, 4608, 4608]),
    ],
)
def test_so_it_is_out_of_order_and_once_more_when_the_order_is_there(
    make: Make, sizes: list[int], order: list[int], found: list[int]
):
    assert costs(make(), sizes, order) == found


def rounds(wire: Any, sock: Any, counts: list[int]) -> list[tuple[int, int, int]]:
    """SO_RCVBUF, rcv_space and rcv_ssthresh after so many segments each 40 ms were read."""
    found, at = [], 1
    for count in counts:
        for _ in range(count):
            wire << f". {at}:{at + 1460}(1460) ack 1 win 65535"
            at += 1460
            wire.forget()
        sock.read(count * 1460)
        wire.forget()
        info = sock.info()
        found.append((sock.get("SO_RCVBUF"), info["rcv_space"], info["rcv_ssthresh"]))
        pause(wire, ms(40))
    return found


def pause(wire: Any, duration: int) -> None:
    """Let time pass, whatever is sent."""
    if hasattr(wire, "net"):
        wire.net.go_on(wire.now + duration)
    else:
        wire._listen(duration)
    wire.forget()


def test_the_buffer_grows_with_what_is_read_in_a_round_trip(make: Make):
    wire = make()
    sock = wire.accepted("mss 1460,nop,wscale 7")
    assert rounds(wire, sock, [5] * 12)[-5:] == [
        (131072, 14600, 81486),
        (1092671, 54020, 81486),
        (1092671, 54020, 96086),
        (1092671, 54020, 110686),
        (1092671, 54020, 125286),
    ]


def test_a_buffer_that_was_set_stays_as_it_is(make: Make):
    wire = make()
    sock = wire.accepted("mss 1460,nop,wscale 7")
    sock.set("SO_RCVBUF", 100_000)
    assert {size for size, _, _ in rounds(wire, sock, [5] * 10)} == {200_000}


def test_without_tcp_moderate_rcvbuf_it_stays_too(make: Make):
    wire = make(tcp_moderate_rcvbuf=0)
    sock = wire.accepted("mss 1460,nop,wscale 7")
    found = rounds(wire, sock, [5] * 10)
    assert {size for size, _, _ in found} == {131072}
    assert found[-1][1] == 54020  # measured all the same


def filled(
    wire: Any, buffer: int, sizes: list[int], order: list[int] | None = None
) -> list[tuple[int, int, int]]:
    """Memory, SO_RCVBUF and rcv_ssthresh after each segment that nobody reads."""
    listener = wire.socket(8888)
    listener.set("SO_RCVBUF", buffer)
    listener.raw.listen(5)
    wire.listener = listener
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << ". 1:1(0) ack 1 win 65535"
    sock = wire.call_accept()
    starts = [1 + sum(sizes[:number]) for number in range(len(sizes))]
    found = []
    for number in order or range(len(sizes)):
        start, size = starts[number], sizes[number]
        wire << f". {start}:{start + size}({size}) ack 1 win 65535"
        wire.forget()
        found.append((sock.memory(), sock.get("SO_RCVBUF"), sock.info()["rcv_ssthresh"]))
    return found


def test_small_packets_overfill_a_buffer_by_a_page_and_then_share_one(make: Make):
    found = filled(make(), 10_000, [100] * 40)
    assert found[28:31] == [(24128, 20000, 8540), (4352, 20000, 2920), (4352, 20000, 2920)]
    assert found[36:38] == [(4352, 20000, 2920), (5184, 20000, 2920)]


def test_out_of_order_a_run_of_small_packets_shares_one(make: Make):
    found = filled(make(), 5_000, [100] * 40, [0, *range(2, 40)])
    memory = [one for one, _, _ in found]
    assert memory[11:19] == [9984, 10816, 3136, 3136, 3136, 3136, 3136, 3968]
    assert memory[26:28] == [10624, 5440]
    assert found[-1] == (8768, 10000, 2920)


def test_a_large_packet_takes_pages(make: Make):
    found = filled(make(), 100_000, [20_000] * 4)
    assert [(memory, threshold) for memory, _, threshold in found] == [
        (20736, 139280), (41472, 152335), (62208, 152335), (82944, 152335),
    ]  # fmt: skip


def test_the_ack_of_a_quick_start_waits_when_it_would_shrink_the_window(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("SO_RCVBUF", 10_000)
    wire << "P. 1:20001(20000) ack 1 win 65535"
    wire.after(ms(40)) >> ". 1:1(0) ack 20001"


def test_what_comes_out_of_order_tells_of_the_peers_segment_size_too(make: Make):
    wire = make()
    sock = established(wire)
    wire << ". 1001:2001(1000) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    assert sock.info()["rcv_mss"] == 1000


def test_two_smaller_segments_in_a_row_are_a_smaller_segment_size(make: Make):
    wire = make()
    sock = established(wire)
    sizes = []
    for start, length in ((1, 1400), (1401, 1000), (2401, 1400), (3801, 1000), (4801, 1000)):
        wire << f". {start}:{start + length}({length}) ack 1 win 65535"
        wire.forget()
        sizes.append(sock.info()["rcv_mss"])
    assert sizes == [1400, 1400, 1400, 1400, 1000]
