"""The options of one segment, byte by byte: where each stands, what it says, what that means."""

from __future__ import annotations

import html

from tcpcore.view.exchange import Seen
from tcpcore.view.packet import meaning_of
from tcpcore.view.shown import Shown
from tcpcore.wire import codec
from tcpcore.wire import options as opt

_FIXED = 20
"""Bytes of a TCP header in front of its options."""
_HEADS = ("byte", "on the wire", "kind", "length", "value", "meaning")
_SINGLE = (opt.END, opt.NOP)

Row = tuple[str, str, str, str, str, str]


def option_bytes(seen: Seen) -> Shown:
    """A table of the segment's options; bytes are counted from the start of the TCP header."""
    raw, options = _raw_options(seen.packet)
    rows: list[Row] = []
    start = 0
    for option, value in zip(options, seen.options, strict=True):
        end = start + _size(raw[start:], option)
        kind = raw[start]
        length = "" if kind in _SINGLE else str(raw[start + 1])
        place, data = _at(start, end), raw[start:end].hex(" ")
        rows.append((place, data, str(kind), length, value, meaning_of(option)))
        start = end
    if start < len(raw):
        padding = "padding: a header ends with a whole word of four bytes"
        rows.append((_at(start, len(raw)), raw[start:].hex(" "), "", "", "", padding))
    caption = f"{seen.flags} from the {seen.host}: {len(raw)} bytes of options"
    return Shown(_html(rows, caption), _text(rows, caption))


def _raw_options(packet: bytes) -> tuple[bytes, tuple[opt.Option, ...]]:
    start = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    size = (packet[start + 12] >> 4) * 4
    return packet[start + _FIXED : start + size], codec.decode(packet).options


def _size(rest: bytes, option: opt.Option) -> int:
    """How many bytes the option takes, of which `rest` starts with the first."""
    if option[0] == opt.MALFORMED:
        return len(option[1])
    if option[0] in _SINGLE:
        return 1 + (len(option[1]) if len(option) > 1 else 0)
    return rest[1]


def _at(start: int, end: int) -> str:
    first, last = _FIXED + start, _FIXED + end - 1
    return str(first) if first == last else f"{first}-{last}"


def _html(rows: list[Row], caption: str) -> str:
    e = html.escape
    top = "".join(f"<th scope='col'>{head}</th>" for head in _HEADS[:-1])
    body = "".join(
        f"<tr><td>{at}</td><td><code>{raw}</code></td><td>{kind}</td><td>{length}</td>"
        f"<td>{e(value)}<small>{e(meaning)}</small></td></tr>"
        for at, raw, kind, length, value, meaning in rows
    )
    return (
        f"<div class='tcpfig'><p class='caption'>{e(caption)}</p>"
        f"<div class='scroll' tabindex='0' role='group' aria-label='{e(caption)}'>"
        f"<table class='options'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        "</div></div>"
    )


def _text(rows: list[Row], caption: str) -> str:
    table = [_HEADS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join([caption, *lines])
