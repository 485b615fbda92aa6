"""Files under /proc that a virtual host has: ``cat /proc/net/tcp`` and the sysctls.

/proc/net/tcp is printed as get_tcp4_sock(), get_timewait4_sock() and get_openreq4() of
net/ipv4/tcp_ipv4.c do: addresses in hex as the machine stores them, times in 1/100 s.  The kernel's
own pointers do not exist here and read as zeros.
"""

from __future__ import annotations

from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host.request import Request
from tcpcore.observe import inventory, ss_summary, sysctl_view
from tcpcore.observe.command_line import read
from tcpcore.observe.counter_names import TCP, TCP_EXT
from tcpcore.observe.inventory import Entry
from tcpcore.observe.netstat import established
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.tcb import INFINITE_SSTHRESH, INITIAL_CWND
from tcpcore.units import SECOND
from tcpcore.wire import address

CLOCK = SECOND // 100
"""USER_HZ: the ticks in which /proc tells times, in us."""

WIDTH = 149
_SYSCTLS = "/proc/sys/"
_POINTER = "0" * 16
_HEADER = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"
    "   uid  timeout inode"
)
_NUMBERS = {
    state.ESTABLISHED: 1,
    state.SYN_SENT: 2,
    state.SYN_RECV: 3,
    state.FIN_WAIT_1: 4,
    state.FIN_WAIT_2: 5,
    state.TIME_WAIT: 6,
    state.CLOSED: 7,
    state.CLOSE_WAIT: 8,
    state.LAST_ACK: 9,
    state.LISTEN: 10,
    state.CLOSING: 11,
}


def run(host: Any, words: list[str]) -> str:
    """``cat FILE ...`` on the host."""
    given = read("cat", words, "")
    return "".join(_file(host, path) for path in given.words)


def _file(host: Any, path: str) -> str:
    if path in _FILES:
        return _FILES[path](host)
    if path.startswith(_SYSCTLS):
        return sysctl_view.value(host, path.removeprefix(_SYSCTLS)) + "\n"
    known = ", ".join((*_FILES, "/proc/sys/net/..."))
    raise UsageError(f"cat: there is no file {path!r} on a virtual host; there are {known}.")


def tcp(host: Any) -> str:
    """/proc/net/tcp."""
    lines = [_HEADER]
    lines += [_line(number, one) for number, one in enumerate(inventory.entries(host))]
    return "".join(f"{line:<{WIDTH}}\n" for line in lines)


def _line(number: int, entry: Entry) -> str:
    listening = entry.state == state.LISTEN
    timer = entry.timer
    small = isinstance(entry.endpoint, Connection) and inventory.is_small(entry.endpoint)
    text = (
        f"{number:4d}: {_end(entry.local, entry.local_port)}"
        f" {_end(entry.remote, entry.remote_port)} {_NUMBERS[entry.state]:02X}"
        f" {0 if listening else entry.send_q:08X}:{entry.recv_q:08X}"
        f" {timer.kind:02X}:{max(timer.left, 0) // CLOCK:08X} {timer.retransmissions:08X}"
        f" {0:5d} {timer.probes:8d}"
    )
    if isinstance(entry.endpoint, Request):
        return f"{text} 0 0 {_POINTER}"
    if small:
        return f"{text} 0 3 {_POINTER}"
    return f"{text} {entry.inode} {1 + (timer.kind != 0)} {_POINTER} {_rest(entry)}"


def _rest(entry: Entry) -> str:
    """RTO, the delayed ACK's time, quick and ping-pong mode, cwnd, ssthresh."""
    c = entry.endpoint
    if not isinstance(c, Connection):
        return f"100 0 0 {INITIAL_CWND} 0"
    quick = c.quick_acks << 1 | (c.pingpong > 0)
    ssthresh = -1 if c.ssthresh >= INFINITE_SSTHRESH else c.ssthresh
    return f"{c.rto // CLOCK} {c.ato // CLOCK} {quick} {c.cwnd} {ssthresh}"


def _end(text: str, port: int) -> str:
    number = int.from_bytes(address.pack(text), "little")
    return f"{number:08X}:{port:04X}"


def snmp(host: Any) -> str:
    """/proc/net/snmp, its group Tcp."""
    counts = host.counters
    limits = host.sysctl
    rows = [
        ("RtoAlgorithm", 1),
        ("RtoMin", limits.tcp_rto_min_us // 1000),
        ("RtoMax", limits.tcp_rto_max_ms),
        ("MaxConn", -1),
    ]
    rows += [(name, counts.get(f"Tcp{name}", 0)) for name in TCP]
    rows.insert(8, ("CurrEstab", established(host)))
    return _pairs("Tcp", rows)


def netstat(host: Any) -> str:
    """/proc/net/netstat, its group TcpExt."""
    return _pairs("TcpExt", [(name, host.counters.get(f"TcpExt{name}", 0)) for name in TCP_EXT])


def _pairs(group: str, rows: list[tuple[str, int]]) -> str:
    names = " ".join(name for name, _ in rows)
    return f"{group}: {names}\n{group}: {' '.join(str(count) for _, count in rows)}\n"


_FILES = {
    "/proc/net/tcp": tcp,
    "/proc/net/snmp": snmp,
    "/proc/net/netstat": netstat,
    "/proc/net/sockstat": ss_summary.sockstat,
}
