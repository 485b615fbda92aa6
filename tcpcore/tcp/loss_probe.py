"""The tail loss probe: when the last segments of a flight may be lost, ask before the RTO does.

After two round trips without news the last segment goes out again (or new data, if there is any),
so that its ACK shows what is missing; one probe for each such episode.  RFC 8985 §7; source:
tcp_schedule_loss_probe(), tcp_send_loss_probe() and tcp_process_tlp_ack() in net/ipv4/.
The probe uses the slot of the retransmission timer: either waits, never both.  Here is when it is
due; what it sends is in `retransmit`.
"""

from __future__ import annotations

from tcpcore.seqnum import lt
from tcpcore.tcp import state, timers, undo
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.loss_state import CWR, OPEN
from tcpcore.tcp.tagging import News
from tcpcore.tcp.tcb import RTO_INITIAL, Tcb

PROBING = (3, 4)
"""Values of tcp_early_retrans that mean: send probes."""
_PROBED = (OPEN, CWR)
_HANDSHAKE_DONE = state.HANDSHAKE_DONE


def schedule(c: Tcb, now: int, *, acknowledged: bool = False) -> bool:
    """Let the timer fire as a probe where one is due; whether it will.

    `acknowledged`: an ACK has just moved snd.una on, so that the RTO counts from now.
    """
    queue, sysctl = c.retransmission_queue, c.sysctl
    if (
        not queue
        or not c.sack_permitted
        or c.ca_state not in _PROBED
        or c.request_out  # and its FIN may have followed
        or (c.state not in _HANDSHAKE_DONE and _opening(c))
        or sysctl.tcp_early_retrans not in PROBING
    ):
        return False
    wait = RTO_INITIAL  # no round trip is known where a SYN went twice: it has made the RTO longer
    if c.srtt:
        alone = len(queue) == 1  # its ACK may be delayed
        wait = (c.srtt >> 2) + (sysctl.tcp_rto_min_us if alone else timers.TIMEOUT_MIN)
    until_rto = c.rto if acknowledged else queue[0].last_sent + c.rto - now
    if 0 < until_rto < wait:
        wait = until_rto
    timers.set_loss_probe(c, now + wait, now)
    return True


def _opening(c: Tcb) -> bool:
    """During a handshake: whether a SYN or SYN+ACK is no connection's yet; one that crossed is."""
    return c.state != state.SYN_RECV or (c.fast_open is not None and c.fast_open.passive)


def rearm(c: Tcb, now: int) -> None:
    """An ACK brought news: start the timer anew, as a probe if one may be needed.

    Source: tcp_set_xmit_timer(), tcp_rearm_rto().
    """
    if schedule(c, now, acknowledged=True):
        return
    if not c.retransmission_queue:
        timers.cancel_retransmission(c)
    elif c.loss_probe or c.loss.reo_deadline:  # the RTO counts from when the oldest was sent
        left = max(c.retransmission_queue[0].last_sent + c.rto - now, 1)
        timers.set_retransmission(c, now, left, paced=True)
    else:
        timers.set_retransmission(c, now, paced=True)


def answered(c: Tcb, ack: int, news: News, now: int) -> None:
    """An ACK may be the probe's: was anything lost?  (RFC 8985 §7.4; tcp_process_tlp_ack())."""
    assert c.probe_end is not None
    if lt(ack, c.probe_end):
        return
    if not c.loss.probe_resent or news.duplicate_of_probe:
        c.probe_end = None
    elif ack != c.probe_end:  # it goes on: the probe filled a hole, so something was lost
        prr.begin(c)
        c.ca_state = CWR
        prr.end(c, now)
        undo.keep_open(c)
        c.tally("TcpExtTCPLossProbeRecovery")
    elif not (news.advanced or news.not_duplicate_ack or news.sacked):
        c.probe_end = None
