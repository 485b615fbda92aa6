"""What a host remembers of the hosts that it talked to (net/ipv4/tcp_metrics.c).

Here: whether a peer has proven to be alive, by a connection with a measured round trip that both
ends closed.
"""

from __future__ import annotations

from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection

_DONE_WITH = (state.TIME_WAIT, state.CLOSED)


class Peers:
    """The memory of one host, by address."""

    __slots__ = ("_alive",)

    def __init__(self) -> None:
        self._alive: set[str] = set()

    def proven(self, address: str) -> bool:
        """Whether a connection with that host ever came to a good end (tcp_peer_is_proven())."""
        return address in self._alive

    def learn(self, c: Connection) -> None:
        """Take note of a connection that both ends have closed (tcp_update_metrics())."""
        if c.state not in _DONE_WITH or not (c.rcv_closed and c.fin_sent) or c.error is not None:
            return
        if c.srtt and not c.backoff:
            self._alive.add(c.remote)
        else:
            self._alive.discard(c.remote)
