"""What an acknowledgement changes at the sender: the queue, the round trip, cwnd, the window.

Whether it is one that may be believed has been checked before, in `arrival` or `prediction`.
Source: tcp_clean_rtx_queue(), tcp_ack_update_rtt() and tcp_ack_update_window() in
net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK, distance, gt, lt
from tcpcore.tcp import (
    chrono,
    departure,
    ecn,
    loss_probe,
    mtu_probing,
    pacing,
    paws,
    rack,
    rate,
    recovery,
    resend,
    rtt,
    scoreboard,
    segment_size,
    state,
    tagging,
    trim,
    undo,
    urgent,
)
from tcpcore.tcp.congestion import prr, usage
from tcpcore.tcp.loss_state import OPEN
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tagging import News
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import FIN, SYN, Segment

_SYN_SENT = state.SYN_SENT


def update_send_window(c: Tcb, segment: Segment, before: int) -> bool:
    """Take the peer's window unless an older segment says it; whether it was taken.

    `before` is what was acknowledged until now.  Linux differs from RFC 9293 §3.10.7.4: with the
    same numbers as before, a window may grow or close, but not shrink (tcp_may_update_window()).
    """
    seq, ack = segment.seq, segment.ack
    if (ack - before) & HALF:
        return False
    offered = segment.window << c.snd_scale
    old = ack == before and not (c.snd_wl1 - seq) & HALF
    if old and (seq != c.snd_wl1 or (0 < offered <= c.snd_wnd and not c.sysctl.windows_shrink)):
        return False
    c.snd_wnd = offered
    c.snd_wl1 = seq
    if offered > c.max_window:
        c.max_window = c.mss_window = offered
    return True


def take(c: Tcb, segment: Segment, now: int) -> None:
    """An ACK that may be believed: clean the queue, measure, detect loss, let cwnd grow or fall.

    The window is the caller's first (`update_send_window`).
    """
    before, fresh_window = c.snd_una, False
    if c.state != _SYN_SENT:  # the window of a SYN is never scaled: taken elsewhere
        fresh_window = update_send_window(c, segment, before)
        paws.remember(c, segment, now)  # what this ACK makes us send echoes it
    take_in(c, segment, before, fresh_window, now)


def take_in(c: Tcb, segment: Segment, before: int, fresh_window: bool, now: int) -> None:
    """What `take` does once window and timestamp are known.

    `before` is what was acknowledged until the segment came; `fresh_window`: whether its window
    was taken.
    """
    ack = segment.ack
    may_report = len(segment.options) > 3 or not c.timestamps  # selectively
    if not c.retransmission_queue and ack == before and not may_report and c.probe_end is None:
        return  # it comes with data, and says nothing else
    news = News(
        advanced=ack != before and not (ack - before) & HALF,
        data=segment.payload != b"" or segment.flags & (SYN | FIN) != 0,
        window=fresh_window,
        echo=c.ecn != 0 and ecn.echoed(c, segment),
    )
    _take_news(c, segment, before, news, now, may_report)


def _take_news(
    c: Tcb, segment: Segment, before: int, news: News, now: int, may_report: bool
) -> None:
    """What the ACK changes; `before` is what was acknowledged until it came."""
    ack, loss, sample = segment.ack, c.loss, news.rate
    delivered, lost, reneged = c.delivered, loss.lost, loss.reneging
    if c.congestion.controls:
        sample.in_flight = prr.in_flight(c)
    highest = rack.highest_sacked(c) if news.advanced else 0
    if may_report:
        tagging.read(c, segment, before, news, now)
    if (ack - before) & HALF:
        if news.sacked or news.duplicate:
            answer = recovery.alert(c, segment, before, news, 0, now)
            c.delivered += news.delivered
            c.flow.remember(c.delivered)
            resend.after_ack(c, answer, now)
        return
    if news.advanced:
        c.retransmissions = c.retransmit_since = 0
    if not c.retransmission_queue:
        _acknowledge_nothing(c, segment, before, news, now)
        return
    if news.advanced:
        _clean(c, segment, highest, news, now)
    elif news.first_sacked is not None and _measure(c, segment, news, None, None, now):
        news.set_timer = news.first_sacked < c.retransmission_queue[0].last_sent
    if loss.rack_dsack_seen or loss.rack_steps != 1:
        rack.adapt(c, sample.prior_delivered)
    if c.probe_end is not None:
        loss_probe.answered(c, ack, news, now)
    answer = recovery.NOTHING
    if c.ca_state != OPEN or recovery.dubious(c, news):
        plain = news.advanced or news.data or news.window or news.duplicate
        answer = recovery.alert(c, segment, before, news, 0 if plain else 1, now)
    if news.set_timer:
        loss_probe.rearm(c, now)
    c.delivered = total = c.delivered + news.delivered
    sample.acked, sample.losses = total - delivered, loss.lost - lost
    if news.echo:
        loss.delivered_marked += sample.acked
    rate.generate(c, sample, reneged, now)
    _control(c, news, now)
    resend.after_ack(c, answer, now)
    if c.board is not None:
        scoreboard.drop_if_calm(c, c.board)
    if not c.retransmission_queue:
        chrono.stop(c, chrono.BUSY, now)


def take_plain(c: Tcb, segment: Segment, now: int) -> bool:
    """An ACK that moves on while nothing is out of order: as `take`, less what cannot be.

    False: it is not such a one, and nothing was done.  Its options are as predicted.
    """
    queue, ack = c.retransmission_queue, segment.ack
    if not _in_order(c, queue[0], ack):
        return False
    count = (ack - c.snd_una) & MASK
    c.snd_una = ack
    c.bytes_acked += count
    c.send_buffer.drop(count)
    c.snd_wl1 = segment.seq
    c.snd_wnd = offered = segment.window << c.snd_scale
    if offered > c.max_window:
        c.max_window = c.mss_window = offered
    c.retransmissions = c.retransmit_since = 0
    first = queue[0].last_sent
    taken, sent = _taken_off(c, ack)
    board = c.board
    if board is not None:
        board.acknowledged(queue[0] if queue else None)
        scoreboard.drop_if_calm(c, board)
    short = taken == 1 and count < segment_size.mss(c) and _was_alone(c, sent)
    c.delivered += taken
    last, loss = sent.last_sent, c.loss
    latest = now - last or 1
    if c.sack_permitted:
        loss.rack_advanced, loss.rack_rtt, loss.rack_rtt_order = True, latest, sent.order
        loss.rack_time, loss.rack_order, loss.rack_end = last, sent.order, sent.end
    rate.measured(c, latest, now, short)
    rtt.sample(c, now - first)
    rate.generate_plain(c, sent, now)
    c.congestion.on_sample(c, latest, now)
    loss_probe.rearm(c, now)
    if loss.cwnd_limited or usage.limited(c):
        c.congestion.on_ack(c, taken, now)
    loss.cwnd_stamp = now
    pacing.update_rate(c)
    if not queue:
        chrono.stop(c, chrono.BUSY, now)
    return True


def _in_order(c: Tcb, head: SentSegment, ack: int) -> bool:
    """Whether nothing is lost, marked, urgent or being probed, and the ACK takes `head` in."""
    return not (
        c.ca_state
        or (c.board is not None and not scoreboard.is_clean(c))
        or c.probe_end is not None
        or c.ecn
        or c.search is not None
        or c.congestion.controls
        or c.snd_up is not None
        or head.flags & SYN
        or (ack - head.end) & HALF
        or c.loss.rack_dsack_seen
        or c.loss.head_start is not None
        or (c.loss.resent_end is not None and not _all_sent_once(c, head))
    )


def _taken_off(c: Tcb, ack: int) -> tuple[int, SentSegment]:
    """How many segments, at least one, are acknowledged and leave the queue, and the last one."""
    queue = c.retransmission_queue
    taken, sent = 1, queue.popleft()
    joined = 1 if sent.joined else 0
    while queue:
        head = queue[0]
        if (ack - head.end) & HALF:
            if (head.seq - ack) & HALF:
                gone = trim.head(c, ack, inside=sent.joined)
                joined += sum(one.joined for one in gone)
                taken += len(gone)
                sent = gone[-1] if gone else sent
            break
        sent = queue.popleft()
        joined += sent.joined
        taken += 1
    c.joined_out -= joined
    return taken, sent


def _was_alone(c: Tcb, sent: SentSegment) -> bool:
    """Whether nothing else was delivered since it was sent."""
    return sent.stamp is not None and sent.stamp[0] + 1 == c.delivered + c.sack_permitted


def _all_sent_once(c: Tcb, head: SentSegment) -> bool:
    """Whether nothing in the queue was sent again, and its `head` after all that has arrived."""
    loss = c.loss
    if loss.resent_end is not None and lt(head.seq, loss.resent_end):
        return False
    if c.sack_permitted and not rack.newest_before(c, head):
        return False
    loss.resent_end = None  # nor will it, until the next time
    return True


def _acknowledge_nothing(c: Tcb, segment: Segment, before: int, news: News, now: int) -> None:
    """Nothing is in flight: only a report of duplicates says anything."""
    c.snd_una = segment.ack
    if news.duplicate:
        recovery.alert(c, segment, before, news, 0, now)
        c.delivered += news.delivered
        c.flow.remember(c.delivered)
    if c.probe_end is not None:
        loss_probe.answered(c, segment.ack, news, now)


def _clean(c: Tcb, segment: Segment, highest: int, news: News, now: int) -> None:
    """Take what is acknowledged off the queue, and measure (tcp_clean_rtx_queue())."""
    ack, queue, one = segment.ack, c.retransmission_queue, not c.sacked_out
    before = c.snd_una
    _drop_bytes(c, ack)
    taken: list[SentSegment] = []
    while queue and not (ack - queue[0].end) & HALF:
        taken.append(queue.popleft())
    began = c.loss.head_start
    if taken:
        c.loss.head_start = None
    if queue and (queue[0].seq - ack) & HALF:  # only a part of it: the rest stays
        taken += trim.head(c, ack, inside=bool(taken) and taken[-1].joined)
        one = False
    first, last, reorder = _count_off(c, segment, taken, news, now)
    if began is not None and reorder == before:
        reorder = began
    if c.board is not None:
        c.board.acknowledged(queue[0] if queue else None)
    if one and len(taken) == 1 and distance(before, ack) < segment_size.mss(c):
        news.rate.ack_delayed = _may_have_waited(c, news)
    measured = _measure(c, segment, news, first, last, now)
    if news.acked:
        news.set_timer = True
        if c.search is not None:
            mtu_probing.acknowledged(c, c.search, now)
        if not c.sack_permitted:
            tagging.remove_duplicate_acks(c, len(taken), news)
            if news.retransmitted:
                news.original = False
        elif reorder is not None and lt(reorder, highest):
            rack.note_reordering(c, reorder)
    elif queue and measured and news.first_sacked is not None:
        news.set_timer = news.first_sacked < queue[0].last_sent


def _may_have_waited(c: Tcb, news: News) -> bool:
    """One small segment, alone for a round trip: its ACK may be a delayed one.

    Source: FLAG_ACK_MAYBE_DELAYED in tcp_clean_rtx_queue().
    """
    alone = news.rate.prior_delivered + 1 == c.delivered + news.delivered
    return alone and not (news.retransmitted or news.alarming or news.syn)


def _drop_bytes(c: Tcb, ack: int) -> None:
    """The send buffer begins at the byte that is expected next."""
    count = (ack - c.snd_una) & MASK
    if count:
        control = departure.syn_unacknowledged(c) + (c.fin_sent and ack == c.snd_nxt)
        c.send_buffer.drop(max(count - control, 0))
        c.bytes_acked += count
        c.snd_una = ack
    if c.snd_up is not None:
        urgent.acknowledged(c, ack)


def _count_off(
    c: Tcb, segment: Segment, taken: list[SentSegment], news: News, now: int
) -> tuple[int | None, int | None, int | None]:
    """Segments leave the queue: first and last time of sending, and the lowest one not resent."""
    first = last = reorder = None
    sack = c.sack_permitted
    for sent in taken:
        sent.gone = True
        if sent.joined:
            c.joined_out -= 1
        if sent.stamp is not None:
            rate.delivered(c, sent, news.rate)
        if sent.retransmissions:
            if sent.again:
                c.retrans_out -= 1
            news.retransmitted = True
        elif not sent.sacked:
            last = sent.last_sent
            first = first if first is not None else last
            if reorder is None or lt(sent.seq, reorder):
                reorder = sent.seq
            if c.loss.high_seq is None or not gt(sent.end, c.loss.high_seq):
                news.original = True
        if sent.sacked and sack:
            c.sacked_out -= 1
        elif sack:
            news.delivered += 1
            if not (sent.retransmissions and undo.echoes_before(c, segment, sent.last_sent)):
                rack.advance(c, sent, now)  # else the answer is to an earlier sending
        if sent.lost:
            c.lost_out -= 1
        if sent.flags & SYN:
            c.loss.retrans_stamp = None
            news.syn = True
        else:
            news.acked_data = True
    return first, last, reorder


def _measure(
    c: Tcb, segment: Segment, news: News, first: int | None, last: int | None, now: int
) -> bool:
    """Round-trip samples: of what was sent once (Karn), else of the echoed timestamp.

    Whether there is one.  Source: tcp_ack_update_rtt().
    """
    measured = latest = None
    if first is not None and last is not None and not news.retransmitted:
        measured, latest = now - first, now - last
    if news.first_sacked is not None and news.last_sacked is not None:
        latest = now - news.last_sacked
        if measured is None:
            measured = now - news.first_sacked
    if measured is None and news.acked:
        measured = latest = by_timestamp(c, segment, now)
    if measured is None or latest is None:
        return False
    news.rate.rtt = latest
    rate.measured(c, latest, now, news.rate.ack_delayed)
    rtt.sample(c, measured)
    c.congestion.on_sample(c, latest, now)
    return True


def by_timestamp(c: Tcb, segment: Segment, now: int) -> int | None:
    """How long ago the timestamp was sent that the segment echoes, if it does."""
    stamps = wire_options.timestamps(segment.options)
    if stamps is None or not stamps[1]:
        return None
    elapsed = departure.timestamp(c.timestamp_offset, now) - stamps[1]
    return max(elapsed & MASK, 1) * MILLISECOND


def _control(c: Tcb, news: News, now: int) -> None:
    """Let cwnd fall in a reduction, else grow if it is what limits us (tcp_cong_control())."""
    sample = news.rate
    if c.congestion.controls and (news.acked_data or c.state != state.SYN_RECV):
        c.congestion.control(c, sample, now)
        return
    if c.ca_state in prr.REDUCING:
        prr.reduce(c, sample.acked, sample.losses, news.advanced)
        pacing.update_rate(c)
        return
    reordering = c.loss.reordering > c.sysctl.tcp_reordering
    if news.acked_data or (reordering and (news.acked or news.sacked)):
        if usage.limited(c):
            c.congestion.on_ack(c, sample.acked, now)
        c.loss.cwnd_stamp = now
    pacing.update_rate(c)
