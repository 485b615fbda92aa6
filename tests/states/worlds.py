"""How a script brings a host into each state.  The peer's options are only an MSS."""

from __future__ import annotations

from typing import Any

from tests.notation import PORT, Sock

OPTIONS = "mss 1460"
RTO = 200_001
"""After a round trip of no time: 1 us is the least that is measured, 200 ms its least variance."""


def syn_sent(wire: Any) -> Sock:
    """A connect() under way, from the host's well-known port."""
    sock: Sock = wire.socket(PORT)
    sock.call = sock.connect()  # type: ignore[attr-defined]
    wire >> "S 0:0(0) <...>"
    return sock


def half_open(wire: Any) -> Sock:
    """A request in the SYN queue; the listener."""
    listener: Sock = wire.listen()
    wire << f"S 0:0(0) win 65535 <{OPTIONS}>"
    wire >> "S. 0:0(0) ack 1 <...>"
    return listener


def simultaneous(wire: Any) -> Sock:
    """SYN_RECV after two SYNs crossed."""
    sock = syn_sent(wire)
    wire << f"S 0:0(0) win 65535 <{OPTIONS}>"
    wire >> "S. 0:0(0) ack 1 <...>"
    return sock


def established(wire: Any) -> Sock:
    """The peer connected."""
    sock: Sock = wire.accepted()
    return sock


def fin_wait_1(wire: Any, *, orphan: bool = False) -> Sock:
    """The host sent FIN (sequence number 1)."""
    sock = established(wire)
    (sock.close if orphan else sock.shutdown)()
    wire >> "F. 1:1(0) ack 1"
    return sock


def fin_wait_2(wire: Any, *, orphan: bool = False) -> Sock:
    """The peer acknowledged it."""
    sock = fin_wait_1(wire, orphan=orphan)
    wire << ". 1:1(0) ack 2 win 65535"
    wire.quiet()
    return sock


def close_wait(wire: Any) -> Sock:
    """The peer sent FIN (sequence number 1), and the host acknowledged it after a while."""
    sock = established(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire.after(4000) >> ". 1:1(0) ack 2"
    return sock


def closing(wire: Any) -> Sock:
    """The FINs crossed."""
    sock = fin_wait_1(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire >> ". 2:2(0) ack 2"
    return sock


def last_ack(wire: Any) -> Sock:
    """The peer sent FIN, then the host did."""
    sock = close_wait(wire)
    sock.close()
    wire >> "F. 1:1(0) ack 2"
    return sock


def time_wait(wire: Any) -> Sock:
    """The host sent FIN first, both are acknowledged."""
    sock = fin_wait_2(wire)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"
    return sock
