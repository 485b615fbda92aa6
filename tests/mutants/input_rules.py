"""Rules of the receive path: windows, reassembly, DSACK, ECN, and the memory of packets."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "what waits to be told of a duplicate is forgotten when data comes",
        "tcp/reception.py",
        "    c.duplicate_block = None\n    seq, payload",
        "    seq, payload",
    ),
    Mutant(
        "what was partly there does not move into the packet before it",
        "tcp/receive_buffer.py",
        "    if whole and unread and",
        "    if unread and",
    ),
    Mutant(
        "packets beyond a hole that overlap are both kept",
        "tcp/reassembly.py",
        "        if left + len(other) > end:\n            break",
        "        if False:\n            break",
    ),
    Mutant(
        "a FIN by itself takes memory until it is read",
        "tcp/reception.py",
        "        c.unread.append([0, memory, room])",
        "        c.rmem -= memory",
    ),
    Mutant(
        "all segments of a large packet report its duplicate",
        "tcp/sending.py",
        "        c.duplicate_block = told  #",
        "        pass  #",
    ),
    Mutant(
        "a segment that is full but for SACK blocks is none of Minshall's small ones",
        "tcp/sending.py",
        "    push, small = PSH if length > mss else 0, length % mss",
        "    push, small = PSH if length > mss else 0, length % c.snd_mss",
    ),
    Mutant(
        "a write makes packets of segments that leave room for SACK blocks",
        "tcp/send_buffer.py",
        "    mss = segment_size.current(c)\n    return max(",
        "    mss = segment_size.mss(c)\n    return max(",
    ),
    Mutant(
        "a tail loss probe is cut into segments of today's size",
        "tcp/retransmit.py",
        "    if count == 1 or distance(first.seq, first.end) == mss:",
        "    if True:",
    ),
    Mutant(
        "a mark on the first data leaves its quick ACKs",
        "tcp/reception.py",
        "        delayed_ack.data_received(c, len(payload), memory, segment.flags, now)\n"
        "        if c.ecn:",
        "        _look_for_mark(c, segment)\n"
        "        delayed_ack.data_received(c, len(payload), memory, segment.flags, now)\n"
        "        if False:",
    ),
    Mutant(
        "in TIME_WAIT no mark is echoed",
        "tcp/lifecycle.py",
        "        c.ecn &= ~ecn.DEMAND_CWR\n",
        "        pass\n",
    ),
    Mutant(
        "URG says that a small segment may well be one",
        "tcp/delayed_ack.py",
        "REMNANT = 0x2B",
        "REMNANT = 0x0B",
    ),
)
