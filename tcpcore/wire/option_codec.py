"""TCP options to bytes and back, as Linux's tcp_parse_options() reads them.

Read `options` first: the tuples.  Whatever the bytes are, reading them never fails, and writing
what was read gives the same bytes again.
"""

from __future__ import annotations

import struct

from tcpcore.wire.options import (
    END,
    MALFORMED,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    Option,
)

_MAXIMUM = 40
_TIMESTAMPS = struct.Struct("!BBII")
_NOPS_AND_TIMESTAMPS = struct.Struct("!BBBBII")
_TIMESTAMPS_DATA = struct.Struct("!II")
_MSS = struct.Struct("!BBH")


class WireError(ValueError):
    """Bytes that are no segment, or a segment that no bytes can carry; the message says why."""


def encode_options(options: tuple[Option, ...]) -> bytes:
    """The bytes of the options, padded with END to a multiple of four.  RFC 9293 §3.1.

    WireError when they are longer than 40 bytes, or when a value does not fit its place.
    """
    if not options:
        return b""
    try:
        if len(options) == 3 and options[2][0] == TIMESTAMPS and options[:2] == _TWO_NOPS:
            stamps = options[2]
            return _NOPS_AND_TIMESTAMPS.pack(NOP, NOP, TIMESTAMPS, 10, stamps[1], stamps[2])
        data = b"".join([_encode_option(option) for option in options])
    except (struct.error, ValueError, TypeError, IndexError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"these options have no bytes: {options}: {error}") from None
    if len(data) > _MAXIMUM:
        raise WireError(f"options of {len(data)} bytes do not fit in the 40 that the header has")
    return data + bytes(-len(data) % 4)


def options_length(options: tuple[Option, ...]) -> int:
    """How many bytes `encode_options` makes of them."""
    if not options:
        return 0
    if len(options) == 3 and options[2][0] == TIMESTAMPS and options[:2] == _TWO_NOPS:
        return 12  # what nearly all segments have
    last = options[-1]
    if last[0] == SACK and options[-3:-1] == _TWO_NOPS:  # as stacks put it behind what there is
        return options_length(options[:-3]) + 8 * len(last) - 4
    length = 0
    for option in options:
        size = _SIZES.get(option[0])
        if size is not None:
            length += size
        elif option[0] == SACK:
            length += 8 * len(option) - 6
        else:
            return len(encode_options(options))
    length += -length & 3
    return length if length <= _MAXIMUM else len(encode_options(options))


_TWO_NOPS = ((NOP,), (NOP,))
_SIZES = {NOP: 1, TIMESTAMPS: 10, MSS: 4, WINDOW_SCALE: 3, SACK_PERMITTED: 2}


def _encode_option(option: Option) -> bytes:
    kind = option[0]
    if kind == NOP:
        return b"\x01"
    if kind == TIMESTAMPS:
        return _TIMESTAMPS.pack(TIMESTAMPS, 10, option[1], option[2])
    if kind == MSS:
        return _MSS.pack(MSS, 4, option[1])
    if kind == WINDOW_SCALE:
        return bytes((WINDOW_SCALE, 3, option[1]))
    if kind == SACK_PERMITTED:
        return b"\x04\x02"
    if kind == SACK:
        blocks = b"".join([_TIMESTAMPS_DATA.pack(left, right) for left, right in option[1:]])
        return bytes((SACK, 2 + len(blocks))) + blocks
    if kind == END:
        return b"\x00" + (option[1] if len(option) > 1 else b"")
    if kind == MALFORMED:
        return bytes(option[1])
    data = option[1]
    if not isinstance(data, bytes):
        raise WireError(f"option kind {kind} needs its data as bytes, not {data!r}")
    return bytes((kind, 2 + len(data))) + data


def decode_options(data: bytes) -> tuple[Option, ...]:
    """The options in `data`, which is all of the header after its first 20 bytes.

    Zeros that only fill up the last four bytes are not an option.  Anything else after END stays
    with it, ``(END, rest)``.  An option whose length is wrong for its kind is MALFORMED with its
    bytes; one that has no length, or runs past the end, is MALFORMED with all bytes that follow,
    because that is where Linux stops reading.
    """
    options: list[Option] = []
    start, end = 0, len(data)
    while start < end:
        kind = data[start]
        if kind == NOP:
            options.append((NOP,))
            start += 1
            continue
        if kind == END:
            rest = data[start + 1 :]
            if len(rest) >= 3 or any(rest):
                options.append((END, rest) if rest else (END,))
            break
        size = data[start + 1] if start + 1 < end else 0
        if size < 2 or start + size > end:
            options.append((MALFORMED, data[start:]))
            break
        options.append(_decode_option(kind, data[start : start + size]))
        start += size
    return tuple(options)


def _decode_option(kind: int, raw: bytes) -> Option:
    size = len(raw)
    if kind == TIMESTAMPS and size == 10:
        return (TIMESTAMPS, *_TIMESTAMPS_DATA.unpack_from(raw, 2))
    if kind == MSS and size == 4:
        return (MSS, raw[2] << 8 | raw[3])
    if kind == WINDOW_SCALE and size == 3:
        return (WINDOW_SCALE, raw[2])
    if kind == SACK_PERMITTED and size == 2:
        return (SACK_PERMITTED,)
    if kind == SACK and size >= 10 and size % 8 == 2:
        return (SACK, *[_TIMESTAMPS_DATA.unpack_from(raw, at) for at in range(2, size, 8)])
    if kind in (TIMESTAMPS, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK):
        return (MALFORMED, raw)
    return (kind, raw[2:])
