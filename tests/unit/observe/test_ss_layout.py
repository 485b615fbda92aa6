"""`ss -tan` of a virtual host, and of this machine in the same situation: the same text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.observe import ss
from tests.notation import Wire
from tests.states import worlds

SITUATIONS: dict[str, Callable[[Any], Any]] = {
    "listening": lambda wire: wire.listen(7),
    "a connect under way": worlds.syn_sent,
    "half open": worlds.half_open,
    "open": worlds.established,
    "our FIN on its way": worlds.fin_wait_1,
    "our FIN acknowledged": worlds.fin_wait_2,
    "their FIN taken": worlds.close_wait,
    "both FINs crossed": worlds.closing,
    "the last ACK missing": worlds.last_ack,
    "over": worlds.time_wait,
}


def waiting(wire: Any) -> None:
    """One in the accept queue, one half open."""
    wire.listen(3)
    for port in (41000, 41001):
        peer = wire.other(port)
        peer << "S 0:0(0) win 65535 <mss 1460>"
        peer >> "S. 0:0(0) ack 1 <mss 1460>"
    wire.peers[41000] << ". 1:1(0) ack 1 win 65535"


def queued(wire: Any) -> None:
    """100 bytes unread, 50 without ACK."""
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"


SITUATIONS["waiting for accept()"] = waiting
SITUATIONS["bytes in both directions"] = queued


def lines(text: str) -> list[str]:
    head, *rest = text.splitlines()
    return [head.rstrip(), *sorted(line.rstrip() for line in rest)]


@pytest.mark.kernel
@pytest.mark.parametrize("name", SITUATIONS)
def test_the_table_is_the_one_that_ss_prints(name: str):
    from tests.kernel_wire import KernelWire

    if shutil.which("ss") is None:
        pytest.skip("ss (iproute2) is not installed")
    wire, kernel = Wire(), KernelWire()
    try:
        SITUATIONS[name](wire)
        SITUATIONS[name](kernel)
        kernel.quiet()
        shown = kernel.namespace.call(
            lambda: subprocess.run(["ss", "-tan"], capture_output=True, text=True, check=True)
        ).stdout
    finally:
        kernel.close()
    assert lines(ss.table(wire.host.snapshot())) == lines(shown)
