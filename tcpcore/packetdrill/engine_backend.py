"""A script on the engine: one virtual host, whose cable ends in the script's hands.

Time is virtual, so ten minutes pass in milliseconds.  Nothing outside is touched: no shell, no
file, no network.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from tcpcore import trace as tracing
from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.host.pipes import File, PipeEnd
from tcpcore.host.poll import Epoll
from tcpcore.host.process import Process
from tcpcore.host.sockets import Socket
from tcpcore.host.stack import Host
from tcpcore.module import PARAMETERS
from tcpcore.net.network import Network
from tcpcore.net.packet import Packet
from tcpcore.packetdrill.engine_calls import EngineCalls
from tcpcore.packetdrill.made_files import made
from tcpcore.packetdrill.routes import EVERYBODY, forgotten, route_attributes
from tcpcore.packetdrill.system import Pending, Sent, Settings, System, Unsupported
from tcpcore.sysctl import is_sysctl, short_name, without_effect
from tcpcore.trace import Trace
from tcpcore.units import format_seconds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment

MOST_EVENTS = 1_000_000
"""Events of one run: far more than a script needs, and an end for one that never ends."""
_HARMLESS = (
    "ip", "tc", "ethtool", "ss", "netstat", "nstat", "ifconfig", "true", "modprobe", "cat", "echo",
    "set", "export", ":", "uname", "lsmod", "sync",
)  # fmt: skip
_NOTHING: dict[str, Any] = {"sockets": [], "timers": [], "queues": [], "counters": {}}


class Desk(Network):
    """A network of one host; what it sends lies on the script's desk."""

    def __init__(self, settings: Settings, profile: str) -> None:
        super().__init__(1, profile)
        self.settings = settings
        self.desk: deque[Sent] = deque()
        self.events = 0
        self.machine = self.host("host", settings.local)
        self.machine.merged_mss = settings.merged_mss
        assert self.trace is not None
        self.peer = self.trace.add_host("script", settings.remote, _NOTHING.copy)

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Schedule, and count."""
        self.events += 1
        if self.events > MOST_EVENTS:
            raise UsageError(f"the script needs more than {MOST_EVENTS} events; it was stopped.")
        super().at(time, function, argument)

    def mtu_of(self, host: Any, address: str) -> int:
        """The MTU of the script's only link."""
        return self.settings.mtu

    def transmit(self, host: Host, packets: Sequence[Packet]) -> None:
        """The host sends: the script's peer has it at once."""
        for packet in packets:
            if isinstance(packet, Segment):
                self._record(packet, host.index, self.peer)
                self.desk.append(Sent(self.now, packet))

    def arrive(self, packet: Segment | IcmpError) -> None:
        """A packet of the script's reaches the host now."""
        assert self.trace is not None
        self.trace.begin(self.now, self.peer, tracing.CALL, "sends")
        if isinstance(packet, IcmpError):
            place = self.peer, self.machine.index, self.now
            number = self.trace.icmp_sent(packet, "script", *place)
            traced = self.trace.icmp[number]
            traced.fate, traced.arrived = tracing.DELIVERED, self.now
            self.machine.receive_icmp(packet)
        else:
            self.machine.receive(packet, self._record(packet, self.peer, self.machine.index))
        self.run_up_to(self.now)

    def _record(self, segment: Segment, sender: int, receiver: int) -> int:
        assert self.trace is not None
        number = self.trace.sent(segment, sender, receiver, self.now)
        traced = self.trace.segments[number]
        traced.fate, traced.arrived = tracing.DELIVERED, self.now
        return number

    def run_up_to(self, until: int) -> None:
        """Let everything happen that is due by then."""
        self.run(until)
        self.now = max(self.now, until)

    def reach(self, time: int) -> None:
        """The same, but for what is due at `time` itself: what arrives then comes first."""
        self.run_up_to(time - 1)
        self.now = max(self.now, time)

    def next_time(self) -> int | None:
        """When the next event is."""
        return self._heap[0][0] if self._heap else None


class EngineSystem(System):
    """See the module.  `profile` names the kernel that is played (`host.profiles`)."""

    kind = "engine"

    def __init__(self, settings: Settings, profile: str = profiles.DEFAULT) -> None:
        self.settings = settings
        self.net = Desk(settings, profile)
        self.host = self.net.machine
        self._calls = EngineCalls(self.host)
        self._began = 0

    @property
    def now(self) -> int:
        """Microseconds of virtual time."""
        now: int = self.net.now - self._began
        return now

    def begin(self) -> None:
        """The script's clock starts; the one of the trace goes on."""
        self._began = self.net.now

    @property
    def trace(self) -> Trace:
        """All that happened so far."""
        assert self.net.trace is not None
        self.net.trace.finish()
        return self.net.trace

    # --- calls -----------------------------------------------------------------------------------

    def start(self, name: str, *arguments: Any) -> Pending:
        """Start a system call as a process of its own; it runs until it returns or blocks."""
        pending = Pending(name, self.now)
        if arguments and not _fits(name, arguments[0]):
            pending.trouble = Unsupported(f"{name}() on this descriptor")
            pending.done, pending.returned = True, self.now
            return pending
        process: list[Process] = []

        async def call(_: Host) -> None:
            try:
                pending.result = await getattr(self._calls, name)(*arguments)
            except OSError as error:
                pending.errno = error.errno
            except (Unsupported, UsageError) as error:
                pending.trouble = error
            pending.done, pending.returned = True, self.now
            process[0].sockets.clear()  # the script goes on holding them

        process.append(self.host.spawn(call, name))
        self.net.run_up_to(self.net.now)
        return pending

    def wait(self, pending: Pending, until: int) -> None:
        """Let events happen until the call has returned."""
        while not pending.done:
            time = self.net.next_time()
            if time is None or time > self._began + until:
                self.pass_time(until)
                return
            self.net.run_up_to(time)

    # --- time and the wire -----------------------------------------------------------------------

    def pass_time(self, until: int) -> None:
        """Let events happen."""
        self.net.run_up_to(self._began + until)

    def reach(self, time: int) -> None:
        """Let events happen that come before what arrives then."""
        self.net.reach(self._began + time)

    def next_sent(self, until: int) -> Sent | None:
        """The next segment, as soon as it is sent."""
        while not self.net.desk:
            time = self.net.next_time()
            if time is None or time > self._began + until:
                self.pass_time(until)
                break
            self.net.run_up_to(time)
        if not self.net.desk:
            return None
        sent = self.net.desk.popleft()
        return Sent(sent.time - self._began, sent.segment)

    def inject(self, packet: Segment | IcmpError) -> None:
        """It arrives now."""
        self.net.arrive(packet)

    # --- looking ---------------------------------------------------------------------------------

    def ends(self, handle: Any) -> tuple[int, int] | None:
        """Local and remote port of a socket with a connection; of the last one if it is over."""
        connection = getattr(handle, "connection", None) or getattr(handle, "past", None)
        return None if connection is None else (connection.local_port, connection.remote_port)

    def info(self, handle: Any, ports: tuple[int, int] | None) -> dict[str, int]:
        """TCP_INFO of the socket, or of the connection with these ports that nobody accepted."""
        return self._calls.info(handle, ports)

    def set_sysctl(self, name: str, value: str) -> str | None:
        """Set it; a remark for one that the engine does not know."""
        if not is_sysctl(name):
            return f"ignored: {name} (the engine does not model it)"
        self.host.sysctl.set(name, value)
        why = without_effect(short_name(name))
        return f"{name} has no effect here: {why}" if why is not None else None

    def set_parameter(self, module: str, name: str, value: str) -> str | None:
        """Set it; a remark for a module that the engine does not know."""
        if module not in PARAMETERS:
            return f"ignored: /sys/module/{module}/parameters/{name} (the engine does not model it)"
        self.host.sysctl.tcp_cubic.set(name, value)
        return None

    def shell(self, command: str) -> str | None:
        """Obey iptables, `routes` and `made_files`, ignore the harmless, refuse all else."""
        attributes = route_attributes(command, self.settings.remote)
        if attributes is not None:
            self.host.change_route(self.settings.remote, **attributes)
            return None
        if (whom := forgotten(command)) is not None:
            self.host.forget_peers("" if whom == EVERYBODY else whom)
            return None
        word = command.split()[0].rsplit("/", 1)[-1]
        if word == "iptables":
            self.host.iptables(command.split(maxsplit=1)[1])
            return None
        if (file := made(command)) is not None:
            self._calls.files.update([file])
            return None
        if word == "rm" and self._calls.files.keys() & set(command.split()):
            return None
        if word in _HARMLESS or (word == "sysctl"):
            return f"ignored: {command}"
        raise Unsupported(f"the shell command {word!r}")

    def story(self) -> list[str]:
        """Sockets and timers of the host now, and the reasons of the last things that happened."""
        lines = self.host.sh("ss -tano").splitlines()
        for moment in self.trace.moments[-3:]:
            found = [f"why: {event[2].text}" for event in moment.events if event[2] is not None]
            lines += dict.fromkeys(found)
        lines.append(f"now: {format_seconds(self.now)} s")
        return lines

    def close(self) -> None:
        """Nothing is left behind."""


def _fits(name: str, handle: Any) -> bool:
    """Whether the call is one of such a descriptor: a socket, an epoll, a pipe or a file."""
    if isinstance(handle, File | PipeEnd):
        return name in ("close", "fcntl", "recv", "send", "sendfile", "splice")
    if name == "close" or not isinstance(handle, Socket | Epoll):
        return True
    return isinstance(handle, Epoll) == name.startswith("epoll_")
