"""A host's connections in TIME_WAIT: how many there may be, and what may end them early.

Orphans in FIN_WAIT_2 are among them: the kernel keeps as little of both.

Source: tcp_time_wait() in net/ipv4/tcp_minisocks.c, tcp_twsk_unique() in net/ipv4/tcp_ipv4.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore import reasons
from tcpcore.host import counters
from tcpcore.tcp import lifecycle, state, time_wait
from tcpcore.tcp.connection import Connection
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.why import Reason
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.host.stack import Host


SOON = 4 * SECOND
"""What waits no longer for its end is counted apart (__inet_twsk_schedule())."""


class TimeWaits:
    """The set of them, and the rules."""

    __slots__ = ("_connections", "_host")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._connections: set[Connection] = set()

    def enter(self, connection: Connection) -> None:
        """One more, unless tcp_max_tw_buckets is reached: then it ends at once.

        An orphan in FIN_WAIT_2 is one already, and stays the same one in TIME_WAIT.
        """
        if connection in self._connections:
            return
        if self._host.sysctl.tcp_tw_recycle:
            self._host.peers.remember_stamp(connection)
        limit = self._host.sysctl.tcp_max_tw_buckets
        if len(self._connections) < limit:
            self._connections.add(connection)
            soon = (connection.wait_deadline or 0) - self._host.now <= SOON
            self._host.count(counters.TIME_WAITS_KILLED if soon else counters.TIME_WAITED)
            return
        self._host.count(counters.TIME_WAIT_OVERFLOW)
        self._end(connection, Reason(reasons.TIME_WAIT_OVERFLOW, {"limit": limit}))

    def leave(self, connection: Connection) -> None:
        """It is over."""
        self._connections.discard(connection)

    def reborn(self, old: Connection, segment: Segment) -> int | None:
        """A new SYN may end the TIME_WAIT: the ISN to answer it with; else None."""
        isn = time_wait.new_initial_sequence(old, segment, self._host.now)
        if isn is not None:
            self._end(old, reasons.TIME_WAIT_REBORN())
        return isn

    def reusable(self, old: Connection) -> bool:
        """Whether tcp_tw_reuse lets connect() have the four-tuple of `old`."""
        sysctl = self._host.sysctl
        if old.state != state.TIME_WAIT or not sysctl.tcp_tw_reuse or not old.timestamps:
            return False
        loopback = old.remote == self._host.address or old.remote.startswith("127.")
        if sysctl.tcp_tw_reuse == 2 and not loopback:
            return False
        return self._host.now - old.ts_recent_at > sysctl.tcp_tw_reuse_delay * MILLISECOND

    def reuse(self, old: Connection, new: Connection) -> bool:
        """connect() wants the four-tuple of `old`: hand it over when tcp_tw_reuse allows."""
        if not self.reusable(old):
            return False
        new.start_at(time_wait.following_sequence(old))
        new.ts_recent, new.ts_recent_at = old.ts_recent, old.ts_recent_at
        self._host.count(counters.TIME_WAITS_RECYCLED)
        self._end(old, reasons.TIME_WAIT_REUSED())
        return True

    def _end(self, connection: Connection, reason: Reason) -> None:
        lifecycle.change(connection, state.TIMEOUT, reason)
        lifecycle.forget(connection)
        self._host.remove_endpoint(connection)
