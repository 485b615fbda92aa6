"""Captures for tests: scripts in packetdrill's notation as packets, and frames around them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tcpcore.observe.capture import Packet
from tcpcore.observe.explain import Explanation, explain_packets
from tcpcore.wire.codec import encode
from tcpcore.wire.segment import Segment
from tcpcore.wire.text import parse_packetdrill

CLIENT_ISN, SERVER_ISN = 4_294_967_000, 5000  # the client's numbers wrap soon
CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 8888)
HANDSHAKE = """
> S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>
< S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
> . 1:1(0) ack 1 win 502
"""


def segments(script: str) -> list[Segment]:
    """One segment per line; ``>`` is sent by the client, ``<`` by the server."""
    found = []
    for line in filter(str.strip, script.splitlines()):
        direction, text = line.strip().split(" ", 1)
        here, there = (CLIENT, SERVER) if direction == ">" else (SERVER, CLIENT)
        isns = (CLIENT_ISN, SERVER_ISN) if direction == ">" else (SERVER_ISN, CLIENT_ISN)
        found.append(
            parse_packetdrill(
                text,
                src=here[0],
                sport=here[1],
                dst=there[0],
                dport=there[1],
                seq_base=isns[0],
                ack_base=isns[1],
            )
        )
    return found


def packets(script: str) -> list[Packet]:
    """The script as captured packets, a millisecond apart."""
    return [
        Packet(number, number * 1000, segment, 0, encode(segment))
        for number, segment in enumerate(segments(script), 1)
    ]


def told(script: str) -> list[str]:
    """``client server: meaning`` per segment; states only where one of them changed."""
    lines = []
    before = ("", "")
    for connection in explain_packets(packets(script)).connections:
        for item in connection.segments:
            states = "" if item.states == before else f"{' '.join(item.states)}: "
            before = item.states
            lines.append(states + item.meaning)
    return lines


def after_handshake(script: str) -> list[str]:
    return told(HANDSHAKE + script)[3:]


def explained(script: str) -> Explanation:
    return explain_packets(packets(script))


def pcap(
    link_type: int, frames: Iterable[bytes], *, endian: str = "<", nano: bool = False
) -> bytes:
    """A capture file of any link type, byte order and resolution, a millisecond apart."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(endian + "IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)]
    for number, frame in enumerate(frames):
        ticks = number * (1_000_000 if nano else 1000)
        parts.append(struct.pack(endian + "IIII", 1000, ticks, len(frame), len(frame)) + frame)
    return b"".join(parts)


def block(kind: int, body: bytes, endian: str = "<") -> bytes:
    """One pcapng block."""
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack(endian + "II", kind, size) + body + struct.pack(endian + "I", size)


def section(endian: str = "<") -> bytes:
    """A pcapng section header."""
    return block(0x0A0D0D0A, struct.pack(endian + "IHHq", 0x1A2B3C4D, 1, 0, -1), endian)


def interface(link_type: int, endian: str = "<", options: bytes = b"") -> bytes:
    """A pcapng interface description."""
    return block(1, struct.pack(endian + "HHI", link_type, 0, 262144) + options, endian)


def enhanced(frame: bytes, ticks: int, number: int = 0, endian: str = "<") -> bytes:
    """A pcapng packet."""
    head = struct.pack(
        endian + "IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(frame), len(frame)
    )
    return block(6, head + frame, endian)
