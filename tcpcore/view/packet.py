"""One segment as people read it: its label, header fields, options and what they mean, bytes.

Sequence numbers are shown relative to the initial ones of their connection, the raw ones beside
them.  `Describer` follows the segments of a run in order, because numbers and window scales depend
on the SYNs before.
"""

from __future__ import annotations

from typing import Any

from tcpcore.observe.tcpdump import flag_letters
from tcpcore.seqnum import MASK
from tcpcore.wire import icmp
from tcpcore.wire import options as opt
from tcpcore.wire.codec import encode
from tcpcore.wire.icmp import IcmpError, encode_icmp
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, URG, Segment

_NAMES = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (URG, "URG"), (ACK, "ACK"))
_ECN = ((0x40, "ECE"), (0x80, "CWR"), (0x100, "AE"))
_ECN_FIELD = ("not ECN-capable", "ECT(1)", "ECT(0)", "CE: congestion experienced")
_NEAR = 65_535
"""A SYN so little beyond the first number begins no new connection (it would start further on,
tcp_twsk_unique()): somebody forged it, and the numbers go on counting as before."""
_ICMP_TYPES = {
    (False, icmp.UNREACHABLE): "destination unreachable",
    (False, icmp.SOURCE_QUENCH): "source quench",
    (False, icmp.REDIRECT): "redirect",
    (False, icmp.TIME_EXCEEDED): "time exceeded",
    (False, icmp.PARAMETER_PROBLEM): "parameter problem",
    (True, icmp.UNREACHABLE_6): "destination unreachable",
    (True, icmp.TOO_BIG_6): "packet too big",
    (True, icmp.TIME_EXCEEDED_6): "time exceeded",
    (True, icmp.PARAMETER_PROBLEM_6): "parameter problem",
}
"""By whether it travels over IPv6, and its type."""
_PREVIEW = 48
_LONGEST_NAME = 60

Direction = tuple[str, int, str, int]
Row = list[str]


def flag_names(flags: int) -> str:
    """``SYN+ACK``; ``no flags`` without any."""
    return "+".join(name for bit, name in _NAMES + _ECN if flags & bit) or "no flags"


def kind(segment: Segment) -> str:
    """What the segment is in one word: rst, synack, syn, fin, data or ack."""
    flags = segment.flags
    if flags & RST:
        return "rst"
    if flags & SYN:
        return "synack" if flags & ACK else "syn"
    if flags & FIN:
        return "fin"
    return "data" if segment.payload else "ack"


class Describer:
    """Describes the segments of a run, one after the other, in order of sending."""

    def __init__(self) -> None:
        self._initial: dict[Direction, int] = {}
        self._scale: dict[Direction, int | None] = {}

    def entry(self, segment: Segment) -> dict[str, Any]:
        """The part of a document's segment that its bytes decide."""
        seq, ack = self._relative(segment)
        packet = encode(segment)
        text = _text(segment.payload)
        return {
            **({"text": text} if text else {}),
            "kind": kind(segment),
            "flags": flag_letters(segment.flags),
            "seq": seq,
            "ack": ack,
            "length": len(segment.payload),
            "window": segment.window,
            "label": self._label(segment, seq, ack),
            "fields": self._fields(segment, seq, ack, packet),
            "options": [
                _option(option, self._peers_initial(segment)) for option in segment.options
            ],
            "bytes": packet.hex(),
        }

    def icmp_entry(self, error: IcmpError, quoted: str) -> dict[str, Any]:
        """The same of an ICMP error; `quoted` is the label of the segment that it is about."""
        packet = encode_icmp(error)
        rows = [
            ["IP", "Source address", error.src],
            ["IP", "Destination address", error.dst],
            ["IP", "Time to live", str(error.ttl)],
            ["IP", "Total length", f"{len(packet)} bytes"],
            [
                "ICMP",
                "Type",
                f"{error.type}: {_ICMP_TYPES.get((error.over_ipv6, error.type), 'unknown')}",
            ],
            ["ICMP", "Code", f"{error.code}: {error.name.partition(',')[0]}"],
        ]
        if error.mtu:
            rows.append(["ICMP", "MTU of the next link", f"{error.mtu} bytes"])
        rows.append(["ICMP", "Quotes", quoted])
        name = error.name.replace("fragmentation", "frag").replace(", MTU", "")
        return {
            "kind": "icmp",
            "label": f"ICMP {name}",
            "fields": rows,
            "options": [],
            "bytes": packet.hex(),
        }

    @staticmethod
    def _label(segment: Segment, seq: int, ack: int | None) -> str:
        text = f"{flag_names(segment.flags)} seq {seq}"
        if ack is not None:
            text += f" ack {ack}"
        return f"{text} len {len(segment.payload)}" if segment.payload else text

    def _relative(self, segment: Segment) -> tuple[int, int | None]:
        """Sequence and acknowledgement number counted from the SYNs, as far as they are known."""
        here = (segment.src, segment.sport, segment.dst, segment.dport)
        there = here[2:] + here[:2]
        has_ack = bool(segment.flags & ACK)
        known = self._initial.get(here)
        stray = known is not None and 0 < (segment.seq - known & MASK) <= _NEAR
        if segment.flags & SYN and not stray:
            if not has_ack and known != segment.seq:
                self._initial.pop(there, None)  # a new connection between the same ports
            self._initial[here] = segment.seq
            scale = opt.find(segment.options, opt.WINDOW_SCALE)
            self._scale[here] = scale[1] if scale else None
        if here not in self._initial:
            # The SYN was not seen.  The first byte we see counts as byte 1; the RST that refuses a
            # SYN has its own number, zero.
            self._initial[here] = segment.seq - (0 if segment.flags & RST else 1) & MASK
        if has_ack and there not in self._initial:
            self._initial[there] = segment.ack - 1 & MASK
        seq = segment.seq - self._initial[here] & MASK
        return seq, (segment.ack - self._initial[there] & MASK) if has_ack else None

    def _peers_initial(self, segment: Segment) -> int:
        """From where the numbers in a SACK option count: they are the peer's."""
        return self._initial.get((segment.dst, segment.dport, segment.src, segment.sport), 0)

    def _window(self, segment: Segment) -> str:
        here = (segment.src, segment.sport, segment.dst, segment.dport)
        scale = self._scale.get(here)
        if segment.flags & SYN or not scale or self._scale.get(here[2:] + here[:2]) is None:
            return f"{segment.window} bytes"
        return f"{segment.window} × {1 << scale} = {segment.window << scale} bytes"

    def _fields(self, segment: Segment, seq: int, ack: int | None, packet: bytes) -> list[Row]:
        ip_size = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
        checksum = packet[ip_size + 16 : ip_size + 18].hex()
        size = (packet[ip_size + 12] >> 4) * 4
        rows = [
            ["IP", "Source address", segment.src],
            ["IP", "Destination address", segment.dst],
            ["IP", "Time to live", str(segment.ttl)],
            ["IP", "Total length", f"{len(packet)} bytes"],
        ]
        if segment.tos & 3:
            rows.append(["IP", "ECN", _ECN_FIELD[segment.tos & 3]])
        rows += [
            ["TCP", "Source port", str(segment.sport)],
            ["TCP", "Destination port", str(segment.dport)],
            ["TCP", "Sequence number", f"{seq} (raw {segment.seq})"],
            [
                "TCP",
                "Acknowledgment number",
                "not used" if ack is None else f"{ack} (raw {segment.ack})",
            ],
            ["TCP", "Header length", f"{size} bytes"],
            ["TCP", "Flags", flag_names(segment.flags)],
            ["TCP", "Window", self._window(segment)],
            ["TCP", "Checksum", f"0x{checksum}"],
        ]
        if segment.flags & URG:
            rows.append(["TCP", "Urgent pointer", str(segment.urgent)])
        if segment.payload:
            rows.append(["TCP", "Payload", _preview(segment.payload)])
        return rows


def _text(payload: bytes) -> str:
    """What the data begins with, up to the first zero byte, if that is plain text and short."""
    start = payload[: _LONGEST_NAME + 1].partition(b"\0")[0]
    named = len(start) <= _LONGEST_NAME and start.isascii() and start.decode().isprintable()
    return start.decode() if named else ""


def _preview(payload: bytes) -> str:
    text = payload[:_PREVIEW].decode("ascii", "replace").replace("\ufffd", "·")
    shown = "".join(c if c.isprintable() else "·" for c in text)
    if not shown.strip("·"):
        return f"{len(payload)} bytes"
    return f"{len(payload)} bytes: {shown}{'…' if len(payload) > _PREVIEW else ''}"


def meaning_of(option: opt.Option) -> str:
    """What an option means, in a phrase."""
    return _option(option, 0)[2]


def _option(option: opt.Option, peers: int) -> Row:
    """Name, value as tcpdump writes it, meaning in a phrase; `peers`: the peer's first number."""
    code = option[0]
    if code == opt.END:
        return ["End of options", "eol", "nothing follows; the rest is padding"]
    if code == opt.NOP:
        return ["No operation", "nop", "fills up, so that the next option starts on a word"]
    if code == opt.MSS:
        meaning = "the largest payload that the sender of this SYN wants to receive"
        return ["Maximum segment size", f"mss {option[1]}", meaning]
    if code == opt.WINDOW_SCALE:
        meaning = f"every later window counts in units of {1 << option[1]} bytes"
        return ["Window scale", f"wscale {option[1]}", meaning]
    if code == opt.SACK_PERMITTED:
        return ["SACK permitted", "sackOK", "you may tell me what arrived out of order"]
    if code == opt.SACK:
        edges = [[edge - peers & MASK for edge in block] for block in option[1:]]
        blocks = " ".join(f"{{{left}:{right}}}" for left, right in edges)
        return ["Selective acknowledgment", f"sack {blocks}", "arrived, beyond a hole"]
    if code == opt.TIMESTAMPS:
        value = f"TS val {option[1]} ecr {option[2]}"
        return ["Timestamps", value, "the sender's clock, and the last clock it heard"]
    if code == opt.FAST_OPEN:
        if not option[1]:
            return ["Fast Open", "tfo cookie ", "give me a cookie, please, for the next time"]
        return ["Fast Open", f"tfo cookie {bytes(option[1]).hex()}", "data in a SYN is allowed"]
    if code == opt.MALFORMED:
        return [
            "Broken",
            f"broken {bytes(option[1]).hex()}",
            "its length cannot be right: nothing is read from these bytes",
        ]
    data = option[1] if len(option) > 1 else b""
    value = bytes(data).hex() if isinstance(data, (bytes, bytearray)) else str(data)
    return [f"Option {code}", f"option {code} {value}".rstrip(), "not explained here"]
