"""When the receive buffer is over-full: packets share memory, or the last ones are dropped.

Memory is charged by the page, and the fast path asks no more questions while what is charged lasts;
so the buffer may be over-full by a page.  Source: tcp_try_rmem_schedule(), tcp_prune_queue(),
tcp_collapse() and tcp_prune_ofo_queue() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from collections import deque

from tcpcore.seqnum import MASK, gt
from tcpcore.tcp import receive_buffer
from tcpcore.tcp.tcb import Tcb

PAGE = 4096
LARGEST = 3776
"""Bytes that fit into a page's packet (SKB_MAX_ORDER(0, 0))."""


def has_room(c: Tcb, memory: int, seq: int) -> bool:
    """Make room for a packet of so much memory at `seq`, and charge it; False: there is none."""
    if c.rmem > c.rcvbuf and not _prune(c, seq):
        return False
    charge(c, memory)
    return True


def charge(c: Tcb, memory: int) -> None:
    """Take so many pages that the packet fits (sk_rmem_schedule())."""
    missing = c.rmem + memory - c.charged
    if missing > 0:
        c.charged += -(-missing // PAGE) * PAGE


def _prune(c: Tcb, seq: int) -> bool:
    if not c.rmem:
        return False
    _clamp(c)
    if c.rmem <= c.rcvbuf:
        return True
    _collapse_out_of_order(c)
    _collapse_unread(c)
    if c.rmem <= c.rcvbuf:
        return True
    while c.rmem > c.rcvbuf and _drop_last(c, seq):
        pass
    return c.rmem <= c.rcvbuf


def _clamp(c: Tcb) -> None:
    """Let the buffer be as large as it is full, if it may grow (tcp_clamp_window())."""
    c.quick_acks = 0
    if not c.rcvbuf_locked and c.rcvbuf < c.sysctl.tcp_rmem[2]:
        c.rcvbuf = min(c.rmem, c.sysctl.tcp_rmem[2])
    if c.rmem > c.rcvbuf:
        c.rcv_ssthresh = min(c.window_clamp, 2 * receive_buffer.segment_size(c))


def _wasteful(c: Tcb, length: int, memory: int) -> bool:
    return memory * c.scaling_ratio >> receive_buffer.RATIO_BITS > length


def _collapse_unread(c: Tcb) -> None:
    """Let the packets from the first wasteful one on share buffers as large as a page."""
    kept: deque[list[int]] = deque()
    rest = c.unread
    while rest and not _begins_collapse(c, rest):
        kept.append(rest.popleft())
    if rest:
        c.rmem -= sum(packet[1] for packet in rest)
        for length in _pieces(sum(packet[0] for packet in rest)):
            memory, room = receive_buffer.shared(length)
            c.rmem += memory
            kept.append([length, memory, room])
        receive_buffer.free(c, 0)
    c.unread = kept


def _begins_collapse(c: Tcb, packets: deque[list[int]]) -> bool:
    """Whether the first packet is wasteful, or partly there or read before, or the next is."""
    length, memory, _, *gone = packets[0]
    if gone or (len(packets) > 1 and len(packets[1]) > len(packets[0])):
        return True
    return _wasteful(c, length, memory)


def _pieces(total: int) -> list[int]:
    return [min(LARGEST, total - start) for start in range(0, total, LARGEST)]


def _collapse_out_of_order(c: Tcb) -> None:
    """The same for every run without a hole; a lone small packet stays while they are few."""
    runs: list[list[tuple[int, bytes, int, int]]] = []
    for one in c.out_of_order:
        if runs and not gt(one[0], _end(runs[-1][-1])):
            runs[-1].append(one)
        else:
            runs.append([one])
    made: list[tuple[int, bytes, int, int]] = []
    tiny = 0
    for number, run in enumerate(runs):
        if len(run) == 1 and len(run[0][1]) < LARGEST:
            tiny += run[0][2]
            made += run
            if tiny > c.rcvbuf >> 3:
                made += [one for later in runs[number + 1 :] for one in later]
                break
        else:
            made += _collapsed(c, run)
    c.out_of_order = made


def _collapsed(c: Tcb, run: list[tuple[int, bytes, int, int]]) -> list[tuple[int, bytes, int, int]]:
    """The run with all from the first wasteful packet on in shared buffers.

    Or from the first one on that overlaps with its neighbour.
    """
    place = 0
    while place < len(run) and not _wasteful(c, len(run[place][1]), run[place][2]):
        if place + 1 < len(run) and run[place + 1][0] != _end(run[place]):
            break
        place += 1
    rest = run[place:]
    if not rest:
        return run
    c.rmem -= sum(memory for _, _, memory, _ in rest)
    first = rest[0][0]
    data = bytearray()
    for seq, payload, _, _ in rest:
        data += payload[len(data) - ((seq - first) & MASK) :]
    return run[:place] + _shared(c, first, bytes(data))


def _end(piece: tuple[int, bytes, int, int]) -> int:
    return (piece[0] + len(piece[1])) & MASK


def _shared(c: Tcb, seq: int, data: bytes) -> list[tuple[int, bytes, int, int]]:
    made, at = [], 0
    for length in _pieces(len(data)):
        memory, room = receive_buffer.shared(length)
        c.rmem += memory
        made.append(((seq + at) & MASK, data[at : at + length], memory, room))
        at += length
    return made


def _drop_last(c: Tcb, seq: int) -> bool:
    """Throw away from the far end, an eighth of the buffer at a time (tcp_prune_ofo_queue()).

    Nothing that lies before the packet that just came; what SACK said of it is taken back.
    """
    goal, dropped = c.rcvbuf >> 3, False
    while c.out_of_order and not gt(seq, c.out_of_order[-1][0]):
        _, _, memory, _ = c.out_of_order.pop()
        c.rmem -= memory
        goal -= memory
        dropped = True
        if goal <= 0 and c.rmem <= c.rcvbuf:
            break
    if dropped:
        c.sack_blocks.clear()
        c.duplicate_block = None
    return dropped
