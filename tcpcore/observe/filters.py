"""tcpdump's filters (pcap-filter(7)), as far as they can speak of TCP, and of ICMP errors about it.

    host 10.0.0.1 and tcp port 80              src net 10.0.0.0/8 or dst port 443
    tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0          not src host 10.0.0.2
    portrange 8000-8080      ip[8] < 5      tcp[13] == 2      len > 100      greater 100
    icmp or tcp port 80      icmp[icmptype] == icmp-unreach

`parse` gives a test for packets.  As in tcpdump, `and` and `or` have one precedence, from the
left, and a value alone takes over the words before it (``port 80 or 443``).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache

from tcpcore.errors import UsageError
from tcpcore.observe.networks import inside
from tcpcore.wire import codec
from tcpcore.wire.icmp import IcmpError, encode_icmp
from tcpcore.wire.segment import Segment

Packet = Segment | IcmpError
Test = Callable[[Packet], bool]
Number = Callable[[Packet, bool], int]
"""A number in a packet; with True `IndexError` when it is no packet of the protocol named.

Of a sum, as in libpcap (gen_arth()), only the first part is asked for its protocol.
"""

_TOKEN = re.compile(r"\s*(<<|>>|&&|\|\||!=|==|<=|>=|[][()&|!<>=+*/^%:-]|[^][\s()&|!<>=+*^%:]+)")
_FLAGS = {
    "tcp-fin": 0x01,
    "tcp-syn": 0x02,
    "tcp-rst": 0x04,
    "tcp-push": 0x08,
    "tcp-ack": 0x10,
    "tcp-urg": 0x20,
    "tcp-ece": 0x40,
    "tcp-cwr": 0x80,
}
_NUMBERS = {**_FLAGS, "icmp-unreach": 3, "icmp-timxceed": 11}
_OFFSETS = {"tcpflags": 13, "icmptype": 0, "icmpcode": 1}
_RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"|": operator.or_},
    {"^": operator.xor},
    {"&": operator.and_},
    {"<<": operator.lshift, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.floordiv, "%": operator.mod},
)
_KINDS = ("host", "net", "port", "portrange")
_DIRECTIONS = ("src", "dst")
_PROTOCOLS = ("ip", "ip6", "tcp", "icmp")
_KNOWN = (
    "host, net, port, portrange, src, dst, tcp, icmp, ip, ip6, tcp[...], icmp[...], ip[...], len, "
    "less, greater, and, or, not and parentheses"
)


@lru_cache(maxsize=256)
def parse(text: str) -> Test:
    """The test that a filter expresses; every packet passes the empty one.

    `UsageError`, with the words that are known, for what is no filter.
    """
    parser = _Parser(_tokens(text), text)
    if not parser.tokens:
        return lambda segment: True
    test = parser.expression()
    if parser.tokens:
        raise parser.wrong(f"{parser.tokens[0]!r} is left over")
    return test


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise UsageError(f"tcpdump: {stripped[at:]!r} in the filter makes no sense.")
        tokens.append(match[1])
        at = match.end()
    return _joined(tokens)


def _joined(tokens: list[str]) -> list[str]:
    """Put together again what belongs together: ``tcp-syn``, ``80-90`` and IPv6 addresses."""
    out: list[str] = []
    for token in tokens:
        if out and (out[-1][-1:] == "-" or token == "-") and _part_of_word(out, token):
            out[-1] += token
        else:
            out.append(token)
    return out


def _part_of_word(out: list[str], token: str) -> bool:
    if token == "-":
        return out[-1] in ("tcp", "icmp") or (len(out) > 1 and out[-2] == "portrange")
    return out[-1] in ("tcp-", "icmp-") or (len(out) > 1 and out[-2] == "portrange")


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.before: tuple[str, str, str] | None = None  # protocol, direction, kind

    def wrong(self, what: str) -> UsageError:
        return UsageError(f"tcpdump: in the filter {self.text!r} {what}; known words: {_KNOWN}.")

    def next(self, wanted: str) -> str:
        if not self.tokens:
            raise self.wrong(f"{wanted} is missing at the end")
        return self.tokens.pop(0)

    def expect(self, sign: str) -> None:
        found = self.next(repr(sign))
        if found != sign:
            raise self.wrong(f"{found!r} stands where {sign!r} should")

    # --- and, or, not ---------------------------------------------------------------------------

    def expression(self) -> Test:
        test = self.negation()
        while self.tokens and self.tokens[0] in ("and", "&&", "or", "||"):
            both = self.tokens.pop(0) in ("and", "&&")
            test = _joined_tests(test, self.negation(), both)
        return test

    def negation(self) -> Test:
        if self.tokens and self.tokens[0] in ("not", "!"):
            self.tokens.pop(0)
            test = self.negation()
            return lambda segment: not test(segment)
        if self.tokens and self.tokens[0] == "(" and not self._is_arithmetic():
            self.tokens.pop(0)
            test = self.expression()
            self.expect(")")
            return test
        return self.primitive()

    def _is_arithmetic(self) -> bool:
        """Whether a parenthesis opens a number: a relation follows the one that closes it."""
        depth = 0
        for place, token in enumerate(self.tokens):
            depth += (token == "(") - (token == ")")
            if not depth:
                after = self.tokens[place + 1 : place + 2]
                return bool(after) and (after[0] in _RELATIONS or after[0] in "|&^+-*/%<<>>")
        return False

    # --- primitives -----------------------------------------------------------------------------

    def primitive(self) -> Test:
        first = self.tokens[0] if self.tokens else ""
        if self._starts_number(first):
            return self.relation()
        protocol = direction = kind = ""
        if first in _PROTOCOLS:
            protocol = self.tokens.pop(0)
        if self.tokens and self.tokens[0] in _DIRECTIONS:
            direction = self._direction()
        if self.tokens and self.tokens[0] in _KINDS:
            kind = self.tokens.pop(0)
        if first in ("less", "greater"):
            self.tokens.pop(0)
            limit = self._whole(self.next("a length"))
            compare = operator.le if first == "less" else operator.ge
            return lambda segment: compare(_length(segment), limit)
        if protocol and not direction and not kind:
            return _of_protocol(protocol)
        if protocol == "icmp":
            raise self.wrong("'icmp' cannot stand before a direction or a kind")
        if not (protocol or direction or kind):
            return self._alone()
        self.before = (protocol, direction, kind or "host")
        return self._valued(self.next("a value"))

    def _direction(self) -> str:
        first = self.tokens.pop(0)
        if self.tokens[:1] in (["or"], ["and"]) and self.tokens[1:2] in (["src"], ["dst"]):
            middle = self.tokens.pop(0)
            self.tokens.pop(0)
            return middle  # either end, or both
        return first

    def _alone(self) -> Test:
        """A value with no word before it: the words of the primitive before hold again."""
        word = self.next("a condition")
        if self.before is None or not word[0].isalnum():
            raise self.wrong(f"{word!r} is unknown")
        return self._valued(word)

    def _valued(self, value: str) -> Test:
        assert self.before is not None
        protocol, direction, kind = self.before
        while self.tokens[:1] == [":"]:  # an IPv6 address
            value += self.tokens.pop(0)
            if self.tokens and re.fullmatch(r"[0-9a-f.]+(/\d+)?", self.tokens[0]):
                value += self.tokens.pop(0)
        if kind in ("host", "net"):
            here = _address(direction, inside(value, "tcpdump"))
        else:
            low, _, high = value.partition("-")
            here = _port(direction, self._whole(low), self._whole(high or low))
        right = _of_protocol(protocol) if protocol else None
        return here if right is None else _joined_tests(right, here, both=True)

    def _whole(self, text: str) -> int:
        try:
            return int(text, 0)
        except ValueError:
            raise self.wrong(f"{text!r} is no number") from None

    # --- numbers --------------------------------------------------------------------------------

    def _starts_number(self, word: str) -> bool:
        after = self.tokens[1:2]
        if word in _PROTOCOLS and after == ["["]:
            return True
        if word == "len" or word in _NUMBERS or word in _OFFSETS or word == "(":
            return True
        return word.isdigit() and bool(after) and (after[0] in _RELATIONS or after[0] in "|&^+-*/")

    def relation(self) -> Test:
        left = self.number()
        sign = self.next("a relation such as !=")
        if sign not in _RELATIONS:
            raise self.wrong(f"{sign!r} stands where a relation such as != should")
        compare, right = _RELATIONS[sign], self.number()

        def test(segment: Packet) -> bool:
            try:
                return compare(left(segment, True), right(segment, True))
            except (IndexError, ZeroDivisionError):
                return False  # no such byte in this packet

        return test

    def number(self, level: int = 0) -> Number:
        if level == len(_ARITHMETIC):
            return self.atom()
        value = self.number(level + 1)
        while self.tokens and self.tokens[0] in _ARITHMETIC[level]:
            value = _combined(_ARITHMETIC[level][self.tokens.pop(0)], value, self.number(level + 1))
        return value

    def atom(self) -> Number:
        word = self.next("a number")
        if word == "(":
            value = self.number()
            self.expect(")")
            return value
        if word == "len":
            return _length
        if word in _PROTOCOLS:
            return self._bytes(word)
        constant = _NUMBERS.get(word, _OFFSETS.get(word))
        fixed = self._whole(word) if constant is None else constant
        return lambda segment, checked: fixed

    def _bytes(self, protocol: str) -> Number:
        """``tcp[offset]`` or ``tcp[offset:size]``."""
        self.expect("[")
        offset, size = self.number(), 1
        if self.tokens[:1] == [":"]:
            self.tokens.pop(0)
            size = self._whole(self.next("a size"))
            if size not in (1, 2, 4):
                raise self.wrong(f"a size of {size} is not 1, 2 or 4")
        self.expect("]")

        right = _of_protocol(protocol)
        inner = protocol in ("tcp", "icmp")

        def read(segment: Packet, checked: bool) -> int:
            packet, at = _bytes_of(segment), offset(segment, True)
            six = packet[0] >> 4 == 6
            if checked and (not right(segment) or (inner and six)):
                raise IndexError(protocol)  # pcap-filter(7): tcp[...] looks at IPv4 only
            if inner:
                at += (packet[0] & 15) * 4
            if at + size > len(packet):
                raise IndexError(at)
            return int.from_bytes(packet[at : at + size], "big")

        return read


def _joined_tests(first: Test, second: Test, both: bool) -> Test:
    if both:
        return lambda segment: first(segment) and second(segment)
    return lambda segment: first(segment) or second(segment)


def _combined(function: Callable[[int, int], int], left: Number, right: Number) -> Number:
    return lambda segment, checked: (
        function(left(segment, checked), right(segment, False)) & 0xFFFF_FFFF
    )


def _of_protocol(protocol: str) -> Test:
    if protocol in ("tcp", "icmp"):
        kind = Segment if protocol == "tcp" else IcmpError
        return lambda segment: isinstance(segment, kind)
    six = protocol == "ip6"
    return lambda segment: (":" in segment.src) == six


def _address(direction: str, fits: Callable[[str], bool]) -> Test:
    return _at(direction, lambda packet: fits(packet.src), lambda packet: fits(packet.dst))


def _port(direction: str, first: int, last: int) -> Test:
    return _at(
        direction,
        lambda packet: isinstance(packet, Segment) and first <= packet.sport <= last,
        lambda packet: isinstance(packet, Segment) and first <= packet.dport <= last,
    )


def _at(direction: str, source: Test, destination: Test) -> Test:
    if direction == "src":
        return source
    if direction == "dst":
        return destination
    return _joined_tests(source, destination, both=direction == "and")


def _bytes_of(packet: Packet) -> bytes:
    return encode_icmp(packet) if isinstance(packet, IcmpError) else codec.encode(packet)


def _length(packet: Packet, _checked: bool = True) -> int:
    return len(_bytes_of(packet))
