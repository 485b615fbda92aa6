"""A recorded host beside its sockets: its kernel, cables and power."""

from __future__ import annotations

import subprocess
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from tcpcore.errors import UsageError
from tcpcore.host.firewall import Firewall
from tcpcore.host.power import GRACE, REBOOT
from tcpcore.host.routes import route
from tcpcore.linux.loopback import Loopback
from tcpcore.linux.namespace import (
    Namespace,
    change_route,
    route_everything_to,
    write_sysctl,
)
from tcpcore.linux.tun import Tun
from tcpcore.net.link import Link
from tcpcore.net.router import Router

if TYPE_CHECKING:
    from tcpcore.linux.sockets import Application, KernelProcess
    from tcpcore.linux.world import KernelNetwork


class KernelMachine(ABC):
    """What `KernelHost` is made of, and what can happen to it."""

    network: KernelNetwork
    address: str
    namespace: Namespace
    processes: Any

    def __init__(self, seed: str, name: str, sysctls: dict[str, Any]) -> None:
        self.name = name
        self.sysctls = sysctls
        self.powered = True
        self.offload = (
            False  # whether its network cards cut large packets (TSO); set it before `link`
        )
        self.firewall = Firewall(name, seed)
        self.tuns: dict[str, Tun] = {}  # by the address at the other end of the cable
        self.loopback: Loopback | None = None
        self._former: list[Namespace | Tun] = []

    @abstractmethod
    def spawn(self, application: Application, name: str = "") -> KernelProcess:
        """Start an application."""

    def boot(self) -> Namespace:
        """A fresh kernel for this host, with its sysctls."""
        namespace = Namespace()
        try:
            for sysctl, value in self.sysctls.items():
                namespace.call(write_sysctl, sysctl, value)
        except BaseException:
            namespace.close()
            raise
        return namespace

    def sh(self, command: str) -> str:
        """What the command prints in this host's namespace: the machine's own programs."""
        with self.network.waiting("sleep"):  # the program may need the network meanwhile
            return self.namespace.call(_shell, command)

    # ---- cables ------------------------------------------------------------------------------

    def plug_in(self, number: int, link: Link) -> None:
        """Give the kernel a device at the end of a cable."""
        other = link.other(self)
        ends = self.namespace, self.address, other.address
        tun = Tun(*ends, f"tun{number}", link.mtu, offload=self.offload)
        if isinstance(other, Router):
            self.namespace.call(route_everything_to, tun.name)
        self.tuns[other.address] = tun

    def change_route(self, to: str, **attributes: Any) -> None:
        """As `host.machine.Machine.change_route`; after the cable to that address is plugged in."""
        if to not in self.tuns:
            raise UsageError(f"{self.name} has no cable to {to}: link the two hosts first.")
        self.namespace.call(change_route, self.tuns[to].name, to, route(attributes).set())

    def listen_to_itself(self) -> None:
        """A host without a cable sends to itself only."""
        self.loopback = Loopback(self.namespace, self.address)

    def tun_from(self, address: str) -> Tun:
        """The device at which packets from that address arrive."""
        pipe = self.network.wires.route(self, address)
        first = next(iter(self.tuns.values()))
        return self.tuns.get(pipe.to.address, first) if pipe is not None else first

    # ---- power -------------------------------------------------------------------------------

    def crash(self) -> None:
        """Nothing from this kernel reaches the wire any more, and its applications stop."""
        self.powered = False
        for process in self.processes:
            process.vanish()

    def reboot(self, after: int = REBOOT, application: Application | None = None) -> None:
        """Crash, and come up `after` µs later as a fresh kernel with the same address."""
        self.crash()
        booted: list[tuple[Namespace, dict[str, Tun]]] = []
        boot = threading.Thread(target=lambda: booted.append(self._prepare()))
        boot.start()

        def start() -> None:
            boot.join()
            self._former += [self.namespace, *self.tuns.values()]
            self.namespace, self.tuns = booted[0]
            self.powered = True
            if application is not None:
                self.spawn(application)

        self.network.after(after, start)

    def _prepare(self) -> tuple[Namespace, dict[str, Tun]]:
        """A kernel like the one at the start, with its cables, not yet plugged in."""
        namespace = self.boot()
        tuns = {}
        for address, old in self.tuns.items():
            ends = namespace, self.address, address
            tuns[address] = Tun(*ends, old.name, old.mtu, offload=self.offload)
            if isinstance(self.network.wires.node_at(address), Router):
                namespace.call(route_everything_to, old.name)
        return namespace, tuns

    def shut_down(self, grace: int = GRACE) -> None:
        """End all applications; the kernel closes their sockets.  Off after `grace` µs."""
        for process in self.processes:
            process.kill()
        self.network.after(grace, self.crash)

    def discard(self) -> None:
        """Let go of devices and namespaces."""
        if self.loopback is not None:
            self.loopback.close()
        for device in (*self.tuns.values(), *self._former, self.namespace):
            device.close()


def _shell(command: str) -> str:
    done = subprocess.run(
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
