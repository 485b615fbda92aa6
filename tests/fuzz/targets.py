"""What a stranger can hand to the project, each as a function of bytes.

A target raises nothing: it lets pass the errors that its entrance promises, and everything else is
a bug.  It also checks what must hold of what was accepted.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host.firewall import Firewall
from tcpcore.linux.bridge import services
from tcpcore.linux.bridge.gate import Outside, RealTimeNetwork
from tcpcore.net.network import Network
from tcpcore.observe import filters
from tcpcore.observe.explain import explain
from tcpcore.observe.explain_text import format_text
from tcpcore.packetdrill.drill import run_text
from tcpcore.scenarios import registry
from tcpcore.units import SECOND
from tcpcore.view.capture_document import to_documents
from tcpcore.view.document import answer
from tcpcore.wire import codec, icmp
from tcpcore.wire.codec import WireError
from tcpcore.wire.text import parse_packetdrill

Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {}

ENGINE, KERNEL = "10.9.0.2", "10.9.0.1"
MOST_ENDPOINTS = 1_000


def target(function: Target) -> Target:
    """Register a target under its name."""
    TARGETS[function.__name__] = function
    return function


@target
def packet(data: bytes) -> None:
    """The bytes decoder: a segment that it accepts is the same after a round trip."""
    with contextlib.suppress(WireError):
        codec.checksums_ok(data)
    try:
        segment = codec.decode(data)
    except WireError:
        return
    with contextlib.suppress(WireError):  # bytes may follow that no segment can carry again
        assert codec.decode(codec.encode(segment)) == segment


@target
def icmp_message(data: bytes) -> None:
    """The decoder of ICMP errors, and the answer to pings."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        icmp.decode_icmp(data)
        icmp.echo_reply(data)


@target
def capture(data: bytes) -> None:
    """A capture on standard input: read, explained, printed, made into a page's document."""

    class Pipe:
        buffer = io.BytesIO(data)

    stdin, sys.stdin = sys.stdin, Pipe()  # type: ignore[assignment]
    try:
        explanation = explain("-", most=200)
    except UsageError:
        return
    finally:
        sys.stdin = stdin
    format_text(explanation)
    to_documents(explanation)


@target
def captured_packets(data: bytes) -> None:
    """A capture whose file is in order and whose packets are anything."""
    pieces = [data[at : at + 60] for at in range(0, min(len(data), 6_000), 60)]
    head = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000")
    records = b"".join(
        (number).to_bytes(4, "little") + bytes(4) + 2 * len(piece).to_bytes(4, "little") + piece
        for number, piece in enumerate(pieces)
    )
    capture(head + records)


@target
def script(data: bytes) -> None:
    """A packetdrill script on the engine."""
    with contextlib.suppress(UsageError):
        run_text(data.decode("utf-8", "replace"))


@target
def packetdrill_text(data: bytes) -> None:
    """A packet in packetdrill's notation."""
    ends: dict[str, Any] = {"src": "10.0.0.1", "sport": 1, "dst": "10.0.0.2", "dport": 2}
    with contextlib.suppress(UsageError, ValueError):
        parse_packetdrill(data.decode("utf-8", "replace"), **ends)


@target
def page_request(data: bytes) -> None:
    """What a page asks of its worker: the player's JSON, sliders and deep links end here."""
    told = json.loads(answer(data.decode("utf-8", "replace")))
    assert told.keys() in ({"refused"}, {"document"})


@target
def parameters(data: bytes) -> None:
    """A scenario by name with parameters as text: what the command line takes."""
    names = registry.names()
    name = names[data[0] % len(names)] if data else names[0]
    own = registry.get(name).parameters
    values: dict[str, str] = {}
    for number, text in enumerate(data[1:].decode("utf-8", "replace").split(";")[:4]):
        if own:
            values[own[number % len(own)].name] = text
    with contextlib.suppress(UsageError):
        registry.get(name).check(values)


@target
def sysctls(data: bytes) -> None:
    """Any text as the value of any sysctl."""
    host = Network(traced=False).host("host", "10.0.0.1")
    name, _, value = data.decode("utf-8", "replace").partition("=")
    known = ("tcp_syn_retries", "tcp_rmem", "tcp_congestion_control", "somaxconn")
    for one in (name.strip(), *known):
        with contextlib.suppress(UsageError):
            host.sysctl.set(one, value)


@target
def firewall_rule(data: bytes) -> None:
    """A line of iptables."""
    with contextlib.suppress(UsageError):
        Firewall("host", "1").run(data.decode("utf-8", "replace"))


@target
def capture_filter(data: bytes) -> None:
    """A filter of tcpdump."""
    with contextlib.suppress(UsageError):
        filters.parse(data.decode("utf-8", "replace"))


class _Card:
    """A network card with a list of packets instead of a cable."""

    def __init__(self, packets: list[bytes]) -> None:
        self.packets = packets
        self.written = 0

    def read(self) -> bytes | None:
        return self.packets.pop(0) if self.packets else None

    def write(self, packet: bytes) -> None:
        self.written += 1


@target
def bridge(data: bytes) -> None:
    """Packets from the kernel at the bridge's door, half of them made to look like TCP for it."""
    net = RealTimeNetwork(1, "linux-6.18")
    pieces = [data[at : at + 64] for at in range(0, min(len(data), 2_048), 64)]
    card = _Card(
        [_disguised(piece) if number % 2 else piece for number, piece in enumerate(pieces)]
    )
    outside: Outside = net.open_outside("kernel", KERNEL, card)  # type: ignore[arg-type]
    host = net.host("engine", ENGINE)
    net.link(outside, host)
    services.start(host, ["echo", "http"])
    net.advance(0)
    while (one := outside.read()) is not None:
        if one:
            net.admit(one)
    net.advance(net.now + 100 * SECOND)
    assert len(host.endpoints) <= MOST_ENDPOINTS
    assert card.written <= 40 * len(pieces) + 1


def _disguised(piece: bytes) -> bytes:
    """The same bytes as a segment for one of the engine's services, its checksums right."""
    fields = int.from_bytes(piece[:12].ljust(12, b"\0"), "big")
    segment = codec.Segment(
        *(KERNEL, 1024 + fields % 4, ENGINE, (7, 80)[fields >> 2 & 1]),
        *(fields >> 8 & 0xFF, fields >> 16 & 0xFFFF_FFFF, fields >> 48 & 0xFFFF_FFFF),
        fields >> 80 & 0xFFFF,
        payload=piece[12:],
    )
    return codec.encode(segment)
