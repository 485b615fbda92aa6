"""TCP options in tcpdump's words, read from their bytes as tcpdump reads them.

The bytes and not `wire.options`' tuples, because padding and broken options show in its text too.
Multipath TCP (kind 30) has its own language there; here it is printed as plain bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from tcpcore.seqnum import MASK
from tcpcore.wire import options as kinds
from tcpcore.wire.options import END, NOP

BAD = "[bad opt]"
CUT = " [|tcp]"
"""Where tcpdump gives up, also on the rest of the line: on a bad length, and where even the length
byte lies past the end of the packet."""

_NAMES = {
    kinds.END: "eol",
    kinds.NOP: "nop",
    kinds.MSS: "mss",
    kinds.WINDOW_SCALE: "wscale",
    kinds.SACK_PERMITTED: "sackOK",
    kinds.SACK: "sack",
    6: "echo",
    7: "echoreply",
    kinds.TIMESTAMPS: "TS",
    11: "cc",
    12: "ccnew",
    13: "ccecho",
    kinds.MD5_SIGNATURE: "md5",
    20: "scps",
    28: "uto",
    29: "tcp-ao",
    30: "mptcp",
    kinds.FAST_OPEN: "tfo",
    kinds.EXPERIMENTAL: "exp",
}


def options_text(data: bytes, sack_base: int, ends_packet: bool) -> str:
    """What stands between the brackets of ``options [...]``; ends in `BAD` or `CUT` on giving up.

    `data` is all of the header after its first 20 bytes; `sack_base` is subtracted from SACK
    edges; `ends_packet` when no payload follows.  tcpdump: print-tcp.c, tcp_print().
    """
    parts: list[str] = []
    at, end = 0, len(data)
    while at < end:
        kind = data[at]
        if kind == NOP:
            parts.append("nop")
            at += 1
            continue
        if kind in _WHOLE:
            head, size, name, text = _WHOLE[kind]
            if data.startswith(head, at) and at + size <= end:
                parts.append(name + text(data[at + 2 : at + size]))
                at += size
                continue
        if kind == END:
            parts.append("eol")
            break
        if at + 1 == end and ends_packet:
            return ",".join([*parts, CUT])
        size = data[at + 1] if at + 1 < end else 0
        if size < 2 or at + size > end:
            return ",".join([*parts, BAD])
        parts.append(_one(kind, data[at : at + size], data[at + 2 :], sack_base))
        if parts[-1].endswith(BAD):
            break
        at += _step(kind, size)
    return ",".join(parts)


def _one(kind: int, raw: bytes, rest: bytes, sack_base: int) -> str:
    """One option; `rest` is what follows its length byte, to the end of the header."""
    name = _NAMES.get(kind, f"unknown-{kind}")
    data = raw[2:]
    fixed = _FIXED.get(kind)
    if fixed is not None:
        length, text = fixed
        if length > len(rest):
            return f"{name}{BAD}"
        wrong = "" if len(data) == length else f"[len {len(raw)}]"
        return f"{name}{text(rest[:length])}{wrong}"
    if kind == kinds.SACK:
        return name + _sack(data, sack_base)
    if kind == kinds.FAST_OPEN:
        return f"{name} {_cookie(data)}"
    if kind == kinds.EXPERIMENTAL:
        return name + _experimental(data)
    if kind == 29:
        return name + _authentication(data)
    return f"{name} 0x{data.hex()}" if data else name


def _step(kind: int, size: int) -> int:
    """How far tcpdump moves on: by what it expects of the kind, whatever the length byte says."""
    fixed = _FIXED.get(kind)
    return 2 + fixed[0] if fixed is not None else size


def _number(data: bytes) -> str:
    return f" {int.from_bytes(data, 'big')}"


_TIMESTAMPS = Struct("!II")


def _timestamps(data: bytes) -> str:
    value, echo = _TIMESTAMPS.unpack(data)
    return f" val {value} ecr {echo}"


def _user_timeout(data: bytes) -> str:
    value = int.from_bytes(data, "big")
    return f" 0x{value:x} {(value >> 1) * (60 if value & 1 else 1)}"


_FIXED: dict[int, tuple[int, Callable[[bytes], str]]] = {
    kinds.MSS: (2, _number),
    kinds.WINDOW_SCALE: (1, _number),
    kinds.SACK_PERMITTED: (0, lambda data: ""),
    6: (4, _number),
    7: (4, _number),
    kinds.TIMESTAMPS: (8, _timestamps),
    11: (4, _number),
    12: (4, _number),
    13: (4, _number),
    kinds.MD5_SIGNATURE: (
        16,
        lambda data: f" shared secret not supplied with -M, can't check - {data.hex()}",
    ),
    20: (2, lambda data: f" cap {data[0]:02x} id {data[1]}"),
    28: (2, _user_timeout),
}
"""Kinds with one length: how many bytes of data, and their text."""
_WHOLE = {
    kind: (bytes((kind, 2 + length)), 2 + length, _NAMES[kind], text)
    for kind, (length, text) in _FIXED.items()
}
"""The same of an option as it should be: how it begins, its size, its name and text."""


def _sack(data: bytes, base: int) -> str:
    if len(data) % 8:
        return " invalid sack"
    edges = [
        int.from_bytes(data[at : at + 4], "big") - base & MASK for at in range(0, len(data), 4)
    ]
    blocks = [f"{{{left}:{right}}}" for left, right in zip(edges[::2], edges[1::2], strict=True)]
    return f" {len(blocks)} {''.join(blocks)}"


def _cookie(data: bytes) -> str:
    if not data:
        return " cookiereq"
    if len(data) % 2 or not 4 <= len(data) <= 16:
        return " (invalid)"
    return f" cookie {data.hex()}"


def _experimental(data: bytes) -> str:
    if len(data) < 2:
        return BAD
    magic = data[0] << 8 | data[1]
    if magic == kinds.FAST_OPEN_MAGIC:
        return f"-tfo{_cookie(data[2:])}"
    return f"-{magic:04x}"


def _authentication(data: bytes) -> str:
    if len(data) < 2:
        return " (invalid)"
    mac = f" mac 0x{data[2:].hex()}" if len(data) > 2 else ""
    return f" keyid {data[0]} rnextkeyid {data[1]}{mac}"
