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
from tcpcore.packetdrill import inferring, listening
from tcpcore.packetdrill.story import Did, Entry, NoScript, Seen, Story
from tcpcore.packetdrill.writing import write
from tcpcore.scenarios import registry
from tcpcore.units import MILLISECOND
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.linux.store import Record, RecordedCall

STDOUT = "-"
DOUBT = (
    "The engine does not send all of that for these calls: the calls, or options of the sockets, "
    "were others. Run the script with `drill` to see where."
)
_KINDS = {"read": "recv", "recv": "recv", "write": "send", "send": "send"}
_BLOCKED = MILLISECOND
"""A recorded call that takes longer has waited."""


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
    return write(
        _heard(net, _side(net, side), registry.get(name).until, f"{name}, as {{}} saw it.")
    )


def _side(net: Network, side: str) -> int:
    known = [host.name for host in net.hosts]
    if not side:
        return len(known) - 1
    if side not in known:
        raise NoScript(f"no host is called {side!r}; there are {', '.join(known)}.")
    return known.index(side)


def _heard(net: Network, index: int, until: int, title: str) -> Story:
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
    return listening.story(log, peer, title.format(host.name))


# --- records -------------------------------------------------------------------------------------


def of_record(record: Record, side: str = "") -> str:
    """The script of one host's part in a record; its calls are those of the scenario's programs."""
    net = registry.prepare(record.scenario, record.parameters, drop=record.drop)
    index = _side(net, side)
    title = f"{record.scenario}, as {{}} with Linux {record.kernel} saw it."
    story = _heard(net, index, registry.get(record.scenario).until, title)
    calls = [one for one in story.entries if isinstance(one, Did)]
    entries: list[Entry] = [*_timed(calls, [one for one in record.calls if one.host == index])]
    for one in record.segments:
        if one.sender == index:
            entries.append(Seen(one.sent, False, one.segment))
        elif one.receiver == index and one.arrived is not None:
            entries.append(Seen(one.arrived, True, one.segment))
    story.entries = sorted(entries, key=lambda entry: entry.time)
    story.exact = False
    story.options.append(inferring.LATE)
    return write(story)


def _timed(calls: list[Did], recorded: list[RecordedCall]) -> list[Did]:
    """The engine's calls with the times and results of the kernel's."""
    left: dict[str, list[RecordedCall]] = {}
    for one in sorted(recorded, key=lambda call: call.began):
        left.setdefault(one.call, []).append(one)
    waiting: list[Did] = []
    found: list[Did] = []
    for did in calls:
        kind = _KINDS.get(did.name, did.name)
        if kind not in left or (kind == "close" and not left[kind]):  # also those of an exit
            waiting.append(did)
            continue
        if not left[kind]:
            raise NoScript(f"the kernel's program called {kind}() less often than the engine's.")
        one = left[kind].pop(0)
        for earlier in waiting:
            earlier.time = one.began
        found += [*waiting, _as_recorded(did, one)]
        waiting = []
    if any(left.values()):
        raise NoScript("the kernel's program made calls that the engine's did not.")
    for did in waiting:
        did.time = max((one.returned or one.time for one in found), default=0)
    return found + waiting


def _as_recorded(did: Did, one: RecordedCall) -> Did:
    did.time, did.returned = one.began, None
    blocked = one.returned - one.began > _BLOCKED
    if one.result != "ok":
        did.result = f"-1 {one.result}"
    elif one.moved is not None:
        did.result = str(one.moved)
    waits = did.name in ("accept", "read", "recv") and one.result == "ok"
    if waits:
        did.time = one.returned
    elif did.name == "connect" or blocked:
        did.returned = one.returned
    return did


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


def of_capture(path: str | Path, *, connection: int = 1, side: str = "") -> tuple[str, bool]:
    """The script of one end of a connection of a capture, and whether the engine agrees with it.

    `connection` counts from 1, in order of the first segments.
    """
    packets = [(packet.time, packet.segment) for packet in Capture(path).segments()]
    found = inferring.connections(packets)
    if not 1 <= connection <= len(found):
        count = len(found)
        raise NoScript(f"there is no connection {connection}: the capture has {count}.")
    side = side or inferring.SERVER
    title = f"Connection {connection} of {Path(path).name}, as its {side} may have seen it."
    return inferring.best(found[connection - 1], side, title)
