"""Packets of a script: TCP segments and ICMP errors, with what stands before them in brackets."""

from __future__ import annotations

import re

from tcpcore.packetdrill.lexer import Scanner
from tcpcore.packetdrill.source import ScriptError
from tcpcore.packetdrill.syntax import Icmp, Packet
from tcpcore.wire.text import NotationError, read_pattern

MARKS = ("noecn", "ect0", "ect1", "ect01", "ce")
"""What a script may say of the two ECN bits; ``ect01`` is either of the ect."""
_NUMBERED = {"tos": 255, "ttl": 255, "flowlabel": 0xFFFFF}
_PORTS = re.compile(r"([0-9]+)\s*>\s*([0-9]+)(?=\s)")
_QUOTED = re.compile(r"\[\s*([0-9]+)\s*:\s*([0-9]+)\s*\(\s*([0-9]+)\s*\)\s*\]")
_QUOTED_OTHER = re.compile(r"\[\s*(udp|raw)\b")
_WORDS_OF_ICMP = re.compile(r"(?:mtu|id)\b")
_CODE = re.compile(r"[a-z]\w*")
_OTHERS = ("udplite", "udp", "ipv4", "ipv6", "gre", "mpls")
_NO_MTU_MATTERS = 0xFFFF


def read_packet(scanner: Scanner) -> Packet | Icmp:
    """A packet; ``<`` or ``>`` is next."""
    inbound = scanner.accept("<")
    if not inbound:
        scanner.expect(">")
    quoted = _read_quoted(scanner)
    ecn, ip = _read_ip(scanner) if quoted is None else (None, {})
    for other in _OTHERS:
        if re.compile(rf"{other}\b", re.IGNORECASE).match(scanner.text, scanner.at):
            raise scanner.unsupported(f"a packet of {other}")
    if re.compile(r"icmp\b").match(scanner.text, scanner.at):
        return _read_icmp(scanner, inbound, quoted)
    if quoted is not None:
        raise scanner.error("'icmp' behind a quoted segment")
    ports = _read_ports(scanner)
    try:
        pattern, scanner.at = read_pattern(scanner.text, scanner.at, scanner.definitions)
    except NotationError as error:
        found = repr(error.found) if error.found else "the end of the script"
        problem = f"expected {error.expected}, found {found}"
        raise ScriptError(scanner.source, error.column - 1, problem) from None
    scanner.skip()
    return Packet(inbound, pattern, ecn, ip, ports)


def _read_ports(scanner: Scanner) -> tuple[int, int] | None:
    start = scanner.at
    match = scanner.take(_PORTS)
    if match is None:
        return None
    if any(len(port) > 5 or int(port) > 0xFFFF for port in match.groups()):
        raise ScriptError(scanner.source, start, "a port is at most 65535")
    return int(match[1]), int(match[2])


def _read_ip(scanner: Scanner) -> tuple[str | None, dict[str, int]]:
    """``[ect0]``, ``[tos 0x20, ttl 64]``, also in parentheses."""
    mark, fields = None, {}
    closing = "]"
    if not scanner.accept("["):
        closing = ")"
        if not scanner.accept("("):
            return None, {}
    while True:
        start = scanner.at
        word = scanner.word(f"{', '.join(MARKS)}, or one of {', '.join(_NUMBERED)} with a number")
        if word in MARKS:
            mark = word
        elif word in _NUMBERED:
            fields[word] = scanner.integer(f"the number of {word}", _NUMBERED[word])
        else:
            raise ScriptError(
                scanner.source,
                start,
                f"expected {', '.join((*MARKS, *_NUMBERED))}, found {word!r}",
            )
        if scanner.accept(closing):
            return mark, fields
        if not scanner.accept(","):
            raise scanner.error(f"',' or {closing!r}")


def _read_quoted(scanner: Scanner) -> tuple[int, int] | None:
    """The segment that an ICMP error is about, ``[1:1461(1460)]``: sequence number and size."""
    start = scanner.at
    match = scanner.take(_QUOTED)
    if match is None:
        return None
    seq, end, size = (int(number[:11]) for number in match.groups())
    if seq + size != end or end > 2**32 or size > 0xFFFF:
        problem = f"{seq} and {size} bytes give {seq + size}, not {end}"
        raise ScriptError(scanner.source, start, problem)
    return seq, size


def _read_icmp(scanner: Scanner, inbound: bool, quoted: tuple[int, int] | None) -> Icmp:
    """``icmp TYPE [CODE] [mtu N] [quoted segment]``; `quoted` may also have stood in front."""
    scanner.expect("icmp")
    kind = scanner.word("a type of ICMP message, such as unreachable")
    code = ""
    if not _WORDS_OF_ICMP.match(scanner.text, scanner.at) and (match := scanner.take(_CODE)):
        code = match[0]
    mtu = None
    if scanner.accept("mtu"):
        mtu = scanner.integer("an MTU", _NO_MTU_MATTERS)
    if scanner.accept("id"):
        scanner.integer("the id of an echo", 0xFFFF)
    if match := _QUOTED_OTHER.match(scanner.text, scanner.at):
        raise scanner.unsupported(f"an ICMP message about {match[1]}")
    return Icmp(inbound, kind, code, mtu, quoted if quoted is not None else _read_quoted(scanner))
