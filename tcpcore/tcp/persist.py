"""The persist timer: data waits, nothing is in flight, and the peer's window is shut.

A probe asks again and again, with back-off, whether the window has opened; as long as answers come,
the connection stays (RFC 9293 §3.8.6.1), unless TCP_USER_TIMEOUT ends it.
Linux differs: a connection that its application has closed stays only until the back-off has
reached tcp_rto_max_ms, answers or not; so no peer can keep it with a window that stays shut.
Source: tcp_probe_timer(), tcp_send_probe0() and tcp_write_wakeup() in net/ipv4/.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.errors import ETIMEDOUT
from tcpcore.seqnum import HALF, MASK, distance
from tcpcore.tcp import (
    departure,
    lifecycle,
    retransmit,
    segment_size,
    sending,
    timers,
    urgent,
    write_queue,
)
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason
from tcpcore.wire.segment import ACK, PSH


def waiting(c: Tcb) -> bool:
    """Whether something is to be sent, and nothing on its way will bring news of the window."""
    if c.retransmission_queue:
        return False
    return 0 < (c.write_end - c.snd_nxt) & MASK < HALF or (
        c.fin_queued is not None and not c.fin_sent
    )


def look_after(c: Tcb, now: int) -> None:
    """Start the timer when data is stuck behind the window (tcp_check_probe_timer())."""
    if c.probe_deadline is None and waiting(c):
        timers.set_probe(c, now + max(c.rto, c.sysctl.tcp_rto_min_us), now)


def answered(c: Tcb, now: int) -> None:
    """An ACK came: the peer lives (tcp_ack_probe())."""
    c.probes_out = 0
    if c.probe_deadline is None:
        return
    if not waiting(c):
        stop(c)
        return
    unsent = distance(c.snd_nxt, c.write_end)
    room = distance(c.snd_nxt, (c.snd_una + c.snd_wnd) & MASK)
    packet = write_queue.head(c, 0) if unsent else 0
    if packet + (c.fin_queued is not None and packet >= unsent) <= room:
        stop(c)  # the window has room: sending goes on
        return
    if packet and min(packet, segment_size.mss(c)) <= room:
        timers.cancel_probe(c)  # for a part of the packet only: the back-off stays
        return
    timers.set_probe(c, now + _within_user_timeout(c, _interval(c), now), now)


def stop(c: Tcb) -> None:
    """Nothing is stuck any more."""
    if c.probe_deadline is not None:
        c.backoff = 0
        c.probing_since = None
        timers.cancel_probe(c)


def _interval(c: Tcb) -> int:
    base = max(c.rto, c.sysctl.tcp_rto_min_us)
    longest = c.sysctl.tcp_rto_max_ms * MILLISECOND
    return min(base << min(c.backoff, 32), longest)


def on_timeout(c: Tcb, now: int) -> None:
    """The timer fired: probe, or give up when too many went unanswered."""
    c.probe_deadline = None
    if not waiting(c):
        c.probes_out = 0
        return
    if c.probing_since is None:
        c.probing_since = now
    if _given_up(c, now):
        return
    wake(c, now, reasons.WINDOW_PROBE(), "TcpExtTCPWinProbe")
    if c.retransmission_queue:  # the probe was data after all
        c.probes_out = c.backoff = 0
        return
    c.probes_out += 1
    if c.backoff < c.sysctl.tcp_retries2:
        c.backoff += 1
    timers.set_probe(c, now + _within_user_timeout(c, _interval(c), now), now)


def _within_user_timeout(c: Tcb, wait: int, now: int) -> int:
    """TCP_USER_TIMEOUT counts from the first probe, answered or not.

    Source: tcp_clamp_probe0_to_user_timeout().
    """
    if not c.user_timeout or c.probing_since is None:
        return wait
    return min(wait, max(c.probing_since + c.user_timeout - now, timers.TICK))


def _given_up(c: Tcb, now: int) -> bool:
    since = c.probing_since or now
    if c.user_timeout and now - since >= c.user_timeout:
        waited, name, most = timers.span(now - since), "TCP_USER_TIMEOUT", c.user_timeout // 1000
    else:
        name, most, _ = retransmit.limit(c)
        if c.orphan:  # nor is it probed for ever, answers or not
            growing = c.rto << c.backoff < c.sysctl.tcp_rto_max_ms * MILLISECOND
            most = retransmit.orphan_retries(c, growing)
            if not growing and c.backoff >= most:
                most = 0
        if c.probes_out < most:
            return False
        waited = f"{c.probes_out} probes"
    values = {"waited": waited, "name": name, "retries": most}
    lifecycle.give_up(c, ETIMEDOUT, Reason(reasons.GIVE_UP_DATA, values))
    return True


def wake(c: Tcb, now: int, reason: Reason, counter: str) -> None:
    """Make the peer speak: send what its window takes, else a byte it has had.

    `counter` counts only what brings nothing new.
    Source: tcp_write_wakeup().
    """
    room = distance(c.snd_nxt, (c.snd_una + c.snd_wnd) & MASK)
    unsent = distance(c.snd_nxt, c.write_end)
    if room > 0 and unsent > 0:
        sending.send_part(c, min(room, unsent, segment_size.mss(c)), now, PSH)
        c.retransmission_queue[-1].flags |= PSH
    else:
        if (
            0 < urgent.pointer(c, c.snd_una) < urgent.FURTHEST
        ):  # one that brings the news, and one more
            departure.emit(c, ACK, c.snd_una, b"", now, reasons.URGENT_PROBE())
            c.tally(counter)
        departure.send_old_byte(c, now, reason)
        c.tally(counter)
