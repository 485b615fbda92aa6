"""One story played on the engine and on this kernel, and what the tools show of both.

What must differ is masked: ephemeral ports, process numbers and names, descriptors, inodes, the
kernel's pointers.  Times are compared with a tolerance, everything else exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tcpcore import Network
from tcpcore.host import counters as host_counters
from tcpcore.linux.world import KernelNetwork
from tcpcore.units import ms, seconds

PORT = 8888
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
RTT = ms(40)

Seen = dict[tuple[str, str, str], str]
"""``(label, host, command)`` -> what it printed."""
Story = Callable[[Any, Any, Any, Callable[..., None]], None]

TOLERANCE = 400
"""ms: a command takes its time on a busy machine, and the kernel's timers are late."""


_FOREIGN = re.compile("^RTNETLINK answers: .*\n", re.MULTILINE)
"""What the real `ss` says of protocols that this kernel lacks."""


def play(story: Story, until: int = seconds(8)) -> tuple[Seen, Seen]:
    """``(engine's, kernel's)``: `story(client, server, link, look)` spawns the applications."""
    results: list[Seen] = []
    for network in (Network(), KernelNetwork()):
        seen: Seen = {}

        def look(label: str, host: Any, *commands: str, seen: Seen = seen) -> None:
            marked = "; echo @@; ".join(commands)
            if isinstance(network, Network):  # noqa: B023 - called while it runs
                texts = [host.sh(command) for command in commands]
            else:
                texts = _FOREIGN.sub("", host.sh(marked)).split("@@\n")
            for command, text in zip(commands, texts, strict=True):
                seen[label, host.name, command] = text

        client = network.host("client", CLIENT)
        server = network.host("server", SERVER)
        link = network.link(client, server, delay=RTT // 2)
        if isinstance(network, KernelNetwork):
            _use_cubic(client, SERVER)
            _use_cubic(server, CLIENT)
        story(client, server, link, look)
        network.run(until)
        results.append(seen)
    return results[0], results[1]


def masked_summary(text: str) -> str:
    """`ss -s` without what the kernel counts for all namespaces, and the sum of all sockets."""
    return re.sub(r"(Total:|TCP:|closed|orphaned) +\d+", r"\1 N", text)


def _use_cubic(host: Any, peer: str) -> None:
    """Linux's own default, where this machine may have another."""
    device = host.tuns[peer].name
    words = f"ip route change {peer} dev {device} src {host.address} congctl cubic"
    assert host.sh(words) == ""


# --- masks --------------------------------------------------------------------------------------

_PORT = re.compile(r"(?<=:)(3[2-9]\d{3}|[45]\d{4}|60\d{3})\b")
_HEX_PORT = re.compile(r"(?<=:)[89A-F][0-9A-F]{3}\b")
_USERS = re.compile(r'\("[^"]*",pid=\d+,fd=\d+\)')
_SOCKET = re.compile(r"\bino:\d+ sk:[0-9a-f]+")
_PROGRAM = re.compile(r"(?<= )\d+/\S+ *")  # 1001/fetch, 1001/.venv/bin/pyt
_TIMER = re.compile(r"timer:\((\w+),([\dminsec.]+),(\d+)\)")
_NETSTAT_TIMER = re.compile(r"\((\d+\.\d\d)/(\d+)/(\d+)\)")
_PROC_TIMER = re.compile(r"(0[1-4]):([0-9A-F]{8}) ")


def masked(text: str) -> list[str]:
    """The lines without what differs by chance, sorted after the heading, times cut out."""
    lines = [_PORT.sub("EPORT", line.rstrip()) for line in text.splitlines()]
    lines = [_USERS.sub("USER", line) for line in lines]
    lines = [_SOCKET.sub("SOCKET", line) for line in lines]
    lines = [_PROGRAM.sub("PROGRAM ", line) for line in lines]
    lines = [_TIMER.sub(r"timer:(\1,...,\3)", line) for line in lines]
    lines = [_NETSTAT_TIMER.sub(r"(.../\2/\3)", line).rstrip() for line in lines]
    return lines[:1] + sorted(lines[1:])


def timers(text: str) -> list[float]:
    """The times that `ss -o`, `netstat -o` or /proc/net/tcp shows, in ms, sorted."""
    found = [_milliseconds(match[2]) for match in _TIMER.finditer(text)]
    found += [float(match[1]) * 1000 for match in _NETSTAT_TIMER.finditer(text)]
    found += [int(match[2], 16) * 10.0 for match in _PROC_TIMER.finditer(text)]
    return sorted(found)


def _milliseconds(text: str) -> float:
    """``1min30sec``, ``1.524ms``, ``200ms``."""
    match = re.fullmatch(r"(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?", text)
    assert match is not None, text
    minutes, whole, thousandths = (int(part or 0) for part in match.groups())
    return minutes * 60_000 + whole * 1000.0 + thousandths


def masked_proc(text: str) -> list[list[str]]:
    """/proc/net/tcp as fields: no row number, inode, reference count or pointer, no times."""
    rows = []
    for line in text.splitlines()[1:]:
        assert len(line) == 149
        fields = _HEX_PORT.sub("PORT", _PROC_TIMER.sub(r"\1:... ", line)).split()[1:]
        rows.append(fields[:8] + fields[12:])
    return sorted(rows)


def masked_lsof(text: str) -> list[tuple[str, ...]]:
    """Lsof's rows: user, descriptor's mode, type, size, node, name."""
    rows = []
    for line in text.splitlines()[1:]:
        _, _, user, fd, kind, _, size, node, name = line.split(None, 8)
        rows.append((user, fd.lstrip("0123456789"), kind, size, node, _PORT.sub("EPORT", name)))
    return sorted(rows)


# --- ss -i --------------------------------------------------------------------------------------

UNMEASURED = ("delivery_rate", "app_limited", "busy", "rcv_rtt", "reordering")
"""What the engine does not measure, and so does not show."""

ROUGH = {"rto": 12, "lastsnd": TOLERANCE, "lastrcv": TOLERANCE, "lastack": TOLERANCE, "minrtt": 4}
"""Times in ms, with what they may differ by."""


def infos(text: str) -> dict[str, dict[str, str]]:
    """By state and addresses the words of ``ss -i``: ``{"cwnd": "10", "ts": "", ...}``."""
    found: dict[str, dict[str, str]] = {}
    heading = ""
    for line in text.splitlines()[1:]:
        if not line.startswith("\t"):
            heading = " ".join(_PORT.sub("EPORT", line).split()[:5])
            continue
        line = re.sub(r"\b(send|pacing_rate|delivery_rate) (\S+)", r"\1:\2", line)
        words = dict(word.partition(":")[::2] for word in line.split())
        words = {name: value for name, value in words.items() if name not in UNMEASURED}
        if heading.startswith("LISTEN"):
            words.pop("bbr", None)  # the machine's own default
            words.pop("cubic", None)
        found[heading] = words
    return found


def differences(ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    """What differs between two lines of ``ss -i``, beyond what times may."""
    found = []
    quick = {"lastsnd", "lastrcv", "lastack"}  # a zero is not printed
    for name in sorted((set(ours) | set(theirs)) - quick | (set(ours) & set(theirs))):
        our, their = ours.get(name), theirs.get(name)
        if our is None or their is None or not _close(name, our, their):
            found.append(f"{name}: ours {our}, the kernel's {their}")
    return found


def _close(name: str, our: str, their: str) -> bool:
    if name == "rtt":
        pairs = zip(our.split("/"), their.split("/"), strict=True)
        return all(abs(float(a) - float(b)) < 4 for a, b in pairs)
    if name in ROUGH:
        return abs(float(our) - float(their)) <= ROUGH[name]
    if name in ("send", "pacing_rate"):
        return abs(float(our[:-3]) / float(their[:-3]) - 1) < 0.1
    return our == their


COUNTED = {
    value
    for name, value in vars(host_counters).items()
    if name.isupper() and isinstance(value, str)
}


def counters(command: str, ours: str, theirs: str) -> list[str]:
    """The group Tcp, and of TcpExt what the engine counts."""
    if command.startswith("nstat"):
        left, right = (
            [line for line in text.splitlines() if line.split()[0] in COUNTED]
            for text in (ours, theirs)
        )
    else:
        left, right = (text.partition("TcpExt:")[0].splitlines() for text in (ours, theirs))
        right = right[right.index("Tcp:") : right.index("UdpLite:")]
    return [] if left == right else [f"{left}, the kernel's {right}"]
