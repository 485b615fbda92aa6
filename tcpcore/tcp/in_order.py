"""The next data of a peer to whom we send nothing: taken in and acknowledged without detours.

The receiving half of header prediction: what `arrival`, `reception`, `delayed_ack`, `window` and
`departure` do to such a segment, in one go.  Whatever is out of the ordinary is left to them.
Source: the fast path of tcp_rcv_established() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import autotune, delayed_ack, departure, receive_buffer, reception, timers, window
from tcpcore.tcp.delayed_ack import ATO_MIN
from tcpcore.tcp.receive_buffer import GROWS_FROM, RATIO_BITS, WHOLE_PAGES, of_packet
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.segment import PSH, Segment

_QUICK = ATO_MIN // 2
_NEARLY = delayed_ack.nearly(ATO_MIN)
_ACK_QUICK, _ACK_SECOND = reasons.ACK_QUICK(), reasons.ACK_SECOND()
_ACK_NEARLY = reasons.ACK_NEARLY_DUE()


def takes(c: Tcb, segment: Segment, stamp: int, now: int) -> bool:
    """Take in a segment that begins at rcv.nxt, and whose flags and timestamps are as predicted.

    False: something about it, or about the connection, is not, and nothing was done.
    """
    payload, seq = segment.payload, segment.seq
    length, since = len(payload), (seq - c.rcv_wup) & MASK
    if (
        segment.ack != c.snd_una
        or c.write_end != c.snd_nxt
        or segment.window << c.snd_scale != c.snd_wnd
        or length > c.rcv_wnd - since
        or c.ecn
        or c.out_of_order
        or c.fin_at is not None
        or c.urg_data
        or c.unpredicted
        or c.probe_deadline is not None
    ):
        return False
    memory, room = of_packet(length + (52 if c.timestamps else 40))
    rmem = c.rmem
    missing = rmem + memory - c.charged
    if missing > 0:
        if rmem > c.rcvbuf:
            return False
        c.charged -= -missing & WHOLE_PAGES  # rounded up
        c.last_ack_received = now  # only then is its acknowledgement looked at
        c.soft_error, c.probes_out, c.duplicate_block = None, 0, None
    if stamp:
        if not since:  # the next ACK answers this one
            c.ts_recent, c.ts_recent_at = stamp, now
        echo = segment.options[2][2]
        if echo != c.tuning.echo:
            autotune.echo_received(c, echo, length, now)
    if (c.snd_wl1 - seq) & HALF:
        c.snd_wl1 = seq
    unread = c.unread
    if unread and length <= unread[-1][2]:  # it fits behind the last one (tcp_try_coalesce())
        last = unread[-1]
        last[0] += length
        last[2] -= length
    else:
        unread.append([length, memory, room])
        c.rmem = rmem + memory
    c.receive_buffer += payload
    c.rcv_nxt = (seq + length) & MASK
    c.bytes_received += length
    _learn(c, length, since + length, memory, segment.flags, now)
    return True


def _learn(c: Tcb, length: int, since: int, memory: int, flags: int, now: int) -> None:
    """What `delayed_ack.data_received` learns of the sender, and the ACK if it is due.

    `since` is what came since the last ACK.
    """
    if length == c.rcv_mss:
        c.last_segment_size = 0
        if flags & PSH and not c.ack_pushed:
            c.ack_pushed = 1
    else:
        delayed_ack.measure_peer_mss(c, length, memory, flags)
    tuning = c.tuning
    if tuning.rtt_start is None or not (c.rcv_nxt - tuning.rtt_end) & HALF:
        autotune.data_received(c, now)
    gap = now - c.last_data_received
    if c.ato != ATO_MIN or gap > _QUICK:  # else it stays as it is
        delayed_ack.follow_pace(c, gap)
    c.last_data_received = now
    threshold = c.rcv_ssthresh
    if (
        threshold < c.window_clamp
        and length >= GROWS_FROM
        and ((c.rcvbuf - c.rmem) * c.scaling_ratio >> RATIO_BITS > threshold)
    ):
        receive_buffer.grow(c, length, memory, c.rmem)
    c.ack_pending = True
    if c.ack_now or c.ato != ATO_MIN or c.delay_max < ATO_MIN:
        reception.acknowledge(c, now)
        return
    if since > c.rcv_mss:
        wanted = window.wanted(c)
        if wanted >= c.rcv_wnd:
            quick = c.always_quick or (c.quick_acks and not c.pingpong)
            departure.send_ack(c, now, _ACK_QUICK if quick else _ACK_SECOND, wanted)
            return
    if c.always_quick or (c.quick_acks and not c.pingpong):
        departure.send_ack(c, now, _ACK_QUICK)
    elif c.ack_deadline is None or now + ATO_MIN < c.ack_deadline:
        timers.set_ack(c, now + ATO_MIN, now)
    elif c.ack_deadline - now <= _NEARLY:
        departure.send_ack(c, now, _ACK_NEARLY)
