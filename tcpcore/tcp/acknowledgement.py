"""What an acknowledgement changes at the sender: the queue, the round trip, cwnd, the window.

Whether it is one that may be believed has been checked before, in `arrival` or `prediction`.
Source: tcp_clean_rtx_queue(), tcp_ack_update_rtt() and tcp_ack_update_window() in
net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK, distance, lt
from tcpcore.tcp import (
    chrono,
    departure,
    loss_probe,
    retransmit,
    rtt,
    send_buffer,
    sending,
    state,
    timers,
    urgent,
)
from tcpcore.tcp.congestion import reno
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import SYN, Segment


def update_send_window(c: Tcb, segment: Segment, before: int) -> None:
    """Take the peer's window unless an older segment says it (tcp_may_update_window()).

    `before` is what was acknowledged until now.  Linux differs from RFC 9293 §3.10.7.4: with the
    same numbers as before, a window may grow or close, but not shrink.
    """
    seq, ack = segment.seq, segment.ack
    if (ack - before) & HALF:
        return
    offered = segment.window << c.snd_scale
    newer = ack != before or (c.snd_wl1 - seq) & HALF
    changed = offered > c.snd_wnd or not offered or c.sysctl.windows_shrink
    if newer or (seq == c.snd_wl1 and changed):
        c.snd_wnd = offered
        c.snd_wl1 = seq
        if offered > c.max_window:
            c.max_window = offered


def take(c: Tcb, segment: Segment, now: int) -> None:
    """Bytes are acknowledged: clean the queue, measure the round trip, let cwnd grow."""
    ack = segment.ack
    opening = departure.syn_unacknowledged(c)
    c.bytes_acked += distance(c.snd_una, ack)
    control = int(opening) + int(c.fin_sent and ack == c.snd_nxt)
    cwnd_used = sending.in_flight(c)
    taken = distance(c.snd_una, ack) - control
    del c.send_buffer[:taken]
    c.snd_una = ack
    if c.snd_up is not None:
        urgent.acknowledged(c, ack)
    queue = c.retransmission_queue
    acked, first_sent, sure = 0, 0, True
    while queue and not (ack - queue[0].end) & HALF:
        sent = queue.popleft()
        acked += 1
        if sent.lost:
            c.lost_out -= 1
        first_sent = first_sent or sent.first_sent
        sure = sure and not sent.retransmissions
    if queue and lt(queue[0].seq, ack):  # only a part of it: the rest stays (tcp_trim_head())
        queue[0].seq = ack
        queue[0].flags &= ~SYN
    c.delivered += acked
    _measure(c, segment, now, first_sent if sure and acked else None)
    was_lost, c.retransmissions, c.retransmit_since = c.retransmissions, 0, 0
    if acked and not opening and (2 * cwnd_used >= c.cwnd or was_lost):
        reno.on_ack(c, acked)
        send_buffer.expand(c)
    loss_probe.answered(c, ack)
    if queue:
        loss_probe.rearm(c, now)
        if c.lost_out and c.state != state.SYN_SENT:
            retransmit.resend_lost(c, now)
    else:
        timers.cancel_retransmission(c)
        chrono.stop(c, chrono.BUSY, now)


def _measure(c: Tcb, segment: Segment, now: int, first_sent: int | None) -> None:
    """A round-trip sample: from a segment sent once (Karn), else from the echoed timestamp."""
    if first_sent is not None:
        rtt.sample(c, now - first_sent)
        return
    stamps = wire_options.timestamps(segment.options)
    if stamps is not None and stamps[1]:
        elapsed = departure.timestamp(c.timestamp_offset, now) - stamps[1]
        rtt.sample(c, (elapsed & MASK) * MILLISECOND)
