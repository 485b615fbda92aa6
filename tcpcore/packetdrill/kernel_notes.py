"""Ancillary data as the kernel writes it, in a script's words."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tcpcore.host.ancillary import Note
from tcpcore.host.timestamping import STATISTICS
from tcpcore.packetdrill import ancillary
from tcpcore.packetdrill.constants import SYMBOLS
from tcpcore.units import SECOND

_TIMEVAL = SYMBOLS["SCM_TIMESTAMP"]
_STATISTICS = SYMBOLS["SCM_TIMESTAMPING_OPT_STATS"]


def read(level: int, kind: int, data: bytes, start: int) -> Note:
    """One control message; `start` is when the script began, in us of the kernel's clock."""
    if ancillary.is_error(level, kind):
        return Note(level, kind, _error(data), len(data))
    if ancillary.is_time(level, kind):
        return Note(level, kind, _time(kind, data, start), len(data))
    if (level, kind) == (1, _STATISTICS):
        return Note(level, kind, dict(_attributes(data)), len(data))
    return Note(level, kind, struct.unpack("i", data[:4].ljust(4, b"\0"))[0], len(data))


def _error(data: bytes) -> dict[str, int]:
    names = ("ee_errno", "ee_origin", "ee_type", "ee_code", "ee_info", "ee_data")
    return dict(zip(names, struct.unpack("=IBBBxII", data[:16]), strict=True))


def _time(kind: int, data: bytes, start: int) -> dict[str, int]:
    """The first time that is one, as the script counts."""
    for at in range(0, len(data) - 15, 16):
        seconds, rest = struct.unpack_from("=qq", data, at)
        if seconds or rest:
            if kind != _TIMEVAL:
                rest //= 1000
            seconds, rest = divmod(seconds * SECOND + rest - start, SECOND)
            return {"scm_sec": seconds, "scm_nsec": rest * 1000}
    return {"scm_sec": 0, "scm_nsec": 0}


def _attributes(data: bytes) -> Iterator[tuple[str, int]]:
    """Netlink attributes by name (tcp_get_timestamping_opt_stats())."""
    at = 0
    while at + 4 <= len(data):
        length, number = struct.unpack_from("=HH", data, at)
        if length < 4:
            return
        if 0 < number <= len(STATISTICS):
            value = int.from_bytes(data[at + 4 : at + length], "little")
            yield STATISTICS[number - 1], value
        at += -(-length // 4) * 4
