"""A host's power: crash, reboot and shutdown, and what each does to its connections.

A crash is silent: nobody sends anything, and memory is lost.  After a reboot the host answers
segments of its old connections with RST, because it knows none of them.  A shutdown ends processes
first, so that the kernel closes their sockets in the usual way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.host.process import Application

if TYPE_CHECKING:
    from tcpcore.host.machine import Machine

REBOOT = 30_000_000
"""How long a reboot takes when nobody says, in microseconds."""

GRACE = 1_000_000
"""From the end of the processes to the end of power, in microseconds."""


def crash(host: Machine) -> None:
    """The power fails: everything in memory is gone, and nothing is sent."""
    if not host.powered:
        return
    host.call("the power fails")
    host.note(f"{host.name} is down: its kernel forgets everything, and sends nothing")
    _off(host)


def _off(host: Machine) -> None:
    host.powered = False
    for process in host.processes:
        process.vanish()
    host.processes.clear()
    host.forget_everything()


def start(host: Machine, application: Application | None = None) -> None:
    """The host comes up again with fresh secrets, and starts `application`."""
    if host.powered:
        return
    host.powered = True
    host.start_afresh()
    host.been_up(0)
    host.call("the host is up again")
    host.note(f"{host.name} is up again and knows nothing of its old connections")
    if application is not None:
        host.spawn(application)


def reboot(host: Machine, after: int = REBOOT, application: Application | None = None) -> None:
    """Crash now, and come up `after` microseconds later."""
    crash(host)
    host.network.at(host.now + after, lambda _: start(host, application), None)


def shut_down(host: Machine, grace: int = GRACE) -> None:
    """End all processes, whose sockets the kernel closes, and switch off after `grace` us.

    systemd sends SIGTERM, waits up to 90 s for each service, then sends SIGKILL; here processes
    end at SIGTERM.
    """
    host.call("shutdown: SIGTERM to all processes")
    for process in list(host.processes):
        process.kill()
    host.network.at(host.now + grace, _switch_off, host)


def _switch_off(host: Machine) -> None:
    if host.powered:
        host.call("the power goes off")
        host.note(f"{host.name} is switched off")
        _off(host)
