"""The tail loss probe: when the last segments of a flight may be lost, ask before the RTO does.

After two round trips without news the last segment goes out again (or new data, if there is any),
so that its ACK shows what is missing; one probe for each such episode.  RFC 8985 §7; source:
tcp_schedule_loss_probe(), tcp_send_loss_probe() and tcp_process_tlp_ack() in net/ipv4/.
The probe uses the slot of the retransmission timer: either waits, never both.  Here is when it is
due; what it sends is in `retransmit`.
"""

from __future__ import annotations

from tcpcore.seqnum import distance, lt
from tcpcore.tcp import state, timers
from tcpcore.tcp.tcb import Tcb

PROBING = (3, 4)
"""Values of tcp_early_retrans that mean: send probes."""


def schedule(c: Tcb, now: int, *, acknowledged: bool = False) -> bool:
    """Let the timer fire as a probe where one is due; whether it will.

    `acknowledged`: an ACK has just moved snd.una on, so that the RTO counts from now.
    """
    queue = c.retransmission_queue
    if (
        not queue
        or not c.sack_permitted
        or c.recover_until is not None
        or c.state not in state.HANDSHAKE_DONE
        or c.sysctl.tcp_early_retrans not in PROBING
    ):
        return False
    wait = c.rto
    if c.srtt:
        alone = len(queue) == 1  # its ACK may be delayed
        wait = (c.srtt >> 2) + (c.sysctl.tcp_rto_min_us if alone else 2 * timers.TICK)
    until_rto = c.rto if acknowledged else queue[0].last_sent + c.rto - now
    if 0 < until_rto < wait:
        wait = until_rto
    timers.set_loss_probe(c, now + wait, now)
    return True


def rearm(c: Tcb, now: int) -> None:
    """snd.una moved on: start the timer anew, as a probe if one may be needed."""
    if not schedule(c, now, acknowledged=True):
        timers.set_retransmission(c, now)


def answered(c: Tcb, ack: int) -> None:
    """An ACK came: does it end the episode?"""
    if c.probe_end is not None and not lt(ack, c.probe_end):
        c.probe_end = None
    if c.recover_until is not None and distance(c.recover_until, ack) >= 0:
        c.recover_until = None
