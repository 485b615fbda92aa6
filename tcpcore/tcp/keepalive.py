"""Keepalive: is the peer of a silent connection still there?

Off unless the application sets SO_KEEPALIVE; then after 2 hours of silence up to 9 probes, 75 s
apart (RFC 9293 §3.8.4).  Source: tcp_keepalive_timer() in net/ipv4/tcp_timer.c.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.errors import ETIMEDOUT
from tcpcore.seqnum import distance
from tcpcore.tcp import departure, lifecycle, persist, state, timers
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import SECOND
from tcpcore.why import Reason

_QUIET_STATES = (state.CLOSED, state.LISTEN, state.SYN_SENT, state.SYN_RECV)


def idle_time(c: Tcb) -> int:
    """Silence before the first probe: TCP_KEEPIDLE, else tcp_keepalive_time."""
    return c.keep_idle or c.sysctl.tcp_keepalive_time * SECOND


def _interval(c: Tcb) -> int:
    return c.keep_interval or c.sysctl.tcp_keepalive_intvl * SECOND


def _probes(c: Tcb) -> int:
    return c.keep_count or c.sysctl.tcp_keepalive_probes


def _silent_for(c: Tcb, now: int) -> int:
    return now - max(c.last_data_received, c.last_ack_received)


def start(c: Tcb, now: int) -> None:
    """SO_KEEPALIVE was set, or the connection opened with it set."""
    if c.keepalive and (c.state not in _QUIET_STATES or c.request_out):
        timers.set_keepalive(c, now + idle_time(c), now)


def idle_time_changed(c: Tcb, now: int) -> None:
    """TCP_KEEPIDLE was set: the silence so far counts (tcp_sock_set_keepidle_locked())."""
    if c.keepalive and c.state not in _QUIET_STATES:
        timers.set_keepalive(c, now + max(idle_time(c) - _silent_for(c, now), 0), now)


def stop(c: Tcb) -> None:
    """SO_KEEPALIVE was cleared."""
    if c.keepalive_deadline is not None:
        timers.cancel_keepalive(c)


def on_timeout(c: Tcb, now: int) -> None:
    """The timer fired: look how long it has been silent, and probe or give up."""
    c.keepalive_deadline = None
    if c.state == state.FIN_WAIT_2 and c.orphan:
        if not timers.goes_on_in_fin_wait_2(c, now):
            waited = {"waited": f"{c.sysctl.tcp_fin_timeout} s"}
            lifecycle.abort(c, Reason(reasons.ORPHAN_OVER, waited), now)
        return
    if not c.keepalive or (c.state in _QUIET_STATES and not c.request_out):
        return
    idle = idle_time(c)
    if prr.packets_out(c) or distance(c.snd_nxt, c.write_end) > 0:
        timers.set_keepalive(c, now + idle, now)  # other timers watch the peer now
        return
    silent = _silent_for(c, now)
    if silent < idle:
        timers.set_keepalive(c, now + idle - silent, now)
        return
    if _gone(c, silent):
        values = {"probes": c.probes_out, "silent": timers.span(silent)}
        reason = Reason(reasons.KEEPALIVE_GIVE_UP, values)
        departure.send_reset(c, now, reason)
        lifecycle.give_up(c, ETIMEDOUT, reason)
        return
    c.probes_out += 1
    values = {"number": c.probes_out, "silent": timers.span(silent)}
    persist.wake(c, now, Reason(reasons.KEEPALIVE_PROBE, values), "TcpExtTCPKeepAlive")
    timers.set_keepalive(c, now + _interval(c), now)


def _gone(c: Tcb, silent: int) -> bool:
    """Too many probes unanswered; TCP_USER_TIMEOUT, when set, decides instead."""
    if c.user_timeout:
        return silent >= c.user_timeout and c.probes_out > 0
    return c.probes_out >= _probes(c)
