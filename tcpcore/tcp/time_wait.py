"""What a connection answers when nobody holds it any more: TIME_WAIT, and an orphan in FIN_WAIT_2.

Linux keeps neither as a full socket but as a small `inet_timewait_sock` with its own rules.
Source: tcp_timewait_state_process() in net/ipv4/tcp_minisocks.c; RFC 1337 (assassination),
RFC 6191 (a new SYN in TIME-WAIT).
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.seqnum import MASK, distance, gt, leq, lt
from tcpcore.tcp import challenge, departure, lifecycle, paws, state, timers
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

ISN_GAP = 65535 + 2
"""How far a connection that follows at once starts beyond the old one's last byte."""


def new_initial_sequence(c: Tcb, segment: Segment, now: int) -> int | None:
    """For a SYN that may open a new connection over this TIME_WAIT: our ISN; else None.

    The SYN must be newer than everything of the old connection, by sequence number or by
    timestamp, so that no old duplicate can do it.
    """
    if c.state != state.TIME_WAIT or segment.flags & (SYN | ACK | RST) != SYN:
        return None
    if paws.rejects(c, segment, now):
        return None
    stamps = wire_options.timestamps(segment.options) if c.timestamps else None
    newer_stamp = stamps is not None and lt(c.ts_recent, stamps[0])
    if not gt(segment.seq, c.rcv_nxt) and not newer_stamp:
        return None
    return following_sequence(c)


def following_sequence(c: Tcb) -> int:
    """The ISN of a connection that follows this one at once on the same four-tuple."""
    return (c.snd_nxt + ISN_GAP) & MASK or 1


def arrives(c: Tcb, segment: Segment, now: int) -> None:
    """A segment for a connection in TIME_WAIT; its socket, if there is one, does not count it."""
    c.segs_in -= 1
    c.data_segs_in -= bool(segment.payload)
    sent = c.segs_out
    _arrives(c, segment, now)
    c.segs_out = sent


def _arrives(c: Tcb, segment: Segment, now: int) -> None:
    flags = segment.flags
    old_stamp = paws.rejects(c, segment, now)
    if not old_stamp and segment.seq == c.rcv_nxt and (not segment.length or flags & RST):
        _in_window(c, segment, now)
        return
    if flags & RST:
        c.event(trace.REFUSED, reasons.OLD_RST())
        return
    if old_stamp or flags & ACK:
        timers.set_time_wait(c, now)
    reason = reasons.FIN_AGAIN_IN_TIME_WAIT() if flags & FIN else reasons.ACK_DUPLICATE()
    challenge.answer(c, segment, now, reason)


def _in_window(c: Tcb, segment: Segment, now: int) -> None:
    """Exactly what comes next: only an RST or a bare ACK can be that."""
    if segment.flags & RST:
        if c.sysctl.tcp_rfc1337:
            c.event(trace.REFUSED, reasons.ASSASSIN_IGNORED())
        else:
            lifecycle.reset_by_peer(c, reasons.ASSASSINATED())
        return
    timers.set_time_wait(c, now)
    paws.remember(c, segment, now)


def orphan_arrives(c: Tcb, segment: Segment, now: int) -> None:
    """A segment for an orphan in FIN_WAIT_2: the FIN is welcome, data is not."""
    flags = segment.flags
    window_end = (c.rcv_nxt + c.rcv_wnd) & MASK
    inside = leq(c.rcv_nxt, segment.end) and leq(segment.seq, window_end)
    if paws.rejects(c, segment, now) or not inside:
        if not flags & RST:
            challenge.answer(c, segment, now, reasons.ACK_DUPLICATE())
        return
    if flags & RST:
        lifecycle.reset_by_peer(c, reasons.RESET_BY_PEER())
        return
    if flags & SYN and not lt(segment.seq, c.rcv_nxt):
        lifecycle.refuse(c, segment, reasons.STRANGER())
        return
    if not flags & ACK or not segment.length or not gt(segment.end, c.rcv_nxt):
        return
    if not flags & FIN or distance(c.rcv_nxt, segment.end) != 1:
        lifecycle.refuse(c, segment, reasons.DATA_TO_FIN_WAIT_2())
        return
    c.rcv_nxt = segment.end
    c.rcv_closed = True
    paws.remember(c, segment, now)
    lifecycle.change(c, state.FIN, reasons.FIN_RECEIVED())
    lifecycle.enter_time_wait(c, now)
    departure.send_ack(c, now, reasons.ACK_OF_FIN())
