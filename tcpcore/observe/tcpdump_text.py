"""Segments out of what tcpdump has printed: ``tcpdump -n`` with any of -t to -tttt, -S, -v, -i any.

tcpdump does not print all: the number of a pure ACK is taken to be the next one of its sender, and
data reads as zeros.  Numbers that it prints relative are made absolute again by the first ones of
each connection, which it prints as they are (print-tcp.c, tcp_print()).
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Packet
from tcpcore.observe.explain import Explanation, explain_packets
from tcpcore.seqnum import MASK, distance, gt
from tcpcore.units import SECOND
from tcpcore.wire import options as kinds
from tcpcore.wire.codec import WireError, encode
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, FIN, SYN, Segment

LONGEST = 5_000_000
"""As many characters as are read at once."""
_LARGEST_PAYLOAD = 65_000
_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, ".": 16, "U": 32, "E": 64, "W": 128, "e": 256}
_TIME = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d\d-\d\d) )?(?:(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)|(?P<unix>\d{1,10}))"
    r"\.(?P<part>\d{1,9})\s"
)
_LINE = re.compile(
    r"(?P<src>[^\s>]+)\.(?P<sport>[\w-]+) > (?P<dst>[^\s>]+)\.(?P<dport>[\w-]+): "
    r"Flags \[(?P<flags>[a-zA-Z.]+)\](?P<rest>.*)"
)
_SEQ = re.compile(r", seq (\d+)(?::(\d+))?")
_ACK = re.compile(r", ack (\d+)")
_WINDOW = re.compile(r", win (\d+)")
_URGENT = re.compile(r", urg (\d+)")
_OPTIONS = re.compile(r", options \[([^\]]*)\]")
_LENGTH = re.compile(r", length (\d+)")
_HEX = re.compile(r"\s+0x[0-9a-f]{4}:")
_OWN_WORDS = re.compile(
    r"tcpdump: |listening on |\d+ packets? (captured|received|dropped)|dropped pr"
)

Key = tuple[str, int, str, int]


class _Direction:
    """What is known of the numbers that one end sends."""

    def __init__(self) -> None:
        self.base: int | None = None
        self.next: int | None = None


class _Numbers:
    """Absolute numbers again, by connection."""

    def __init__(self) -> None:
        self._known: dict[Key, _Direction] = {}
        self._absolute: dict[Key, bool] = {}

    def restore(
        self, key: Key, flags: int, seq: int | None, ack: int, size: int
    ) -> tuple[int, int]:
        """The numbers on the wire, of those printed; `seq` is None where tcpdump prints none."""
        here = self._known.setdefault(key, _Direction())
        there = self._known.setdefault(key[2:] + key[:2], _Direction())
        fresh = bool(flags & SYN) or here.base is None or (flags & ACK and there.base is None)
        if not fresh and flags & ACK:
            seq, ack = self._lifted(key, here, there, seq, ack)
        elif flags & ACK and seq is None and here.base is not None and not flags & SYN:
            seq = here.next
        if seq is None:
            seq = here.next if here.next is not None else 0
        if here.base is None or flags & SYN:
            here.base = seq
        if flags & ACK and (there.base is None or flags & SYN):
            there.base = ack - 1 & MASK
            there.next = ack if there.next is None else there.next
        end = seq + size + bool(flags & SYN) + bool(flags & FIN) & MASK
        if here.next is None or flags & SYN or gt(end, here.next):
            here.next = end
        return seq, ack

    def _lifted(
        self, key: Key, here: _Direction, there: _Direction, seq: int | None, ack: int
    ) -> tuple[int | None, int]:
        base, other = here.base or 0, there.base or 0
        if key not in self._absolute:  # with -S even these are as on the wire
            self._absolute[key] = abs(distance(other + 1 & MASK, ack)) < min(ack, 1 << 24)
            self._absolute[key[2:] + key[:2]] = self._absolute[key]
        if self._absolute[key]:
            return (here.next if seq is None else seq), ack
        lifted = here.next if seq is None else seq + base & MASK
        return lifted, ack + other & MASK

    def sack_base(self, key: Key) -> int:
        """What tcpdump has subtracted from the edges of SACK blocks."""
        there = self._known[key[2:] + key[:2]]
        return 0 if self._absolute.get(key) else there.base or 0


def explain_text(text: str, name: str = "text") -> Explanation:
    """Explain what tcpdump has printed.

    UsageError, one sentence, when no TCP segment is in it, or names stand where numbers belong.
    """
    if len(text) > LONGEST:
        raise UsageError(f"{name} has {len(text):,} characters; {LONGEST:,} is the most.")
    left_out: Counter[str] = Counter()
    explanation = explain_packets(packets(text, left_out), name)
    explanation.packets = explanation.segments + sum(left_out.values())
    explanation.left_out = left_out
    if not explanation.connections:
        raise UsageError(
            f"{name} has no line of a TCP segment; give what `tcpdump -n tcp` prints, "
            "with `Flags [S], seq ...` in each line."
        )
    return explanation


def packets(text: str, left_out: Counter[str] | None = None) -> Iterator[Packet]:
    """The segments of the text in its order; other lines are counted in `left_out`, by reason."""
    numbers, clock = _Numbers(), _Clock()
    count = 0
    for line_number, line in _lines(text):
        found = _LINE.search(line)
        if found is None:
            if left_out is not None and line.strip() and not _OWN_WORDS.match(line):
                left_out["no TCP segment"] += 1
            continue
        count += 1
        segment, missing = _segment(found, numbers, line_number)
        try:
            data = encode(segment)
        except WireError as error:
            raise UsageError(f"line {line_number}: no packet can be like that: {error}.") from None
        kept = data[: len(data) - missing] if missing else data
        yield Packet(count, clock.time(line), segment, missing, kept)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of each packet: with -v it goes on in an indented line; hex is left out."""
    whole, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if _HEX.match(line):
            continue
        if whole and line[:1].isspace() and not _TIME.match(line):
            whole += " " + line.strip()
            continue
        if whole:
            yield start, whole
        whole, start = line.rstrip(), number
    if whole:
        yield start, whole


class _Clock:
    """Times of lines in microseconds; a time of day that runs backwards far is the next day's."""

    def __init__(self) -> None:
        self._day = 0
        self._last = 0

    def time(self, line: str) -> int:
        found = _TIME.match(line)
        if found is None:
            return self._last
        part = int(found["part"].ljust(9, "0")[:6])
        if found["unix"]:
            self._last = int(found["unix"]) * SECOND + part
            return self._last
        clock = (int(found["h"]) * 60 + int(found["m"])) * 60 + int(found["s"])
        now = (clock + self._days(found["date"]) * 86_400) * SECOND + part
        if not found["date"] and self._last - now > 43_200 * SECOND:
            self._day += 1
            now += 86_400 * SECOND
        self._last = now
        return now

    def _days(self, date: str | None) -> int:
        if date is None:
            return self._day
        year, month, day = map(int, date.split("-"))
        months = year * 12 + month - 3  # days of the Gregorian calendar, counted from 1 March
        years, rest = divmod(months, 12)
        leaps = years // 4 - years // 100 + years // 400
        return years * 365 + leaps + (rest * 153 + 2) // 5 + day - 719_469


def _segment(found: re.Match[str], numbers: _Numbers, line: int) -> tuple[Segment, int]:
    """The segment of a line, and how many of its bytes were not printed: all of its data."""
    src, dst = _address(found["src"], line), _address(found["dst"], line)
    sport, dport = _port(found["sport"], line), _port(found["dport"], line)
    flags = 0 if found["flags"] == "none" else sum(_FLAGS.get(one, 0) for one in found["flags"])
    rest = found["rest"]
    printed = _LENGTH.search(rest)
    span = _SEQ.search(rest)
    size = int(printed[1]) if printed else 0
    if printed is None and span is not None and span[2]:
        size = int(span[2]) - int(span[1]) & MASK
    size = min(size, _LARGEST_PAYLOAD)
    key = (src, sport, dst, dport)
    seq, ack = numbers.restore(key, flags, _int(span), _int(_ACK.search(rest)) or 0, size)
    words = _OPTIONS.search(rest)
    options = tuple(_options(words[1], numbers.sack_base(key))) if words else ()
    window = min(_int(_WINDOW.search(rest)) or 0, 0xFFFF)
    urgent = min(_int(_URGENT.search(rest)) or 0, 0xFFFF)
    segment = Segment(
        src, sport, dst, dport, flags, seq & MASK, ack & MASK, window, options, bytes(size),
        urgent=urgent,
    )  # fmt: skip
    return segment, size


def _int(found: re.Match[str] | None) -> int | None:
    return None if found is None else int(found[1])


def _address(text: str, line: int) -> str:
    try:
        return str(ipaddress.ip_address(text.rpartition(" ")[2]))
    except ValueError:
        problem = f"line {line}: {text!r} is no address; let tcpdump print numbers, with -n."
        raise UsageError(problem) from None


def _port(text: str, line: int) -> int:
    if not text.isdecimal() or int(text[:6]) > 0xFFFF:
        raise UsageError(f"line {line}: {text!r} is no port; let tcpdump print numbers, with -n.")
    return int(text)


def _options(text: str, sack_base: int) -> Iterator[Option]:
    """The options between the brackets; what is printed in words that lose it is left out."""
    for one in text.split(","):
        words = one.split()
        if not words:
            continue
        name, values = words[0], words[1:]
        if name in ("nop", "eol"):
            yield (kinds.NOP if name == "nop" else kinds.END,)
        elif name == "sackOK":
            yield (kinds.SACK_PERMITTED,)
        elif name == "mss" and _decimal(values):
            yield (kinds.MSS, int(values[0]) & 0xFFFF)
        elif name == "wscale" and _decimal(values):
            yield (kinds.WINDOW_SCALE, int(values[0]) & 0xFF)
        elif name == "TS" and len(values) == 4 and _decimal(values[1:4:2]):
            yield (kinds.TIMESTAMPS, int(values[1]) & MASK, int(values[3]) & MASK)
        elif name == "sack":
            edges = re.findall(r"\{(\d+):(\d+)\}", one)[:4]
            if edges:
                blocks = ((int(a) + sack_base & MASK, int(b) + sack_base & MASK) for a, b in edges)
                yield (kinds.SACK, *blocks)


def _decimal(values: list[str]) -> bool:
    return bool(values) and all(value.isdecimal() and len(value) < 12 for value in values)
