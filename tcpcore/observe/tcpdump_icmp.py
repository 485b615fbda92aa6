"""ICMP errors as tcpdump 4.99 prints them with ``-n`` (print-icmp.c)."""

from __future__ import annotations

from tcpcore.wire import icmp
from tcpcore.wire.icmp import IcmpError

_PROHIBITED = {
    icmp.NET_PROHIBITED: "net {0} unreachable - admin prohibited",
    icmp.HOST_PROHIBITED: "host {0} unreachable - admin prohibited",
    icmp.ADMIN_PROHIBITED: "host {0} unreachable - admin prohibited filter",
}
_UNREACHABLE = {
    icmp.NET: "net {0} unreachable",
    icmp.HOST: "host {0} unreachable",
    icmp.PROTOCOL_UNREACHABLE: "{0} protocol 6 unreachable",
    icmp.PORT: "{0} tcp port {1} unreachable",
    icmp.FRAG_NEEDED: "{0} unreachable - need to frag (mtu {2})",
    **_PROHIBITED,
}


def words(error: IcmpError) -> str:
    """``10.0.0.254 > 10.0.0.1: ICMP host 10.0.0.2 unreachable, length 68``."""
    quoted = error.quoted
    if error.type == icmp.TIME_EXCEEDED:
        what = "time exceeded in-transit"
    else:
        pattern = _UNREACHABLE.get(error.code, "{0} unreachable - #" + str(error.code))
        what = pattern.format(quoted.dst, quoted.dport, error.mtu)
    return f"{error.src} > {error.dst}: ICMP {what}, length {error.size - 20}"
