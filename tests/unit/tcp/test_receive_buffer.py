"""What Linux charges for a packet that lies in the receive buffer."""

from __future__ import annotations

import pytest

from tcpcore.tcp import receive_buffer
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.receive_buffer import true_size
from tests.notation import Wire
from tests.states import worlds
from tests.states.conftest import Make

# SO_MEMINFO of Linux 6.18 behind a TUN device, for segments with timestamps (52 bytes of headers).
MEASURED = [(1, 832), (100, 832), (150, 1280), (266, 1280), (570, 1280), (590, 2304)]


@pytest.mark.parametrize(("data", "memory"), MEASURED)
def test_a_packet_takes_the_memory_that_the_kernel_charged(data: int, memory: int):
    assert true_size(52 + data) == memory


def test_a_head_of_576_bytes_is_the_largest_small_one():
    assert true_size(192) == 832
    assert true_size(193) == 1280


# SO_MEMINFO after each of these segments, unread, of a connection without timestamps.
TOGETHER = [
    ((10,) * 16, (832,) * 15 + (1664,)),
    ((1160, 300, 100, 40, 1), (2304,) * 5),
    ((1448, 100, 60, 17), (2304,) * 3 + (3136,)),
    ((100, 1000, 300, 10, 500), (832, 3136, 3136, 3136, 4416)),
]


def arrives(c: Connection, size: int) -> None:
    memory = true_size(40 + size)
    c.rmem += memory
    receive_buffer.put(c, bytes(size), memory, receive_buffer.tail_room(40 + size))


@pytest.mark.parametrize(("sizes", "memory"), TOGETHER)
def test_small_segments_share_the_room_of_the_packet_before_them(
    sizes: tuple[int, ...], memory: tuple[int, ...]
):
    c = worlds.established(Wire()).connection
    seen = []
    for size in sizes:
        arrives(c, size)
        seen.append(c.rmem)
    assert tuple(seen) == memory
    assert len(receive_buffer.take(c, 1 << 20)) == sum(sizes)
    assert c.rmem == 0


def test_a_packet_that_was_read_in_part_still_has_its_room():
    c = worlds.established(Wire()).connection
    for _ in range(2):
        arrives(c, 10)
        receive_buffer.take(c, 4)
    assert c.rmem == 832
    receive_buffer.take(c, 12)
    assert c.rmem == 0


def test_beyond_a_hole_the_window_grows_before_the_packet_takes_its_memory(make: Make):
    wire = make()
    sock = wire.accepted("mss 1460,sackOK,nop,wscale 7")
    found = []
    for start in (1, 2921, 4381, 5841, 7301, 8761):
        wire << f". {start}:{start + 1460}(1460) ack 1 win 65535"
        wire.forget()
        found.append(sock.info()["rcv_ssthresh"])
    assert found == [67160, 70080, 73000, 75920, 77112, 77112]
