"""A script on this machine's kernel: real sockets, a TUN device as the wire, the real clock.

Everything happens in a network namespace of its own, which vanishes with this process.  Calls that
block do so in threads; another thread takes what the kernel sends, with the time.  Needs root.
"""

from __future__ import annotations

import contextlib
import queue
import re
import select
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.linux.namespace import Namespace, change_route, why_not, write_sysctl
from tcpcore.linux.tun import Tun
from tcpcore.packetdrill.kernel_calls import File, KernelCalls
from tcpcore.packetdrill.routes import forgotten, route_attributes
from tcpcore.packetdrill.system import Pending, Sent, Settings, System, Unsupported
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.wire import codec
from tcpcore.wire.icmp import IcmpError, encode_icmp
from tcpcore.wire.segment import Segment

_AT_ONCE = 3 * MILLISECOND
"""How long a call that does not block may take to return."""
_LONGEST_COMMAND = 60
_THREADS = 16
_IPV4, _TCP = 4, 6
_PATIENCE = 60 * SECOND
_HEX = re.compile(r"\b0[xX][0-9a-fA-F]+\b")


class KernelSystem(System):
    """See the module.  Raises `UsageError` where this process may not do that."""

    kind = "kernel"

    def __init__(self, settings: Settings, *, allow_shell: bool = False) -> None:
        if (reason := why_not()) is not None:
            raise UsageError(reason.replace("recording", "the kernel backend", 1))
        self.settings = settings
        self._allow_shell = allow_shell
        self._namespace = Namespace()
        ends = settings.local, settings.remote
        merged = settings.merged_mss
        self._tun = Tun(self._namespace, *ends, mtu=settings.mtu, merged_mss=merged)
        self._parameters: dict[Path, str] = {}  # of modules: what they were before
        self._calls = KernelCalls(any_file=allow_shell)
        self._open: list[Any] = []
        self._asked: dict[Any, int] = {}  # the port that a socket's connect() asked for
        self._ends: dict[Any, tuple[int, int]] = {}  # of sockets that had a connection
        self._sent: queue.SimpleQueue[Sent] = queue.SimpleQueue()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, initializer=self._namespace.enter)
        self._pool.submit(int).result()
        self.begin()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    @property
    def now(self) -> int:
        """Microseconds since the script began."""
        return (time.monotonic_ns() - self._start) // 1000

    def begin(self) -> None:
        """The script's clock starts."""
        self._start = time.monotonic_ns()
        self._calls.start = time.time_ns() // 1000

    # --- calls -----------------------------------------------------------------------------------

    def start(self, name: str, *arguments: Any) -> Pending:
        """Start a system call in a thread of the namespace."""
        pending = Pending(name, self.now)
        if name in ("connect", "sendto", "sendto_nowhere"):
            self._asked[arguments[0]] = arguments[-1]
            self._ends.pop(arguments[0], None)
        method = getattr(self._calls, name)
        future = self._pool.submit(self._call, pending, method, arguments)
        with contextlib.suppress(TimeoutError):
            future.result(_AT_ONCE / SECOND)
        return pending

    def _call(self, pending: Pending, method: Any, arguments: tuple[Any, ...]) -> None:
        try:
            pending.result = method(*arguments)
            made = pending.result if isinstance(pending.result, tuple) else (pending.result,)
            self._open += [
                one for one in made if isinstance(one, socket.socket | select.epoll | File)
            ]
            if pending.name in ("accept", "connect"):
                self.ends(arguments[0] if pending.name == "connect" else pending.result)
        except (TypeError, AttributeError, ValueError, OverflowError) as error:
            pending.trouble = Unsupported(f"{pending.name}() on this descriptor ({error})")
        except OSError as error:
            pending.errno = error.errno
        except Exception as error:  # noqa: BLE001 - shown to whoever runs the script
            pending.trouble = error
        pending.returned = self.now
        pending.done = True

    def wait(self, pending: Pending, until: int) -> None:
        """Let time pass until the call has returned; a minute at most."""
        end = min(until, self.now + _PATIENCE)
        while not pending.done and self.now < end:
            time.sleep(0.0002)

    # --- time and the wire -----------------------------------------------------------------------

    def pass_time(self, until: int) -> None:
        """Sleep; the last millisecond awake, to be on time."""
        left = until - self.now
        if left > 2 * MILLISECOND:
            time.sleep((left - MILLISECOND) / SECOND)
        while self.now < until:
            pass

    def next_sent(self, until: int) -> Sent | None:
        """The next segment; at most a minute is waited."""
        left = min(until - self.now, _PATIENCE)
        try:
            return self._sent.get(timeout=max(left, 0) / SECOND)
        except queue.Empty:
            return None

    def _listen(self) -> None:
        """Take what the kernel sends, and note when."""
        while not self._over.is_set():
            ready, _, _ = select.select([self._tun], [], [], 0.05)
            while ready and (packet := self._tun.read()) is not None:
                now = self.now
                if (packet[9] if packet[0] >> 4 == _IPV4 else packet[6]) == _TCP:
                    self._sent.put(Sent(now, codec.decode(packet)))

    def inject(self, packet: Segment | IcmpError) -> None:
        """Write the packet into the device."""
        raw = encode_icmp(packet) if isinstance(packet, IcmpError) else codec.encode(packet)
        self._tun.write(raw)

    # --- looking ---------------------------------------------------------------------------------

    def ends(self, handle: Any) -> tuple[int, int] | None:
        """Local and remote port, as the kernel says, or where connect() is still going.

        A socket whose connection is over tells its ports no more: it keeps those it had.
        """
        try:
            local = handle.getsockname()[1]
            with contextlib.suppress(OSError):
                self._ends[handle] = local, handle.getpeername()[1]
                return self._ends[handle]
        except (OSError, AttributeError):
            return None
        if handle in self._ends:
            return self._ends[handle]
        return (local, self._asked[handle]) if handle in self._asked else None

    def info(self, handle: Any, ports: tuple[int, int] | None) -> dict[str, int]:
        """TCP_INFO of the socket."""
        if not isinstance(handle, socket.socket):
            raise UsageError("no socket of the script is this connection's: accept() it first.")
        return self._calls.info(handle)

    def set_sysctl(self, name: str, value: str) -> str | None:
        """Write it in the namespace; a remark where the kernel has none of that name there.

        New sockets ask for the congestion control by themselves: some machines allow a namespace
        no default of its own.
        """
        if name.removeprefix("net.ipv4.") == "tcp_congestion_control":
            self._calls.congestion = self._namespace.call(_available, value).encode()
            return None
        try:
            self._namespace.call(write_sysctl, name, _HEX.sub(_decimal, value))
        except UsageError as error:
            if "has no sysctl" in str(error):
                return f"ignored: {name} (not in a network namespace of this kernel)"
            if isinstance(error.__cause__, PermissionError):
                return f"ignored: {name} (this network namespace may not change it)"
            raise
        return None

    def set_parameter(self, module: str, name: str, value: str) -> str | None:
        """Write it, where that was allowed: it is the whole machine's; `close` undoes it."""
        path = Path("/sys/module", module, "parameters", name)
        if not self._allow_shell:
            return f"not run: echo {value} > {path} (allow it with --allow-shell)"
        try:
            self._parameters.setdefault(path, path.read_text())
            path.write_text(value)
        except OSError as error:
            raise UsageError(
                f"the kernel refuses {value!r} for {path}: {error.strerror}."
            ) from None
        return None

    def shell(self, command: str) -> str | None:
        """Obey what `routes` reads; run other commands in the namespace, where that was allowed."""
        remote = self.settings.remote
        attributes = route_attributes(command, remote)
        if attributes is not None and ":" not in remote:
            self._namespace.call(change_route, self._tun.name, remote, attributes)
            return None
        if (whom := forgotten(command)) is not None:
            self._namespace.call(_run, f"ip tcp_metrics flush {whom}")
            return None
        if not self._allow_shell:
            return f"not run: {command} (allow it with --allow-shell)"
        done = self._namespace.call(_run, command)
        return (
            f"{command}: exit {done.returncode} {done.stderr.strip()}" if done.returncode else None
        )

    def story(self) -> list[str]:
        """What `ss` would say of the namespace's sockets."""
        return []

    def close(self) -> None:
        """End calls that still block, put parameters of modules back, let go of everything."""
        for path, before in self._parameters.items():
            with contextlib.suppress(OSError):
                path.write_text(before)
        self._over.set()
        for handle in self._open:
            with contextlib.suppress(OSError):
                if isinstance(handle, socket.socket):
                    handle.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                handle.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._reader.join(1)
        self._tun.close()
        self._namespace.close()


def _available(name: str) -> str:
    known = Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()
    if name not in known:
        raise UsageError(
            f"this kernel's congestion controls are {', '.join(known)}; {name!r} is none of them."
        )
    return name


def _decimal(match: re.Match[str]) -> str:
    """The kernel takes hexadecimal numbers, and says them back as decimal ones."""
    return str(int(match[0], 16))


def _run(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the calling thread's namespace."""
    return subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, timeout=_LONGEST_COMMAND
    )
