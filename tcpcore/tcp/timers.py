"""The timers of a connection: deadlines that are set, cancelled and, when due, fired.

A timer is a deadline in the TCB (None: off); nothing here reads a clock.  What a timer does when it
fires stands where the behaviour lives: `retransmit`, `delayed_ack`, `connection`.
"""

from __future__ import annotations

from typing import Any

from tcpcore import reasons
from tcpcore.tcp import metrics, pacing
from tcpcore.tcp.tcb import FAR as FAR
from tcpcore.tcp.tcb import RTO_INITIAL, Tcb
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.units import span as span
from tcpcore.why import Why

TICK = 4 * MILLISECOND
"""The shortest time a kernel timer can wait: one jiffy where CONFIG_HZ=250."""

TIMEOUT_MIN = 2 * MILLISECOND
"""The least that probes and the reordering timer wait beside round trips (TCP_TIMEOUT_MIN_US)."""

RETRANSMISSION = "retransmission"
DELAYED_ACK = "delayed ACK"
COMPRESSED_ACK = "compressed ACK"
LOSS_PROBE = "tail loss probe"
REORDERING = "reordering"
PACING = "pacing"
PERSIST = "persist"
KEEPALIVE = "keepalive"
TIME_WAIT = "TIME_WAIT"
FIN_WAIT_2 = "FIN_WAIT_2"


def _announce(c: Tcb, timer: str, why: Why, deadline: int) -> None:
    if deadline < c.due:
        c.due = deadline
    journal = c.journal
    if journal is not None and journal.trace is not None:
        journal.trace.timer_set(timer, c.name, why, deadline)


def _retransmission_name(c: Tcb) -> str:
    if c.loss.reo_deadline:
        return REORDERING
    return LOSS_PROBE if c.loss_probe else RETRANSMISSION


def _announce_end(c: Tcb, timer: str) -> None:
    journal = c.journal
    if journal is not None and journal.trace is not None:
        journal.trace.timer_cancelled(timer, c.name)


def set_retransmission(
    c: Tcb, now: int, at_most: int | None = None, *, paced: bool = False
) -> None:
    """(Re)start the retransmission timer: it fires one RTO from now, or `at_most` so much later.

    `paced`: it waits as much longer as pacing keeps data back.
    """
    c.loss_probe = c.loss.reo_deadline = False
    c.retransmit_deadline = now + (c.rto if at_most is None else min(c.rto, at_most))
    if paced and c.flow.paced:
        c.retransmit_deadline += pacing.delay(c, now)
    why = reasons.TIMER_CONNECT if c.state == "SYN_SENT" else reasons.TIMER_RTO
    _announce(c, RETRANSMISSION, why, c.retransmit_deadline)


def set_syn_ack(c: Tcb, now: int, times: int) -> None:
    """(Re)start the timer of an early connection's SYN+ACK, after so many time-outs.

    It is the request's: the connection's RTO stays as it is (tcp_fastopen_synack_timer()).
    """
    c.loss_probe = c.loss.reo_deadline = False
    wait = min(RTO_INITIAL << times, c.sysctl.tcp_rto_max_ms * MILLISECOND)
    c.retransmit_deadline = now + wait
    _announce(c, RETRANSMISSION, reasons.TIMER_RTO, c.retransmit_deadline)


def set_loss_probe(c: Tcb, deadline: int, now: int) -> None:
    """Let the retransmission timer fire as a tail loss probe."""
    c.loss_probe = True
    c.loss.reo_deadline = False
    if c.flow.paced:
        deadline += pacing.delay(c, now)
    c.retransmit_deadline = deadline
    _announce(c, LOSS_PROBE, reasons.TIMER_LOSS_PROBE, deadline)


def set_reordering(c: Tcb, now: int, wait: int) -> None:
    """Let the retransmission timer fire when the reordering window is over (RFC 8985 §6.3)."""
    c.loss_probe = False
    c.loss.reo_deadline = True
    c.retransmit_deadline = now + min(wait, c.rto)
    _announce(c, REORDERING, reasons.TIMER_REORDERING, c.retransmit_deadline)


def reordering_fired(c: Tcb) -> None:
    """The timer that `set_reordering` started is over."""
    c.retransmit_deadline = None
    c.loss.reo_deadline = False


def cancel_retransmission(c: Tcb) -> None:
    """Everything is acknowledged: stop the retransmission timer."""
    if c.retransmit_deadline is not None:
        c.retransmit_deadline = None
        _announce_end(c, _retransmission_name(c))
        c.loss_probe = c.loss.reo_deadline = False


def set_ack(c: Tcb, deadline: int, now: int) -> None:
    """Start the timer of the delayed ACK."""
    c.ack_deadline = deadline
    _announce(c, DELAYED_ACK, reasons.TIMER_DELAYED_ACK, deadline)


def set_ack_compression(c: Tcb, deadline: int) -> None:
    """Let the timer of the delayed ACK fire for duplicate ACKs that are held back."""
    c.ack_deadline = deadline
    _announce(c, COMPRESSED_ACK, reasons.TIMER_COMPRESSED_ACK, deadline)


def cancel_ack(c: Tcb) -> None:
    """The ACK has gone out with something else."""
    c.ack_deadline = None
    _announce_end(c, COMPRESSED_ACK if c.held_acks else DELAYED_ACK)


def set_probe(c: Tcb, deadline: int, now: int) -> None:
    """(Re)start the persist timer."""
    c.probe_deadline = deadline
    _announce(c, PERSIST, reasons.TIMER_PERSIST, deadline)


def cancel_probe(c: Tcb) -> None:
    """The window is open, or nothing waits any more."""
    c.probe_deadline = None
    _announce_end(c, PERSIST)


def set_keepalive(c: Tcb, deadline: int, now: int) -> None:
    """(Re)start the keepalive timer."""
    c.keepalive_deadline = deadline
    _announce(c, KEEPALIVE, reasons.TIMER_KEEPALIVE, deadline)


def cancel_keepalive(c: Tcb) -> None:
    """Nobody wants to know any more."""
    c.keepalive_deadline = None
    _announce_end(c, KEEPALIVE)


def set_time_wait(c: Tcb, now: int) -> None:
    """(Re)start the 60 s of TIME_WAIT (TCP_TIMEWAIT_LEN).

    No sysctl changes them; RFC 9293 §3.6 asks for 2 MSL = 240 s.  With tcp_tw_recycle, and
    timestamps, it was three and a half RTOs.
    """
    length = c.sysctl.timewait_len * SECOND
    if c.sysctl.tcp_tw_recycle and c.timestamps:
        length = (c.rto << 2) - (c.rto >> 1)
    c.wait_deadline = now + length
    _announce(c, TIME_WAIT, reasons.TIMER_TIME_WAIT, c.wait_deadline)


def set_fin_wait_2(c: Tcb, now: int, *, fin: bool = False) -> None:
    """Start the time that an orphan waits for the peer's FIN (tcp_fin_time()).

    What waits is no full socket any more, so that no keepalive goes out (tcp_time_wait()); unless a
    `fin` comes with the ACK of ours.
    Linux differs where that is more than the 60 s of TIME_WAIT: what is beyond them the full socket
    waits, with its keepalive timer, and then a small one as long again.  So of 90 s 60 are left,
    and of 62 only 4.
    """
    if c.keepalive_deadline is not None:
        cancel_keepalive(c)
    if not c.sysctl.orphans_time_out:
        return
    longest = _fin_time(c)
    beyond = longest - c.sysctl.timewait_len * SECOND
    if beyond <= 0 and not fin:
        _become_small(c, now, longest)
        return
    c.keepalive_deadline = now + (beyond if beyond > 0 else longest)
    _announce(c, KEEPALIVE, reasons.TIMER_FIN_WAIT_2, c.keepalive_deadline)


def goes_on_in_fin_wait_2(c: Tcb, now: int) -> bool:
    """The full socket has waited: whether a small one waits on."""
    beyond = _fin_time(c) - c.sysctl.timewait_len * SECOND
    if beyond > 0:
        _become_small(c, now, max(beyond, _three_and_a_half(c)))
    return beyond > 0


def _three_and_a_half(c: Tcb) -> int:
    """RTOs."""
    return (c.rto << 2) - (c.rto >> 1)


def _fin_time(c: Tcb) -> int:
    return max(c.linger2 or c.sysctl.tcp_fin_timeout * SECOND, _three_and_a_half(c))


def _become_small(c: Tcb, now: int, wait: int) -> None:
    if c.fast_open is not None and c.fast_open.keeper is not None and not c.fast_open.passive:
        c.fast_open.keeper.closed(now)
    metrics.remember(c)
    c.small = True
    c.wait_deadline = now + wait
    _announce(c, FIN_WAIT_2, reasons.TIMER_FIN_WAIT_2, c.wait_deadline)


def cancel_all(c: Tcb) -> None:
    """Stop every timer: the connection is over or enters TIME_WAIT."""
    cancel_retransmission(c)
    if c.ack_deadline is not None:
        cancel_ack(c)
    if c.probe_deadline is not None:
        cancel_probe(c)
    if c.keepalive_deadline is not None:
        cancel_keepalive(c)
    c.wait_deadline = c.pacing_deadline = None


def hurry(c: Tcb, deadline: int) -> None:
    """Let the retransmission timer fire at that time, whatever it waits for."""
    c.retransmit_deadline = deadline
    if deadline < c.due:
        c.due = deadline


def next_deadline(c: Tcb) -> int | None:
    """When `fire` has something to do, in microseconds; None: no timer runs."""
    earliest = c.retransmit_deadline
    deadline = c.ack_deadline
    if deadline is not None and (earliest is None or deadline < earliest):
        earliest = deadline
    deadline = c.probe_deadline
    if deadline is not None and (earliest is None or deadline < earliest):
        earliest = deadline
    deadline = c.keepalive_deadline
    if deadline is not None and (earliest is None or deadline < earliest):
        earliest = deadline
    deadline = c.wait_deadline
    if deadline is not None and (earliest is None or deadline < earliest):
        earliest = deadline
    deadline = c.pacing_deadline
    if deadline is not None and (earliest is None or deadline < earliest):
        earliest = deadline
    return earliest


def running(c: Tcb) -> list[tuple[str, int]]:
    """``(name, deadline)`` of each timer that runs."""
    found: list[Any] = []
    list_running(c, found)
    items = iter(found)
    return [(timer, deadline) for timer, _, deadline in zip(items, items, items, strict=True)]


def list_running(c: Tcb, found: list[Any]) -> None:
    """Add to `found`, of each timer that runs: its name, the connection's, and the deadline."""
    name = c.name
    if c.retransmit_deadline is not None:
        found += (_retransmission_name(c), name, c.retransmit_deadline)
    if c.ack_deadline is not None:
        found += (COMPRESSED_ACK if c.held_acks else DELAYED_ACK, name, c.ack_deadline)
    if c.probe_deadline is not None:
        found += (PERSIST, name, c.probe_deadline)
    if c.pacing_deadline is not None:
        found += (PACING, name, c.pacing_deadline)
    if c.keepalive_deadline is not None:
        found += (KEEPALIVE, name, c.keepalive_deadline)
    if c.wait_deadline is not None:
        found += (TIME_WAIT if c.state == "TIME_WAIT" else FIN_WAIT_2, name, c.wait_deadline)
