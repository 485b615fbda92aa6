"""A request: a half-open connection in the SYN queue, not yet a connection.

It has answered a SYN with SYN+ACK and waits for the last ACK of the handshake; Linux keeps a small
`request_sock` for it, and the listener itself never leaves LISTEN.
Source: tcp_check_req() in net/ipv4/tcp_minisocks.c, reqsk_timer_handler() in
net/ipv4/inet_connection_sock.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpcore import reasons, trace
from tcpcore.host import counters, saved_syn
from tcpcore.seqnum import MASK, distance, gt, leq, lt
from tcpcore.tcp import arrival, departure, signature, state, timers, window
from tcpcore.tcp.congestion import usage
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.icmp import ends_request
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import RTO_INITIAL
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason, Why
from tcpcore.wire import icmp
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, RST, SYN, Segment

if TYPE_CHECKING:
    from tcpcore.host.listener import Listener

SYN_ACK_TIMER = "SYN+ACK"


def half_open(listener: Listener, segment: Segment, now: int, isn: int | None = None) -> Connection:
    """The connection that a SYN asks for, as far as the SYN tells; nobody knows it yet."""
    ends = (segment.dst, segment.dport, segment.src, segment.sport)
    c = listener.host.new_connection(*ends, isn)
    listener.reflect(c, segment)
    listener.inherit(c)  # its buffer decides the window that the SYN+ACK offers
    if listener.options.get("TCP_SAVE_SYN"):
        saved_syn.record(c, segment)
    received(c, segment.seq, segment.window)
    arrival.agree_on_options(c, segment, now)
    window.open_receive(c, c.advertised_mss - (departure.TIMESTAMP_SPACE if c.timestamps else 0))
    if not c.scaling:
        window.without_scaling(c)
    return c


def received(c: Connection, irs: int, offered: int) -> None:
    """Note the peer's SYN: its sequence number and its window."""
    c.irs = c.snd_wl1 = irs
    c.rcv_nxt = c.rcv_wup = (irs + 1) & MASK
    c.snd_wnd = c.max_window = c.mss_window = offered
    c.snd_nxt = c.write_end = (c.iss + 1) & MASK


def open_child(listener: Listener, c: Connection, syn_ack: SentSegment) -> None:
    """Make a connection of it, in SYN_RECV, and put it into the accept queue."""
    host = listener.host
    c.state = state.SYN_RECV
    c.last_data_received = host.now
    c.last_challenge = None  # the request's answers are not counted against the connection
    c.journal = host
    usage.start(c)
    c.retransmission_queue.append(syn_ack)
    c.segs_out, c.segs_in = 0, 1  # the request's SYN+ACKs are not counted, its SYN is
    c.bytes_acked = -1  # our SYN is not counted in the end
    listener.inherit(c)
    host.count(counters.PASSIVE_OPENS)
    host.add_endpoint(c)
    listener.established(c)


class Request:
    """See the module; `child` holds what the connection will start with.

    `shown` is the snapshot's: what it shows of the request, None where that may have changed.
    """

    __slots__ = (
        "acked",
        "child",
        "deadline",
        "ends",
        "listener",
        "name",
        "resent",
        "sent_at",
        "shown",
        "stamps",
        "state",
        "timeouts",
        "waiting_since",
    )

    def __init__(
        self, listener: Listener, segment: Segment, now: int, isn: int | None = None
    ) -> None:
        self.listener = listener
        self.state = state.SYN_RECV
        self.child = half_open(listener, segment, now, isn)
        self.name = self.child.name
        self.ends = self.child.ends
        self.shown: Any = None
        self.acked = False  # a last ACK came, but did not open the connection
        self.timeouts = 0
        self.resent = 0
        self.sent_at = now
        self.waiting_since = now
        self.deadline = 0
        self.stamps = (0, 0)  # the timestamps of our first and of our last SYN+ACK

    # --- the doors of an endpoint ----------------------------------------------------------------

    def next_deadline(self) -> int | None:
        """When the SYN+ACK is due again."""
        return self.deadline

    def running_timers(self) -> list[tuple[str, int]]:
        """``(name, deadline)`` of the one timer."""
        return [(SYN_ACK_TIMER, self.deadline)]

    def answer(self, now: int, reason: Reason) -> list[Segment]:
        """Send the SYN+ACK and start its timer: 1 s, doubled by every time-out so far."""
        c = self.child
        self.shown = None
        self._wait(now, reasons.TIMER_SYN_ACK)
        sent = departure.timestamp(c.timestamp_offset, now)
        self.stamps = (self.stamps[0] if self.resent else sent, sent)
        c.out = []
        departure.send_syn(c, now, reason, SYN | ACK)
        return c.out

    def icmp(self, kind: int, code: int, seq: int, mtu: int, now: int) -> list[Segment]:
        """An ICMP error about our SYN+ACK: the client cannot be reached (tcp_req_err())."""
        self.shown = None
        six = ":" in self.child.remote
        gone = ends_request(kind, code, six) and not self.child.sysctl.icmp_by_rfc
        if seq != self.child.iss:
            self.listener.host.event(trace.REFUSED, self.name, reasons.ICMP_OUTSIDE())
        elif gone:
            names = icmp.NAMES_6 if six else icmp.NAMES
            what = names.get((kind, code), f"type {kind} code {code}")
            self.listener.host.count(counters.LISTEN_DROPS)
            self._forget(Reason(reasons.ICMP_REQUEST, {"what": what}), state.TIMEOUT)
        return []

    def fire(self, now: int) -> list[Segment]:
        """No ACK in time: send the SYN+ACK again, or forget the request."""
        self.shown = None
        listener = self.listener
        host = listener.host
        host.count(counters.TIMEOUTS)
        limit = listener.request_limit()
        deferred = listener.defer_accept
        data_may_come = self.acked and self.timeouts < deferred
        if self.timeouts >= limit and not data_may_come:
            self._forget(listener.over_limit(limit, self.resent + 1), state.TIMEOUT)
            return []
        silent = self.acked and self.timeouts < deferred - 1
        if not self.timeouts:
            listener.young -= 1
        self.timeouts += 1
        if silent:
            self._wait(now, reasons.STILL_DEFERRED)
            return []
        self.resent += 1
        values: dict[str, object] = {
            "waited": timers.span(now - self.waiting_since),
            "retransmission": self.resent,
            "limit": limit,
        }
        why = reasons.DEFER_OVER if self.acked and deferred else reasons.SYN_ACK_AGAIN
        return self.answer(now, Reason(why, values))

    def arrives(self, segment: Segment, now: int) -> list[Segment]:
        """A segment for the request (tcp_check_req(), in its order)."""
        self.shown = None
        c = self.child
        flags = segment.flags
        if signature.unexpected(segment):
            self._drop(reasons.SIGNED())
            return []
        problem = self._timestamp_problem(segment, now)
        if segment.seq == c.irs and flags & (SYN | ACK | RST) == SYN and not problem:
            return self._syn_again(now)
        if flags & RST:
            return self._reset(segment, now)
        if flags & ACK and segment.ack != c.snd_nxt:
            return self._refuse_ack(segment, now)
        if problem or not window.holds(c, segment, window.MAX_UNSCALED):  # tcp_synack_window()
            return self._say_what_is_expected(segment, now, problem or reasons.ACK_DUPLICATE())
        if segment.seq == c.irs:
            flags &= ~SYN  # it lies before the window: what is left is an ACK
        if flags & SYN:
            self._give_up(reasons.STRANGER())
            return [departure.refusal_of(segment, reasons.STRANGER())]
        if not flags & ACK:
            self._drop(reasons.NO_ACK_IN_SYN_RECV())
            return []
        if self.timeouts < self.listener.defer_accept and segment.end == c.rcv_nxt:
            self.acked = True
            self.listener.host.count(counters.DEFER_ACCEPT_DROP)
            self._drop(reasons.DEFERRED())
            return []
        if self.listener.accept_queue_full:
            return self._overflow(segment)
        return self._become_connection(segment, now)

    # --- checks ----------------------------------------------------------------------------------

    def _timestamp_problem(self, segment: Segment, now: int) -> Reason | None:
        """An old timestamp (PAWS), or an echo of one that we never sent."""
        c = self.child
        stamps = wire_options.timestamps(segment.options) if c.timestamps else None
        if stamps is None:
            return None
        value, echo = stamps
        if echo and not (leq(self.stamps[0], echo) and leq(echo, self.stamps[1])):
            self.listener.host.count(counters.ECHO_REJECTED)
            return reasons.BAD_TIMESTAMP_ECHO()
        if c.ts_recent and lt(value, c.ts_recent):
            self.listener.host.count(counters.PAWS_REJECTED)
            return reasons.OLD_TIMESTAMP()
        return None

    def _rate_limited(self, now: int, *, counted: bool = True) -> bool:
        """At most one answer per tcp_invalid_ratelimit to what is not progress."""
        c = self.child
        limit = c.sysctl.tcp_invalid_ratelimit
        if c.last_challenge is not None and now - c.last_challenge < limit * MILLISECOND:
            self._drop(Reason(reasons.RATE_LIMITED_OPENING, {"limit": limit}))
            if counted:
                self.listener.host.count(counters.ACK_SKIPPED_SYN_RECV)
            return True
        c.last_challenge = now
        return False

    # --- answers ---------------------------------------------------------------------------------

    def _syn_again(self, now: int) -> list[Segment]:
        if self._rate_limited(now):
            return []
        self.resent += 1
        reason = Reason(reasons.SYN_ANSWERED_AGAIN, {"retransmission": self.resent})
        return self.answer(now, reason)

    def _refuse_ack(self, segment: Segment, now: int) -> list[Segment]:
        """Not for our SYN+ACK: the listener may know it as a SYN cookie, else it answers RST."""
        values = {"ack": distance(self.child.iss, segment.ack)}
        return self.listener.stray(segment, now, Reason(reasons.BAD_ACK_IN_SYN_RECV, values))

    def _reset(self, segment: Segment, now: int) -> list[Segment]:
        """RST at the next number ends the request; elsewhere in the window, ask (RFC 5961 §3)."""
        c = self.child
        if segment.seq == c.rcv_nxt:
            self._give_up(reasons.RESET_BY_PEER())
        elif window.holds(c, segment):
            expected = {"expected": distance(c.irs, c.rcv_nxt)}
            return self._say_what_is_expected(segment, now, Reason(reasons.CHALLENGE_RST, expected))
        else:
            self._drop(reasons.OLD_RST())
        return []

    def _say_what_is_expected(self, segment: Segment, now: int, reason: Reason) -> list[Segment]:
        """Answer with an ACK; data is worth one at any rate (tcp_oow_rate_limited())."""
        c = self.child
        data = segment.length > 0 and not segment.flags & SYN
        if not data and self._rate_limited(now, counted=not segment.flags & RST):
            return []
        self._drop(reason)
        c.out = []
        departure.send_early_ack(c, now, reason)
        return c.out

    def _give_up(self, reason: Reason) -> None:
        """RST, or a SYN in the window: the request is over."""
        host = self.listener.host
        host.count(counters.ATTEMPT_FAILS)
        host.count(counters.EMBRYONIC_RESETS)
        self._forget(reason, state.RST)

    def _overflow(self, segment: Segment) -> list[Segment]:
        """The accept queue is full: ignore the ACK, or reset (tcp_abort_on_overflow)."""
        host = self.listener.host
        host.count(counters.LISTEN_OVERFLOWS)
        host.count(counters.LISTEN_DROPS)
        if not host.sysctl.tcp_abort_on_overflow:
            self.acked = True
            self._drop(reasons.ACCEPT_QUEUE_FULL_ACK())
            return []
        host.count(counters.EMBRYONIC_RESETS)
        reason = reasons.ACCEPT_QUEUE_FULL_ABORT()
        self._forget(reason, state.RST)
        return [departure.refusal_of(segment, reason)]

    def _become_connection(self, segment: Segment, now: int) -> list[Segment]:
        """The last ACK: a connection takes over, and takes in what else the segment brings."""
        c = self.child
        stamps = wire_options.timestamps(segment.options) if c.timestamps else None
        if stamps is not None and not gt(segment.seq, c.rcv_nxt):
            c.ts_recent, c.ts_recent_at = stamps[0], now  # a request keeps the SYN's
        self.listener.remove_request(self)
        sent = SentSegment(c.iss, c.snd_nxt, SYN | ACK, self.sent_at)
        sent.retransmissions = self.resent
        c.max_window = c.mss_window = segment.window << c.snd_scale
        open_child(self.listener, c, sent)
        self._remember(c, segment, now)
        out = c.arrives(segment, now)
        if c.state == state.SYN_RECV:  # a SYN stood in the segment: it was only challenged
            timers.set_retransmission(c, now)
        return out

    def _remember(self, c: Connection, segment: Segment, now: int) -> None:
        """What the child knows of retransmissions (tcp_create_openreq_child())."""
        c.total_retrans, c.total_rto = self.resent, self.timeouts
        c.total_rto_recoveries = int(self.timeouts > 0)
        if self.timeouts:
            c.total_rto_time = (now - self.sent_at) // MILLISECOND
        stamps = wire_options.timestamps(segment.options) if c.timestamps else None
        if self.timeouts and (stamps is None or stamps[1] != self.stamps[0]):
            c.loss.undo_marker = c.iss
        usage.start(c)
        c.loss.undo_marker = None

    # --- inside ----------------------------------------------------------------------------------

    def _wait(self, now: int, why: Why) -> None:
        """Start the timer: 1 s, doubled by every time-out so far."""
        host = self.listener.host
        rto = min(RTO_INITIAL << self.timeouts, host.sysctl.tcp_rto_max_ms * MILLISECOND)
        self.waiting_since = now
        self.deadline = now + rto
        if host.trace is not None:
            host.trace.timer_set(SYN_ACK_TIMER, self.name, why, self.deadline)

    def _drop(self, reason: Reason) -> None:
        self.listener.host.tell(trace.REFUSED, self.name, reason)

    def _forget(self, reason: Reason, event: str) -> None:
        host = self.listener.host
        new = state.NEXT[self.state, event].next
        host.tell(trace.STATE, self.name, reason, (self.state, new))
        self.state = new
        self.listener.remove_request(self)
        host.remove_endpoint(self)
