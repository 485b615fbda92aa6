"""What Linux charges for a packet that lies in the receive buffer."""

from __future__ import annotations

import pytest

from tcpcore.tcp.receive_buffer import true_size

# SO_MEMINFO of Linux 6.18 behind a TUN device, for segments with timestamps (52 bytes of headers).
MEASURED = [(1, 832), (100, 832), (150, 1280), (266, 1280), (570, 1280), (590, 2304)]


@pytest.mark.parametrize(("data", "memory"), MEASURED)
def test_a_packet_takes_the_memory_that_the_kernel_charged(data: int, memory: int):
    assert true_size(52 + data) == memory


def test_a_head_of_576_bytes_is_the_largest_small_one():
    assert true_size(192) == 832
    assert true_size(193) == 1280
