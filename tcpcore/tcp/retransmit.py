"""The retransmission time-out: back off, send again, and know when to give up.

Source: tcp_retransmit_timer(), tcp_write_timeout() and retransmits_timed_out() in
net/ipv4/tcp_timer.c.  The limits are sysctls, and count time rather than segments: a limit of R
stands for the time that R retransmissions with doubling RTO would take from the first one.
"""

from __future__ import annotations

from itertools import islice

from tcpcore import reasons
from tcpcore.errors import ETIMEDOUT
from tcpcore.seqnum import distance
from tcpcore.tcp import (
    departure,
    lifecycle,
    mtu_probing,
    pacing,
    recovery,
    resend,
    segment_size,
    sending,
    state,
    timers,
    trim,
)
from tcpcore.tcp.loss_state import DISORDER, LOSS, RECOVERY
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import INFINITE_SSTHRESH, RTO_INITIAL, Tcb
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason, Why
from tcpcore.wire.segment import FIN

ORPHAN_RETRIES = 8
"""What tcp_orphan_retries=0 means while the RTO still grows."""

THIN, THIN_LINEAR_RETRIES = 4, 6
"""Segments in flight below which a stream is thin; how many times its RTO does not double."""

LIMIT_BASE = 200 * MILLISECOND
"""What a limit of R starts its doubling from: TCP_RTO_MIN, whatever tcp_rto_min_us may be."""

LATE = 18
"""A kernel's timers fire up to an eighth late (kernel/time/timer.c): an 18th, taken together.

It decides when to give up: exact timers would miss a limit of R retransmissions by the first wait
(see `_counts_from`), and from R = 4 on the lateness makes up for that.  Measured: 4 to 7 %.
"""


def model_timeout(retries: int, rto: int, rto_max: int) -> int:
    """How long `retries` retransmissions take when the RTO doubles from `rto` to `rto_max`.

    In microseconds, from the first sending to giving up.  Source: tcp_model_timeout().
    """
    doublings = (rto_max // rto).bit_length() - 1
    if retries <= doublings:
        return ((2 << retries) - 1) * rto
    return ((2 << doublings) - 1) * rto + (retries - doublings) * rto_max


def limit(c: Tcb) -> tuple[str, int, bool]:
    """``(sysctl's name, its value, whether it has run out by count)``, by the state."""
    s = c.sysctl
    if c.state == state.SYN_SENT:
        retries = c.syn_retries or s.tcp_syn_retries
        return "tcp_syn_retries", retries, c.retransmissions >= retries + s.tcp_syn_linear_timeouts
    if c.state == state.SYN_RECV or c.request_out:  # an early one may have one more
        retries = c.syn_retries or s.tcp_synack_retries + c.request_out
        return "tcp_synack_retries", retries, c.retransmissions >= retries
    if c.orphan:
        growing = c.rto < s.tcp_rto_max_ms * MILLISECOND
        return "tcp_orphan_retries", orphan_retries(c, growing), False
    return "tcp_retries2", s.tcp_retries2, False


def orphan_retries(c: Tcb, growing: bool) -> int:
    """How often a connection that nobody holds any more is tried again.

    Not once more, unless tcp_orphan_retries says so, when its time-out has grown (`growing`: it
    still does) to tcp_rto_max_ms; and not at all when ICMP has said besides that there is no way.
    Source: tcp_orphan_retries().
    """
    retries = c.sysctl.tcp_orphan_retries
    if growing:
        return retries or ORPHAN_RETRIES
    return retries if c.soft_error is None else 0


def _timed_out(c: Tcb, now: int) -> bool:
    """Give up when it is time to; whether it was."""
    name, retries, counted_out = limit(c)
    waited = now - c.retransmit_since
    if not counted_out:
        if not c.retransmissions and retries:
            return False
        if c.request_out or not _run_out(c, retries, c.user_timeout, now):
            return False
        if c.user_timeout:
            name, retries = "TCP_USER_TIMEOUT", c.user_timeout // MILLISECOND
    values = {"waited": timers.span(waited), "name": name, "retries": retries}
    why = reasons.GIVE_UP_CONNECT if c.state == state.SYN_SENT else reasons.GIVE_UP_DATA
    lifecycle.give_up(c, ETIMEDOUT, Reason(why, values))
    return True


def _run_out(c: Tcb, retries: int, longest: int, now: int) -> bool:
    """Whether `longest`, else the time that `retries` stands for, has passed."""
    s = c.sysctl
    opening = c.state in (state.SYN_SENT, state.SYN_RECV)
    counted = now - _counts_from(c)
    base = RTO_INITIAL if opening else LIMIT_BASE
    if not opening and not longest:
        counted += min(counted // LATE, s.tcp_rto_max_ms * MILLISECOND // 2)
    return counted >= (longest or model_timeout(retries, base, s.tcp_rto_max_ms * 1000))


def _counts_from(c: Tcb) -> int:
    """From when a limit in time counts: the first SYN, or the first time-out of what is sent again.

    Source: retransmits_timed_out() looks at `retrans_stamp`, which the first retransmission sets; a
    tail loss probe is none.
    """
    opening = c.state in (state.SYN_SENT, state.SYN_RECV)
    if opening or c.loss.retrans_stamp is None:
        return c.retransmit_since
    return c.loss.retrans_stamp


def _shut_for_good(c: Tcb, head: SentSegment, now: int) -> bool:
    """What is sent again probes a window that has shut: it ends only when nothing is heard.

    Source: tcp_rtx_probe0_timed_out().
    """
    since = head.last_sent if c.loss.retrans_stamp is None else c.loss.retrans_stamp
    longest = 2 * c.sysctl.tcp_rto_max_ms * MILLISECOND
    if c.user_timeout:
        longest = min(longest, c.user_timeout)
        if now - since > c.user_timeout:
            longest = -1
    if now - c.last_ack_received <= longest or now - since <= longest:
        return False
    values = {"waited": timers.span(now - since), "name": "tcp_rto_max_ms", "retries": 2}
    lifecycle.give_up(c, ETIMEDOUT, Reason(reasons.GIVE_UP_DATA, values))
    return True


def on_timeout(c: Tcb, now: int) -> None:
    """The retransmission timer fired."""
    c.retransmit_deadline = None
    if not c.retransmission_queue:
        return
    head = c.retransmission_queue[0]
    if not c.retransmit_since:
        c.retransmit_since = head.first_sent
    before = c.retransmissions
    shut = not c.snd_wnd and not c.orphan and c.state in state.HANDSHAKE_DONE
    expired = _shut_for_good(c, head, now) if shut else _timed_out(c, now)
    if c.fast_open is not None and c.fast_open.keeper is not None and not shut:
        c.fast_open.keeper.timed_out(before, expired, now)
    if expired:
        return
    if before and c.state in state.HANDSHAKE_DONE and _run_out(c, c.sysctl.tcp_retries1, 0, now):
        mtu_probing.suspect(c, now)
    if c.request_out:
        _answer_early_again(c, head, now)
        return
    if not shut and not c.retransmissions:
        _count_failure(c)
    recovery.enter_loss(c, now)
    if not shut:
        _count(c, now)
        c.rehashes += 1
        c.tally("TcpExtTcpTimeoutRehash")
    waited = now - head.last_sent
    why: Why = reasons.SYN_AGAIN if c.state == state.SYN_SENT else reasons.DATA_AGAIN
    values = {"waited": timers.span(waited), "retransmission": c.retransmissions}
    pacing.charge_queued(c, head.seq, head.end, now)
    resend.oldest(c, now, Reason(why, values))
    linear = c.sysctl.tcp_syn_linear_timeouts
    if _is_thin(c) and c.retransmissions <= THIN_LINEAR_RETRIES:
        c.backoff = 0
        base = (c.srtt >> 3) + c.rttvar
        c.rto = min(max(base, c.sysctl.tcp_rto_min_us), c.sysctl.tcp_rto_max_ms * MILLISECOND)
    elif c.state != state.SYN_SENT or c.retransmissions > linear:
        c.backoff += 1
        c.rto = min(c.rto << 1, c.sysctl.tcp_rto_max_ms * 1000)
    left = None
    if c.user_timeout:
        left = max(_counts_from(c) + c.user_timeout - now, timers.TICK)
    timers.set_retransmission(c, now, left)


def _is_thin(c: Tcb) -> bool:
    """Whether so little is in flight that doubling the RTO helps nobody (TCP_THIN_LINEAR_TIMEOUTS).

    Source: tcp_stream_is_thin(), and sysctl tcp_thin_linear_timeouts.
    """
    if not (c.thin_linear or c.sysctl.tcp_thin_linear_timeouts) or c.state != state.ESTABLISHED:
        return False
    return len(c.retransmission_queue) < THIN and c.ssthresh < INFINITE_SSTHRESH


def _count_failure(c: Tcb) -> None:
    """What did not get along without a time-out (tcp_retransmit_timer())."""
    kind = "Sack" if c.sack_permitted else "Reno"
    if c.ca_state == RECOVERY:
        c.tally(f"TcpExtTCP{kind}RecoveryFail")
    elif c.ca_state == LOSS:
        c.tally("TcpExtTCPLossFailures")
    elif c.ca_state == DISORDER or c.sacked_out:
        c.tally(f"TcpExtTCP{kind}Failures")


def _count(c: Tcb, now: int) -> None:
    """A time-out more (tcp_update_rto_stats())."""
    c.retransmissions += 1
    c.total_rto += 1
    if c.retransmissions == 1:
        c.total_rto_recoveries += 1
        c.rto_stamp = now


def _answer_early_again(c: Tcb, head: SentSegment, now: int) -> None:
    """The SYN+ACK of an early connection again; the second time, its data counts as lost.

    Source: tcp_fastopen_synack_timer().
    """
    if c.retransmissions == 1:
        recovery.enter_loss(c, now)
    waited = now - head.last_sent
    _count(c, now)
    values = {"waited": timers.span(waited), "retransmission": c.retransmissions}
    departure.send_again(c, head, now, Reason(reasons.DATA_AGAIN, values))
    c.loss.retrans_stamp = c.loss.retrans_stamp or now
    timers.set_syn_ack(c, now, c.retransmissions)


def on_loss_probe(c: Tcb, now: int) -> None:
    """Two round trips without news: probe, once, and let the RTO follow in full (RFC 8985 §7.3)."""
    c.retransmit_deadline = None
    c.loss_probe = False
    queue = c.retransmission_queue
    if not queue:
        return
    if c.probe_end is not None:  # this episode has had its probe
        left = max(queue[0].last_sent + c.rto - now, 1)
        timers.set_retransmission(c, now, left, paced=True)
        return
    c.loss.probe_resent = not sending.send_one(c, now)
    if c.loss.probe_resent:
        last = _probe(c)
        values = {"retransmission": last.retransmissions + 1}
        pacing.charge_queued(c, last.seq, last.end, now)
        departure.send_again(c, last, now, Reason(reasons.LOSS_PROBE, values))
        if c.board is not None:
            c.board.sent_again(last)
    c.tally("TcpExtTCPLossProbes")
    c.probe_end = c.snd_nxt
    timers.set_retransmission(c, now, paced=True)


def _probe(c: Tcb) -> SentSegment:
    """What goes again as a probe: the last segment of the last packet.

    Where segments have another size today, because SACK blocks go or went beside them, it begins
    where that of as many of today's would; or, if the packet has no byte there, with its front.
    Source: tcp_send_loss_probe().
    """
    queue, mss = c.retransmission_queue, segment_size.current(c)
    first, count = queue[-1], 1
    for sent in islice(reversed(queue), 1, None):
        if not sent.joined:
            break
        first, count = sent, count + 1
    if count == 1 or distance(first.seq, first.end) == mss:
        return queue[-1]
    size, before = distance(first.seq, queue[-1].end) - (queue[-1].flags & FIN), (count - 1) * mss
    place = len(queue) - count
    trim.again(c, first, mss)
    return queue[place + count - 1] if size > before else first
