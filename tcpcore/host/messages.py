"""Flags of send(2) and recv(2), with Linux's numbers (include/linux/socket.h)."""

from __future__ import annotations

MSG_OOB = 0x1
MSG_PEEK = 0x2
MSG_CTRUNC = 0x8
MSG_TRUNC = 0x20
MSG_DONTWAIT = 0x40
MSG_EOR = 0x80
MSG_WAITALL = 0x100
MSG_ERRQUEUE = 0x2000
MSG_NOSIGNAL = 0x4000
MSG_MORE = 0x8000
MSG_ZEROCOPY = 0x400_0000
MSG_FASTOPEN = 0x2000_0000

_SHOWN = {
    MSG_OOB: "MSG_OOB",
    MSG_PEEK: "MSG_PEEK",
    MSG_TRUNC: "MSG_TRUNC",
    MSG_DONTWAIT: "MSG_DONTWAIT",
    MSG_EOR: "MSG_EOR",
    MSG_WAITALL: "MSG_WAITALL",
    MSG_ERRQUEUE: "MSG_ERRQUEUE",
    MSG_MORE: "MSG_MORE",
    MSG_ZEROCOPY: "MSG_ZEROCOPY",
    MSG_FASTOPEN: "MSG_FASTOPEN",
}


def shown(flags: int) -> str:
    """``, MSG_OOB | MSG_MORE``: the flags as the rest of a call's arguments; empty without any."""
    if not flags:
        return ""
    names = [name for bit, name in _SHOWN.items() if flags & bit]
    return f", {' | '.join(names)}" if names else ""
