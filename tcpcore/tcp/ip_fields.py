"""What one connection writes into the IP headers of its packets, and wants to know of IP.

Socket options set it; most connections never do.
"""

from __future__ import annotations


class IpFields:
    """IP_TOS without the ECN bits, IP_TTL (0: the sysctl decides), IP_RECVERR, TCP_SAVED_SYN.

    `mtu_discovery` is IP_MTU_DISCOVER: 1 (IP_PMTUDISC_WANT) unless set.

    `id` is the identification of the last packet, which counts up.  `errors` are ICMP errors for
    the socket's error queue: errno, type, code, and the MTU that it tells.  `headers` are the bytes
    of the IP header and of the TCP header without options.
    """

    __slots__ = (
        "errors", "headers", "id", "mtu_discovery", "receives_errors", "saved_syn", "tos", "ttl",
    )  # fmt: skip

    def __init__(self, identification: int, headers: int) -> None:
        self.id = identification
        self.headers = headers
        self.tos = 0
        self.ttl = 0
        self.receives_errors = False
        self.mtu_discovery = 1
        self.saved_syn = b""
        self.errors: tuple[tuple[int, int, int, int], ...] = ()

    def take_errors(self) -> tuple[tuple[int, int, int, int], ...]:
        """The ICMP errors since the last time."""
        found, self.errors = self.errors, ()
        return found
