"""What a connection knows of its path while it looks for the MTU; who looks is `mtu_probing`."""

from __future__ import annotations


class Search:
    """Between which sizes a connection looks; `probe` is the packet's that is on its way, or 0.

    `full` is the payload of a segment if nothing is searched, `headers` what stands before it;
    `most` what the peer takes in one, whatever the path carries.
    """

    __slots__ = ("full", "headers", "high", "low", "most", "probe", "probe_end", "probe_seq",
                 "since")  # fmt: skip

    def __init__(self, full: int, headers: int, least: int, now: int, most: int) -> None:
        self.full = full
        self.headers = headers
        self.most = most
        self.high = most + headers
        self.low = least + headers
        self.probe = self.probe_seq = self.probe_end = 0
        self.since = now

    def payload(self, packet: int) -> int:
        """Payload of a packet of that size (tcp_mtu_to_mss())."""
        return min(packet - self.headers, self.most)

    def narrow(self, mss: int) -> None:
        """The path was found to carry no more than that payload."""
        self.full = min(self.full, mss)
        self.high = min(self.high, mss + self.headers)
