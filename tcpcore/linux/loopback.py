"""What a recorded host sends to itself: it never reaches a cable, so it is listened to on `lo`.

Nothing is carried here: the kernel delivers such packets itself, at once.  See `packet(7)`.
"""

from __future__ import annotations

import socket

from tcpcore.linux.namespace import Namespace, add_to_loopback
from tcpcore.linux.tun import LARGEST_PACKET
from tcpcore.wire import codec

_ETH_P_IP = 0x0800
_PROTOCOL_TCP = 6


class Loopback:
    """The loopback device of a host without a cable, which gets the host's address."""

    def __init__(self, namespace: Namespace, address: str) -> None:
        namespace.call(add_to_loopback, address)
        self._socket = namespace.call(_open)

    def fileno(self) -> int:
        """The descriptor, for `select`."""
        return self._socket.fileno()

    def read(self) -> bytes | None:
        """The next TCP packet that the host sent to itself, or None when there is none now.

        Its checksum is filled in: on this device a kernel leaves that out.
        """
        while True:
            try:
                packet = self._socket.recv(LARGEST_PACKET)
            except BlockingIOError:
                return None
            if packet[9] == _PROTOCOL_TCP:
                return codec.encode(codec.decode(packet))

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def _open() -> socket.socket:
    """A packet socket on `lo` in the calling thread's namespace."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
    opened.setblocking(False)
    opened.bind(("lo", _ETH_P_IP))
    return opened
