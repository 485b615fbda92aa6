"""How much data may go now, and in what pieces: windows, Nagle, corks, bursts, and the FIN.

Source: tcp_write_xmit(), tcp_nagle_test(), tcp_mss_split_point() and tcp_tso_autosize() in
net/ipv4/tcp_output.c; RFC 9293 §3.7.4 (Nagle), §3.8.6.2.1 (sender's silly window avoidance).
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK, distance, gt
from tcpcore.tcp import (
    chrono,
    departure,
    loss_probe,
    mtu_probing,
    pacing,
    segment_size,
    send_buffer,
    state,
    train,
    write_queue,
)
from tcpcore.tcp.congestion import prr, usage
from tcpcore.tcp.loss_state import RECOVERY
from tcpcore.tcp.mtu_search import Search
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND
from tcpcore.wire.segment import ACK, FIN, PSH

_NOT_OVER = state.NOT_OVER
GSO_MAX_SIZE = 65279
"""Most bytes of a large packet: what the device takes, less the headers (sk_gso_max_size)."""
USUAL, CORKED, PUSHED, ONE, PROBE = range(5)
"""How eager: by Nagle and the cork; corked for once (MSG_MORE); whatever Nagle says; so, but one
packet (tcp_push_one()); one segment of it even where cwnd is full (a tail loss probe)."""
NOTHING, CWND, WINDOW, ASIDE = range(4)
"""What held data back in the end; `ASIDE`: nobody looked, for there is to be room for a probe."""
PACING_SHIFT = 10
SIZE_BITS = 32


def send_pending(c: Tcb, now: int, urge: int = USUAL) -> None:
    """Send what the peer's window, cwnd and Nagle allow; then the FIN, when its turn has come."""
    if c.state not in _NOT_OVER and not departure.may_send_data(c):
        return
    before, queue = c.snd_nxt, c.retransmission_queue
    if before == c.write_end and c.fin_queued is None:  # there is nothing to send
        if c.chrono == chrono.RWND_LIMITED or c.lacks_space:
            chrono.sent(c, now, before, limited=False)
        return
    count = len(queue)
    flight = count - c.request_out - c.sacked_out - c.lost_out + c.retrans_out
    held, sent, full = NOTHING, 0, True
    if flight < c.cwnd or urge == PROBE:
        held = _send_what_fits(c, flight, now, urge)
        if held == ASIDE:
            return
        sent = len(queue) - count
        full = held == CWND or flight + sent >= c.cwnd
    if sent or (full and c.snd_nxt != c.write_end):
        usage.validate(c, full, now)
    if c.snd_nxt != before:
        if c.ca_state and prr.reducing(c):
            c.loss.prr_out += sent
        if urge != PROBE:  # one for each episode
            loss_probe.schedule(c, now)
    if c.chrono == chrono.RWND_LIMITED or c.lacks_space or (not full and c.snd_nxt != c.write_end):
        chrono.sent(c, now, before, limited=held == WINDOW)


def write(c: Tcb, data: bytes, now: int, *, first: bool, last: bool, more: bool) -> None:
    """Queue bytes in large packets, and send: a packet that is full does not wait for the last.

    `first` and `last`: whether the call begins and ends with them; `more`: MSG_MORE.
    No bytes are no reason to send what waits.
    Source: tcp_sendmsg_locked(), tcp_push().
    """
    if not data:
        return
    size, at = send_buffer.large_packet(c), 0
    if not c.retransmission_queue and not (c.packets and write_queue.last_length(c) < size):
        usage.restart(c, now)  # not where a packet that waits takes it (tcp_skb_entail())
    write_queue.begin(c, size, first=first)
    while at < len(data):
        at += write_queue.fill(c, data, at, size)
        if at == len(data) and last:
            break
        if c.record_ends and c.write_end in c.record_ends:
            continue  # the packet is full of pieces
        if write_queue.must_push(c):
            write_queue.push(c)
            send_pending(c, now, PUSHED)
        elif len(c.packets) == 1:
            send_pending(c, now, ONE)
    if not last:
        return
    if not more or write_queue.must_push(c):
        write_queue.push(c)
    send_pending(c, now, CORKED if more else USUAL)


def send_one(c: Tcb, now: int) -> bool:
    """Send new data as a probe if the peer's window takes it, one segment whatever cwnd says."""
    unsent = distance(c.snd_nxt, c.write_end)
    room = distance(c.snd_nxt, (c.snd_una + c.snd_wnd) & MASK)
    if unsent <= 0 or c.fin_sent:
        return False
    if room < min(write_queue.head(c, 0), segment_size.current(c)):
        return False
    before = c.snd_nxt
    send_pending(c, now, PROBE)
    return c.snd_nxt != before


def _send_what_fits(c: Tcb, flight: int, now: int, urge: int) -> int:
    """Send it; why what is left waits, where that is for too little room for a burst."""
    c.turn += 1  # tcp_mstamp_refresh()
    mss, largest = segment_size.current(c), 0  # not known yet
    if c.search is not None and urge < ONE:
        probed = _probe_mtu(c, c.search, flight, now)
        if probed == mtu_probing.WAIT:
            return ASIDE
        flight += probed
    window_end = c.snd_una + c.snd_wnd
    patient = urge < ONE and c.ca_state < RECOVERY
    while not c.fin_sent and (flight < c.cwnd or urge == PROBE):
        unsent = (c.write_end - c.snd_nxt) & MASK
        window = ((window_end - c.snd_nxt + HALF) & MASK) - HALF
        if not 0 < unsent < HALF:
            if c.fin_queued is not None and window > 0:
                _send_fin(c, now)
            return NOTHING
        if c.flow.paced and pacing.waits(c, now):
            return NOTHING
        room = c.cwnd - flight if flight < c.cwnd else 0
        if not largest and (room > 1 or patient):
            largest = burst_segments(c, mss)
        quota = min(room, c.cwnd >> 1 or 1)
        quota = (quota if quota < largest else largest) or 1
        size = write_queue.head(c, quota * mss)
        if window < size and window < mss:
            return WINDOW  # not even one segment fits
        if size <= mss:
            exempt = size != unsent or c.fin_queued is not None or c.snd_up is not None
            if not exempt and _nagle_holds(c, size < mss, urge):
                return NOTHING
            length = size
        else:
            if patient and _defers(c, size, room * mss, window, largest * mss, mss, now):
                if min(room * mss, window) > size:
                    return NOTHING
                return CWND if room * mss < window else WINDOW
            length = quota * mss
            if length > size or length > window or c.snd_up is not None:
                length = _split(c, size, window, length, mss, urge)
        segments = -(-length // mss)
        flight += segments
        if c.flow.paced:
            pacing.charge(c, length, segments, now)
        _send_burst(c, length, mss, now)
        if urge >= ONE:
            return NOTHING
    return NOTHING


def _probe_mtu(c: Tcb, search: Search, flight: int, now: int) -> int:
    """Send a larger (or smaller) segment to try the path, if one is due; 1, 0, or `WAIT`."""
    size = mtu_probing.wanted(c, search, flight, now)
    if size <= 0:
        return size
    while write_queue.head(c, size) < size:  # it takes one packet at a time into the first
        pass
    if c.flow.paced:
        pacing.charge(c, size, 1, now)
    send_part(c, size, now)
    mtu_probing.sent(c, search, size)
    return 1


def _split(c: Tcb, size: int, window: int, most: int, mss: int, urge: int) -> int:
    """Bytes of the first packet to hand to the device at once, which cuts them into segments (TSO).

    Source: tcp_mss_split_point().
    """
    if c.snd_up is not None:  # neither large packets nor Nagle
        return mss
    if most <= window and len(c.packets) > 1:
        return min(most, size)
    needed = min(size, window)
    if most <= needed:
        return most
    partial = needed % mss
    return needed - partial if _nagle_holds(c, partial > 0, urge) else needed


def _defers(c: Tcb, size: int, room: int, window: int, largest: int, mss: int, now: int) -> bool:
    """Whether to wait for more room, to send more at once (tcp_tso_should_defer()).

    Only right after something was sent, while an ACK is due within a millisecond or is late, and
    the room (in bytes) is small; not while anything is recovered.  `size` is the first packet's.
    Linux differs: it looks for more than a millisecond, and is always a little late.
    """
    limit = room if room < window else window
    if limit >= largest:
        return False
    queue, before = c.retransmission_queue, c.last_sent_at
    if c.flow.paced:
        before = max(before, c.flow.wstamp // pacing.NANOSECONDS)
    if now - before >= MILLISECOND or not queue:
        return False
    srtt, soon = c.srtt, queue[0].last_sent - now
    next_ack = soon + (srtt >> 3)
    if next_ack > MILLISECOND or next_ack > srtt >> 4:  # it is too far away
        return False
    if limit >= size and len(c.packets) > 1:
        return False
    most, wide = c.snd_wnd, c.cwnd * mss
    if limit >= (most if most < wide else wide) // c.sysctl.tcp_tso_win_divisor:
        return False
    if limit <= size:
        return True
    return c.fin_queued is None and not (c.record_ends and c.write_end in c.record_ends)


def burst_segments(c: Tcb, mss: int) -> int:
    """About a millisecond's worth at the pacing rate; more where the round trip is short.

    Source: tcp_tso_autosize(); of an unknown round trip nothing is added.
    """
    sysctl = c.sysctl
    size = c.flow.pacing_rate >> PACING_SHIFT
    if c.min_rtt and (shift := c.min_rtt >> sysctl.tcp_tso_rtt_log) < SIZE_BITS:
        size += GSO_MAX_SIZE >> shift
    segments = (size if size < GSO_MAX_SIZE else GSO_MAX_SIZE) // mss
    least = c.congestion.least_burst(c) if c.congestion.controls else sysctl.tcp_min_tso_segs
    return segments if segments > least else least


def _nagle_holds(c: Tcb, small: bool, urge: int) -> bool:
    """Whether a small segment at the end of the data must wait (tcp_nagle_check()).

    For an ACK of an earlier small one (Minshall's variant of Nagle), or for the cork to go.
    Linux differs: by RFC 9293 §3.7.4 it waits for the ACK of everything in flight.
    """
    if not small or urge >= PUSHED:
        return False
    if c.corked or urge == CORKED:
        return True
    if c.nodelay or not c.retransmission_queue:
        return False
    return not c.sysctl.minshall or gt(c.small_sent_end, c.snd_una)


def _send_burst(c: Tcb, length: int, mss: int, now: int) -> None:
    """Send `length` bytes in segments of `mss`; the last of several has PSH, for the receiver."""
    if train.is_plain(c, length):
        if c.lost_out or not c.retransmission_queue:
            _begin(c, now)
        train.send(c, length, mss, now)
        return
    push, small = PSH if length > mss else 0, length % mss
    while length > mss:
        told = c.duplicate_block
        send_part(c, mss, now)
        c.duplicate_block = told  # all segments of a large packet have its options
        c.retransmission_queue[-1].joined = c.goes_along = True
        c.joined_out += 1
        length -= mss
    send_part(c, length, now, push)
    c.goes_along = False
    if small:
        c.small_sent_end = c.snd_nxt


def _begin(c: Tcb, now: int) -> None:
    """Tell the congestion control when nothing was in flight until now (CA_EVENT_TX_START)."""
    if not c.retransmission_queue or (c.lost_out and prr.in_flight(c) <= 0):
        c.congestion.on_restart(c, now - c.last_data_sent, now)


def send_part(c: Tcb, length: int, now: int, push: int = 0) -> None:
    """Send so many bytes as one segment, whatever Nagle would say; `push`: PSH or 0."""
    seq = c.snd_nxt
    end = (seq + length) & MASK
    reason = train.reason_of(length)
    flags = ACK | write_queue.leave(c, end)
    if c.fin_queued is not None and end == c.write_end:
        flags |= FIN
        reason = c.fin_queued
        c.fin_sent = True
    _begin(c, now)
    payload = departure.payload_of(c, seq, length)
    c.snd_nxt = (end + (flags & FIN)) & MASK
    departure.queue(c, seq, flags, now)  # sent again, it is alone: no PSH for having been the last
    departure.data_sent(c, now)
    departure.emit(c, flags | push, seq, payload, now, reason)


def _send_fin(c: Tcb, now: int) -> None:
    """A FIN that goes alone, when its time has come: it is paced like data."""
    if c.flow.paced and pacing.waits(c, now):
        return
    assert c.fin_queued is not None
    c.fin_sent = True
    seq, c.snd_nxt = c.snd_nxt, (c.snd_nxt + 1) & MASK
    departure.queue(c, seq, FIN | ACK, now)
    departure.emit(c, FIN | ACK, seq, b"", now, c.fin_queued)
