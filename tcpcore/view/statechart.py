"""The state diagram's data: the transition table of `tcp.state`, in the form the player reads."""

from __future__ import annotations

from tcpcore.tcp.state import TRANSITIONS


def rows() -> list[dict[str, str]]:
    """One row per transition: from, to, event, reply, rfc, note."""
    return [
        {
            "from": row.state,
            "to": row.next,
            "event": row.event,
            "reply": row.reply,
            "rfc": row.rfc,
            "note": row.note,
        }
        for row in TRANSITIONS
    ]
