"""``python -m tcpcore bridge``: real programs talk to an engine host, in a namespace of their own.

The network namespace, the TUN device and everything in them vanish when the command ends, however
it ends: nothing outside of them is touched, and no packet leaves them.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Protocol
from urllib.parse import urlsplit

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.linux.bridge import forward, http, services
from tcpcore.linux.bridge.gate import RealTimeNetwork
from tcpcore.linux.namespace import Namespace, why_not
from tcpcore.linux.tun import Tun
from tcpcore.net.link import MTU_MIN
from tcpcore.trace import Trace
from tcpcore.units import SECOND, mbit, ms
from tcpcore.wire import address as addresses
from tcpcore.wire import pcap

_GRACE = 2.0
"""Seconds that a program gets between SIGTERM and SIGKILL."""
_PATIENCE = 15.0
"""Seconds that a server gets to start listening before `--fetch` gives up."""
_IPV6_MTU_MIN = 1280
_KEPT = 500
"""Segments that the player shows."""


class Page(Protocol):
    """The live player, as `view.live` makes it."""

    url: str

    def show(self, trace: Trace) -> None:
        """Let the page have the run as it is now."""

    def close(self) -> None:
        """Stop serving."""


OpenPage = Callable[[int], Page]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("program", nargs="*", metavar="PROGRAM", help="run it inside, then end")
    parser.add_argument("--address", default="10.9.0.2", help="the engine host's (10.9.0.2)")
    parser.add_argument("--peer", default="10.9.0.1", help="the kernel's end (10.9.0.1)")
    parser.add_argument(
        "--services",
        default=",".join(services.NAMES),
        metavar="NAME,...",
        help="what the engine offers (default: all of echo,discard,chargen,http,iperf3)",
    )
    parser.add_argument(
        "--forward", action="append", default=[], metavar="PORT[=PORT]",
        help="lead the engine's port to the kernel's port of that number, or of the second one",
    )  # fmt: skip
    parser.add_argument("--fetch", metavar="URL", help="let the engine fetch this from PROGRAM")
    parser.add_argument("--save", metavar="FILE", help="where to write what was fetched")
    parser.add_argument("--delay", type=float, default=0, metavar="MS", help="one way")
    parser.add_argument("--rate", type=float, metavar="MBIT", help="of the link, each way")
    parser.add_argument("--loss", type=float, default=0, metavar="PERCENT", help="each way")
    parser.add_argument("--reorder", type=float, default=0, metavar="PERCENT", help="each way")
    parser.add_argument("--mtu", type=int, default=1500, metavar="BYTES", help="of the link")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the seed of all chance")
    parser.add_argument("--profile", default=profiles.DEFAULT, help="whose defaults the engine has")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SYSCTL=VALUE", help="of the engine host"
    )
    parser.add_argument("--pcap", metavar="FILE", help="write what passes the device to a capture")
    parser.add_argument(
        "--player", nargs="?", type=int, const=0, metavar="PORT", help="show the run as it happens"
    )


def main(arguments: argparse.Namespace, open_page: OpenPage | None = None) -> int:
    """Open the bridge until the program, the fetch or the user ends it; the exit code."""
    _check(arguments)
    obstacle = why_not()
    if obstacle:
        raise UsageError(obstacle.replace("recording", "the bridge"))
    with contextlib.ExitStack() as stack:
        bridge = _Bridge(arguments, stack)
        if arguments.player is not None and open_page is not None:
            page = open_page(arguments.player)
            stack.callback(page.close)
            bridge.follow(page)
        stack.enter_context(_terminated_like_interrupted())
        return bridge.run()


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is made."""
    for name in ("address", "peer"):
        _check_address(f"--{name}", getattr(arguments, name))
    if (":" in arguments.address) != (":" in arguments.peer):
        raise UsageError("--address and --peer are both IPv4 addresses, or both IPv6 addresses.")
    if ":" in arguments.address and arguments.mtu < _IPV6_MTU_MIN:
        raise UsageError(f"--mtu is at least {_IPV6_MTU_MIN} bytes with IPv6 (RFC 8200 §5).")
    for name in ("loss", "reorder"):
        if not 0 <= getattr(arguments, name) <= 100:
            raise UsageError(f"--{name} is a percentage and takes 0 to 100.")
    if not (math.isfinite(arguments.delay) and arguments.delay >= 0):
        raise UsageError("--delay takes milliseconds from 0 on.")
    if arguments.rate is not None and not (math.isfinite(arguments.rate) and arguments.rate > 0):
        raise UsageError("--rate takes Mbit/s above 0.")
    if arguments.player is not None and not 0 <= arguments.player <= 65535:
        raise UsageError("--player takes a port from 1 to 65535, or nothing for a free one.")
    if arguments.save and not arguments.fetch:
        raise UsageError("--save says where --fetch writes; name a URL with --fetch.")
    if not MTU_MIN <= arguments.mtu <= 65535:
        raise UsageError(f"--mtu takes {MTU_MIN} to 65535 bytes, not {arguments.mtu}.")
    services.check(_names(arguments.services))
    taken = services.ports(_names(arguments.services))
    for port in forward.ports(arguments.forward):
        if port in taken:
            raise UsageError(f"--forward: port {port} is that of {taken[port]}; see --services.")
    if arguments.fetch and (":" in _target(arguments.fetch)[0]) != (":" in arguments.address):
        raise UsageError(
            "--fetch takes a URL whose address is of the same IP version as --address."
        )


def _check_address(option: str, text: str) -> None:
    """Refuse what no host of the bridge can have."""
    if ":" not in text and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text):
        raise UsageError(f"{option} takes an IPv4 or IPv6 address, not {text!r}.")
    try:
        packed = addresses.pack(text)
    except ValueError:
        raise UsageError(f"{option}: {text} is no address.") from None
    strange = packed[0] == 0 or packed[0] >= (0xFE if len(packed) == 16 else 224)
    if strange or (len(packed) == 4 and packed[0] == 127):
        raise UsageError(f"{option}: {text} is no address that a host on a link can have.")


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _target(url: str) -> tuple[str, int, str]:
    """Address, port and path of a URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        raise UsageError(f"--fetch: {url!r} is no URL: {error}.") from None
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(f"--fetch takes http://ADDRESS[:PORT]/PATH, not {url!r}.")
    _check_address("--fetch", parts.hostname)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port, path


class _Bridge:
    """Everything that lives while the command runs."""

    def __init__(self, arguments: argparse.Namespace, stack: contextlib.ExitStack) -> None:
        self._arguments = arguments
        self._page: Page | None = None
        self._shown = (0, 0)
        self._next_look = 0.0
        keep = _KEPT if arguments.player is not None else 0
        self.network = RealTimeNetwork(arguments.seed, arguments.profile, keep)
        self.namespace = Namespace()
        stack.callback(self.namespace.close)
        ends = arguments.peer, arguments.address
        self.tun = Tun(self.namespace, *ends, mtu=arguments.mtu)
        stack.callback(self.tun.close)
        outside = self.network.open_outside("kernel", arguments.peer, self.tun)
        if arguments.pcap:
            outside.taps.append(stack.enter_context(_capture(arguments.pcap)))
        self.host = self.network.host("engine", arguments.address, **_sysctls(arguments.set))
        self.network.link(
            outside,
            self.host,
            delay=ms(arguments.delay),
            rate=None if arguments.rate is None else mbit(arguments.rate),
            mtu=arguments.mtu,
            loss=arguments.loss / 100,
            reorder=arguments.reorder / 100,
        )
        self._stack = stack

    def follow(self, page: Page) -> None:
        """Let a page show the run."""
        self._page = page
        _say(f"The player is at {page.url}")

    def run(self) -> int:
        """Carry packets until it is over."""
        arguments = self._arguments
        program = self._start_program() if arguments.program else None
        if arguments.fetch:
            return self._fetch(program)
        started = services.start(self.host, _names(arguments.services))
        started += forward.start(self.host, forward.ports(arguments.forward), arguments.peer)
        if program is not None:
            self.network.serve(lambda: self._looked() and program.poll() is not None)
            code: int = program.returncode
            return code if code >= 0 else 128 - code
        offers = ", ".join(f"{name} {port}" for name, port in started)
        _say(f"The engine host {self.host.address} is up: {offers}.")
        inside = f"/proc/{os.getpid()}/fd/{self.namespace.fileno()}"
        _say(f"Go in with   nsenter --net={inside} curl {self._url()}")
        _say("Ctrl-C ends it and leaves nothing behind.")
        self.network.serve(lambda: self._looked() and False)
        return 0

    def _url(self) -> str:
        address = self.host.address
        return f"-g http://[{address}]/" if ":" in address else f"http://{address}/"

    def _looked(self) -> bool:
        """Show the page what is new, twice a second at most; always true."""
        if self._page is not None and time.monotonic() >= self._next_look:
            trace = self.network.trace
            size = (len(trace.segments), len(trace.moments)) if trace is not None else (0, 0)
            if trace is not None and size != self._shown:
                self._shown = size
                self._page.show(trace)
            self._next_look = time.monotonic() + 0.5
        return True

    def _start_program(self) -> subprocess.Popen[bytes]:
        words = self._arguments.program
        try:
            program: subprocess.Popen[bytes] = self.namespace.call(lambda: subprocess.Popen(words))
        except OSError as error:
            raise UsageError(f"Cannot run {words[0]}: {error.strerror}.") from None
        self._stack.callback(_end, program)
        return program

    def _fetch(self, program: subprocess.Popen[bytes] | None) -> int:
        fetch = _Fetch(self.host, self._arguments.fetch)
        with _written(self._arguments.save) as write:
            fetch.take = write
            self.host.spawn(fetch.run, "fetch")
            self.network.serve(
                lambda: (
                    self._looked()
                    and (fetch.over or (program is not None and program.poll() not in (None, 0)))
                )
            )
            if fetch.problem or not fetch.over:
                failure = fetch.problem or "the program ended before it was fetched"
                raise OSError(0, f"cannot fetch {self._arguments.fetch}: {failure}")
        _say(f"{fetch.status}, {fetch.length} bytes, sha256 {fetch.digest.hexdigest()}")
        return 0 if fetch.status < 400 else 1


class _Fetch:
    """One page that the engine fetches."""

    def __init__(self, host: Any, url: str) -> None:
        self._host = host
        self._target = _target(url)
        self.digest = hashlib.sha256()
        self.length = 0
        self.status = 0
        self.problem = ""
        self.over = False
        self.take: Callable[[bytes], object] = len

    def _keep(self, part: bytes) -> None:
        self.digest.update(part)
        self.length += len(part)
        self.take(part)

    async def run(self, host: Any) -> None:
        """Fetch, again and again while nobody listens yet."""
        deadline = host.now + round(_PATIENCE * SECOND)
        while True:
            try:
                self.status = await http.get(host, *self._target, self._keep)
            except ConnectionRefusedError as error:
                if host.now < deadline:
                    await host.sleep(ms(100))
                    continue
                self.problem = str(error.strerror)
            except OSError as error:
                self.problem = str(error.strerror)
            except ValueError as error:
                self.problem = str(error)
            self.over = True
            return


def _sysctls(pairs: list[str]) -> dict[str, str]:
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set takes SYSCTL=VALUE, not {pair!r}.")
        values[name.strip()] = value.strip()
    return values


@contextlib.contextmanager
def _capture(path: str) -> Iterator[Callable[[int, bytes], None]]:
    """Write packets to a capture as they pass; it can be read while it grows."""
    zero = time.time_ns() // 1000 - time.monotonic_ns() // 1000
    try:
        with open(path, "wb") as file:
            file.write(pcap.file_header())
            yield lambda at, packet: _write_record(file, zero + at, packet)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}.") from error


def _write_record(file: Any, at: int, packet: bytes) -> None:
    file.write(pcap.record(at, packet))


@contextlib.contextmanager
def _written(path: str | None) -> Iterator[Callable[[bytes], object]]:
    """Where fetched bytes go: into a file that appears when it is complete."""
    if path is None:
        yield len
        return
    draft = Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
    try:
        with open(draft, "wb") as file:
            yield file.write
        os.replace(draft, path)
    except OSError as error:
        if error.errno:
            raise UsageError(f"Cannot write {path}: {error.strerror}.") from error
        raise
    finally:
        draft.unlink(missing_ok=True)


def _end(program: subprocess.Popen[bytes]) -> None:
    """End a program that still runs."""
    if program.poll() is None:
        program.terminate()
        try:
            program.wait(_GRACE)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl-C does: with everything cleared up."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
