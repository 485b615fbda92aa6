"""Listening to a host while its programs run: every packet and every call, for a script.

    listener = listen(net, net.hosts[1])
    net.run(until)
    text = write(listener.story("what it is"))

Sockets of the host become `_Heard` ones, which behave the same and keep a log.  Calls that block
are told when they return; those that fail then, or that open a connection, with both times.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from tcpcore.errors import errno_name
from tcpcore.host import socket_options
from tcpcore.host.messages import MSG_FASTOPEN, shown
from tcpcore.host.routes import UNSET
from tcpcore.host.sockets import Socket
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.packetdrill.story import Did, Entry, NoScript, Seen, Story
from tcpcore.sysctl import Sysctls, full_name, names
from tcpcore.units import MILLISECOND
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment

_HOW = {"read": "SHUT_RD", "write": "SHUT_WR", "both": "SHUT_RDWR"}
_LEVELS = {0: "SOL_IP", 1: "SOL_SOCKET", 6: "SOL_TCP", 41: "SOL_IPV6"}
_FIRST_DESCRIPTOR = 3


class Log:
    """What one host did so far; `trouble` says why it cannot be told."""

    def __init__(self, net: Network, host: Host) -> None:
        self.net = net
        self.host = host
        self.entries: list[Entry] = []
        self.trouble = ""
        self.open: dict[int, tuple[Did, Entry | None]] = {}  # not returned; what was before them
        self._running: dict[int, Any] = {}  # who ran when an entry was made
        self._descriptors = _FIRST_DESCRIPTOR
        self._calls = 0

    def add(self, entry: Entry) -> None:
        """Take note; the process that runs is remembered."""
        self._running[id(entry)] = self.host.running
        self.entries.append(entry)

    def descriptor(self) -> int:
        """The next number of a socket."""
        self._descriptors += 1
        return self._descriptors - 1

    def process_of(self, did: Did) -> Any:
        """Who made the call; None for one that the kernel made for a process that is gone."""
        return self._running.get(id(did))

    def begun(self, did: Did) -> int:
        """A call that may block; its number."""
        self._calls += 1
        self._running[id(did)] = self.host.running
        self.open[self._calls] = did, self.entries[-1] if self.entries else None
        return self._calls

    def returned(self, number: int, result: str) -> None:
        """It returned: one that blocked and went well is told now, before what it sent."""
        did, before = self.open.pop(number)
        did.result = result
        now = self.net.now
        at = len(self.entries)
        if did.name == "connect" or (now > did.time and result.startswith("-1")):
            did.returned = now
            while at and self.entries[at - 1] is not before:
                at -= 1
        else:
            did.time = now
            process = self.host.running
            while at and self._own_doing(self.entries[at - 1], process):
                at -= 1
        self.entries.insert(at, did)

    def _own_doing(self, entry: Entry, process: Any) -> bool:
        """Whether it is a packet that the running process has just sent."""
        return (
            isinstance(entry, Seen)
            and not entry.inbound
            and entry.time == self.net.now
            and process is not None
            and self._running.get(id(entry)) is process
        )


class _Wire:
    """The host's network, with an ear on it."""

    def __init__(self, network: Any, log: Log) -> None:
        self._network = network
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def transmit(self, host: Any, packets: Sequence[Any]) -> None:
        """Keep them, and let them go."""
        for packet in packets:
            self._log.add(Seen(self._network.now, False, packet))
        self._network.transmit(host, packets)


def listen(net: Network, host: Host) -> Log:
    """Begin to listen; the network has not run yet."""
    log = Log(net, host)
    host.network = _Wire(host.network, log)
    receive, receive_icmp = host.receive, host.receive_icmp

    def arrives(segment: Segment, number: int | None) -> None:
        log.add(Seen(net.now, True, segment))
        receive(segment, number)

    def error_arrives(error: IcmpError) -> None:
        log.add(Seen(net.now, True, error))
        receive_icmp(error)

    def injects(segment: Segment) -> None:
        log.trouble = "it sends segments that no socket makes."
        Host.inject(host, segment)

    def refuses(*_: Any, **__: Any) -> None:
        log.trouble = "it loses its power in the middle."

    for name, function in (
        ("receive", arrives),
        ("receive_icmp", error_arrives),
        ("inject", injects),
    ):
        setattr(host, name, function)
    for name in ("crash", "reboot", "shut_down"):
        setattr(host, name, _noted(getattr(host, name), refuses))
    host.socket_type = _heard(log)
    return log


def _noted(function: Any, note: Any) -> Any:
    def both(*arguments: Any, **more: Any) -> Any:
        note()
        return function(*arguments, **more)

    return both


def story(log: Log, peer: str, title: str) -> Story:
    """What was heard, for a script; raises `NoScript` for what cannot be one."""
    host = log.host
    if log.trouble:
        raise NoScript(f"{host.name} cannot be told as a script: {log.trouble}")
    if host.firewall.active:
        raise NoScript(f"{host.name} cannot be told as a script: it has a firewall.")
    entries = [*log.entries]
    if any(isinstance(one, Did) and _option_value("", b"bbr")[0] in one.rest for one in entries):
        raise NoScript(f"{host.name} cannot be told as a script: bbr begins its phases at random.")
    for did, _ in log.open.values():
        if did.name == "connect":
            raise NoScript(f"{host.name} still connects when the run ends.")
    return Story(
        host.address,
        peer,
        title,
        _sysctls(host),
        _options(log, peer),
        _routes(host, peer),
        entries,
    )


def _sysctls(host: Host) -> dict[str, str]:
    """What differs from Linux's defaults, by names below ``net.``."""
    usual = Sysctls()
    found = {}
    for name in [*names(), *(["tcp_tw_recycle"] if host.sysctl.has_tw_recycle else [])]:
        value = getattr(host.sysctl, name)
        if value != getattr(usual, name):
            text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            found[full_name(name).removeprefix("net.")] = text
    if host.sysctl.tcp_fastopen & 2 and not host.sysctl.tcp_fastopen_key:
        key = struct.unpack("<4I", host.fast_open_keys[0])
        found["ipv4.tcp_fastopen_key"] = "-".join(f"{word:08x}" for word in key)
    return found


def _options(log: Log, peer: str) -> list[str]:
    found = []
    mtu = log.net.mtu_of(log.host, peer)
    if mtu != 1500:
        found.append(f"--mtu={mtu}")
    return found


def _routes(host: Host, peer: str) -> list[str]:
    """The commands that change what is not usual about the route to the peer."""
    attributes = host.routes.get(peer, UNSET).set()
    if "rto_min" in attributes:
        attributes["rto_min"] //= MILLISECOND
    words = [f"{name} {value}" for name, value in attributes.items()]
    return [f"ip route change {peer} dev tun0 {' '.join(words)}"] if words else []


def _heard(log: Log) -> type[Socket]:
    class Heard(_HeardSocket):
        __slots__ = ()
        heard_by = log

    return Heard


def _error(error: OSError) -> str:
    return f"-1 {errno_name(error.errno)}"


class _HeardSocket(Socket):
    """A socket that tells the log what is done with it."""

    __slots__ = ("descriptor",)
    heard_by: Log

    def __init__(self, host: Host, connection: Any = None) -> None:
        super().__init__(host, connection)
        self.descriptor = self.heard_by.descriptor()
        if connection is None:
            rest = "..., SOCK_STREAM, IPPROTO_TCP"
            self.heard_by.add(Did(host.now, "socket", None, rest, str(self.descriptor)))

    def _now(self, name: str, rest: str, function: Any, *arguments: Any) -> Any:
        """A call that does not block."""
        did = Did(self.host.now, name, self.descriptor, rest)
        self.heard_by.add(did)
        try:
            return function(*arguments)
        except OSError as error:
            did.result = _error(error)
            raise

    def bind(self, port: int, address: str = "0.0.0.0") -> Socket:
        self._now("bind", f"{_address(port, address)}, ...", super().bind, port, address)
        return self

    def listen(self, backlog: int = 128) -> Socket:
        self._now("listen", str(backlog), super().listen, backlog)
        return self

    def setsockopt(self, name: str, value: Any) -> Socket:
        option = socket_options.find(name)
        text, size = _option_value(option.form, value)
        rest = f"{_LEVELS[option.level]}, {name}, {text}, {size}"
        self._now("setsockopt", rest, super().setsockopt, name, value)
        return self

    def shutdown(self, how: str) -> None:
        self._now("shutdown", _HOW.get(how, how), super().shutdown, how)

    def disconnect(self) -> None:
        self._now("connect", "{sa_family = AF_UNSPEC}, ...", super().disconnect)

    async def _may_block(self, did: Did, call: Any, result: Any) -> Any:
        log = self.heard_by
        number = log.begun(did)
        try:
            value = await call
        except OSError as error:
            if isinstance(error, TimeoutError) and error.errno is None:
                log.trouble = "a call is given up by the program itself."
            log.returned(number, _error(error) if error.errno else "...")
            raise
        log.returned(number, result(value))
        return value

    async def connect(self, address: str, port: int, timeout: int | None = None) -> None:
        if timeout is not None:
            self.heard_by.trouble = "a connect() is given up by the program itself."
        did = Did(self.host.now, "connect", self.descriptor, f"{_address(port, address)}, ...")
        await self._may_block(did, super().connect(address, port, timeout), lambda _: "0")

    async def accept(self) -> Socket:
        did = Did(self.host.now, "accept", self.descriptor, "..., ...")
        made: Socket = await self._may_block(did, super().accept(), lambda one: str(one.descriptor))
        return made

    async def recv(self, most: int, flags: int = 0) -> bytes:
        name, more = ("recv", shown(flags)[2:]) if flags else ("read", "")
        rest = f"..., {most}" + (f", {more}" if more else "")
        did = Did(self.host.now, name, self.descriptor, rest)
        data: bytes = await self._may_block(
            did, super().recv(most, flags), lambda one: str(len(one))
        )
        return data

    async def send(self, data: bytes, flags: int = 0) -> int:
        rest = f"..., {len(data)}" + (shown(flags) if flags else "")
        return await self._sends("send" if flags else "write", rest, super().send(data, flags))

    async def sendto(self, data: bytes, address: str | None, port: int = 0, flags: int = 0) -> int:
        words = shown(flags | MSG_FASTOPEN)[2:]
        where = _address(port, address) if address is not None else "0"
        rest = f"..., {len(data)}, {words}, {where}, ..."
        return await self._sends("sendto", rest, super().sendto(data, address, port, flags))

    async def _sends(self, name: str, rest: str, call: Any) -> int:
        """What is sent follows the call: it is told where it began."""
        did = Did(self.host.now, name, self.descriptor, rest, "...")
        self.heard_by.add(did)
        try:
            count: int = await call
        except OSError as error:
            did.result = _error(error)
            raise
        else:
            did.result = str(count)
            return count
        finally:
            if self.host.now > did.time:
                did.returned = self.host.now

    async def close(self) -> None:
        if self.closed or len(self.holders) > 1:
            await super().close()
            return
        did = Did(self.host.now, "close", self.descriptor)
        self.heard_by.add(did)
        await super().close()
        if self.host.now > did.time:
            did.returned = self.host.now

    def close_at_exit(self, process: Any) -> None:
        if not self.closed and self.holders == [process]:
            self.heard_by.add(Did(self.host.now, "close", self.descriptor))
        super().close_at_exit(process)


def _address(port: int, address: str) -> str:
    family = "AF_INET6" if ":" in address else "AF_INET"
    words = f'sa_family = {family}, sin_port = htons({port}), sin_addr = inet_addr("{address}")'
    return f"{{{words}}}"


def _option_value(form: str, value: Any) -> tuple[str, int]:
    if isinstance(value, bytes):
        return '"' + "".join(f"\\x{byte:02x}" for byte in value) + '"', len(value)
    if form == socket_options.LINGER:
        return f"{{onoff={int(value[0])}, linger={int(value[1])}}}", 8
    if form == socket_options.TIMEVAL:
        return f"{{tv_sec={int(value[0])}, tv_usec={int(value[1])}}}", 16
    return f"[{int(value)}]", 4
