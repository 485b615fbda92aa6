"""``netstat`` of a virtual host, as net-tools 2.10 prints it: sockets, and with -s the counters.

    netstat [-a | -l] [-t] [-u] [-n] [-p] [-o]          netstat -s [-t]

A virtual host has no UDP sockets to show with -u.  Addresses and ports are always numbers, as with
-n.  -s knows the groups Tcp and TcpExt.
"""

from __future__ import annotations

from typing import Any

from tcpcore.observe import inventory
from tcpcore.observe.command_line import Options, read
from tcpcore.observe.counter_names import TCP_EXT, WORDS
from tcpcore.observe.inventory import Entry, Timer
from tcpcore.tcp import state
from tcpcore.units import SECOND

STATES = {
    state.FIN_WAIT_1: "FIN_WAIT1",
    state.FIN_WAIT_2: "FIN_WAIT2",
    state.CLOSED: "CLOSE",
}
_ALWAYS = (
    "ActiveOpens",
    "PassiveOpens",
    "AttemptFails",
    "EstabResets",
    "CurrEstab",
    "InSegs",
    "OutSegs",
    "RetransSegs",
    "InErrs",
    "OutRsts",
)
_LONG = {
    "tcp": "t",
    "udp": "u",
    "all": "a",
    "listening": "l",
    "numeric": "n",
    "programs": "p",
    "timers": "o",
    "statistics": "s",
}


def run(host: Any, words: list[str]) -> str:
    """What `netstat` with these arguments prints on the host now."""
    given = read("netstat", words, "talnops4u", long=_LONG)
    if "s" in given:
        return statistics(host)
    which = "(w/o servers)"
    if "l" in given:
        which = "(only servers)"
    if "a" in given:
        which = "(servers and established)"
    header = f"{'Proto'} Recv-Q Send-Q {'Local Address':<23} {'Foreign Address':<23} {'State':<11}"
    header += " PID/Program name    " * ("p" in given) + " Timer" * ("o" in given)
    lines = [f"Active Internet connections {which}", header]
    for entry in inventory.entries(host) if "t" in given or "u" not in given else ():
        listening = entry.state == state.LISTEN
        if "a" in given or listening == ("l" in given):
            lines.append(_line(entry, given))
    return "\n".join(lines) + "\n"


def _line(entry: Entry, given: Options) -> str:
    local = f"{entry.local}:{entry.local_port}"
    remote = f"{entry.remote}:{entry.remote_port or '*'}"
    sent = 0 if entry.state == state.LISTEN else entry.send_q
    name = STATES.get(entry.state, entry.state)
    line = f"tcp   {entry.recv_q:6d} {sent:6d} {local:<23} {remote:<23} {name:<11}"
    if "p" in given:
        first = f"{entry.holders[0].pid}/{entry.holders[0].name}" if entry.holders else "-"
        line += f" {first[:20]:<20}"
    if "o" in given:
        line += f" {_timer(entry.timer)}"
    return line


def _timer(timer: Timer) -> str:
    name = ("off", "on", "keepalive", "timewait", "probe")[timer.kind]
    left = max(timer.left, 0) // (SECOND // 100) / 100
    return f"{name} ({left:.2f}/{timer.retransmissions}/{timer.probes})"


def statistics(host: Any) -> str:
    """``netstat -st``: the sentences; a TcpExt counter that never moved has none."""
    counts = {**host.counters, "TcpCurrEstab": established(host)}
    lines = ["Tcp:", *(f"    {_sentence(name, counts.get(f'Tcp{name}', 0))}" for name in _ALWAYS)]
    if counts.get("TcpInCsumErrors"):
        lines.append(f"    InCsumErrors: {counts['TcpInCsumErrors']}")
    lines.append("TcpExt:")
    for name in TCP_EXT:
        count = counts.get(f"TcpExt{name}", 0)
        if count:
            lines.append(f"    {_sentence(name, count)}")
    return "\n".join(lines) + "\n"


def established(host: Any) -> int:
    """TcpCurrEstab: connections in ESTABLISHED or CLOSE_WAIT now."""
    open_states = (state.ESTABLISHED, state.CLOSE_WAIT)
    return sum(1 for entry in inventory.entries(host) if entry.state in open_states)


def _sentence(name: str, count: int) -> str:
    return WORDS[name].format(count) if name in WORDS else f"{name}: {count}"
