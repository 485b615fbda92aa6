"""Network namespaces: a private network stack for each recorded host, and nothing left behind.

A namespace lives as long as a file descriptor or a thread holds it, so there is nothing to undo:
when this process ends, however it ends, its namespaces vanish with their devices and sockets.
Interfaces are configured by the classic ioctls (`man 7 netdevice`); no `ip` binary is needed.
Read `network_namespaces(7)` and `setns(2)` first.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tcpcore.errors import UsageError

T = TypeVar("T")

CLONE_NEWNET = 0x4000_0000
TUN_DEVICE = "/dev/net/tun"

SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFMTU = 0x8916, 0x8918, 0x8922
SIOCADDRT = 0x890B
IFA_F_TENTATIVE = 0x40
_SETTLE = 1.0  # seconds that the kernel may take to settle an IPv6 address
IFF_UP = 0x1
RTF_UP = 0x1
RTM_NEWROUTE = 24
NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE = 0x1, 0x4, 0x100
RTA_DST, RTA_OIF, RTA_METRICS = 1, 4, 8
RTAX_LOCK = 1
RTAX = {"mtu": 2, "window": 3, "rtt": 4, "rttvar": 5, "ssthresh": 6, "cwnd": 7, "advmss": 8,
        "reordering": 9, "hoplimit": 10, "initcwnd": 11, "features": 12, "rto_min": 13,
        "initrwnd": 14, "quickack": 15, "congctl": 16, "fastopen_no_cookie": 17}  # fmt: skip
RTAX_UNITS = {"rto_min": 1000, "rtt": 125, "rttvar": 250}  # of times there, in us
RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST = 254, 3, 253, 1

_SYSCTL_ROOT = Path("/proc/sys/net")
_SYSCTL_FOLDERS = ("ipv4", "core", "ipv4/route")
_NOT_FOR_RECORDS = ("tcp_fastopen_key", "tcp_available_", "tcp_allowed_", "tcp_mem", "tcp_child_")


def why_not() -> str | None:
    """One sentence that says why this process cannot record its kernel; None when it can."""
    if not hasattr(os, "geteuid") or not Path("/proc/self/ns/net").exists():
        return "recording needs Linux with network namespaces; this system has none."
    if not Path(TUN_DEVICE).exists():
        return f"recording needs {TUN_DEVICE}, which this system lacks (try: modprobe tun)."
    if os.geteuid() != 0:
        return "recording the kernel needs root for network namespaces: run it again with sudo."
    try:
        namespace = Namespace()
    except OSError as error:
        return f"recording needs a network namespace, and the kernel refuses one: {error.strerror}."
    namespace.close()
    if not os.access(TUN_DEVICE, os.R_OK | os.W_OK):
        return f"recording needs to read and write {TUN_DEVICE}, and may not."
    return None


def _libc_call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Namespace:
    """A fresh network namespace, held open by a descriptor; `close()` lets it go.

    Raises `OSError` when the kernel refuses (EPERM without CAP_SYS_ADMIN).
    """

    def __init__(self) -> None:
        self._fd = _in_thread(_unshare)
        try:
            self.call(_quieten)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor that holds the namespace open, for nsenter(1)."""
        return self._fd

    def enter(self) -> None:
        """Move the calling thread, and only it, into this namespace (`setns(2)`)."""
        _libc_call("setns", self._fd, CLONE_NEWNET)

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """What `function(*arguments)` returns when it runs inside this namespace."""

        def inside() -> T:
            self.enter()
            return function(*arguments)

        return _in_thread(inside)

    def close(self) -> None:
        """Let go of the namespace; it vanishes when its last socket and thread are gone."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _in_thread(function: Callable[[], T]) -> T:
    """What `function()` returns in a thread of its own, whose namespace nobody else shares."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="namespace") as thread:
        return thread.submit(function).result()


def _unshare() -> int:
    _libc_call("unshare", CLONE_NEWNET)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _quieten() -> None:
    """Loopback up, IPv6 off: without it the kernel would send router solicitations."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set_up(control, "lo")
    for scope in ("all", "default"):
        path = _SYSCTL_ROOT / "ipv6" / "conf" / scope / "disable_ipv6"
        if path.exists():
            path.write_text("1")


def configure_interface(name: str, address: str, peer: str, mtu: int) -> None:
    """Give the interface its address, the peer's (and so a route to it) and its MTU, and start it.

    Runs in the namespace of the calling thread.
    """
    if ":" in address:
        _configure_ipv6(name, address, peer, mtu)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFMTU, struct.pack("16sI20x", name.encode(), mtu))
        fcntl.ioctl(control, SIOCSIFADDR, _address_request(name, address))
        fcntl.ioctl(control, SIOCSIFDSTADDR, _address_request(name, peer))
        _set_up(control, name)


def _configure_ipv6(name: str, address: str, peer: str, mtu: int) -> None:
    """The same for IPv6: an address (`in6_ifreq`), and a route to the peer (`in6_rtmsg`)."""
    index = socket.if_nametoindex(name)
    for device in ("all", name):  # some machines switch it off for whoever comes later
        Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6").write_text("0")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFMTU, struct.pack("16sI20x", name.encode(), mtu))
        _set_up(control, name)
        own = socket.inet_pton(socket.AF_INET6, address)
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16sIi", own, 128, index))
        other = socket.inet_pton(socket.AF_INET6, peer)
        route = struct.pack("16s16x16xIHHILIi", other, 0, 128, 0, 1, 0, RTF_UP, index)
        fcntl.ioctl(control, SIOCADDRT, route)
    deadline = time.monotonic() + _SETTLE
    while _is_tentative(own) and time.monotonic() < deadline:
        time.sleep(0.001)


def _is_tentative(address: bytes) -> bool:
    """Whether the kernel still thinks about an address of its own, a moment after it got it."""
    for line in Path("/proc/thread-self/net/if_inet6").read_text().splitlines():
        text, _, _, _, flags, _ = line.split()
        if text == address.hex():
            return bool(int(flags, 16) & IFA_F_TENTATIVE)
    return True


def add_to_loopback(address: str) -> None:
    """Give the loopback device a second address: that of a host without a cable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFADDR, _address_request("lo:0", address))


def route_everything_to(name: str) -> None:
    """A default route through the interface: a router is at its other end (`rtentry`)."""
    any_address = struct.pack("HH4s8x", socket.AF_INET, 0, bytes(4))
    device = ctypes.create_string_buffer(name.encode())
    request = struct.pack(
        "L16s16s16sHhLPhPLLH",
        0, any_address, any_address, any_address, RTF_UP, 0, 0, 0, 0, ctypes.addressof(device),
        0, 0, 0,
    )  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCADDRT, request)


def change_route(name: str, to: str, attributes: Mapping[str, Any]) -> None:
    """``ip route change TO dev NAME initcwnd N mtu N ...`` (rtnetlink(7)); times are in us."""
    said = {one: value for one, value in attributes.items() if value}
    locked = ["congctl"] if said.pop("congctl_lock", 0) else []
    locked += [one for one in ("rto_min", "cwnd") if one in said]  # looked at only if they are
    locked += said.pop("locked", "").split()
    for one in RTAX_UNITS.keys() & said.keys():
        said[one] //= RTAX_UNITS[one]
    metrics = _attribute(RTAX_LOCK, struct.pack("I", sum(1 << RTAX[one] for one in locked)))
    for one, value in said.items():
        binary = f"{value}\0".encode() if one == "congctl" else struct.pack("I", value)
        metrics += _attribute(RTAX[one], binary)
    message = struct.pack(
        "8BI", socket.AF_INET, 32, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST, 0
    )
    message += _attribute(RTA_DST, socket.inet_aton(to))
    message += _attribute(RTA_OIF, struct.pack("I", socket.if_nametoindex(name)))
    message += _attribute(RTA_METRICS, metrics)
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE
    header = struct.pack("IHHII", 16 + len(message), RTM_NEWROUTE, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as control:
        control.send(header + message)
        error = -struct.unpack_from("i", control.recv(4096), 16)[0]
    if error:
        raise OSError(error, os.strerror(error))


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _address_request(name: str, address: str) -> bytes:
    return struct.pack("16sHH4s16x", name.encode(), socket.AF_INET, 0, socket.inet_aton(address))


def _set_up(control: socket.socket, name: str) -> None:
    request = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
    flags = struct.unpack_from("H", request, 16)[0]
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags | IFF_UP))


def _sysctl_path(name: str) -> Path:
    """The file of a sysctl by short name (`tcp_syn_retries`, `somaxconn`) or full name."""
    short = re.sub(r"^net\.(ipv4\.route|ipv4|core)\.", "", name)
    if short.replace("_", "").isalnum():
        for folder in _SYSCTL_FOLDERS:
            path = _SYSCTL_ROOT / folder / short
            if path.is_file():
                return path
    raise UsageError(f"this kernel has no sysctl {name!r} in a network namespace.")


def write_sysctl(name: str, value: object) -> None:
    """Set a sysctl in the calling thread's namespace, and check that the kernel took the value.

    Raises `UsageError` for a name that this kernel lacks and for a value that it refuses.
    """
    path = _sysctl_path(name)
    text = _sysctl_text(value)
    try:
        path.write_text(text)
        stored = path.read_text()
    except OSError as error:
        raise UsageError(
            f"the kernel refuses sysctl {name} = {text!r} in a network namespace: {error.strerror}."
        ) from error
    if stored.split() != text.split():
        raise UsageError(f"the kernel made {stored.strip()!r} of sysctl {name} = {text!r}.")


def _sysctl_text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (tuple, list)):
        return " ".join(str(item) for item in value)
    return str(value)


def read_counters() -> dict[str, int]:
    """The counters of TCP in the calling thread's namespace that are not zero, as `nstat` names."""
    found: dict[str, int] = {}
    for name in ("snmp", "netstat"):
        rows = Path("/proc/thread-self/net", name).read_text(encoding="ascii").splitlines()
        for names, values in zip(rows[::2], rows[1::2], strict=True):
            group, *columns = names.split()
            if group in ("Tcp:", "TcpExt:"):
                counts = zip(columns, map(int, values.split()[1:]), strict=True)
                found |= {group[:-1] + column: count for column, count in counts if count}
    return found


def read_sysctls() -> dict[str, int | str]:
    """Every TCP sysctl of the calling thread's namespace, and `somaxconn`, by short name.

    Left out: the Fast Open key, and what belongs to the machine rather than to the namespace.
    """
    found: dict[str, int | str] = {}
    for path in sorted((_SYSCTL_ROOT / "ipv4").glob("tcp_*")):
        if path.name.startswith(_NOT_FOR_RECORDS):
            continue
        try:
            text = " ".join(path.read_text().split())
        except OSError:
            continue  # some cannot be read inside a namespace
        found[path.name] = int(text) if text.lstrip("-").isdigit() else text
    for name in ("somaxconn",):
        found[name] = int((_SYSCTL_ROOT / "core" / name).read_text())
    return found
