"""Data from beyond a hole, of a peer to whom we send nothing: kept and answered without detours.

What `arrival` does to such a segment, less the checks that `takes` has made already.  Source:
tcp_data_queue_ofo() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import autotune, chrono, reception, state
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.options import TIMESTAMPS
from tcpcore.wire.segment import Segment

_ESTABLISHED, _IDLE = state.ESTABLISHED, chrono.IDLE


def takes(c: Tcb, segment: Segment, now: int) -> bool:
    """Take in a segment whose flags are as predicted, and which is not the next one.

    False: it lies elsewhere, or something is out of the ordinary; and nothing was done.
    """
    length, una, seq, rcv_nxt = len(segment.payload), c.snd_una, segment.seq, c.rcv_nxt
    if (
        not length
        or c.state != _ESTABLISHED
        or ((seq - rcv_nxt) & MASK) + length > c.rcv_wnd - ((rcv_nxt - c.rcv_wup) & MASK)
        or segment.ack != una
        or una != c.snd_nxt
        or una != c.write_end
        or segment.window << c.snd_scale != c.snd_wnd
        or c.ecn
        or c.fin_at is not None
        or c.fin_queued is not None
        or c.urg_data
        or c.probe_deadline is not None
        or c.probe_end is not None
        or c.lacks_space
        or c.chrono != _IDLE
    ):
        return False
    options = segment.options
    if c.timestamps:
        recent = c.ts_recent
        if len(options) != 3 or options[2][0] != TIMESTAMPS or not recent:
            return False
        _, stamp, echo = options[2]
        if (stamp - recent) & HALF:
            return False
        if echo != c.tuning.echo:
            autotune.echo_received(c, echo, length, now)
    elif options:
        return False
    c.last_ack_received = now
    c.soft_error = None
    c.probes_out = 0
    if (c.snd_wl1 - seq) & HALF:
        c.snd_wl1 = seq
    why = reception.keep(c, segment, now)
    if c.ack_pending:  # of before, if there was no room for it
        reception.acknowledge(c, now, why)
    c.no_news = True
    return True
