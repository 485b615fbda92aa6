"""TCP Fast Open at a server: its cookies and limits (RFC 7413).

A cookie is a keyed hash of the two addresses: the server remembers nothing.  `Queue` bounds how
many connections of one listener may be open early.  What clients know is in `fastopen_client`.
Source: net/ipv4/tcp_fastopen.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tcpcore import reasons, trace
from tcpcore.errors import ECONNRESET
from tcpcore.host import counters
from tcpcore.host.request import Request, open_child
from tcpcore.host.routes import UNSET
from tcpcore.host.siphash import siphash
from tcpcore.tcp import (
    delayed_ack,
    departure,
    early,
    fast_open,
    keepalive,
    metrics,
    receive_buffer,
    send_buffer,
    state,
    timers,
)
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.fast_open import FastOpen, Options
from tcpcore.tcp.sent import SentSegment
from tcpcore.units import SECOND
from tcpcore.why import Reason
from tcpcore.wire import address
from tcpcore.wire.segment import ACK, SYN, Segment

if TYPE_CHECKING:
    from tcpcore.host.listener import Listener
    from tcpcore.host.stack import Host

CLIENT, SERVER, CLIENT_NO_COOKIE = 0x1, 0x2, 0x4
SERVER_NO_COOKIE, SERVER_ALL_LISTENERS = 0x200, 0x400
"""The bits of the sysctl tcp_fastopen."""

SINCE = {"client": (3, 6), "server": (3, 7)}
"""The Linux releases that brought each side: MSG_FASTOPEN (commit cf60af03ca4e, of July 2012), and
the socket option TCP_FASTOPEN (commit 104671636897, of August 2012)."""

COOKIE_SIZE = 8
KEY_SIZE = 16

RESET_PENALTY = 60 * SECOND
"""So long a reset connection counts against the limit: a spoofer must not get around it."""


def cookie(client: str, server: str, key: bytes) -> bytes:
    """The cookie of a client address at a server address (__tcp_fastopen_cookie_gen_cipher())."""
    return siphash(address.pack(client) + address.pack(server), key).to_bytes(COOKIE_SIZE, "little")


def bits(host: Host) -> int:
    """What the sysctl tcp_fastopen allows."""
    return host.sysctl.tcp_fastopen


def no_cookie(host: Host, bit: int, options: dict[str, Any], remote: str) -> bool:
    """Whether the sysctl, the socket, or the route needs no cookie (tcp_fastopen_no_cookie())."""
    if bits(host) & bit or options.get("TCP_FASTOPEN_NO_COOKIE", 0):
        return True
    return bool(host.routes.get(remote, UNSET).fastopen_no_cookie)


class _Reset:
    """Tells a listener's queue when an early connection was reset."""

    __slots__ = ("connection", "queue")

    def __init__(self, queue: Queue, connection: Connection) -> None:
        self.queue = queue
        self.connection = connection

    def answered(self, options: Options, mss: int, retransmitted: bool, taken: bool) -> None:
        """Only clients are answered."""

    def timed_out(self, retransmissions: int, expired: bool, now: int) -> None:
        """A server whose early answers vanish distrusts the path as well."""
        self.queue.host.fast_open.suspect(retransmissions, expired, now)

    def closed(self, now: int) -> None:
        """An early connection is over: a reset one still counts for a while."""
        self.queue.closed(self.connection, now)


class Queue:
    """The early connections of one listener, and the judgement of SYNs with Fast Open."""

    __slots__ = ("_early", "_listener", "_penalties")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._early: list[Connection] = []
        self._penalties: list[int] = []

    @property
    def host(self) -> Host:
        """The listener's."""
        return self._listener.host

    @property
    def limit(self) -> int:
        """TCP_FASTOPEN's argument: connections that may be open early; 0: Fast Open is off."""
        found = int(self._listener.options.get("TCP_FASTOPEN", 0))
        return min(found, self._listener.host.sysctl.somaxconn)

    @property
    def length(self) -> int:
        """Early connections whose handshake is not over, and reset ones under penalty."""
        self._early = [c for c in self._early if departure.syn_unacknowledged(c)]
        return len(self._early) + len(self._penalties)

    def closed(self, connection: Connection, now: int) -> None:
        """An accepted connection that a reset ends early counts for 60 s more."""
        if connection in self._early:
            self._early.remove(connection)
            if (
                connection.fast_open is not None and connection.fast_open.opened
            ):  # its SYN+ACK was acknowledged before
                return
            if connection.error == ECONNRESET:
                self.host.count(counters.ATTEMPT_FAILS)  # by request and by connection
            if connection not in self._listener.accept_queue and connection.error is not None:
                self._penalties.append(now + RESET_PENALTY)

    def _has_room(self, now: int) -> bool:
        """tcp_fastopen_queue_check(): an old penalty makes room, else the limit holds."""
        limit = self.limit
        if not limit:
            return False
        if self.length < limit:
            return True
        if self._penalties and self._penalties[0] <= now:
            self._penalties.pop(0)
            return True
        self._listener.host.count(counters.FAST_OPEN_OVERFLOW)
        return False

    def try_to_open(self, request: Request, segment: Segment, now: int) -> list[Segment] | None:
        """Open at once if the SYN may: the SYN+ACK; None: go on as usual (tcp_try_fastopen()).

        A request then carries the cookie that its SYN+ACK shall bring, if any.
        """
        host = self._listener.host
        asked = fast_open.find(segment.options)
        if asked is not None and not asked[0]:
            host.count(counters.FAST_OPEN_COOKIE_REQUESTED)
        if not bits(host) & SERVER or (asked is None and not segment.payload):
            return None
        if not self._has_room(now):
            return None
        if no_cookie(host, SERVER_NO_COOKIE, self._listener.options, segment.src):
            return self._open(request, segment, now, ())
        if asked is None:
            return None
        presented, experimental = asked
        keys = self._keys()
        known = [cookie(segment.src, segment.dst, key) for key in keys]
        fresh = fast_open.option(known[0], experimental)
        if presented in known:
            if presented == known[0]:
                return self._open(request, segment, now, ())
            host.count(counters.FAST_OPEN_PASSIVE_ALT_KEY)
            return self._open(request, segment, now, fresh)
        if presented:
            host.count(counters.FAST_OPEN_PASSIVE_FAIL)
            host.event(trace.REFUSED, request.name, reasons.FAST_OPEN_BAD_COOKIE())
        request.child.fast_open = FastOpen(fresh)
        return None

    def _keys(self) -> tuple[bytes, ...]:
        """The listener's own keys, or the host's; the first one makes new cookies."""
        own = self._listener.options.get("TCP_FASTOPEN_KEY")
        return split_key(own) if own else host_keys(self._listener.host)

    def _open(self, request: Request, segment: Segment, now: int, option: Options) -> list[Segment]:
        """The connection starts in SYN_RECV, with the SYN's data (tcp_fastopen_create_child())."""
        listener, c = self._listener, request.child
        host = listener.host
        data = segment.payload
        reason = Reason(reasons.FAST_OPEN_ACCEPTED, {"length": len(data)})
        host.tell(trace.STATE, c.name, reason, (state.LISTEN, state.SYN_RECV))
        if data:
            early.keep_data(c, data)
            c.rcv_wup = c.rcv_nxt
            c.data_segs_in = 1
        c.fast_open = FastOpen(option, passive=True, window=c.rcv_wnd, keeper=_Reset(self, c))
        c.fast_open.taken = bool(data)
        if c.scaling:
            c.mss_window <<= c.snd_scale  # as if it were no SYN's (tcp_create_openreq_child())
        receive_buffer.established(c, now, early=True)
        send_buffer.expand(c)
        delayed_ack.expect_segments(c)
        self._early.append(c)
        host.count(counters.FAST_OPEN_PASSIVE)
        open_child(listener, c, SentSegment(c.iss, c.snd_nxt, SYN | ACK, now))
        c.request_out = 1
        c.snd_una, c.bytes_acked = c.snd_nxt, 0
        c.congestion.on_start(c, now)
        c.out = []
        departure.send_syn(c, now, reason, SYN | ACK)
        timers.set_syn_ack(c, now, 0)
        metrics.recall(c)
        keepalive.start(c, now)
        return c.out


def start_listening(host: Host, options: dict[str, Any], backlog: int) -> None:
    """listen(), the first time: with 0x402, without TCP_FASTOPEN, its backlog is the limit.

    What setsockopt() says later holds, also 0 (__inet_listen_sk()).
    """
    both = SERVER | SERVER_ALL_LISTENERS
    if bits(host) & both == both and not options.get("TCP_FASTOPEN"):
        most = host.sysctl.somaxconn
        options["TCP_FASTOPEN"] = min(backlog, most) if backlog >= 0 else most


def host_keys(host: Host) -> tuple[bytes, ...]:
    """The keys of all listeners without their own: tcp_fastopen_key, else what the boot made."""
    if not host.sysctl.tcp_fastopen_key:
        return host.fast_open_keys
    keys = host.sysctl.tcp_fastopen_key.split(",")
    return tuple(struct.pack("<4I", *[int(word, 16) for word in key.split("-")]) for key in keys)


def split_key(key: bytes) -> tuple[bytes, ...]:
    """One key of 16 bytes or two."""
    return tuple(key[at : at + KEY_SIZE] for at in range(0, len(key), KEY_SIZE))
