"""What a host remembers of the hosts that it talked to (net/ipv4/tcp_metrics.c).

Here: what `tcp.metrics` keeps of connections that both ends closed, which also proves that a peer
is alive; and, for tcp_tw_recycle, the last timestamp that came from it.
"""

from __future__ import annotations

from collections.abc import Callable

from tcpcore.seqnum import distance
from tcpcore.tcp import metrics, state
from tcpcore.tcp.challenge import Budget
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.paws import RST_MEMORY
from tcpcore.tcp.remembered import Metrics
from tcpcore.wire.address import within

_DONE_WITH = (state.TIME_WAIT, state.CLOSED)


class Peers:
    """The memory of one host, by address."""

    __slots__ = ("_stamps", "challenges", "metrics")

    def __init__(self, random_below: Callable[[int], int]) -> None:
        self.challenges = Budget(random_below)
        self.metrics: dict[str, Metrics] = {}
        self._stamps: dict[str, tuple[int, int]] = {}  # by address: last TSval, when

    def forget(self, prefix: str = "") -> None:
        """Know nothing any more of the hosts in `prefix`; of none, without one."""
        for known in [*self.metrics, *self._stamps]:
            if not prefix or within(known, prefix):
                self.metrics.pop(known, None)
                self._stamps.pop(known, None)

    def proven(self, address: str) -> bool:
        """Whether a connection with that host ever came to a good end (tcp_peer_is_proven())."""
        known = self.metrics.get(address)
        return known is not None and known.rtt > 0

    def remember_stamp(self, c: Connection) -> None:
        """A connection enters TIME_WAIT: keep its peer's last timestamp (tcp_remember_stamp())."""
        if c.timestamps:
            self._stamps[c.remote] = (c.ts_recent, c.ts_recent_at)

    def recycled(self, address: str, stamp: int, now: int) -> bool:
        """Whether a SYN's timestamp is older than the last one of its host, a minute ago at most.

        With tcp_tw_recycle Linux took such a SYN for an old duplicate; behind a shared address
        (NAT) it is another host's, whose clock happens to be behind (tcp_peer_is_proven()).
        """
        known = self._stamps.get(address)
        return known is not None and now - known[1] < RST_MEMORY and distance(stamp, known[0]) > 1

    def learn(self, c: Connection) -> None:
        """Take note of a connection that both ends have closed (tcp_update_metrics())."""
        if c.state in _DONE_WITH and c.rcv_closed and c.fin_sent and c.error is None:
            metrics.remember(c)
