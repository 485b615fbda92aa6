"""The matches of a firewall rule: protocol, addresses, ports, flags, chance, rate, length.

Each knows when a packet fits, how `iptables -L` shows it and how `iptables -S` says it.
Source: net/netfilter/xt_tcpudp.c, xt_statistic.c, xt_limit.c, xt_length.c; iptables' libxt_*.
"""

from __future__ import annotations

import ipaddress
import random
from abc import ABC, abstractmethod
from typing import ClassVar

from tcpcore.wire.address import inside
from tcpcore.wire.icmp import NAMES as ICMP_NAMES
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment

Packet = Segment | IcmpError

PROTOCOLS = {"all": 0, "icmp": 1, "tcp": 6}
FLAG_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}
SYN_MASK, SYN_ONLY = 0x17, 0x02
SERVICES = {22: "ssh", 80: "http", 443: "https"}
TOKEN = 1 << 31
"""xt_statistic keeps a probability as a share of 2^31."""


class Match(ABC):
    """One condition; `inverted` is iptables' ``!``."""

    inverted = False
    module = ""  # the kernel's module, for `-S`

    @abstractmethod
    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """Whether the packet (of `size` bytes, now) meets the condition."""

    @abstractmethod
    def shown(self, numeric: bool) -> str:
        """The text in `iptables -L`."""

    @abstractmethod
    def said(self) -> str:
        """The options that make it, as `iptables -S` prints them."""

    def _not(self) -> str:
        return "! " if self.inverted else ""


class Protocol(Match):
    """``-p tcp``."""

    def __init__(self, name: str, inverted: bool) -> None:
        self.name = name
        self.inverted = inverted

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """By the IP header's protocol."""
        if self.name == "all":
            return True
        return (isinstance(packet, Segment) == (self.name == "tcp")) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``6`` or ``tcp``."""
        text = str(PROTOCOLS[self.name]) if numeric else self.name
        return f"!{text}" if self.inverted else text

    def said(self) -> str:
        """``-p tcp``."""
        return f"{self._not()}-p {self.name}"


class Address(Match):
    """``-s`` or ``-d`` with an address or a network."""

    def __init__(self, option: str, text: str, inverted: bool) -> None:
        self.option = option
        everywhere = text in ("0/0", "anywhere")
        self.network = ipaddress.ip_network("0.0.0.0/0" if everywhere else text, strict=False)
        self.inverted = inverted
        self._lies_there = inside(self.network.network_address.packed, self.network.prefixlen)

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """By the IP header's address."""
        address = packet.src if self.option == "-s" else packet.dst
        return self._lies_there(address) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``10.0.0.0/24``, ``!10.0.0.9``, ``0.0.0.0/0`` or ``anywhere``."""
        if self.network.prefixlen == 0:
            return "0.0.0.0/0" if numeric else "anywhere"
        single = self.network.prefixlen == self.network.max_prefixlen
        text = str(self.network.network_address if single else self.network)
        return f"!{text}" if self.inverted else text

    def said(self) -> str:
        """``-s 10.0.0.9/32``."""
        return f"{self._not()}{self.option} {self.network}"


class Ports(Match):
    """``--sport``, ``--dport`` with a port or a range."""

    module = "tcp"

    def __init__(self, option: str, low: int, high: int, inverted: bool) -> None:
        self.option = option
        self.low = low
        self.high = high
        self.inverted = inverted

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """By the TCP header's port."""
        if not isinstance(packet, Segment):
            return False
        port = packet.sport if self.option == "--sport" else packet.dport
        return (self.low <= port <= self.high) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``dpt:80``, ``spts:1000:2000``, ``dpt:!22``."""
        one = self.low == self.high
        names = {} if numeric else SERVICES
        text = str(names.get(self.low, self.low))
        if not one:
            text += f":{names.get(self.high, self.high)}"
        return f"{self.option[2]}pt{'' if one else 's'}:{'!' if self.inverted else ''}{text}"

    def said(self) -> str:
        """``--dport 80``."""
        ports = f"{self.low}" if self.low == self.high else f"{self.low}:{self.high}"
        return f"{self._not()}{self.option} {ports}"


class Flags(Match):
    """``--tcp-flags MASK COMP``; ``--syn`` is ``FIN,SYN,RST,ACK SYN``."""

    module = "tcp"

    def __init__(self, mask: int, wanted: int, inverted: bool) -> None:
        self.mask = mask
        self.wanted = wanted
        self.inverted = inverted

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """Of the flags in the mask, exactly the wanted ones are set."""
        if not isinstance(packet, Segment):
            return False
        return (packet.flags & self.mask == self.wanted) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``flags:0x17/0x02``."""
        sign = "!" if self.inverted else ""
        if numeric:
            return f"flags:{sign}0x{self.mask:02X}/0x{self.wanted:02X}"
        return f"flags:{sign}{flag_list(self.mask)}/{flag_list(self.wanted)}"

    def said(self) -> str:
        """``--tcp-flags FIN,SYN,RST,ACK SYN``."""
        return f"{self._not()}--tcp-flags {flag_list(self.mask)} {flag_list(self.wanted)}"


def flag_list(flags: int) -> str:
    """``FIN,SYN``; ``NONE``."""
    return ",".join(name for name, bit in FLAG_BITS.items() if flags & bit) or "NONE"


class IcmpType(Match):
    """``--icmp-type``."""

    module = "icmp"

    def __init__(self, type: int, code: int, inverted: bool) -> None:
        self.type = type
        self.code = code
        self.inverted = inverted

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """By type and code."""
        if isinstance(packet, Segment):
            return False
        return ((packet.type, packet.code) == (self.type, self.code)) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``icmptype 3 code 4``."""
        sign = "!" if self.inverted else ""
        if numeric:
            return f"{sign}icmptype {self.type} code {self.code}"
        return f"icmp {sign}{ICMP_NAMES[self.type, self.code].replace(' ', '-')}"

    def said(self) -> str:
        """``--icmp-type 3/4``."""
        return f"{self._not()}--icmp-type {self.type}/{self.code}"


class Nth(Match):
    """``-m statistic --mode nth``: one packet of every `every`, the first after `packet` others.

    The kernel counts up, and a packet fits when the count wraps round to 0.
    """

    module = "statistic"

    def __init__(self, every: int, packet: int, inverted: bool) -> None:
        self.every = every
        self.packet = packet
        self.count = every - 1 - packet
        self.inverted = inverted

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """Count, and see whether it is the one."""
        self.count = (self.count + 1) % self.every
        return (self.count == 0) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``statistic mode nth every 3``."""
        offset = f" packet {self.packet}" if self.packet else ""
        return f"statistic mode nth{' !' if self.inverted else ''} every {self.every}{offset}"

    def said(self) -> str:
        """``--mode nth --every 3 --packet 0``."""
        return f"--mode nth {self._not()}--every {self.every} --packet {self.packet}"


class Random(Match):
    """``-m statistic --mode random --probability P``."""

    module = "statistic"

    def __init__(self, probability: float, inverted: bool, seed: str) -> None:
        self.share = round(probability * TOKEN)
        self.inverted = inverted
        self._random = random.Random(seed)

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """Throw the dice."""
        return (self._random.getrandbits(31) < self.share) != self.inverted

    def shown(self, numeric: bool) -> str:
        """``statistic mode random probability 0.30000000028``."""
        sign = " !" if self.inverted else ""
        return f"statistic mode random{sign} probability {self.share / TOKEN:.11f}"

    def said(self) -> str:
        """``--mode random --probability 0.30000000028``."""
        return f"--mode random {self._not()}--probability {self.share / TOKEN:.11f}"


class Limit(Match):
    """``-m limit``: a bucket of `burst` tokens, refilled at `rate` per `unit` (us)."""

    module = "limit"
    UNITS: ClassVar[dict[str, int]] = {
        "sec": 1_000_000,
        "min": 60_000_000,
        "hour": 3_600_000_000,
        "day": 86_400_000_000,
    }

    def __init__(self, rate: int, unit: str, burst: int) -> None:
        self.rate = rate
        self.unit = unit
        self.burst = burst
        self.cost = self.UNITS[unit] // rate
        self.credit = self.cost * burst
        self.since = 0

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """Take a token, if one is left."""
        self.credit = min(self.credit + now - self.since, self.cost * self.burst)
        self.since = now
        if self.credit < self.cost:
            return False
        self.credit -= self.cost
        return True

    def shown(self, numeric: bool) -> str:
        """``limit: avg 5/sec burst 7``."""
        return f"limit: avg {self.rate}/{self.unit} burst {self.burst}"

    def said(self) -> str:
        """``--limit 5/sec --limit-burst 7``; a burst of 5 is the default and left away."""
        burst = "" if self.burst == 5 else f" --limit-burst {self.burst}"
        return f"--limit {self.rate}/{self.unit}{burst}"


class Length(Match):
    """``-m length --length LOW:HIGH``: bytes of the IP packet."""

    module = "length"

    def __init__(self, low: int, high: int, inverted: bool) -> None:
        self.low = low
        self.high = high
        self.inverted = inverted

    def fits(self, packet: Packet, size: int, now: int) -> bool:
        """By the IP packet's length."""
        return (self.low <= size <= self.high) != self.inverted

    def _span(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low}:{self.high}"

    def shown(self, numeric: bool) -> str:
        """``length 100:200``."""
        return f"length {'!' if self.inverted else ''}{self._span()}"

    def said(self) -> str:
        """``--length 100:200``."""
        return f"{self._not()}--length {self._span()}"
