"""The receiver's side of SACK: which blocks beyond the hole to report (RFC 2018, RFC 2883).

Up to four blocks are remembered, the latest first; a duplicate is reported once, as the first block
(DSACK).  Source: tcp_sack_new_ofo_skb(), tcp_sack_remove(), tcp_dsack_set().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.seqnum import HALF, gt, lt
from tcpcore.wire.options import NOP_OPTION, SACK, Option

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

REMEMBERED = 4
OPTION_SPACE = 40
"""Bytes of options that a TCP header can hold."""


def received_beyond(c: Tcb, seq: int, end: int) -> None:
    """A segment from beyond the hole was kept: report its block first."""
    blocks = c.sack_blocks
    number = place(c, seq, end)
    if number < len(blocks):
        block = _around(blocks.pop(number), seq, end)
        blocks.insert(0, _join(blocks, block) if blocks else block)
        return
    blocks.insert(0, (seq, end))
    del blocks[REMEMBERED:]


def place(c: Tcb, seq: int, end: int) -> int:
    """Which of the remembered blocks the bytes join; their number, if it is none of them."""
    for number, block in enumerate(c.sack_blocks):
        if _touches(block, seq, end):
            return number
    return len(c.sack_blocks)


def widen(c: Tcb, number: int, seq: int, end: int) -> None:
    """Let that block, if there is one, hold the bytes; it keeps its place."""
    for left, right in c.sack_blocks[number : number + 1]:
        c.sack_blocks[number] = _around((left, right), seq, end)


def _touches(block: tuple[int, int], seq: int, end: int) -> bool:
    return not ((block[1] - seq) | (end - block[0])) & HALF


def _around(block: tuple[int, int], seq: int, end: int) -> tuple[int, int]:
    left, right = block
    return seq if lt(seq, left) else left, end if gt(end, right) else right


def _join(blocks: list[tuple[int, int]], block: tuple[int, int]) -> tuple[int, int]:
    """Take out of `blocks` what now touches `block`; the joined block."""
    left, right = block
    for other in list(blocks):
        if _touches(other, left, right):
            blocks.remove(other)
            left, right = _around(other, left, right)
    return left, right


def hole_filled(c: Tcb) -> None:
    """rcv.nxt moved on: forget the blocks that it has reached; a FIN alone is one, too."""
    if not c.sack_blocks:
        return
    rcv_nxt = c.rcv_nxt
    if not c.out_of_order and c.fin_at in (None, rcv_nxt):
        c.sack_blocks.clear()
    else:
        c.sack_blocks = [block for block in c.sack_blocks if (rcv_nxt - block[0]) & HALF]


def duplicate(c: Tcb, seq: int, end: int) -> None:
    """Bytes came that were received before: tell the sender once."""
    if c.sack_permitted and c.sysctl.tcp_dsack:
        c.duplicate_block = (seq, end)


def duplicate_too(c: Tcb, seq: int, end: int) -> None:
    """The same of further bytes: one block is all that can be told (tcp_dsack_extend())."""
    block = c.duplicate_block
    if block is None:
        duplicate(c, seq, end)
    elif _touches(block, seq, end):
        c.duplicate_block = _around(block, seq, end)


def _due(c: Tcb, space: int) -> list[tuple[int, int]]:
    blocks = c.sack_blocks
    if c.duplicate_block is not None:
        blocks = [c.duplicate_block, *blocks]
    return blocks[: (space - 4) // 8]


def option_length(c: Tcb, space: int) -> int:
    """Bytes that `option` would take now."""
    if not c.sack_blocks and c.duplicate_block is None:
        return 0
    return 4 + 8 * len(_due(c, space))


def option(c: Tcb, space: int) -> tuple[Option, ...]:
    """The SACK option for a segment with `space` bytes of options left; () when none is due."""
    blocks = _due(c, space)
    if not blocks:
        return ()
    c.duplicate_block = None
    return (NOP_OPTION, NOP_OPTION, (SACK, *blocks))


def bytes_of(options: tuple[Option, ...]) -> int:
    """How many bytes what `option` made takes."""
    return 8 * len(options[2]) - 4 if options else 0
