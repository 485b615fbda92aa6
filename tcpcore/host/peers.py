"""What a host remembers of the hosts that it talked to (net/ipv4/tcp_metrics.c).

Here: whether a peer has proven to be alive, by a connection with a measured round trip that both
ends closed; and, for tcp_tw_recycle, the last timestamp that came from it.
"""

from __future__ import annotations

from tcpcore.seqnum import distance
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.paws import RST_MEMORY
from tcpcore.wire.address import within

_DONE_WITH = (state.TIME_WAIT, state.CLOSED)


class Peers:
    """The memory of one host, by address."""

    __slots__ = ("_alive", "_stamps")

    def __init__(self) -> None:
        self._alive: set[str] = set()
        self._stamps: dict[str, tuple[int, int]] = {}  # by address: last TSval, when

    def forget(self, prefix: str = "") -> None:
        """Know nothing any more of the hosts in `prefix`; of none, without one."""
        for known in [*self._alive, *self._stamps]:
            if not prefix or within(known, prefix):
                self._alive.discard(known)
                self._stamps.pop(known, None)

    def proven(self, address: str) -> bool:
        """Whether a connection with that host ever came to a good end (tcp_peer_is_proven())."""
        return address in self._alive

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
        if c.state not in _DONE_WITH or not (c.rcv_closed and c.fin_sent) or c.error is not None:
            return
        if c.srtt and not c.backoff:
            self._alive.add(c.remote)
        else:
            self._alive.discard(c.remote)
