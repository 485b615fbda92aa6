"""What goes out: building segments, and deciding how much data may be sent now.

Every function appends finished segments to ``c.out``; nobody else builds one for a connection.
Source: net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.seqnum import MASK, distance, gt
from tcpcore.tcp import delayed_ack, sack, state, timers, window
from tcpcore.tcp.tcb import SentSegment, Tcb
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason
from tcpcore.wire.options import (
    MSS,
    NOP_OPTION,
    SACK_PERMITTED_OPTION,
    TIMESTAMPS,
    WINDOW_SCALE,
    Option,
)
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

TIMESTAMP_SPACE = 12
"""Bytes that the timestamps option takes in every segment, padding included."""


def timestamp(offset: int, now: int) -> int:
    """TSval: a millisecond clock with a random offset per connection (tcp_time_stamp_ms())."""
    return (now // MILLISECOND + offset) & MASK


def syn_options(
    mss: int, scale: int | None, sack: bool, stamps: tuple[int, int] | None
) -> tuple[Option, ...]:
    """The options of a SYN or SYN+ACK in Linux's order (tcp_options_write())."""
    options: list[Option] = [(MSS, mss)]
    if stamps is not None:
        options += [SACK_PERMITTED_OPTION] if sack else [NOP_OPTION, NOP_OPTION]
        options.append((TIMESTAMPS, *stamps))
    elif sack:
        options += [NOP_OPTION, NOP_OPTION, SACK_PERMITTED_OPTION]
    if scale is not None:
        options += [NOP_OPTION, (WINDOW_SCALE, scale)]
    return tuple(options)


def _emit(
    c: Tcb,
    flags: int,
    seq: int,
    payload: bytes,
    now: int,
    reason: Reason,
    options: tuple[Option, ...] | None = None,
) -> None:
    """Build one segment with today's acknowledgement, window and timestamps."""
    if options is None:
        options = _options(c, now)
    if flags & SYN:
        field = min(c.rcv_wnd, window.MAX_UNSCALED)  # never scaled (RFC 7323 §2.2)
        c.rcv_wup = c.rcv_nxt
    else:
        field = window.select(c)
    if flags & ACK:
        acknowledged = c.rcv_nxt
        delayed_ack.ack_sent(c)
    else:
        acknowledged = 0
    c.ip_id = (c.ip_id + 1) & 0xFFFF
    c.out.append(
        Segment(
            c.local,
            c.local_port,
            c.remote,
            c.remote_port,
            flags,
            seq,
            acknowledged,
            field,
            options,
            payload,
            reason,
            ttl=c.sysctl.ip_default_ttl,
            ip_id=c.ip_id,
        )
    )


def _options(c: Tcb, now: int) -> tuple[Option, ...]:
    """Options after the handshake: timestamps, then SACK (tcp_established_options())."""
    options: tuple[Option, ...] = ()
    space = sack.OPTION_SPACE
    if c.timestamps:
        stamp = (TIMESTAMPS, timestamp(c.timestamp_offset, now), c.ts_recent)
        options = (NOP_OPTION, NOP_OPTION, stamp)
        space -= TIMESTAMP_SPACE
    if c.sack_blocks or c.duplicate_block is not None:
        options += sack.option(c, space)
    return options


def send_syn(c: Tcb, now: int, reason: Reason, flags: int = SYN) -> None:
    """Send (or send again) our SYN, with the options that we offer or agreed to."""
    s = c.sysctl
    answering = bool(flags & ACK)
    stamps = None
    if c.timestamps if answering else s.tcp_timestamps:
        stamps = (timestamp(c.timestamp_offset, now), c.ts_recent)
    scale = c.rcv_scale if (c.scaling if answering else s.tcp_window_scaling) else None
    sack = c.sack_permitted if answering else bool(s.tcp_sack)
    options = syn_options(c.advertised_mss, scale, sack, stamps)
    _emit(c, flags, c.iss, b"", now, reason, options)


def send_ack(c: Tcb, now: int, reason: Reason) -> None:
    """Send an acknowledgement without data."""
    _emit(c, ACK, c.snd_nxt, b"", now, reason)


def send_reset(c: Tcb, now: int, reason: Reason) -> None:
    """Tell the peer that the connection is aborted (tcp_send_active_reset())."""
    _emit(c, RST | ACK, c.snd_nxt, b"", now, reason, () if not c.timestamps else None)


def refusal_of(segment: Segment, reason: Reason) -> Segment:
    """The RST that a segment of no connection gets (RFC 9293 §3.10.7.1; tcp_v4_send_reset())."""
    if segment.flags & ACK:
        flags, seq, ack = RST, segment.ack, 0
    else:
        flags, seq, ack = RST | ACK, 0, segment.end
    return Segment(
        segment.dst, segment.dport, segment.src, segment.sport, flags, seq, ack, reason=reason
    )


def payload_of(c: Tcb, seq: int, length: int) -> bytes:
    """Bytes of the send buffer; it starts at snd_una, or after a SYN not yet acknowledged."""
    first = c.snd_una
    if c.state in (state.SYN_SENT, state.SYN_RECV):
        first = (c.iss + 1) & MASK
    start = distance(first, seq)
    return bytes(c.send_buffer[start : start + length])


def send_again(c: Tcb, sent: SentSegment, now: int, reason: Reason) -> None:
    """Retransmit a segment of the retransmission queue, as it was."""
    sent.retransmissions += 1
    sent.last_sent = now
    sent.lost = False
    if sent.flags & SYN:
        send_syn(c, now, reason, sent.flags)
        return
    length = distance(sent.seq, sent.end) - (sent.flags & FIN)
    _emit(c, sent.flags, sent.seq, payload_of(c, sent.seq, length), now, reason)


def in_flight(c: Tcb) -> int:
    """Segments on their way: sent, not acknowledged, not counted as lost."""
    return sum(1 for sent in c.retransmission_queue if not sent.lost)


def send_pending(c: Tcb, now: int) -> None:
    """Send what the peer's window, cwnd and Nagle allow; then the FIN, when its turn has come."""
    if c.state not in state.HANDSHAKE_DONE or c.state == state.TIME_WAIT or c.fin_sent:
        return
    flight = in_flight(c)
    window_end = (c.snd_una + c.snd_wnd) & MASK
    while flight < c.cwnd and not c.fin_sent:
        unsent = distance(c.snd_nxt, c.write_end)
        if unsent <= 0:
            if c.fin_queued is not None:
                _send_fin(c, now)
            return
        length = min(unsent, c.snd_mss)
        end = (c.snd_nxt + length) & MASK
        if gt(end, window_end) or _nagle_holds(c, length):
            return
        _send_data(c, length, end, now)
        flight += 1


def send_part(c: Tcb, length: int, now: int) -> None:
    """Send what the window takes, though it is less than Nagle or the MSS ask for."""
    end = (c.snd_nxt + length) & MASK
    c.push_marks.appendleft(end)
    _send_data(c, length, end, now)


def send_old_byte(c: Tcb, now: int, reason: Reason) -> None:
    """Send an empty segment from before snd.una, which the peer must answer with an ACK."""
    _emit(c, ACK, (c.snd_una - 1) & MASK, b"", now, reason)


def _nagle_holds(c: Tcb, length: int) -> bool:
    """Whether a small segment must wait for the ACK of an earlier small one (tcp_nagle_test())."""
    if length >= c.snd_mss or c.nodelay or c.fin_queued is not None:
        return False
    return gt(c.small_sent_end, c.snd_una)


def _send_data(c: Tcb, length: int, end: int, now: int) -> None:
    flags = ACK
    marks = c.push_marks
    while marks and distance(marks[0], end) >= 0:
        if marks.popleft() == end:
            flags |= PSH
    reason = Reason(reasons.DATA, {"length": length})
    if c.fin_queued is not None and end == c.write_end:
        flags |= FIN | PSH
        reason = c.fin_queued
        c.fin_sent = True
    if length < c.snd_mss:
        c.small_sent_end = end
    payload = payload_of(c, c.snd_nxt, length)
    seq, c.snd_nxt = c.snd_nxt, (end + (flags & FIN)) & MASK
    _queue(c, seq, flags, now)
    delayed_ack.data_sent(c, now)
    _emit(c, flags, seq, payload, now, reason)


def _send_fin(c: Tcb, now: int) -> None:
    assert c.fin_queued is not None
    c.fin_sent = True
    seq, c.snd_nxt = c.snd_nxt, (c.snd_nxt + 1) & MASK
    _queue(c, seq, FIN | ACK, now)
    _emit(c, FIN | ACK, seq, b"", now, c.fin_queued)


def _queue(c: Tcb, seq: int, flags: int, now: int) -> None:
    c.retransmission_queue.append(SentSegment(seq, c.snd_nxt, flags, now))
    if c.retransmit_deadline is None:
        timers.set_retransmission(c, now)


def start_syn(c: Tcb, now: int, reason: Reason) -> None:
    """Send our first SYN and wait for its answer."""
    c.snd_nxt = (c.iss + 1) & MASK
    c.write_end = c.snd_nxt
    c.retransmit_since = now
    send_syn(c, now, reason)
    _queue(c, c.iss, SYN, now)
