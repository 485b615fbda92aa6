"""Ancillary data of recvmsg(2): notes beside the data, and the reports of the error queue.

Source: put_cmsg() in net/core/scm.c.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tcpcore.host.messages import MSG_CTRUNC

HEADER = 16
"""Bytes of ``struct cmsghdr``."""
ROOM_OF_ERROR, ROOM_OF_ERROR_6 = 32, 44
"""``struct sock_extended_err`` and the address behind it, of IPv4 and of IPv6."""


@dataclass(slots=True)
class Note:
    """One control message: level and type as Linux numbers them, its size in bytes without header.

    `value` is a number, or a structure by the names of its fields.
    """

    level: int
    kind: int
    value: Any
    size: int = 4


@dataclass(slots=True)
class Report:
    """One message of the error queue: ``struct sock_extended_err``, and what comes with it.

    `time` is when it happened, in us; `length` the bytes of data that it carries; `statistics`
    those of SOF_TIMESTAMPING_OPT_STATS.
    """

    origin: int
    errno: int = 0
    type: int = 0
    code: int = 0
    info: int = 0
    data: int = 0
    time: int | None = None
    length: int = 0
    statistics: dict[str, int] = field(default_factory=dict)

    def fields(self) -> dict[str, int]:
        """The fields of ``struct sock_extended_err`` by name."""
        return {
            "ee_errno": self.errno,
            "ee_origin": self.origin,
            "ee_type": self.type,
            "ee_code": self.code,
            "ee_info": self.info,
            "ee_data": self.data,
        }


def space(size: int) -> int:
    """Bytes that a note with so much data takes (CMSG_SPACE())."""
    return HEADER + -(-size // 8) * 8


def fit(notes: list[Note], room: int) -> tuple[list[Note], int]:
    """Those that fit into so many bytes, and MSG_CTRUNC if not all do, else 0."""
    kept: list[Note] = []
    for note in notes:
        if room < HEADER + note.size:
            return kept, MSG_CTRUNC
        room -= space(note.size)
        kept.append(note)
    return kept, 0
