"""A TUN device: the network card whose cable is this process.

What the kernel sends through it is read here as a raw IP packet, and what is written here arrives
at the kernel.  Without IFF_VNET_HDR the kernel segments and checksums by itself, so that packets
are as a wire would carry them.  Read the kernel's Documentation/networking/tuntap.rst first.
"""

from __future__ import annotations

import fcntl
import os
import struct

from tcpcore.linux.namespace import TUN_DEVICE, Namespace, configure_interface

TUNSETIFF = 0x4004_54CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LARGEST_PACKET = 65535


class Tun:
    """A TUN device inside a namespace, configured and up; closing it removes the device.

    `address` is the kernel's own end and `peer` the address on the other end of the cable.
    """

    def __init__(
        self, namespace: Namespace, address: str, peer: str, name: str = "tun0", mtu: int = 1500
    ) -> None:
        self.name = name
        self.mtu = mtu
        self._fd = namespace.call(_open, name)  # the device belongs to the opener's namespace
        try:
            namespace.call(configure_interface, name, address, peer, mtu)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor, for `select`."""
        return self._fd

    def read(self) -> bytes | None:
        """The next IP packet that the kernel sent, or None when there is none now."""
        try:
            return os.read(self._fd, LARGEST_PACKET)
        except BlockingIOError:
            return None

    def write(self, packet: bytes) -> None:
        """Let the IP packet arrive at the kernel."""
        os.write(self._fd, packet)

    def close(self) -> None:
        """Remove the device."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _open(name: str) -> int:
    fd = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    except BaseException:
        os.close(fd)
        raise
    return fd
