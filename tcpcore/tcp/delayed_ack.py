"""When to acknowledge: at once, a little later, or with the next data.

Linux starts a connection in quick-ACK mode (up to 16 ACKs without delay), then delays ACKs by an
adaptive time of 40 to 200 ms.  Two ends that answer each other are in *ping-pong* mode: the answer
carries the ACK.  Source: tcp_event_data_recv(), __tcp_ack_snd_check(), tcp_send_delayed_ack() and
tcp_delack_timer_handler(); RFC 9293 §3.8.6.3 asks for less than 500 ms.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.seqnum import MASK
from tcpcore.tcp import autotune, receive_buffer, segment_size, timers, window
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND
from tcpcore.why import Why

ATO_MIN = 40 * MILLISECOND
"""TCP_ATO_MIN and TCP_DELACK_MIN."""

USUAL_SEGMENT, SMALLEST_SEGMENT = 536, 88
"""TCP_MSS_DEFAULT and TCP_MIN_MSS."""

DELAY_MAX = 200 * MILLISECOND
"""TCP_DELACK_MAX."""

_QUICK = ATO_MIN // 2
_TWO_TICKS = 2 * timers.TICK

MAX_QUICK_ACKS = 16
ACKS_COMPRESSED = "TcpExtTCPAckCompressed"
PSH = 0x08
REMNANT = 0x2B
"""FIN, SYN, PSH or URG: what has one may well be smaller than a full segment (TCP_REMNANT)."""
MIN_MSS = 88


def data_received(c: Tcb, length: int, memory: int, flags: int, now: int) -> None:
    """Take note of in-order data: an ACK is due, the sender's pace is known better.

    `length` is the payload of its segment, `memory` what the packet takes of the buffer.
    Source: tcp_event_data_recv().
    """
    c.ack_pending = True
    measure_peer_mss(c, length, memory, flags)
    autotune.data_received(c, now)
    follow_pace(c, now - c.last_data_received)
    c.last_data_received = now
    if length >= receive_buffer.GROWS_FROM and c.rcv_ssthresh < c.window_clamp:
        receive_buffer.grow(c, length, memory, c.rmem)


def follow_pace(c: Tcb, gap: int) -> None:
    """Adapt the delay to the time (us) since the data before; Linux reckons in whole ticks."""
    if not c.ato:
        _more_quick_acks(c)
        c.ato = ATO_MIN
    elif gap <= _QUICK:
        c.ato = c.ato // _TWO_TICKS * timers.TICK + ATO_MIN // 2
    elif gap < c.ato:
        ticks = c.ato // _TWO_TICKS + (gap + timers.TICK // 2) // timers.TICK
        c.ato = min(ticks * timers.TICK, c.rto)
    elif gap > c.rto:  # the sender paused: it may be in slow start again
        _more_quick_acks(c)


def due_now(c: Tcb) -> Why | None:
    """Why the pending ACK must go out now; None: it may wait."""
    if (c.rcv_nxt - c.rcv_wup) & MASK > c.rcv_mss and window.would_not_shrink(c):
        return reasons.ACK_QUICK if is_quick(c) else reasons.ACK_SECOND
    return reasons.ACK_QUICK if is_quick(c) else None


def is_quick(c: Tcb) -> bool:
    """Whether no ACK waits (tcp_in_quickack_mode())."""
    return c.always_quick or (c.quick_acks > 0 and not c.pingpong)


def delay(c: Tcb, now: int) -> bool:
    """Start the timer of the delayed ACK, unless an earlier deadline stands.

    False: that one is so near that the ACK had better go at once.  Source: tcp_send_delayed_ack().
    """
    ato = c.ato
    if ato > ATO_MIN:
        longest = DELAY_MAX if c.pingpong or c.ack_pushed else 500 * MILLISECOND
        if c.srtt:
            longest = min(longest, max(c.srtt >> 3, ATO_MIN))
        ato = min(ato, longest)
    ato = min(ato, c.delay_max)
    standing = c.ack_deadline
    if standing is not None and standing - now <= nearly(ato):
        return False
    deadline = now + max(ato, timers.TICK)
    if standing is None or deadline < standing:
        timers.set_ack(c, deadline, now)
    return True


def nearly(ato: int) -> int:
    """So little time (us) before an ACK is due nobody waits: a quarter of the delay, in ticks.

    Ticks begin anywhere, so what is counted in them may be up to one more; half of one is the mean.
    """
    return (ato // timers.TICK >> 2) * timers.TICK + timers.TICK // 2


def timer_fired(c: Tcb) -> None:
    """The delay was in vain: adapt it."""
    if c.pingpong:
        c.pingpong = c.answers = 0
        c.ato = ATO_MIN
    else:
        c.ato = min(c.ato << 1, c.rto)


def ack_sent(c: Tcb) -> None:
    """Any segment with ACK has gone out: nothing is pending any more."""
    if c.ack_pending and c.quick_acks:
        c.quick_acks -= 1
        if not c.quick_acks:
            c.ato = ATO_MIN  # leaving quick-ACK mode
    c.ack_pending = False
    c.ack_now = False
    c.ack_pushed = 0
    if c.ack_deadline is not None:
        timers.cancel_ack(c)
    if c.held_acks:  # the ACK says what they would have said
        c.tally(ACKS_COMPRESSED, c.held_acks)
        c.held_acks = 0


def application_read(c: Tcb) -> bool:
    """Whether reading makes the pending ACK due (tcp_cleanup_rbuf())."""
    if not c.ack_pending:
        return False
    if (c.rcv_nxt - c.rcv_wup) & MASK > c.rcv_mss:
        return True
    pushed = c.ack_pushed > 1 or (c.ack_pushed == 1 and not c.pingpong)
    return pushed and not c.receive_buffer


def enter_quick_mode(c: Tcb, most: int = MAX_QUICK_ACKS) -> None:
    """Something is out of the ordinary: acknowledge without delay (tcp_enter_quickack_mode())."""
    _more_quick_acks(c, most)
    c.pingpong = c.answers = 0
    c.ato = ATO_MIN


def _more_quick_acks(c: Tcb, most: int = MAX_QUICK_ACKS) -> None:
    if not c.sysctl.quick_acks:
        return
    count = min(c.rcv_wnd // (2 * c.rcv_mss) or 2, most)
    c.quick_acks = max(c.quick_acks, count)


def measure_peer_mss(c: Tcb, length: int, memory: int, flags: int) -> None:
    """Guess the segment size that the peer uses (tcp_measure_rcv_mss())."""
    size, c.last_segment_size = c.last_segment_size, 0
    whole = length
    if 0 < c.merged_mss < length:
        length = c.merged_mss
    if length == c.rcv_mss and not flags & PSH:
        return
    if length >= c.rcv_mss:
        if length != c.rcv_mss:
            receive_buffer.packet_seen(c, whole, memory)
        c.rcv_mss = min(length, c.advertised_mss - segment_size.STAMPS * c.timestamps)
        if flags & PSH and not c.ack_pushed:
            c.ack_pushed = 1
        return
    header = 32 if c.timestamps else 20
    if length + header >= 536 + 20 or (length + header >= MIN_MSS + 20 and not flags & REMNANT):
        c.last_segment_size = length
        if size == length:
            c.rcv_mss = length
            return
    c.ack_pushed = min(c.ack_pushed + 1, 2)


def expect_segments(c: Tcb) -> None:
    """What segments to expect of a peer of whom we saw none (tcp_initialize_rcv_mss())."""
    size = min(receive_buffer.segment_size(c), segment_size.mss(c), c.rcv_wnd >> 1, USUAL_SEGMENT)
    c.rcv_mss = max(size, SMALLEST_SEGMENT)
