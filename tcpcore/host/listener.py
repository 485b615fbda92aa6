"""A listening socket with its two queues.

SYN queue: requests (see `request`) that have sent SYN+ACK and wait for the last ACK.  Accept queue:
open connections that no `accept()` has taken; it holds backlog + 1.  When the SYN queue is full,
SYN cookies answer without remembering anything.
Source: tcp_conn_request() in net/ipv4/tcp_input.c, net/ipv4/syncookies.c,
inet_csk_reqsk_queue_is_full() and sk_acceptq_is_full().
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tcpcore import reasons, trace
from tcpcore.host import counters, fastopen, socket_options, syncookies
from tcpcore.host.process import WaitQueue
from tcpcore.host.request import Request, half_open, open_child, received
from tcpcore.host.secrets import FourTuple
from tcpcore.seqnum import MASK
from tcpcore.tcp import departure, ecn, signature, state, window
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.sent import SentSegment
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.why import Reason
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

FEWEST_RETRIES = 2
"""A crowded SYN queue still lets each request have so many retransmissions."""


class Listener:
    """A socket in LISTEN: `backlog` as listen() capped it, the two queues, the options."""

    __slots__ = (
        "accept_queue",
        "address",
        "backlog",
        "fast_open",
        "flood_noticed",
        "group",
        "host",
        "last_overflow",
        "name",
        "options",
        "port",
        "shut",
        "syn_queue",
        "waiters",
        "young",
    )

    def __init__(
        self, host: Host, address: str, port: int, backlog: int, options: dict[str, Any]
    ) -> None:
        self.host = host
        self.address = address
        self.port = port
        self.name = f"{address}:{port}"  # as `ss` shows it
        self.set_backlog(backlog)
        self.options = options  # the socket's own: they may change while it listens
        self.syn_queue: dict[Request, None] = {}  # in order of arrival
        self.young = 0  # requests whose timer has not fired yet
        self.accept_queue: deque[Connection] = deque()
        self.shut = False, False  # its socket was shut down before: no reader, no writer
        self.waiters = WaitQueue()
        self.last_overflow: int | None = None  # when SYN cookies were sent, to the second
        self.flood_noticed = False
        self.group: list[Listener] = []  # with itself, where several share the port
        self.fast_open = fastopen.Queue(self)

    @property
    def shared(self) -> bool:
        """SO_REUSEPORT: others that have it may listen on the same port."""
        return bool(self.options.get("SO_REUSEPORT"))

    def join(self, others: list[Listener]) -> None:
        """Listen on the port of others, too (reuseport_add_sock())."""
        if others:
            self.group = others[0].group or others
            self.group.append(self)
            for one in others:
                one.group = self.group
            self.name += f" #{len(self.group)}"

    def leave(self) -> list[Listener]:
        """Listen no more; the others on the port: the last one gets our place."""
        group = self.group
        if group:
            group[group.index(self)] = group[-1]
            group.pop()
        return group

    def chosen(self, ends: FourTuple) -> Listener:
        """Which one of those on the port takes a SYN, by a hash of 32 bits of its four-tuple.

        Source: reuseport_select_sock_by_hash().
        """
        if not self.group:
            return self
        return self.group[self.host.secrets.number("reuseport", ends) * len(self.group) >> 32]

    @property
    def accept_queue_full(self) -> bool:
        """sk_acceptq_is_full(): more than `backlog`, so the queue holds one more."""
        return len(self.accept_queue) > self.backlog

    def set_backlog(self, backlog: int) -> None:
        """listen(), the first time or again."""
        self.backlog = _capped(backlog, self.host.sysctl.somaxconn)

    @property
    def syn_queue_full(self) -> bool:
        """inet_csk_reqsk_queue_is_full(): also one more than `backlog`."""
        return len(self.syn_queue) > self.backlog

    @property
    def defer_accept(self) -> int:
        """TCP_DEFER_ACCEPT, as a number of time-outs of the SYN+ACK; 0: off."""
        return int(self.options.get("TCP_DEFER_ACCEPT", 0))

    # --- segments --------------------------------------------------------------------------------

    def arrives(self, segment: Segment, now: int, isn: int | None = None) -> list[Segment]:
        """A segment that belongs to no connection and no request (RFC 9293 §3.10.7.2).

        `isn` is given when a SYN comes over an old connection in TIME_WAIT.
        """
        flags = segment.flags
        if signature.unexpected(segment):
            self._drop(reasons.SIGNED())
        elif flags & RST:
            self._drop(reasons.STRANGER_RST())
        elif flags & ACK:
            return self.stray(segment, now, reasons.LISTENER_ACK())
        elif flags & SYN and not flags & FIN:
            return self._syn(segment, now, isn)
        else:
            self._drop(reasons.LISTENER_NOTHING())
        return []

    def stray(self, segment: Segment, now: int, reason: Reason) -> list[Segment]:
        """An ACK that fits no request: a SYN cookie, or answered with RST."""
        if segment.flags & RST:
            self._drop(reason)
            return []
        if not segment.flags & SYN and self.host.sysctl.tcp_syncookies and self._flooded(now):
            verdict = self._check_cookie(segment, now)
            if not isinstance(verdict, Reason):
                return verdict
            reason = verdict
        self._drop(reason)
        return [departure.refusal_of(segment, reason)]

    def _syn(self, segment: Segment, now: int, isn: int | None) -> list[Segment]:
        """A SYN for our port: remember it and answer, or drop it (tcp_conn_request())."""
        host = self.host
        mode = host.sysctl.tcp_syncookies
        cookie = isn is None and (mode == 2 or self.syn_queue_full)
        if cookie:
            host.count(counters.REQ_QUEUE_FULL_COOKIES if mode else counters.REQ_QUEUE_FULL_DROP)
            self._notice_flood(mode)
            if not mode:
                values = {"length": len(self.syn_queue), "backlog": self.backlog}
                return self._refuse(Reason(reasons.SYN_QUEUE_FULL, values))
        if self.accept_queue_full:
            values = {"length": len(self.accept_queue), "backlog": self.backlog}
            host.count(counters.LISTEN_OVERFLOWS)
            return self._refuse(Reason(reasons.ACCEPT_QUEUE_FULL_SYN, values))
        if cookie:
            return self._send_cookie(segment, now)
        if not mode and isn is None and self._reserved(segment.src):
            values = {"limit": host.sysctl.tcp_max_syn_backlog, "queued": len(self.syn_queue)}
            return self._refuse(Reason(reasons.SYN_BACKLOG_RESERVED, values))
        if isn is None and self._recycled(segment, now):
            host.count(counters.PAWS_PASSIVE)
            return self._refuse(reasons.SYN_RECYCLED())
        request = Request(self, segment, now, isn)
        opened = self.fast_open.try_to_open(request, segment, now)
        if opened is not None:
            return opened
        self.syn_queue[request] = None
        self.young += 1
        host.add_endpoint(request)
        host.tell(trace.STATE, request.name, reasons.SYN_ANSWERED(), (state.LISTEN, request.state))
        return request.answer(now, reasons.SYN_ANSWERED())

    def _recycled(self, segment: Segment, now: int) -> bool:
        """With tcp_tw_recycle, a SYN may look older than its host's last connection."""
        stamps = wire_options.timestamps(segment.options)
        if stamps is None or not self.host.sysctl.tcp_tw_recycle:
            return False
        return self.host.peers.recycled(segment.src, stamps[0], now)

    def _reserved(self, peer: str) -> bool:
        """Without cookies, the last quarter of tcp_max_syn_backlog is for peers known to live."""
        limit = self.host.sysctl.tcp_max_syn_backlog
        return limit - len(self.syn_queue) < limit >> 2 and not self.host.peers.proven(peer)

    def _notice_flood(self, mode: int) -> None:
        """Write to the kernel's log, once for each listener (tcp_syn_flood_action())."""
        if self.flood_noticed or mode == 2:
            return
        self.flood_noticed = True
        action = "Sending cookies" if mode else "Dropping request"
        self.host.log(
            f"TCP: request_sock_TCP: Possible SYN flooding on port {self.name}. {action}."
        )

    def _refuse(self, reason: Reason) -> list[Segment]:
        self.host.count(counters.LISTEN_DROPS)
        self._drop(reason)
        return []

    def _drop(self, reason: Reason) -> None:
        self.host.event(trace.REFUSED, self.name, reason)

    # --- SYN cookies -----------------------------------------------------------------------------

    def _flooded(self, now: int) -> bool:
        """Whether cookies were sent in the last two minutes (tcp_synq_no_recent_overflow())."""
        return self.last_overflow is not None and now <= self.last_overflow + syncookies.VALID

    def _send_cookie(self, segment: Segment, now: int) -> list[Segment]:
        host = self.host
        if self.last_overflow is None or now > self.last_overflow + SECOND:
            self.last_overflow = now
        host.count(counters.COOKIES_SENT)
        c = half_open(self, segment, now)
        peers_mss = c.snd_mss + (departure.TIMESTAMP_SPACE if c.timestamps else 0)
        ends = (segment.dst, segment.dport, segment.src, segment.sport)
        c.start_at(host.syncookies.make(ends, segment.seq, peers_mss, now))
        kept = "window scale and SACK ride in our timestamp"
        if c.timestamps:
            scale = c.snd_scale if c.scaling else None
            hidden = syncookies.stamp(now, scale, c.sack_permitted, ecn=bool(c.ecn))
            c.timestamp_offset = (c.timestamp_offset + hidden - now // MILLISECOND) & MASK
        else:
            c.scaling = c.sack_permitted = False
            c.ecn = 0
            window.without_scaling(c)
            kept = "without timestamps, window scale and SACK are lost"
        if host.sysctl.tcp_syncookies == 2:
            cause = "tcp_syncookies is 2"
        else:
            cause = f"The SYN queue is full ({len(self.syn_queue)} > {self.backlog})"
        mss = syncookies.MSS_TABLE[syncookies.mss_index(peers_mss)]
        values = {"cause": cause, "mss": mss, "kept": kept}
        departure.send_syn(c, now, Reason(reasons.COOKIE_SENT, values), SYN | ACK)
        return c.out

    def _check_cookie(self, segment: Segment, now: int) -> list[Segment] | Reason:
        """What a good cookie leads to, or why it is none (cookie_v4_check())."""
        host = self.host
        ends = (segment.dst, segment.dport, segment.src, segment.sport)
        cookie, irs = (segment.ack - 1) & MASK, (segment.seq - 1) & MASK
        mss = host.syncookies.check(ends, cookie, irs, now)
        if mss is None:
            host.count(counters.COOKIES_FAILED)
            return reasons.COOKIE_BAD()
        host.count(counters.COOKIES_RECEIVED)
        c = host.new_connection(*ends, cookie)
        if not self._recall_options(c, segment, mss, now):
            return reasons.COOKIE_OPTIONS_OFF()
        if self.accept_queue_full:
            host.count(counters.LISTEN_OVERFLOWS)
            return self._refuse(reasons.ACCEPT_QUEUE_FULL_COOKIE())
        if ends in host.endpoints:
            self._drop(reasons.COOKIE_BESIDE_REQUEST())
            return []
        received(c, irs, segment.window << c.snd_scale)
        kept = "the options from our timestamp" if c.timestamps else "no options"
        values = {"mss": mss, "kept": kept}
        reason = Reason(reasons.COOKIE_GOOD, values)
        host.tell(trace.STATE, c.name, reason, (state.LISTEN, state.SYN_RECV))
        syn_ack = SentSegment(c.iss, c.snd_nxt, SYN | ACK, now)
        syn_ack.retransmissions = 1  # when it was sent is not known: no round trip to measure
        open_child(self, c, syn_ack)
        return c.arrives(segment, now)

    def _recall_options(self, c: Connection, segment: Segment, mss: int, now: int) -> bool:
        """Rebuild what the SYN said from the cookie and from our timestamp's echo."""
        s = self.host.sysctl
        c.peer_mss = mss
        c.snd_mss = min(mss, c.mss_limit)
        stamps = wire_options.timestamps(segment.options) if s.tcp_timestamps else None
        if stamps is not None:
            echo = (stamps[1] - c.timestamp_offset) & MASK if stamps[1] else 0
            scale, c.sack_permitted, marked = syncookies.options_in(echo)
            c.ecn = ecn.OK if marked and s.tcp_ecn else 0
            c.timestamps, c.ts_recent, c.ts_recent_at = True, stamps[0], now
            c.snd_mss -= departure.TIMESTAMP_SPACE
            c.scaling, c.snd_scale = scale is not None, scale or 0
        self.reflect(c, segment)
        self.inherit(c)
        window.open_receive(c, mss)
        if not c.scaling:
            window.without_scaling(c)
        return not (
            (c.sack_permitted and not s.tcp_sack) or (c.scaling and not s.tcp_window_scaling)
        )

    # --- requests and connections ----------------------------------------------------------------

    def _retries(self) -> int:
        return int(self.options.get("TCP_SYNCNT", 0)) or self.host.sysctl.tcp_synack_retries

    def request_limit(self) -> int:
        """Retransmissions that a SYN+ACK may have now.

        Half of the room is for young requests: when more is taken and most are old, the old ones
        get fewer retransmissions (reqsk_timer_handler()).
        """
        limit, queued = self._retries(), len(self.syn_queue)
        if queued << 1 > max(8, self.backlog):
            young = self.young << 1
            while limit > FEWEST_RETRIES and queued >= young:
                limit -= 1
                young <<= 1
        return limit

    def over_limit(self, limit: int, sent: int) -> Reason:
        """Why a request that sent so many SYN+ACKs, over the limit of now, must go."""
        retries = self._retries()
        if limit == retries:
            return Reason(reasons.GIVE_UP_REQUEST, {"sent": sent, "limit": limit})
        queued = len(self.syn_queue)
        values = {"queued": queued, "backlog": self.backlog, "limit": limit, "retries": retries}
        return Reason(reasons.REQUEST_PRUNED, values)

    def remove_request(self, request: Request) -> None:
        """The request leaves the SYN queue, whatever becomes of it."""
        if request in self.syn_queue:
            del self.syn_queue[request]
            if not request.timeouts:
                self.young -= 1

    def reflect(self, connection: Connection, segment: Segment) -> None:
        """With tcp_reflect_tos a connection has the type of service of its SYN, ECN apart."""
        if self.host.sysctl.tcp_reflect_tos:
            connection.ip.tos = segment.tos & ~ecn.MASK

    def inherit(self, connection: Connection) -> None:
        """Give a new connection the options of its listener."""
        reflected = connection.ip.tos
        socket_options.apply(self.options, connection)
        if self.host.sysctl.tcp_reflect_tos:
            connection.ip.tos = reflected
        connection.no_reader, connection.no_writer = self.shut

    def established(self, connection: Connection) -> None:
        """The handshake is complete: the connection waits for accept()."""
        self.accept_queue.append(connection)
        self.waiters.wake()


def _capped(backlog: int, ceiling: int) -> int:
    """listen()'s argument as the kernel takes it: unsigned, at most somaxconn."""
    return ceiling if backlog < 0 else min(backlog, ceiling)
