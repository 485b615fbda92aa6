"""SACK blocks that arrive: which segments the peer has, and what that says about reordering.

Source: tcp_sacktag_write_queue(), tcp_sacktag_one() and tcp_check_dsack() in
net/ipv4/tcp_input.c; RFC 2018, RFC 2883 (duplicates).
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, distance, gt, lt
from tcpcore.tcp import rack, rate, scoreboard
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.flow import RateSample
from tcpcore.tcp.loss_state import LOSS
from tcpcore.tcp.scoreboard import Scoreboard
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.options import SACK, find
from tcpcore.wire.segment import Segment


class News:
    """What one ACK says, beside its number; the kernel's FLAG_ bits and `tcp_sacktag_state`.

    Times are when segments were sent (us); `reorder` is the lowest sequence number that came late.
    An ACK changes few of them: what it does not change is the class's.
    """

    acked_data: bool = False  # FLAG_DATA_ACKED
    syn: bool = False  # FLAG_SYN_ACKED
    sacked: bool = False  # FLAG_DATA_SACKED
    original: bool = False  # FLAG_ORIG_SACK_ACKED
    retransmitted: bool = False  # FLAG_RETRANS_DATA_ACKED
    duplicate: bool = False  # FLAG_DSACKING_ACK
    duplicate_of_probe: bool = False  # FLAG_DSACK_TLP
    lost_retransmission: bool = False  # FLAG_LOST_RETRANS
    set_timer: bool = False  # FLAG_SET_XMIT_TIMER
    first_sacked: int | None = None
    last_sacked: int | None = None
    reorder: int | None = None
    delivered: int = 0

    def __init__(self, advanced: bool, data: bool, window: bool, echo: bool) -> None:
        self.advanced = advanced  # FLAG_SND_UNA_ADVANCED
        self.data = data  # FLAG_DATA
        self.window = window  # FLAG_WIN_UPDATE
        self.echo = echo  # FLAG_ECE
        self.rate = RateSample()

    @property
    def acked(self) -> bool:
        """FLAG_ACKED."""
        return self.acked_data or self.syn

    @property
    def not_duplicate_ack(self) -> bool:
        """FLAG_NOT_DUP."""
        return self.data or self.window or self.acked

    @property
    def alarming(self) -> bool:
        """FLAG_CA_ALERT."""
        return self.sacked or self.echo or self.duplicate


def read(c: Tcb, segment: Segment, before: int, news: News, now: int) -> None:
    """Take in the SACK blocks of an ACK; `before` is what was acknowledged until it came."""
    options = segment.options
    if not c.sack_permitted or not options:
        return
    option = options[-1] if options[-1][0] == SACK else find(options, SACK)
    if option is None or len(option) < 2:
        return
    blocks: tuple[tuple[int, int], ...] = option[1:]
    duplicate = _duplicate_block(c, blocks, segment.ack, before, news)
    if duplicate is not None:
        blocks = blocks[1:]
    if (segment.ack - (before - c.max_window)) & HALF or not c.retransmission_queue:
        return
    board = scoreboard.of(c)
    if not c.sacked_out:
        board.forget()
    if duplicate is not None:
        for sent in _covered(c, board, duplicate):
            _duplicated(c, sent, news)
    for low, high in _places(c, board, blocks):
        for place, sent in board.untagged(low, high):
            _tag(c, board, place, sent, news, now)
    if news.reorder is not None and (c.ca_state != LOSS or c.loss.undo_marker is not None):
        rack.note_reordering(c, news.reorder)


def _places(
    c: Tcb, board: Scoreboard, blocks: tuple[tuple[int, int], ...]
) -> list[tuple[int, int]]:
    """Where the sound ones of the blocks lie, in order, without those that say nothing new.

    An ACK repeats blocks of the one before, all of whose segments are tagged (`recv_sack_cache`).
    """
    places: list[tuple[int, int]] = []
    told, sound = board.told, True
    for block in blocks:
        if block in told:
            continue
        if _is_sound(c, block):
            start, end = block
            places.append((board.position(start), board.position(end)))
        else:
            sound = False
    board.told = blocks if sound else ()
    if len(places) > 1:
        places.sort()
    return places


def _is_sound(c: Tcb, block: tuple[int, int]) -> bool:
    """Whether a block lies in what is sent, above what is acknowledged (tcp_is_sackblock_valid()).

    One that begins with the byte that the same ACK still waits for makes no sense.
    """
    start, end = block
    snd_nxt = c.snd_nxt
    if (snd_nxt - end) & HALF or not (start - end) & HALF:
        return False
    return bool((start - snd_nxt) & (c.snd_una - start) & HALF)


def _covered(c: Tcb, board: Scoreboard, block: tuple[int, int]) -> list[SentSegment]:
    start, end = block
    if not gt(end, c.snd_una) or gt(end, c.snd_nxt) or not lt(start, end):
        return []
    low = board.position(start) if gt(start, c.snd_una) else board.position(c.snd_una)
    high = board.position(end)
    return [
        sent
        for sent in board.between(low - c.snd_mss, high)
        if board.position(sent.seq) >= low and board.position(sent.end) <= high
    ]


def _duplicate_block(
    c: Tcb, blocks: tuple[tuple[int, int], ...], ack: int, before: int, news: News
) -> tuple[int, int] | None:
    """The first block if it reports a duplicate: it lies below the ACK, or within the second."""
    start, end = blocks[0]
    below = (start - ack) & HALF
    if not below:
        if len(blocks) < 2:
            return None
        first, last = blocks[1]
        if (last - end) & HALF or (start - first) & HALF:
            return None
    loss = c.loss
    count = _count_duplicates(c, start, end, news)
    if not count:
        c.tally("TcpExtTCPDSACKIgnoredDubious")
        return None
    c.tally("TcpExtTCPDSACKRecv" if below else "TcpExtTCPDSACKOfoRecv")
    marker = loss.undo_marker
    if marker is not None and loss.undo_retrans and not gt(end, before) and gt(end, marker):
        loss.undo_retrans = max(0, loss.undo_retrans - count)
    return blocks[0]


def _count_duplicates(c: Tcb, start: int, end: int, news: News) -> int:
    """How many segments were reported twice; 0 when that cannot be (tcp_dsack_seen())."""
    length = distance(start, end)
    if length <= 0 or length > max(c.max_window, c.snd_mss):
        return 0
    count = max(-(-length // c.snd_mss), 1)
    if length <= c.snd_mss and c.probe_end is not None and c.probe_end == end:
        news.duplicate_of_probe = True
    loss = c.loss
    loss.dsack_dups += count
    if loss.dsack_dups > c.total_retrans:
        return 0
    if loss.reordering_seen and not news.duplicate_of_probe:
        loss.rack_dsack_seen = True
    news.duplicate = True
    news.delivered += count
    return count


def _duplicated(c: Tcb, sent: SentSegment, news: News) -> None:
    """A segment still in the queue arrived twice."""
    loss = c.loss
    if not sent.retransmissions:
        return
    if loss.undo_marker is not None and loss.undo_retrans and gt(sent.end, loss.undo_marker):
        loss.undo_retrans = max(0, loss.undo_retrans - 1)
    if sent.sacked:
        _came_late(sent, news)
    if sent.again and sent.sacked:
        sent.again = False
        c.retrans_out -= 1


def _came_late(sent: SentSegment, news: News) -> None:
    if news.reorder is None or lt(sent.seq, news.reorder):
        news.reorder = sent.seq


def _tag(c: Tcb, board: Scoreboard, place: int, sent: SentSegment, news: News, now: int) -> None:
    """The peer has this segment, which is at that position."""
    rack.advance(c, sent, now)
    if sent.again:
        if sent.lost:
            sent.lost = sent.again = False
            c.lost_out -= 1
            c.retrans_out -= 1
    else:
        if not sent.retransmissions:
            if place < board.highest:
                _came_late(sent, news)
            high_seq = c.loss.high_seq
            if high_seq is None or not (high_seq - sent.end) & HALF:
                news.original = True
            if news.first_sacked is None:
                news.first_sacked = sent.last_sent
            news.last_sacked = sent.last_sent
        if sent.lost:
            sent.lost = False
            c.lost_out -= 1
    sent.sacked = True
    rate.delivered(c, sent, news.rate)
    news.sacked = True
    c.sacked_out += 1
    news.delivered += 1
    board.tag(place, sent)


def add_duplicate_ack(c: Tcb, news: News, count: int) -> None:
    """Without SACK, a duplicate ACK stands for a segment that arrived (tcp_add_reno_sack())."""
    if not count:
        return
    before = c.sacked_out
    c.sacked_out += count
    _limit_reno(c, 0)
    news.delivered += max(c.sacked_out - before, 0)


def limit_duplicates(c: Tcb) -> bool:
    """Without SACK, no more duplicates than segments without a hole (tcp_limit_reno_sacked()).

    Whether there were more.
    """
    out = prr.packets_out(c)
    holes = min(max(c.lost_out, 1), out)
    if c.sacked_out + holes <= out:
        return False
    c.sacked_out = out - holes
    return True


def _limit_reno(c: Tcb, acked: int) -> None:
    """Too many duplicates mean reordering (tcp_check_reno_reordering())."""
    if limit_duplicates(c):
        loss = c.loss
        loss.reordering = min(prr.packets_out(c) + acked, c.sysctl.tcp_max_reordering)
        loss.reordering_seen += 1
        c.tally("TcpExtTCPRenoReorder")


def remove_duplicate_acks(c: Tcb, acked: int, news: News) -> None:
    """Without SACK: one hole is acknowledged, and duplicates (tcp_remove_reno_sacks())."""
    if acked > 0:
        news.delivered += max(acked - c.sacked_out, 1)
        c.sacked_out = 0 if acked - 1 >= c.sacked_out else c.sacked_out - (acked - 1)
    _limit_reno(c, acked)
