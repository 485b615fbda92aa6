"""What goes out: building segments, first ones and ones sent again.

Every function appends finished segments to ``c.out``; nobody else builds one for a connection.
How much data may go is decided in `sending`.
Source: net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK, distance
from tcpcore.tcp import (
    delayed_ack,
    ecn,
    pieces,
    rate,
    sack,
    segment_size,
    state,
    timers,
    urgent,
    window,
)
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
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
from tcpcore.wire.segment import ACK, CWR, ECE, FIN, PSH, RST, SYN, URG, Segment

TIMESTAMP_SPACE = 12
"""Bytes that the timestamps option takes in every segment, padding included."""
_NO_OPTIONS: tuple[Option, ...] = ()


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


def emit(
    c: Tcb,
    flags: int,
    seq: int,
    payload: bytes,
    now: int,
    reason: Reason,
    options: tuple[Option, ...] | None = None,
    *,
    first: bool = True,
) -> None:
    """Build one segment with today's acknowledgement, window and timestamps.

    `first`: not sent before (ECN marks only such ones).
    """
    ip, size = c.ip, 0  # unknown, as yet, of a SYN
    if options is None:
        options, room = _options(c, now)
        size = ip.headers + room + len(payload)
    field = _syn_window(c) if flags & SYN else window.select(c)
    acknowledged = _acknowledgement(c) if flags & ACK else 0
    ahead = 0 if c.snd_up is None or flags & SYN else urgent.pointer(c, seq)
    c.segs_out += 1
    if payload:
        c.data_segs_out += 1
        c.bytes_sent += len(payload)
    mark = 0
    if c.ecn:
        flags, mark = ecn.marked(c, flags, bool(payload) and first)
    ip.id = (ip.id + 1) & 0xFFFF
    c.last_sent_at = now
    c.out.append(Segment(
        c.local, c.local_port, c.remote, c.remote_port, flags | URG if ahead else flags, seq,
        acknowledged, field, options, payload, reason, ahead, ip.ttl or c.sysctl.ip_default_ttl,
        ip.tos | mark, ip.id, size,
    ))  # fmt: skip


def header(c: Tcb, now: int) -> tuple[int, tuple[Option, ...], int]:
    """``(window field, options, bytes of headers)`` of what is sent now with data (`train`).

    It acknowledges all there is, and reports nothing selectively.
    """
    field = window.select(c)
    if c.ack_pending or c.ack_deadline is not None or c.ack_pushed or c.ack_now:
        delayed_ack.ack_sent(c)
    c.last_sent_at = now
    if c.timestamps:
        return field, _stamps(c, now), c.ip.headers + TIMESTAMP_SPACE
    return field, _NO_OPTIONS, c.ip.headers


def _acknowledgement(c: Tcb) -> int:
    """The acknowledgment number; whatever waited to be acknowledged now is."""
    if c.ack_pending or c.ack_deadline is not None or c.ack_pushed or c.ack_now:
        delayed_ack.ack_sent(c)
    return c.rcv_nxt


def _syn_window(c: Tcb) -> int:
    """The window field of a SYN or SYN+ACK: never scaled (RFC 7323 §2.2)."""
    offered = c.fast_open.window if c.fast_open is not None else 0
    c.rcv_wup = c.rcv_nxt
    return min(offered or c.rcv_wnd, window.MAX_UNSCALED)


def _stamps(c: Tcb, now: int) -> tuple[Option, ...]:
    """The timestamps option; within a millisecond it is often the one of before."""
    clock = (now // MILLISECOND + c.timestamp_offset) & MASK
    _, value, echo = c.stamps[2]
    if value != clock or echo != c.ts_recent:
        c.stamps = (NOP_OPTION, NOP_OPTION, (TIMESTAMPS, clock, c.ts_recent))
    return c.stamps


def _options(c: Tcb, now: int) -> tuple[tuple[Option, ...], int]:
    """Options after the handshake, timestamps and SACK, and their bytes.

    Source: tcp_established_options().
    """
    options: tuple[Option, ...] = ()
    length = 0
    if c.timestamps:
        options, length = _stamps(c, now), TIMESTAMP_SPACE
    if c.sack_blocks or c.duplicate_block is not None:
        reported = sack.option(c, sack.OPTION_SPACE - length)
        options += reported
        length += sack.bytes_of(reported)
    return options, length


def send_syn(c: Tcb, now: int, reason: Reason, flags: int = SYN) -> None:
    """Send (or send again) our SYN, with the options that we offer or agreed to."""
    s = c.sysctl
    early = c.fast_open is not None and c.fast_open.passive
    opened = c.state == state.SYN_RECV or c.state in state.HANDSHAKE_DONE
    crossed = opened and not early  # a request's child is in neither
    answering = bool(flags & ACK) and not crossed
    stamps = None
    if c.timestamps if answering else s.tcp_timestamps:
        stamps = (timestamp(c.timestamp_offset, now), c.ts_recent)
    scale = c.rcv_scale if (c.scaling if answering else s.tcp_window_scaling) else None
    sack = c.sack_permitted if answering else bool(s.tcp_sack)
    mss = segment_size.advertised(c, request=early)
    options = syn_options(mss, scale, sack, stamps)
    payload = b""
    if c.fast_open is not None:
        extra, payload = c.fast_open.once()
        options += extra
    if not flags & ACK and ecn.asks(c):
        flags |= ECE | CWR
        ecn.asked(c)
    elif flags & ACK and c.ecn & ecn.OK:
        flags |= ECE
    emit(c, flags, c.iss, payload, now, reason, options)
    if early:
        c.segs_out -= 1  # the request's


def send_ack(c: Tcb, now: int, reason: Reason, offer: int = -1) -> None:
    """Send an acknowledgement without data.

    `offer`, if known, is the window, not below what is open, of who has nothing to send
    (`in_order`).
    """
    if c.snd_up is not None or c.ecn:
        emit(c, ACK, _acceptable(c), b"", now, reason)
        return
    if offer < 0:
        field = window.select(c)
    else:
        field = window.offer(c, offer)
    ip, options, size = c.ip, _NO_OPTIONS, c.ip.headers
    if c.timestamps:
        options = _stamps(c, now)
        size += TIMESTAMP_SPACE
    if c.sack_blocks or c.duplicate_block is not None:
        reported = sack.option(c, sack.OPTION_SPACE - (TIMESTAMP_SPACE if c.timestamps else 0))
        options += reported
        size += sack.bytes_of(reported)
    delayed_ack.ack_sent(c)
    c.segs_out += 1
    ip.id = number = (ip.id + 1) & 0xFFFF
    c.last_sent_at = now
    c.out.append(
        Segment(
            c.local,
            c.local_port,
            c.remote,
            c.remote_port,
            ACK,
            c.snd_nxt if c.snd_nxt == c.snd_una else _acceptable(c),
            c.rcv_nxt,
            field,
            options,
            b"",
            reason,
            0,
            ip.ttl or c.sysctl.ip_default_ttl,
            ip.tos,
            number,
            size,
        )
    )


def _acceptable(c: Tcb) -> int:
    """snd.nxt, or the end of the window where that comes before (tcp_acceptable_seq())."""
    beyond = (c.snd_nxt - c.snd_una - c.snd_wnd) & MASK
    if not 0 < beyond < HALF or (c.scaling and beyond < 1 << c.rcv_scale):
        return c.snd_nxt
    return (c.snd_una + c.snd_wnd) & MASK


def send_early_ack(c: Tcb, now: int, reason: Reason) -> None:
    """The ACK of a request: its window is as at first, and cut rather than rounded up.

    However small the peer's window is, it stands behind all that was sent.

    Source: tcp_v4_reqsk_send_ack().
    """
    kept = c.rcv_wnd
    send_ack(c, now, reason)
    c.segs_out -= 1  # the request sent it
    offered = c.fast_open.window if c.fast_open is not None else 0
    c.out[-1].seq = c.snd_nxt
    c.out[-1].window = min((offered or kept) >> c.rcv_scale, window.MAX_UNSCALED)
    c.rcv_wnd = kept


def send_reset(c: Tcb, now: int, reason: Reason) -> None:
    """Tell the peer that the connection is aborted (tcp_send_active_reset())."""
    emit(c, RST | ACK, _acceptable(c), b"", now, reason)


def refusal_of(segment: Segment, reason: Reason) -> Segment:
    """The RST that a segment of no connection gets (RFC 9293 §3.10.7.1; tcp_v4_send_reset())."""
    if segment.flags & ACK:
        flags, seq, ack = RST, segment.ack, 0
    else:
        flags, seq, ack = RST | ACK, 0, segment.end
    return Segment(
        segment.dst, segment.dport, segment.src, segment.sport, flags, seq, ack, reason=reason
    )


def syn_unacknowledged(c: Tcb) -> bool:
    """Whether our SYN, or SYN+ACK, is still in the retransmission queue."""
    queue = c.retransmission_queue
    return bool(queue) and bool(queue[0].flags & SYN)


def may_send_data(c: Tcb) -> bool:
    """After the handshake; with Fast Open a server also before its end."""
    return c.state in state.NOT_OVER or (c.state == state.SYN_RECV and _early(c))


def takes_data(c: Tcb) -> bool:
    """Whether the application may write more: so too before the end of a handshake with Fast Open.

    Source: tcp_sendmsg_locked(), tcp_passive_fastopen().
    """
    return c.state in state.SENDS_DATA or (c.state == state.SYN_RECV and _early(c))


def _early(c: Tcb) -> bool:
    return c.fast_open is not None and c.fast_open.passive


def payload_of(c: Tcb, seq: int, length: int) -> bytes:
    """Bytes of the send buffer; it starts at snd_una, or after a SYN not yet acknowledged."""
    first = c.snd_una
    if first == c.iss and syn_unacknowledged(c):
        first = (c.iss + 1) & MASK
    start = (seq - first) & MASK
    return c.send_buffer.piece(start, length)


def send_again(c: Tcb, sent: SentSegment, now: int, reason: Reason, push: int = 0) -> None:
    """Retransmit a segment of the queue, as it was, or what fits of it today; `push`: PSH or 0."""
    room, mss = distance(sent.seq, (c.snd_una + c.snd_wnd) & MASK), segment_size.current(c)
    if pieces.cut(c, sent, min(room, mss) if room > 0 else mss):
        pieces.divide(c, pieces.behind(c, sent), mss)
    if c.search is not None:
        c.search.probe = 0  # whether the probe arrived cannot be told any more
    sent.retransmissions += 1
    sent.last_sent, sent.order = now, c.turn
    sent.stamp = c.flow.stamp
    c.total_retrans += 1
    if sent.flags & SYN:
        c.loss.sent_again(sent.end)
        send_syn(c, now, reason, sent.flags)
        return
    length = distance(sent.seq, sent.end) - (sent.flags & FIN)
    # the last of a large packet takes nothing along
    alone = not push and c.sysctl.tcp_retrans_collapse
    if alone and length < mss and not sent.flags & FIN:
        length = pieces.collapse(c, sent, length, mss)
    c.loss.sent_again(sent.end)
    c.bytes_retrans += length
    payload = payload_of(c, sent.seq, length)
    if payload:
        data_sent(c, now)
    emit(c, sent.flags | push, sent.seq, payload, now, reason, first=False)


def data_sent(c: Tcb, now: int) -> None:
    """Take note of data sent, new or again: an answer soon after data makes for ping-pong.

    Source: tcp_event_data_sent().
    """
    c.last_data_sent = now
    if not c.pingpong and now - c.last_data_received < c.ato:
        c.answers += 1
        if c.answers >= c.sysctl.tcp_pingpong_thresh:
            c.pingpong = 1


def send_old_byte(c: Tcb, now: int, reason: Reason) -> None:
    """Send an empty segment from before snd.una, which the peer must answer with an ACK."""
    emit(c, ACK, (c.snd_una - 1) & MASK, b"", now, reason)


def queue(c: Tcb, seq: int, flags: int, now: int) -> None:
    """Remember what is sent from `seq` to snd.nxt until it is acknowledged."""
    stamp = c.flow.stamp
    if not c.retransmission_queue:
        stamp = rate.start(c, now)
    sent = SentSegment(seq, c.snd_nxt, flags, now, stamp, c.turn)
    c.retransmission_queue.append(sent)
    if c.board is not None:
        c.board.add(sent)
    arm(c, now)


def arm(c: Tcb, now: int) -> None:
    """Something is, or will be now, in flight: see to it that the retransmission timer runs."""
    if c.retransmit_deadline is None or c.loss_probe:
        queue = c.retransmission_queue
        left = (queue[0].last_sent if queue else now) + c.rto - now
        timers.set_retransmission(c, now, left if left > 1 else 1, paced=True)


def start_syn(c: Tcb, now: int, reason: Reason) -> None:
    """Send our first SYN and wait for its answer."""
    c.snd_nxt = (c.iss + 1) & MASK
    c.write_end = c.snd_nxt
    c.retransmit_since = now
    send_syn(c, now, reason)
    queue(c, c.iss, SYN, now)
    if c.fast_open is not None and c.fast_open.packet:
        seq, c.snd_nxt = c.snd_nxt, (c.snd_nxt + c.fast_open.carried) & MASK
        c.pushed_seq = c.snd_nxt
        queue(c, seq, ACK | PSH, now)
    for sent in c.retransmission_queue:
        sent.stamp = None  # a SYN, and what goes with it, is no sample of a rate
