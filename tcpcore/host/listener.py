"""A listening socket with its two queues, and the requests that wait in the first one.

SYN queue: requests, each in SYN_RECV, that have sent SYN+ACK and wait for the last ACK.  Linux
keeps a small `request_sock` for each; the listener itself never leaves LISTEN.  Accept queue: open
connections that no `accept()` has taken; it holds backlog + 1.
Source: tcp_conn_request() in net/ipv4/tcp_input.c, tcp_check_req() in net/ipv4/tcp_minisocks.c,
reqsk_timer_handler() in net/ipv4/inet_connection_sock.c.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tcpcore import reasons, trace
from tcpcore.host import counters
from tcpcore.host.process import WaitQueue
from tcpcore.seqnum import MASK, distance, geq, leq
from tcpcore.tcp import arrival, departure, state, timers, window
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.tcb import RTO_INITIAL, SentSegment
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason
from tcpcore.wire.segment import ACK, RST, SYN, Segment

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

SYN_ACK_TIMER = "SYN+ACK"


class Listener:
    """A socket in LISTEN: `backlog` as listen() capped it, and the two queues."""

    __slots__ = ("accept_queue", "address", "backlog", "host", "port", "syn_queue", "waiters")

    def __init__(self, host: Host, address: str, port: int, backlog: int) -> None:
        self.host = host
        self.address = address
        self.port = port
        self.backlog = min(backlog, host.sysctl.somaxconn)
        self.syn_queue: list[Request] = []
        self.accept_queue: deque[Connection] = deque()
        self.waiters = WaitQueue()

    @property
    def name(self) -> str:
        """``0.0.0.0:80``, as `ss` shows it."""
        return f"{self.address}:{self.port}"

    @property
    def accept_queue_full(self) -> bool:
        """sk_acceptq_is_full(): more than `backlog`, so the queue holds one more."""
        return len(self.accept_queue) > self.backlog

    def syn(self, segment: Segment, now: int, isn: int | None = None) -> list[Segment]:
        """A SYN for our port: remember it and answer, or drop it (tcp_conn_request()).

        `isn` is given when the SYN comes over an old connection in TIME_WAIT.
        """
        host = self.host
        if len(self.syn_queue) >= max(self.backlog, 1):
            values = {"length": len(self.syn_queue), "backlog": self.backlog}
            host.count(counters.REQ_QUEUE_FULL_DROP)
            return self._refuse(Reason(reasons.SYN_QUEUE_FULL, values))
        if self.accept_queue_full:
            values = {"length": len(self.accept_queue), "backlog": self.backlog}
            host.count(counters.LISTEN_OVERFLOWS)
            return self._refuse(Reason(reasons.ACCEPT_QUEUE_FULL_SYN, values))
        request = Request(self, segment, now, isn)
        self.syn_queue.append(request)
        host.add_endpoint(request)
        host.event(trace.STATE, request.name, reasons.SYN_ANSWERED(), (state.LISTEN, request.state))
        return request.answer(now, reasons.SYN_ANSWERED())

    def _refuse(self, reason: Reason) -> list[Segment]:
        self.host.count(counters.LISTEN_DROPS)
        self.host.event(trace.REFUSED, self.name, reason)
        return []

    def established(self, connection: Connection) -> None:
        """The handshake is complete: the connection waits for accept()."""
        self.accept_queue.append(connection)
        self.waiters.wake()


class Request:
    """A half-open connection in the SYN queue: enough to answer, not yet a connection."""

    __slots__ = (
        "_now",
        "child",
        "deadline",
        "listener",
        "name",
        "out",
        "resent",
        "sent_at",
        "state",
        "timeouts",
        "waiting_since",
    )

    def __init__(
        self, listener: Listener, segment: Segment, now: int, isn: int | None = None
    ) -> None:
        host = listener.host
        self.listener = listener
        self.state = state.SYN_RECV
        ends = (segment.dst, segment.dport, segment.src, segment.sport)
        self.child = host.new_connection(*ends, isn)
        self.name = self.child.name
        c = self.child
        c.irs = segment.seq
        c.rcv_nxt = c.rcv_wup = (segment.seq + 1) & MASK
        c.snd_wnd = c.max_window = segment.window
        c.snd_wl1 = segment.seq
        c.snd_nxt = c.write_end = (c.iss + 1) & MASK
        arrival.agree_on_options(c, segment, now)
        space = c.advertised_mss - (departure.TIMESTAMP_SPACE if c.timestamps else 0)
        window.open_receive(c, space)
        if not c.scaling:
            window.without_scaling(c)
        self.timeouts = 0
        self.resent = 0
        self.sent_at = now
        self.waiting_since = now
        self.deadline = 0
        self.out: list[Segment] = []

    # --- the doors of an endpoint ----------------------------------------------------------------

    def next_deadline(self) -> int | None:
        """When the SYN+ACK is due again."""
        return self.deadline

    def running_timers(self) -> list[tuple[str, int]]:
        """``(name, deadline)`` of the one timer."""
        return [(SYN_ACK_TIMER, self.deadline)]

    def answer(self, now: int, reason: Reason) -> list[Segment]:
        """Send the SYN+ACK and start its timer: 1 s, doubled by every time-out so far."""
        self.waiting_since = now
        rto = self._rto()
        self.deadline = now + rto
        host = self.listener.host
        timer = Reason(reasons.TIMER_SYN_ACK, {"rto": timers.span(rto)})
        host.event(trace.TIMER_SET, SYN_ACK_TIMER, timer, (self.name, self.deadline))
        self.child.out = []
        departure.send_syn(self.child, now, reason, SYN | ACK)
        return self.child.out

    def fire(self, now: int) -> list[Segment]:
        """No ACK in time: send the SYN+ACK again, or forget the request."""
        limit = self.listener.host.sysctl.tcp_synack_retries
        if self.timeouts >= limit:
            reason = Reason(reasons.GIVE_UP_REQUEST, {"sent": self.resent + 1, "limit": limit})
            self._forget(reason, state.TIMEOUT)
            return []
        self.timeouts += 1
        self.resent += 1
        values: dict[str, object] = {
            "waited": timers.span(now - self.waiting_since),
            "retransmission": self.resent,
            "limit": limit,
        }
        return self.answer(now, Reason(reasons.SYN_ACK_AGAIN, values))

    def arrives(self, segment: Segment, now: int) -> list[Segment]:
        """A segment for the request (tcp_check_req(), in its order)."""
        c = self.child
        flags = segment.flags
        if segment.seq == c.irs and flags & (SYN | ACK | RST) == SYN:
            return self._syn_again(now)
        if flags & ACK and segment.ack != c.snd_nxt:
            return self._refuse_ack(segment)
        window_end = (c.rcv_nxt + c.rcv_wnd) & MASK
        if not (geq(segment.end, c.rcv_nxt) and leq(segment.seq, window_end)):
            return self._say_what_is_expected(flags, now)
        if flags & RST:
            self._forget(reasons.RESET_BY_PEER(), state.RST)
            return []
        if flags & SYN:
            reason = reasons.STRANGER()
            self._forget(reason, state.RST)
            return [departure.refusal_of(segment, reason)]
        if not flags & ACK:
            self.listener.host.event(trace.REFUSED, self.name, reasons.NO_ACK_IN_SYN_RECV())
            return []
        if self.listener.accept_queue_full:
            return self._overflow(segment)
        return self._become_connection(segment, now)

    # --- inside ----------------------------------------------------------------------------------

    def _rto(self) -> int:
        longest = self.listener.host.sysctl.tcp_rto_max_ms * MILLISECOND
        return min(RTO_INITIAL << self.timeouts, longest)

    def _syn_again(self, now: int) -> list[Segment]:
        if self._rate_limited(now):
            return []
        self.resent += 1
        reason = Reason(reasons.SYN_ANSWERED_AGAIN, {"retransmission": self.resent})
        return self.answer(now, reason)

    def _rate_limited(self, now: int) -> bool:
        """At most one answer per tcp_invalid_ratelimit to what is not progress."""
        c = self.child
        limit = c.sysctl.tcp_invalid_ratelimit
        if c.last_challenge is not None and now - c.last_challenge < limit * MILLISECOND:
            reason = Reason(reasons.RATE_LIMITED, {"limit": limit})
            self.listener.host.event(trace.REFUSED, self.name, reason)
            return True
        c.last_challenge = now
        return False

    def _refuse_ack(self, segment: Segment) -> list[Segment]:
        host = self.listener.host
        values = {"ack": distance(self.child.iss, segment.ack)}
        reason = Reason(reasons.BAD_ACK_IN_SYN_RECV, values)
        host.event(trace.REFUSED, self.name, reason)
        return [] if segment.flags & RST else [departure.refusal_of(segment, reason)]

    def _say_what_is_expected(self, flags: int, now: int) -> list[Segment]:
        c = self.child
        if flags & RST or self._rate_limited(now):
            return []
        c.out = []
        departure.send_ack(c, now, reasons.ACK_DUPLICATE())
        return c.out

    def _overflow(self, segment: Segment) -> list[Segment]:
        """The accept queue is full: ignore the ACK, or reset (tcp_abort_on_overflow)."""
        host = self.listener.host
        host.count(counters.LISTEN_OVERFLOWS)
        host.count(counters.LISTEN_DROPS)
        if not host.sysctl.tcp_abort_on_overflow:
            host.event(trace.REFUSED, self.name, reasons.ACCEPT_QUEUE_FULL_ACK())
            return []
        reason = reasons.ACCEPT_QUEUE_FULL_ABORT()
        self._forget(reason, state.RST)
        return [departure.refusal_of(segment, reason)]

    def _become_connection(self, segment: Segment, now: int) -> list[Segment]:
        """The last ACK: a connection takes over, and takes in what else the segment brings."""
        host, c = self.listener.host, self.child
        self._leave_queue()
        c.state = state.SYN_RECV
        c.journal = host
        sent = SentSegment(c.iss, c.snd_nxt, SYN | ACK, self.sent_at)
        sent.retransmissions = self.resent
        c.retransmission_queue.append(sent)
        host.count(counters.PASSIVE_OPENS)
        host.add_endpoint(c)
        self.listener.established(c)
        return c.arrives(segment, now)

    def _forget(self, reason: Reason, event: str) -> None:
        host = self.listener.host
        new = state.NEXT[self.state, event].next
        host.event(trace.STATE, self.name, reason, (self.state, new))
        self.state = new
        self._leave_queue()
        host.remove_endpoint(self)

    def _leave_queue(self) -> None:
        self.deadline = 0
        self.listener.syn_queue.remove(self)
