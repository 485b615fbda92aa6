"""A TUN device: the network card whose cable is this process.

What the kernel sends through it is read here as a raw IP packet, and what is written here arrives
at the kernel.  Without IFF_VNET_HDR the kernel segments and checksums by itself, so that packets
are as a wire would carry them.  With it the device offers to do both, as network cards do, and this
is the card: `segmentation`.  Read the kernel's Documentation/networking/tuntap.rst first.
"""

from __future__ import annotations

import fcntl
import os
import struct

from tcpcore.linux import segmentation
from tcpcore.linux.namespace import TUN_DEVICE, Namespace, configure_interface

TUNSETIFF, TUNSETOFFLOAD = 0x4004_54CA, 0x4004_54D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4 = 0x01, 0x02
LARGEST_PACKET = 65535


class Tun:
    """A TUN device inside a namespace, configured and up; closing it removes the device.

    `address` is the kernel's own end and `peer` the address on the other end of the cable.  With
    `offload` the kernel may hand over large packets, which are cut here (TSO).  With `merged_mss`
    it takes packets with more data than that as merged of segments of that size (GRO).
    """

    def __init__(
        self,
        namespace: Namespace,
        address: str,
        peer: str,
        name: str = "tun0",
        mtu: int = 1500,
        *,
        offload: bool = False,
        merged_mss: int = 0,
    ) -> None:
        self.name = name
        self.mtu = mtu
        self.handed: bytes | None = None  # what the kernel handed over; None: one of its pieces
        self._headers = offload or merged_mss > 0
        self._merged_mss = merged_mss
        self._pieces: list[bytes] = []
        # The device belongs to the opener's namespace.
        self._fd = namespace.call(_open, name, self._headers, offload)
        try:
            namespace.call(configure_interface, name, address, peer, mtu)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor, for `select`."""
        return self._fd

    def read(self) -> bytes | None:
        """The next IP packet that goes onto the wire, or None when there is none now."""
        if self._pieces:
            self.handed = None
            return self._pieces.pop(0)
        try:
            packet = os.read(self._fd, LARGEST_PACKET + segmentation.HEADER.size)
        except BlockingIOError:
            return None
        self.handed = packet
        if not self._headers:
            return packet
        self.handed, self._pieces = segmentation.cut(packet)
        return self._pieces.pop(0)

    def write(self, packet: bytes) -> None:
        """Let the IP packet arrive at the kernel."""
        header = segmentation.merged(packet, self._merged_mss) if self._headers else b""
        os.write(self._fd, header + packet)

    def close(self) -> None:
        """Remove the device."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _open(name: str, headers: bool, offload: bool) -> int:
    fd = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    flags = IFF_TUN | IFF_NO_PI | (IFF_VNET_HDR if headers else 0)
    try:
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        if offload:
            fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4)
    except BaseException:
        os.close(fd)
        raise
    return fd
