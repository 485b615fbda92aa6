"""Smaller segments when large ones vanish without a word: RFC 4821, as far as tcp_mtu_probing=1.

After the time-outs that tcp_retries1 stands for, Linux suspects a black hole: a narrow link whose
router may not say so.  It goes on with tcp_base_mss, and with half of it at each further time-out.
Linux differs: later it also probes upward again (tcp_mtu_probe()), which is not modelled here.
Source: tcp_mtu_probing() in net/ipv4/tcp_timer.c.
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason

FLOOR = 48
"""net.ipv4.tcp_mtu_probe_floor, and tcp_min_snd_mss."""


def suspect(c: Tcb) -> None:
    """One time-out too many: go on with smaller segments, if tcp_mtu_probing allows it."""
    if not c.sysctl.tcp_mtu_probing:
        return
    base = c.sysctl.tcp_base_mss
    c.probed_mss = base if not c.probed_mss else max(min(base, c.probed_mss >> 1), FLOOR)
    if c.probed_mss < c.snd_mss:
        c.snd_mss = c.probed_mss
        c.event(trace.NOTED, Reason(reasons.BLACK_HOLE, {"mss": c.snd_mss}))
