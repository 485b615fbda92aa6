"""Scripts of what happened: of a scenario's run, of a kernel's record, of a capture.

    of_scenario("handshake", side="server")     what the engine did, with every call
    of_record(record, "server")                 what a kernel did, with the engine's calls
    of_capture(Path("x.pcap"))                  what packets tell; the calls are guessed

Each is one side's: the host under test.  All raise `NoScript` for what a script cannot say.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcpcore.files import write_whole
from tcpcore.net.network import Network
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import no_segments
from tcpcore.packetdrill import inferring, listening, ordering, recorded
from tcpcore.packetdrill.story import NoScript, Seen, Story
from tcpcore.packetdrill.telling import LATE
from tcpcore.packetdrill.writing import write
from tcpcore.scenarios import registry
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.linux.store import Record

STDOUT = "-"
DOUBT = f"{inferring.NOT_AS_HERE} The script's head says which line fails, and why."


def of_scenario(
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    side: str = "",
    profile: str | None = None,
    drop: Iterable[int] = (),
    seed: int = 1,
) -> str:
    """The script of one host's part in a scenario; the last host's where `side` is empty."""
    net = registry.prepare(name, parameters, profile=profile, drop=drop, seed=seed)
    title = f"{name}, as {{}} saw it."
    return write(_heard(net, _side(net, side), registry.get(name).until, title)[1])


def _side(net: Network, side: str) -> int:
    known = [host.name for host in net.hosts]
    if not side:
        return len(known) - 1
    if side not in known:
        raise NoScript(f"no host is called {side!r}; there are {', '.join(known)}.")
    return known.index(side)


def _heard(net: Network, index: int, until: int, title: str) -> tuple[listening.Log, Story]:
    """Run the network, and listen to one host of it."""
    host = net.hosts[index]
    log = listening.listen(net, host)
    net.run(until)
    peers = Counter(
        one.packet.src if one.inbound else one.packet.dst
        for one in log.entries
        if isinstance(one, Seen) and isinstance(one.packet, Segment)
    )
    others = [other.address for other in net.hosts if other is not host]
    peer = peers.most_common(1)[0][0] if peers else (others or [host.address])[0]
    return log, listening.story(log, peer, title.format(host.name))


# --- records -------------------------------------------------------------------------------------


def of_record(record: Record, side: str = "") -> str:
    """The script of one host's part in a record; its calls are those of the scenario's programs."""
    net = registry.prepare(record.scenario, record.parameters, drop=record.drop)
    index = _side(net, side)
    title = f"{record.scenario}, as {{}} with Linux {record.kernel} saw it."
    log, story = _heard(net, index, registry.get(record.scenario).until, title)
    story.entries = recorded.happened(record, index, log, net)
    story.exact = False
    story.options.append(f"--tolerance_usecs={LATE}")
    return ordering.in_order(story)


# --- the command line ----------------------------------------------------------------------------


def add_arguments(parser: argparse.ArgumentParser, sides: str, default: str) -> None:
    """``--to-pkt [FILE]`` and ``--side``."""
    parser.add_argument(
        "--to-pkt", nargs="?", const=STDOUT, metavar="FILE", help="as a packetdrill script instead"
    )
    parser.add_argument(
        "--side", default="", metavar="SIDE", help=f"whose part that is: a {sides}; {default}"
    )


def deliver(text: str, where: str) -> int:
    """Write the script to a file, or to standard output; exit code 0."""
    if where == STDOUT:
        print(text, end="")
    else:
        write_whole(where, text.encode())
    return 0


# --- captures ------------------------------------------------------------------------------------


def of_capture(
    path: str | Path, *, connection: int = 1, side: str = "", interface: int | None = None
) -> tuple[str, bool]:
    """The script of one end of a connection of a capture, and whether the engine agrees with it.

    `connection` counts from 1, in order of the first segments; `interface` is as in `explain`.
    """
    capture = Capture(path, interface=interface)
    packets, cut = [], 0
    for packet in capture.segments():
        if packet.damaged:
            continue  # no connection ever heard of it
        packets.append((packet.time, packet.segment))
        cut += packet.cut > 0
    if not packets:
        raise no_segments(capture)
    if cut:
        raise NoScript(
            f"{cut} packets of the capture lack the end of their TCP options (a snap length too "
            "short), so no script can say what they were."
        )
    found = inferring.connections(packets)
    if not 1 <= connection <= len(found):
        count = len(found)
        raise NoScript(f"there is no connection {connection}: the capture has {count}.")
    side = side or inferring.SERVER
    title = f"Connection {connection} of {Path(path).name}, as its {side} may have seen it."
    return inferring.best(found[connection - 1], side, title)
