"""TCP options, in the order in which they stand in the header.

Sources: RFC 9293 §3.1, RFC 7323, RFC 2018, RFC 7413.

An option is a tuple that starts with its kind.  Tuples keep order, padding and unknown kinds as
they were, cost little to build, and compare by value::

    (END,)  (NOP,)  (MSS, 1460)  (WINDOW_SCALE, 7)  (SACK_PERMITTED,)
    (SACK, (left, right), ...)  (TIMESTAMPS, value, echo)  (FAST_OPEN, cookie)
    (kind, data)                             any other kind, with its raw bytes
    (END, rest)                              END with more than padding after it
    (MALFORMED, raw)                         bytes from the wire that are no option

Bytes of options are made and read in `wire.option_codec`.
"""

from __future__ import annotations

from typing import Any

Option = tuple[Any, ...]

END = 0
NOP = 1
MSS = 2
WINDOW_SCALE = 3
SACK_PERMITTED = 4
SACK = 5
TIMESTAMPS = 8
MD5_SIGNATURE = 19
FAST_OPEN = 34
EXPERIMENTAL = 254
MALFORMED = -1
"""Not a kind on the wire: bytes that Linux skips or stops at (wrong length for the kind, none,
or past the end of the header), kept as they came."""
FAST_OPEN_MAGIC = 0xF989
"""An experimental option with this magic is the Fast Open option of before RFC 7413."""

NOP_OPTION: Option = (NOP,)
SACK_PERMITTED_OPTION: Option = (SACK_PERMITTED,)


def find(options: tuple[Option, ...], kind: int) -> Option | None:
    """The first option of that kind, or None."""
    for option in options:
        if option[0] == kind:
            return option
    return None


def timestamps(options: tuple[Option, ...]) -> tuple[int, int] | None:
    """``(TSval, TSecr)``, or None without a timestamps option (RFC 7323 §3)."""
    if len(options) >= 3:
        option = options[2]  # where an established connection has it: NOP, NOP, TIMESTAMPS
        if option[0] == TIMESTAMPS:
            return option[1], option[2]
    for option in options:
        if option[0] == TIMESTAMPS:
            return option[1], option[2]
    return None
