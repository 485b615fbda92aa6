"""TCP Fast Open at a client: the cookies that it was given, and its trust in the path (RFC 7413).

Source: net/ipv4/tcp_fastopen.c, tcp_metrics.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpcore.errors import EOPNOTSUPP, socket_error
from tcpcore.host import counters
from tcpcore.host.fastopen import CLIENT, CLIENT_NO_COOKIE, bits, no_cookie
from tcpcore.host.nowhere import Nowhere
from tcpcore.tcp import early, fast_open
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.fast_open import FastOpen, Options
from tcpcore.units import SECOND
from tcpcore.wire import address

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

LAST_STRAW = 2
"""Retransmissions before the time-out that makes a host distrust the path."""

MOST_DOUBLINGS = 6


class _Known:
    """What a client knows of one server."""

    __slots__ = ("cookie", "experimental", "mss", "next_experimental")

    def __init__(self) -> None:
        self.cookie = b""
        self.experimental = False
        self.mss = 0
        self.next_experimental = 0  # 1: ask with the experimental option, 2: that failed as well


class _Attempt:
    """One connect with Fast Open: what the answer teaches goes into the cache."""

    __slots__ = ("_asked", "_connection", "_experimental", "_host", "_probing", "_with_data")

    def __init__(
        self, host: Host, c: Connection, asked: bool, experimental: bool, with_data: bool
    ) -> None:
        self._probing = host.fast_open.pauses > 0
        self._host = host
        self._connection = c
        self._asked = asked
        self._experimental = experimental
        self._with_data = with_data

    def answered(self, options: Options, mss: int, retransmitted: bool, taken: bool) -> None:
        """tcp_rcv_fastopen_synack() and tcp_fastopen_cache_set()."""
        known = self._host.fast_open.known(self._connection.remote)
        if not (self._asked or self._with_data):
            return
        found = fast_open.find(options) if self._asked else None
        known.mss = mss
        if found is not None and found[0]:
            known.cookie, known.experimental = found
        elif found is None and self._asked and not self._with_data and not retransmitted:
            tried = 2 if self._experimental else 1
            known.next_experimental = max(known.next_experimental, tried)
        if self._with_data:
            name = counters.FAST_OPEN_ACTIVE if taken else counters.FAST_OPEN_ACTIVE_FAIL
            self._host.count(name)

    def timed_out(self, retransmissions: int, expired: bool, now: int) -> None:
        """Perhaps something on the path swallows what has the option."""
        if self._asked or self._with_data:
            self._host.fast_open.suspect(retransmissions, expired, now)
            self._probing = False

    def closed(self, now: int) -> None:
        """Did a FIN come without any of its data?  Else one that went well ends the suspicion.

        Source: tcp_fastopen_active_disable_ofo_check().  Linux differs: it looks when the
        application has closed the socket, also where a reset ended the connection before.
        """
        c = self._connection
        if not self._asked:
            return
        if c.data_segs_in:
            if self._probing:
                self._host.fast_open.pauses = 0
        elif c.fin_at is not None and not c.rcv_closed:
            self._host.fast_open.pause(now)
        self._asked = self._probing = False


class Cache:
    """The cookies that a client host has, by server address, and its trust in the path.

    Something on the path may swallow SYNs with data, or what follows them.  The third time-out in
    a row, giving up earlier, or a FIN without the data before it, makes the host pause Fast Open,
    each time twice as long (if tcp_fastopen_blackhole_timeout_sec is not 0).
    """

    __slots__ = ("_host", "_paused_at", "_servers", "pauses")

    def __init__(self, host: Host) -> None:
        self.pauses = 0
        self._paused_at = 0
        self._host = host
        self._servers: dict[tuple[str, str], _Known] = {}

    def known(self, server: str) -> _Known:
        """What there is of a server, to be read or changed."""
        return self._servers.setdefault((self._host.address, server), _Known())

    def forget(self, prefix: str = "") -> None:
        """Know nothing any more of the servers in `prefix`; of none, without one."""
        for key in [*self._servers]:
            if not prefix or address.within(key[1], prefix):
                del self._servers[key]

    def require_client(self) -> None:
        """EOPNOTSUPP when tcp_fastopen does not allow clients to use it."""
        if not bits(self._host) & CLIENT:
            raise socket_error(EOPNOTSUPP)

    def suspect(self, retransmissions: int, expired: bool, now: int) -> None:
        """A time-out with Fast Open (tcp_fastopen_active_detect_blackhole())."""
        if retransmissions != LAST_STRAW and not (expired and retransmissions < LAST_STRAW):
            return
        self._host.count(counters.FAST_OPEN_ACTIVE_FAIL)
        self.pause(now)

    def pause(self, now: int) -> None:
        """Something swallows what Fast Open sends (tcp_fastopen_active_disable())."""
        if self._host.sysctl.tcp_fastopen_blackhole_timeout_sec:
            self._paused_at = now
            self.pauses += 1
            self._host.count(counters.FAST_OPEN_BLACKHOLE)

    @property
    def _paused(self) -> bool:
        """tcp_fastopen_active_should_disable()."""
        pause = self._host.sysctl.tcp_fastopen_blackhole_timeout_sec * SECOND
        length = pause << min(self.pauses - 1, MOST_DOUBLINGS) if self.pauses else 0
        return self._host.now < self._paused_at + length

    def may_send_data(self, server: str, options: dict[str, Any]) -> bool:
        """Whether a SYN to that server may carry data now (tcp_fastopen_cookie_check())."""
        if self._paused:
            return False
        return self._without_cookie(options, server) or bool(self.known(server).cookie)

    def cookie(self, server: str) -> bytes:
        """The cookie that the host holds for a server; empty when it holds none."""
        return self.known(server).cookie

    def _without_cookie(self, options: dict[str, Any], server: str) -> bool:
        return no_cookie(self._host, CLIENT_NO_COOKIE, options, server)

    def start(self, c: Connection, data: bytes | None, options: dict[str, Any]) -> None:
        """Prepare a connection: cookie and data into the SYN, or a request for a cookie.

        `data` is None for a connect(), and what a sendto() or a first send() hands over.
        """
        known = self.known(c.remote)
        option: Options = ()
        clamp = min(c.mss_limit, known.mss or c.mss_limit)
        if self._paused:
            c.fast_open = FastOpen((), writing=data is not None, clamp=clamp)
            c.fast_open.by_connect = data is None
            return
        if self._without_cookie(options, c.remote):
            carried, asked, experimental = True, False, False
        elif known.cookie:
            carried, asked, experimental = True, True, known.experimental
            option = fast_open.option(known.cookie, experimental)
        else:
            carried, asked, experimental = False, True, known.next_experimental == 1
            option = fast_open.option(b"", experimental)
        nowhere = isinstance(data, Nowhere) and carried
        if nowhere and data:  # nothing to copy: as without a cookie (tcp_send_syn_data())
            carried, option = False, fast_open.option(b"", experimental) if asked else ()
        first = data[: clamp - fast_open.OPTION_SPACE] if carried and data else b""
        writing = data is not None and not (carried and len(first) == len(data))
        keeper = _Attempt(self._host, c, asked, experimental, bool(first))
        packet = carried and data is not None
        c.fast_open = FastOpen(
            option, data=first, writing=writing, packet=packet, clamp=clamp, keeper=keeper
        )
        c.fast_open.by_connect = data is None
        if not carried:
            c.fast_open.failed = 0 if nowhere else early.NO_COOKIE
        elif data is not None:
            c.snd_mss = clamp
