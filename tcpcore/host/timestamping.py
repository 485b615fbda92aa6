"""SO_TIMESTAMPING and SO_TIMESTAMP: when bytes were queued, sent, acknowledged, or came.

The last byte of each send() carries the marks of what is asked for.  Whoever sends the packet with
that byte reports SCHED and SND, also when it is sent again; its acknowledgement reports ACK.
A virtual host hands a packet to the device in no time: SCHED and SND are of one moment.
Source: tcp_tx_timestamp(), tcp_ack_tstamp(), tcp_get_timestamping_opt_stats() in net/ipv4,
__skb_tstamp_tx() in net/core/skbuff.c, sock_set_timestamping() in net/core/sock.c;
Documentation/networking/timestamping.rst.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tcpcore.errors import EINVAL, ENOMSG, socket_error
from tcpcore.host.ancillary import Note, Report
from tcpcore.host.option import SOL_SOCKET
from tcpcore.seqnum import MASK, distance, geq, gt, lt
from tcpcore.tcp import chrono, rate, send_buffer
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import NEVER
from tcpcore.units import SECOND

ORIGIN = 4
"""SO_EE_ORIGIN_TIMESTAMPING."""
SND, SCHED, ACK = 0, 1, 2
"""What happened (SCM_TSTAMP_...)."""
TX_HARDWARE, TX_SOFTWARE, RX_SOFTWARE, SOFTWARE = 1, 2, 8, 16
OPT_ID, TX_SCHED, TX_ACK, OPT_TSONLY, OPT_STATS = 1 << 7, 1 << 8, 1 << 9, 1 << 11, 1 << 12
BIND_PHC, OPT_ID_TCP, OPT_RX_FILTER = 1 << 15, 1 << 16, 1 << 17
TX_ANY = TX_HARDWARE | TX_SOFTWARE | TX_SCHED | TX_ACK
KNOWN = (1 << 19) - 1
"""Every flag of SO_TIMESTAMPING that Linux 6.18 has."""
SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING, SCM_STATISTICS = 29, 35, 37, 54
MICROSECONDS, NANOSECONDS = 1, 2
"""What SO_TIMESTAMP keeps: how it was asked for."""

STATISTICS = (
    "TCP_NLA_BUSY", "TCP_NLA_RWND_LIMITED", "TCP_NLA_SNDBUF_LIMITED", "TCP_NLA_DATA_SEGS_OUT",
    "TCP_NLA_TOTAL_RETRANS", "TCP_NLA_PACING_RATE", "TCP_NLA_DELIVERY_RATE", "TCP_NLA_SND_CWND",
    "TCP_NLA_REORDERING", "TCP_NLA_MIN_RTT", "TCP_NLA_RECUR_RETRANS",
    "TCP_NLA_DELIVERY_RATE_APP_LMT", "TCP_NLA_SNDQ_SIZE", "TCP_NLA_CA_STATE",
    "TCP_NLA_SND_SSTHRESH", "TCP_NLA_DELIVERED", "TCP_NLA_DELIVERED_CE", "TCP_NLA_BYTES_SENT",
    "TCP_NLA_BYTES_RETRANS", "TCP_NLA_DSACK_DUPS", "TCP_NLA_REORD_SEEN", "TCP_NLA_SRTT",
    "TCP_NLA_TIMEOUT_REHASH", "TCP_NLA_BYTES_NOTSENT", "TCP_NLA_EDT", "TCP_NLA_TTL",
)  # fmt: skip
"""Netlink attributes by number, from 1."""
SIZE_OF_STATISTICS = 248
"""Bytes of those that come with a packet sent; with an ACK 8 more, for its TTL."""
_LATER = (
    "TCP_NLA_DATA_SEGS_OUT", "TCP_NLA_TOTAL_RETRANS", "TCP_NLA_PACING_RATE",
    "TCP_NLA_DELIVERY_RATE", "TCP_NLA_SND_CWND", "TCP_NLA_MIN_RTT",
    "TCP_NLA_DELIVERY_RATE_APP_LMT", "TCP_NLA_CA_STATE", "TCP_NLA_SND_SSTHRESH",
    "TCP_NLA_BYTES_SENT", "TCP_NLA_BYTES_RETRANS", "TCP_NLA_SRTT", "TCP_NLA_BYTES_NOTSENT",
)  # fmt: skip
"""What an ACK changes only after its timestamp was taken."""
_NO_RTT = 0xFFFF_FFFF
_STAMP_SPACE = 12


class _Mark:
    """The last byte of a send(), and what is asked for it."""

    __slots__ = ("asked", "length", "segment", "seq", "times")

    def __init__(self, seq: int, asked: int) -> None:
        self.seq = seq
        self.asked = asked
        self.segment: SentSegment | None = None  # that carries it
        self.times = 0  # it was sent
        self.length = 0  # of the packet's payload


class Stamps:
    """Marks of what is on its way, and when what is unread came."""

    __slots__ = ("_arrivals", "_before", "_marks", "base", "receiving")

    def __init__(self) -> None:
        self.base = 0  # SOF_TIMESTAMPING_OPT_ID: bytes count from here
        self.receiving = False
        self._marks: list[_Mark] = []
        self._before: dict[str, int] = {}  # statistics as they were before this step
        self._arrivals: list[tuple[int, int]] = []  # end of a packet, and when it came

    # --- sending ---------------------------------------------------------------------------------

    def begins(self, c: Connection) -> _Mark | None:
        """send() is about to write: a packet that it goes on filling has room for one mark only."""
        if self._marks and self._in_last_packet(c, self._marks[-1].seq):
            return self._marks.pop()
        return None

    def ends(self, c: Connection, asked: int, replaced: _Mark | None, written: int) -> None:
        """send() has written, and asks for so much of its last byte (tcp_tx_timestamp())."""
        if replaced is not None and (not written or not asked):
            self._marks.append(replaced)
        elif written and asked:
            kept = replaced.asked if replaced is not None else 0
            self._marks.append(_Mark((c.write_end - 1) & MASK, asked | kept))

    def _in_last_packet(self, c: Connection, seq: int) -> bool:
        """Whether that byte lies in the packet that the next bytes will be written into."""
        unsent = distance(c.snd_nxt, c.write_end)
        if unsent <= 0 or (c.record_ends and c.record_ends[-1] == c.write_end):
            return False
        within = unsent % send_buffer.large_packet(c)
        return bool(within) and 0 < distance(seq, c.write_end) <= within

    def sent(self, c: Connection, flags: int, now: int) -> Iterator[Report]:
        """Reports of what was sent, or sent again, since the last look."""
        for mark in self._marks:
            if not lt(mark.seq, c.snd_nxt):
                continue
            segment = self._segment(c, mark)
            if segment is None or segment.retransmissions + 1 <= mark.times:
                continue
            mark.times = segment.retransmissions + 1
            packet = mark.length = _burst(c, segment)
            header = 60 if ":" in c.remote else 40
            length = packet + header + (_STAMP_SPACE if c.timestamps else 0)
            notsent = packet if mark.times == 1 else 0
            if mark.asked & TX_SCHED:
                yield self._report(c, flags, mark, SCHED, now, length, notsent)
            if mark.asked & TX_SOFTWARE:
                yield self._report(c, flags, mark, SND, now, length, notsent)

    def looked(self, c: Connection, flags: int, now: int) -> None:
        """All is reported of this step."""
        self._before = statistics(c, now) if flags & OPT_STATS and self._marks else {}

    def _segment(self, c: Connection, mark: _Mark) -> SentSegment | None:
        """The segment of the queue that carries the byte."""
        known = mark.segment
        if (
            known is None
            or known.gone
            or not (geq(mark.seq, known.seq) and lt(mark.seq, known.end))
        ):
            queue = reversed(c.retransmission_queue)
            mark.segment = next((one for one in queue if not gt(one.seq, mark.seq)), None)
        return mark.segment

    def acknowledged(
        self, c: Connection, flags: int, now: int, *, over: bool
    ) -> list[tuple[int, Report]]:
        """``(byte, report)`` of what the peer has acknowledged since the last look."""
        if not self._marks:
            return []
        done = [mark for mark in self._marks if gt(c.snd_una, mark.seq)]
        self._marks = [] if over else [mark for mark in self._marks if mark not in done]
        return [
            (mark.seq, self._report(c, flags, mark, ACK, now, mark.length, 0))
            for mark in done
            if mark.asked & TX_ACK
        ]

    def _report(
        self, c: Connection, flags: int, mark: _Mark, what: int, now: int, length: int, notsent: int
    ) -> Report:
        report = Report(ORIGIN, ENOMSG, info=what, time=now)
        if flags & OPT_ID:
            report.data = (mark.seq - self.base) & MASK
        if not flags & OPT_TSONLY:
            report.length = length
        elif flags & OPT_STATS:
            report.statistics = statistics(c, now, notsent)
            if what == ACK:  # is told before the ACK changes anything else
                later = {name: self._before[name] for name in _LATER if name in self._before}
                report.statistics.update(later)
            report.length = SIZE_OF_STATISTICS + (8 if what == ACK else 0)
        return report

    # --- receiving -------------------------------------------------------------------------------

    def received(self, c: Connection, now: int) -> None:
        """Note when each packet came that is unread; one that grew came now."""
        if not self.receiving or not c.unread:
            return
        known = dict(self._arrivals)
        place = first_unread(c)
        arrivals = []
        for packet in c.unread:
            place = (place + packet[0]) & MASK
            arrivals.append((place, known.get(place, now)))
        self._arrivals = arrivals

    def arrived_before(self, c: Connection | None) -> None:
        """What came before accept() came when the last data did."""
        if c is not None and c.last_data_received != NEVER:
            self.received(c, c.last_data_received)

    def time_of(self, end: int) -> int | None:
        """When the packet came that has the byte before `end`."""
        return next((time for place, time in self._arrivals if geq(place, end)), None)


def first_unread(c: Connection) -> int:
    """The sequence number of the first byte that lies unread."""
    return (c.rcv_nxt - c.rcv_closed - len(c.receive_buffer)) & MASK


def _burst(c: Connection, segment: SentSegment) -> int:
    """Bytes of the large packet that the segment left in."""
    queue = list(c.retransmission_queue)
    place = queue.index(segment)
    total = distance(segment.seq, segment.end)
    while place and queue[place - 1].joined and not segment.retransmissions:
        place -= 1
        total += distance(queue[place].seq, queue[place].end)
    return total


def statistics(c: Connection, now: int, notsent: int = 0) -> dict[str, int]:
    """What SOF_TIMESTAMPING_OPT_STATS tells (tcp_get_timestamping_opt_stats()); times in us.

    `notsent`: bytes that are just being sent, and count as not sent yet.
    """
    busy, by_window, by_buffer = chrono.spent(c, now)
    unsent = max(distance(c.snd_nxt, c.write_end), 0)
    values = (
        busy, by_window, by_buffer, c.data_segs_out, c.total_retrans, c.flow.pacing_rate,
        rate.delivery_rate(c), c.cwnd, c.loss.reordering, c.min_rtt or _NO_RTT, c.retransmissions,
        int(c.flow.rate_app_limited), max(distance(c.snd_una, c.write_end), 0), c.ca_state,
        c.ssthresh, c.delivered, c.loss.delivered_marked, c.bytes_sent, c.bytes_retrans,
        c.loss.dsack_dups, c.loss.reordering_seen, c.srtt >> 3, 0, unsent + notsent,
    )  # fmt: skip
    return dict(zip(STATISTICS, values, strict=False))


# --- notes of messages ---------------------------------------------------------------------------


def _time(us: int) -> dict[str, int]:
    seconds, rest = divmod(us, SECOND)
    return {"scm_sec": seconds, "scm_nsec": rest * 1000}


def wants_arrivals(options: dict[str, Any]) -> bool:
    """Whether options ask when data came (sock_enable_timestamp())."""
    return bool(options.get("SO_TIMESTAMP") or options.get("SO_TIMESTAMPING", 0) & RX_SOFTWARE)


def _plain(options: dict[str, Any], time: int) -> list[Note]:
    """What SO_TIMESTAMP and SO_TIMESTAMPNS add."""
    kept = options.get("SO_TIMESTAMP", 0)
    kinds = {MICROSECONDS: SO_TIMESTAMP, NANOSECONDS: SO_TIMESTAMPNS}
    return [Note(SOL_SOCKET, kinds[kept], _time(time), 16)] if kept else []


def notes_of(options: dict[str, Any], report: Report) -> list[Note]:
    """The notes about time that come with a report of the error queue."""
    if report.time is None:
        return []
    notes = _plain(options, report.time)
    if options.get("SO_TIMESTAMPING", 0) & SOFTWARE:
        notes.append(Note(SOL_SOCKET, SO_TIMESTAMPING, _time(report.time), 48))
        if report.statistics:
            notes.append(Note(SOL_SOCKET, SCM_STATISTICS, report.statistics, report.length))
    return notes


def notes_of_data(options: dict[str, Any], time: int | None) -> list[Note]:
    """The notes about time that come with data (tcp_recv_timestamp())."""
    if time is None:
        return []
    notes = _plain(options, time)
    flags = options.get("SO_TIMESTAMPING", 0)
    if flags & SOFTWARE and (flags & RX_SOFTWARE or not flags & OPT_RX_FILTER):
        notes.append(Note(SOL_SOCKET, SO_TIMESTAMPING, _time(time), 48))
    return notes


def asked_by_call(given: Iterable[tuple[int, int, Any]]) -> int | None:
    """The flags of a note of sendmsg(); EINVAL for those that a call cannot ask for."""
    asked: int | None = None
    for level, kind, value in given:
        if level == SOL_SOCKET and kind == SO_TIMESTAMPING:
            if value & ~TX_ANY:
                raise socket_error(EINVAL)
            asked = value
    return asked
