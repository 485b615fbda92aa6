"""Segments in packetdrill's notation, both ways: ``S 0:0(0) win 64240 <mss 1460,sackOK>``.

Tests, scripts and messages speak it.  Only the segment itself is here; times, directions and
patterns such as ``<...>`` belong to scripts.

    flags seq:end(length) [ack N] [win N] [urg N] [<option,option>]

Flags are letters of ``FSRP.UEWA`` (``.`` is ACK, A is AE; AccECN's counter as one digit is read
too), or ``-`` for none.  Options: ``mss N``, ``nop``, ``eol``, ``wscale N``, ``sackOK``, ``sack
1:2 5:6``, ``TS val N ecr N``, ``FO [cookie]``, ``FOEXP [cookie]``, ``md5 digest`` (or ``md5 ...``),
and, where packetdrill has no word, ``kind N [data]`` and ``raw data`` with the data in hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tcpcore.errors import UsageError
from tcpcore.seqnum import MASK
from tcpcore.wire import options as kinds
from tcpcore.wire.option_codec import WireError, decode_options, encode_options
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG, Segment

_LETTERS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, ".": ACK, "U": URG}
_LETTERS |= {"E": ECE, "W": CWR, "A": AE}
_BITS = _LETTERS | {
    str(ace): (ECE if ace & 1 else 0) | (CWR if ace & 2 else 0) | (AE if ace & 4 else 0)
    for ace in range(8)
}
_FAST_OPEN_MAGIC = kinds.FAST_OPEN_MAGIC.to_bytes(2, "big")
_DIGEST = 16
_UNSAID = ("...", "valid", "invalid")
"""Words for a digest: nobody here has its key, so it is as good as any."""
_TOKEN = re.compile(r"\s*(\.\.\.|[0-9A-Za-z_]+|\S|$)")
_NUMBER = re.compile(r"[0-9]{1,10}")
_FLAGS = re.compile(r"\s*(\S+)")
_ANY_OPTIONS = re.compile(r"\s*<\s*\.\.\.\s*>")


class NotationError(UsageError):
    """Text that is no segment: `column` (from 1), what was `expected`, and what was `found`."""

    def __init__(self, text: str, column: int, expected: str, found: str) -> None:
        self.column = column
        self.expected = expected
        self.found = found
        found = f"{found!r}" if found else "the end"
        super().__init__(f"column {column} of {text!r}: expected {expected}, found {found}")


@dataclass(slots=True)
class Pattern:
    """A segment as a script writes it: None where it says nothing, so anything will do.

    `options` are None for ``<...>``, and empty where the script writes none.
    """

    flags: int
    seq: int
    size: int
    ack: int | None
    window: int | None
    urgent: int | None
    options: tuple[Option, ...] | None


def format_packetdrill(segment: Segment, *, seq_base: int = 0, ack_base: int = 0) -> str:
    """The segment as a script writes it.

    `seq_base` is subtracted from its sequence numbers and `ack_base` from ack and SACK edges:
    the initial sequence numbers of its sender and of the other end, for relative numbers.
    """
    pattern = Pattern(
        segment.flags,
        segment.seq - seq_base & MASK,
        len(segment.payload),
        segment.ack - ack_base & MASK if segment.flags & ACK else None,
        segment.window,
        segment.urgent if segment.flags & URG else None,
        segment.options,
    )
    return format_pattern(pattern, ack_base)


def format_pattern(pattern: Pattern, ack_base: int = 0) -> str:
    """The pattern as a script writes it; `ack_base` is subtracted from edges of SACK blocks."""
    flags = "".join([letter for letter, bit in _LETTERS.items() if pattern.flags & bit]) or "-"
    text = f"{flags} {pattern.seq}:{pattern.seq + pattern.size & MASK}({pattern.size})"
    for word, value in ("ack", pattern.ack), ("win", pattern.window), ("urg", pattern.urgent):
        if value is not None:
            text += f" {word} {value}"
    if pattern.options is None:
        text += " <...>"
    elif pattern.options:
        text += f" {format_options(pattern.options, ack_base)}"
    return text


def format_options(options: tuple[Option, ...], base: int = 0) -> str:
    """``<mss 1460,sackOK>``; `base` is subtracted from edges of SACK blocks."""
    return f"<{','.join([_format_option(option, base) for option in options])}>"


def _format_option(option: Option, base: int) -> str:
    kind = option[0]
    if kind == kinds.SACK:
        blocks = [f"{left - base & MASK}:{right - base & MASK}" for left, right in option[1:]]
        return " ".join(["sack", *blocks])
    if kind == kinds.TIMESTAMPS:
        return f"TS val {option[1]} ecr {option[2]}"
    if kind in _NUMBERED:
        return f"{_NUMBERED[kind]} {option[1]}"
    if kind in _BARE:
        rest = option[1].hex() if len(option) > 1 else ""
        return f"{_BARE[kind]} {rest}".rstrip()
    data: bytes = option[1]
    if kind == kinds.EXPERIMENTAL and data[:2] == _FAST_OPEN_MAGIC:
        return f"FOEXP {data[2:].hex()}".rstrip()
    return f"{_BLOBS.get(kind, f'kind {kind}')} {data.hex()}".rstrip()


_NUMBERED = {kinds.MSS: "mss", kinds.WINDOW_SCALE: "wscale"}
_BARE = {kinds.NOP: "nop", kinds.END: "eol", kinds.SACK_PERMITTED: "sackOK"}
_BLOBS = {kinds.FAST_OPEN: "FO", kinds.MD5_SIGNATURE: "md5", kinds.MALFORMED: "raw"}


def parse_packetdrill(
    text: str,
    *,
    src: str = "10.0.0.1",
    sport: int = 40000,
    dst: str = "10.0.0.2",
    dport: int = 80,
    seq_base: int = 0,
    ack_base: int = 0,
    payload: bytes | None = None,
) -> Segment:
    """The segment that `text` writes; NotationError with the column when it is none.

    Bases are added where `format_packetdrill` subtracts them.  `payload` must have the length
    that the text says; zeros without it.  No ``win`` is window 0.
    """
    reader = _Reader(text)
    pattern = reader.pattern(ack_base)
    reader.end()
    if payload is not None and len(payload) != pattern.size:
        raise UsageError(
            f"{text!r} says {pattern.size} bytes; the payload given has {len(payload)}"
        )
    return Segment(
        src,
        sport,
        dst,
        dport,
        pattern.flags,
        pattern.seq + seq_base & MASK,
        0 if pattern.ack is None else pattern.ack + ack_base & MASK,
        pattern.window or 0,
        pattern.options or (),
        bytes(pattern.size) if payload is None else payload,
        urgent=pattern.urgent or 0,
    )


def read_pattern(
    text: str, at: int = 0, names: Mapping[str, str] | None = None
) -> tuple[Pattern, int]:
    """The segment that is written at an offset of `text`, and where it ends.

    `names` may stand for bytes in hexadecimal, such as those of a Fast Open cookie.
    `NotationError`, with a column that counts from the start of `text`, when there is none.
    """
    reader = _Reader(text, at, names)
    pattern = reader.pattern(0, loose=True)
    return pattern, reader.offset


class _Reader:
    """Reads one text from left to right; every complaint names the column."""

    def __init__(self, text: str, at: int = 0, names: Mapping[str, str] | None = None) -> None:
        self._text = text
        self._at = at
        self._names = names or {}

    @property
    def offset(self) -> int:
        """Where it has come to."""
        return self._at

    def pattern(self, ack_base: int, *, loose: bool = False) -> Pattern:
        """All of a segment; with `loose` also ``<...>``, and the flag without the number."""
        flags = self.flags()
        seq, size = self.sequence()
        ack = self.optional_number("ack", MASK)
        window = self.optional_number("win", 0xFFFF)
        urgent = self.optional_number("urg", 0xFFFF)
        if not loose and (ack is not None) != bool(flags & ACK):
            raise self.error("'ack N' and the flag '.' together, or neither")
        options = None if loose and self.any_options() else self.options(ack_base)
        return Pattern(flags, seq, size, ack, window, urgent, options)

    def any_options(self) -> bool:
        """Take ``<...>`` if it comes next."""
        match = _ANY_OPTIONS.match(self._text, self._at)
        if match:
            self._at = match.end()
        return bool(match)

    def error(self, expected: str) -> NotationError:
        match = _TOKEN.match(self._text, self._at)
        assert match
        return NotationError(self._text, match.start(1) + 1, expected, match[1])

    def peek(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        assert match
        return match[1]

    def take(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        assert match
        self._at = match.end()
        return match[1]

    def expect(self, word: str) -> None:
        if self.peek() != word:
            raise self.error(f"{word!r}")
        self.take()

    def number(self, what: str, maximum: int) -> int:
        word = self.peek()
        if not _NUMBER.fullmatch(word) or int(word) > maximum:
            raise self.error(f"{what}, 0 to {maximum}")
        self.take()
        return int(word)

    def optional_number(self, word: str, maximum: int) -> int | None:
        if self.peek() != word:
            return None
        self.take()
        return self.number(f"the number of {word}", maximum)

    def flags(self) -> int:
        match = _FLAGS.match(self._text, self._at)
        word = match[1] if match else ""
        start = match.start(1) if match else self._at
        flags = 0
        for index, letter in enumerate(word if word != "-" else ""):
            bits = _BITS.get(letter)
            if bits is None or flags & bits:
                expected = "flags, each of FSRP.UEWA at most once, or -"
                raise NotationError(self._text, start + index + 1, expected, letter)
            flags |= bits
        if not word:
            raise self.error("flags, such as S or P.")
        self._at = start + len(word)
        return flags

    def sequence(self) -> tuple[int, int]:
        seq = self.number("a sequence number", MASK)
        self.expect(":")
        before = self._at
        end = self.number("the sequence number after the data", MASK)
        self.expect("(")
        size = self.number("a length", 0xFFFF)
        self.expect(")")
        if (seq + size & MASK) != end:
            self._at = before
            raise self.error(f"{seq + size & MASK}, which is {seq} and {size} bytes")
        return seq, size

    def options(self, base: int) -> tuple[Option, ...]:
        if self.peek() != "<":
            return ()
        start = self._at
        self.take()
        options: list[Option] = []
        while True:
            options.append(self.option(base))
            if self.peek() == ">":
                self.take()
                break
            if self.peek() != ",":
                raise self.error("',' or '>'")
            self.take()
        try:
            return decode_options(encode_options(tuple(options)))
        except WireError as error:
            self._at = start
            raise self.error(f"options that a header can carry ({error})") from None

    def option(self, base: int) -> Option:
        word = self.peek()
        for kind, name in (_NUMBERED | _BARE | _BLOBS).items():
            if word == name:
                self.take()
                return self.option_of(kind, name)
        if word == "sack":
            self.take()
            return self.sack(base)
        if word == "TS":
            self.take()
            self.expect("val")
            value = self.number("a timestamp", MASK)
            self.expect("ecr")
            return (kinds.TIMESTAMPS, value, self.number("a timestamp", MASK))
        if word == "FOEXP":
            self.take()
            return (kinds.EXPERIMENTAL, _FAST_OPEN_MAGIC + self.blob())
        if word == "kind":
            self.take()
            kind = self.number("an option kind", 255)
            data = self.blob()
            return (kinds.MALFORMED, bytes((kind, 2 + len(data) & 0xFF)) + data)
        raise self.error("an option (mss, nop, eol, wscale, sackOK, sack, TS, FO, md5, ...)")

    def option_of(self, kind: int, name: str) -> Option:
        if kind in _NUMBERED:
            return (
                kind,
                self.number(f"the number of {name}", 0xFFFF if kind == kinds.MSS else 255),
            )
        if kind in _BLOBS:
            return (kind, self.blob(_DIGEST if kind == kinds.MD5_SIGNATURE else 0))
        rest = self.blob() if kind == kinds.END else b""
        return (kind, rest) if rest else (kind,)

    def blob(self, unsaid: int = 0) -> bytes:
        """Bytes in hexadecimal; of words that only say something about them, zeros."""
        word = self.peek()
        if word in (",", ">", ""):
            return b""
        if unsaid and word in _UNSAID:
            self.take()
            return bytes(unsaid)
        try:
            data = bytes.fromhex(self._names.get(word, word))
        except ValueError:
            raise self.error("bytes in hexadecimal") from None
        self.take()
        return data

    def sack(self, base: int) -> Option:
        blocks: list[tuple[int, int]] = []
        while not blocks or self.peek() not in (",", ">", ""):
            left = self.number("the left edge of a block", MASK)
            self.expect(":")
            right = self.number("the right edge of a block", MASK)
            blocks.append((left + base & MASK, right + base & MASK))
        return (kinds.SACK, *blocks)

    def end(self) -> None:
        if self.peek():
            raise self.error("nothing more")
