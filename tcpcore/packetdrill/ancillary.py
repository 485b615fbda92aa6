"""Ancillary data of messages: what scripts write as ``msg_control=[{cmsg_level=..., ...}]``.

A note's value is a number, or a structure by the names of its fields: ``{ee_errno=...}``,
``{scm_sec=1,scm_nsec=50000000}`` (seconds since the script began) or ``{TCP_NLA_BUSY=...}``.
"""

from __future__ import annotations

from typing import Any

from tcpcore.host.ancillary import HEADER, ROOM_OF_ERROR, ROOM_OF_ERROR_6, Note, space
from tcpcore.host.option import SOL_IPV6
from tcpcore.packetdrill.constants import SYMBOLS
from tcpcore.packetdrill.evaluate import Meaningless, is_dots
from tcpcore.packetdrill.system import Unsupported
from tcpcore.units import SECOND

_TIMES = {
    SYMBOLS["SCM_TIMESTAMPING"]: 48, SYMBOLS["SCM_TIMESTAMP"]: 16, SYMBOLS["SCM_TIMESTAMPNS"]: 16,
}  # fmt: skip
_ANY = 512
"""Room for whatever may come, where the script does not say how large it is."""
_TIMED = ("TCP_NLA_BUSY", "TCP_NLA_RWND_LIMITED", "TCP_NLA_SNDBUF_LIMITED")
_NUMBERED = (0, 1, 6, 41)
_NAMES = {
    (0, 11): "IP_RECVERR", (41, 25): "IPV6_RECVERR", (1, 37): "SCM_TIMESTAMPING",
    (1, 35): "SCM_TIMESTAMPNS", (1, 29): "SCM_TIMESTAMP", (1, 54): "SCM_TIMESTAMPING_OPT_STATS",
    (6, 36): "TCP_CM_INQ",
}  # fmt: skip


def _listed(message: Any) -> list[Any] | None:
    """What stands in the brackets; None: the script leaves it open."""
    notes = message.get("msg_control", []) if isinstance(message, dict) else []
    if is_dots(notes):
        return None
    if notes == 0:
        return []
    if not isinstance(notes, list) or not all(isinstance(one, dict) for one in notes):
        raise Meaningless("msg_control is [{cmsg_level=..., cmsg_type=..., cmsg_data=...}]")
    return notes


def room_for(message: Any) -> int:
    """Bytes for ancillary data that a call gets: as many as what the script expects takes."""
    notes = _listed(message)
    if notes is None:
        return _ANY
    sizes = [_size(one) for one in notes]
    return _ANY if None in sizes else sum(space(size) for size in sizes if size is not None)


def _size(one: dict[Any, Any]) -> int | None:
    data = one.get("cmsg_data")
    if isinstance(data, int):
        return 4
    if isinstance(data, dict) and "ee_errno" in data:
        six = one.get("cmsg_level") == SOL_IPV6
        return ROOM_OF_ERROR_6 if six else ROOM_OF_ERROR
    if isinstance(data, dict) and "scm_sec" in data:
        return _TIMES.get(one.get("cmsg_type", 0))
    return None


def to_send(message: Any) -> list[tuple[int, int, int]]:
    """``(level, type, number)`` of what sendmsg() is given."""
    found = []
    for one in _listed(message) or []:
        values = tuple(one.get(name) for name in ("cmsg_level", "cmsg_type", "cmsg_data"))
        if not all(isinstance(value, int) for value in values):
            raise Unsupported("sendmsg() with anything but numbers in msg_control")
        found.append(values)
    return found


def unlike(message: Any, found: list[Note], tolerance: int) -> list[str]:
    """In what the notes that came are not as the script says; times may differ by `tolerance`."""
    expected = _listed(message)
    if expected is None:
        return []
    problems = []
    for number, (wanted, note) in enumerate(zip(expected, found, strict=False), 1):
        where = f"control message {number}"
        level, kind = wanted.get("cmsg_level"), wanted.get("cmsg_type")
        if not all(is_dots(a) or a == b for a, b in ((level, note.level), (kind, note.kind))):
            problems.append(f"{where} is {_name(note.level, note.kind)}, not {_name(level, kind)}")
            continue
        where += f" ({_name(note.level, note.kind)})"
        problems += _unlike(where, wanted.get("cmsg_data"), note.value, tolerance)
    problems += [f"no {_name(one.get('cmsg_level'), one.get('cmsg_type'))} came"
                 for one in expected[len(found):]]  # fmt: skip
    return problems + [
        f"{_name(note.level, note.kind)} came, too: {_shown(note.value)}"
        for note in found[len(expected) :]
    ]


def _name(level: Any, kind: Any) -> str:
    return _NAMES.get((level, kind), f"type {kind} of level {level}")


def _unlike(where: str, wanted: Any, found: Any, tolerance: int) -> list[str]:
    if is_dots(wanted) or wanted is None:
        return []
    if isinstance(wanted, dict) and isinstance(found, dict):
        if "scm_sec" in wanted and "scm_sec" in found:
            return _other_time(where, wanted, found, tolerance)
        return [
            f"{where}: {name} is {found.get(name)}, not {value}"
            for name, value in wanted.items()
            if not is_dots(value) and not _same(name, value, found.get(name), tolerance)
        ]
    return [] if wanted == found else [f"{where} is {_shown(found)}, not {_shown(wanted)}"]


def _same(name: Any, wanted: Any, found: Any, tolerance: int) -> bool:
    """Whether a field is the expected one; of durations, 0 is exactly 0."""
    if name in _TIMED and wanted and found is not None:
        return bool(abs(wanted - found) <= tolerance)
    return bool(wanted == found)


def _other_time(
    where: str, wanted: dict[Any, Any], found: dict[Any, Any], tolerance: int
) -> list[str]:
    """A time of 0 is any time."""
    due, came = _microseconds(wanted), _microseconds(found)
    if not due or abs(due - came) <= tolerance:
        return []
    return [f"{where} is of {came / SECOND:.6f} s, not of {due / SECOND:.6f} s"]


def _microseconds(value: dict[Any, Any]) -> int:
    return int(value["scm_sec"]) * SECOND + int(value.get("scm_nsec", 0)) // 1000


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}={one}" for name, one in value.items()) + "}"
    return repr(value)


def is_error(level: int, kind: int) -> bool:
    """Whether a note of that kind is a ``struct sock_extended_err``."""
    return (level, kind) in ((0, 11), (41, 25))


def is_time(level: int, kind: int) -> bool:
    """Whether a note of that kind is one or more times."""
    return level == 1 and kind in _TIMES


__all__ = ["HEADER", "Note", "is_error", "is_time", "room_for", "to_send", "unlike"]
