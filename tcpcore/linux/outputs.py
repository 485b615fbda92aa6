"""What this machine's own programs print about a recorded host: `ss`, `netstat`, `nc`, `tcpdump`.

`tcpdump` reads a capture file of what the host has sent and received so far, so that it shows what
the engine's shows: a capture that ran from the start.
"""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING

from tcpcore.wire.pcap import Packets, write_pcap

if TYPE_CHECKING:
    from tcpcore.linux.sockets import KernelHost

_FOREIGN = re.compile("^RTNETLINK answers: .*\n", re.MULTILINE)
"""What `ss` says of protocols that this kernel lacks."""


def printed_by(host: KernelHost, command: str) -> str:
    """What the command prints on that host now."""
    if not command.startswith("tcpdump "):
        return _FOREIGN.sub("", host.sh(command))
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        write_pcap(file.name, packets_at(host))
        words = command.removeprefix("tcpdump ")
        # As root, tcpdump would become another user, who may not read the file.
        return host.sh(f"TZ=UTC tcpdump -Z root -r {file.name} {words} 2>/dev/null")


def packets_at(host: KernelHost) -> Packets:
    """What a capture on the host has seen so far, in order of time: µs from the run's start.

    A packet that the network card cuts is seen whole: a capture stands above the card.
    """
    seen: list[tuple[int, bytes]] = []
    for captured in list(host.network.wires.segments):
        if captured.sender == host.index:
            if captured.handed is not None:
                seen.append((captured.sent, captured.handed))
        elif captured.arrived is not None:
            seen.append((captured.arrived, captured.packet))
    return sorted(seen, key=lambda one: one[0])
