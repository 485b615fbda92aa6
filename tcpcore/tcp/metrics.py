"""What a host remembers of another one from connection to connection (net/ipv4/tcp_metrics.c).

A connection that ends well leaves its round trip; the next one does not start with a shorter RTO
than that is worth, since a SYN is small and fast.  Its first round trip of data settles it.

Where tcp_no_ssthresh_metrics_save is 0 (it is 1), ssthresh is kept as well.  What the route says
of cwnd, ssthresh, rtt and reordering is where the memory begins, so that not the first connection,
which makes it, but the second one obeys it.
"""

from __future__ import annotations

from tcpcore.tcp import rtt
from tcpcore.tcp.loss_state import OPEN
from tcpcore.tcp.remembered import Metrics
from tcpcore.tcp.tcb import INFINITE_SSTHRESH, Tcb


def recall(c: Tcb) -> None:
    """A connection opens: what is known of its peer (tcp_init_metrics())."""
    rtt.forget_syn_round_trip(c)
    known = c.metrics.get(c.remote) if c.metrics is not None else None
    if known is None or c.sysctl.rfc_rto:
        return
    if known.cwnd_clamp:
        c.cwnd_clamp = known.cwnd_clamp
        c.initial_cwnd, c.cwnd = min(c.initial_cwnd, c.cwnd_clamp), min(c.cwnd, c.cwnd_clamp)
    if known.ssthresh and not c.sysctl.tcp_no_ssthresh_metrics_save:
        c.ssthresh = min(known.ssthresh, c.cwnd_clamp)
    if known.reordering:
        c.loss.reordering = known.reordering
    if known.rtt > (c.srtt or 0):
        once = known.rtt >> 3
        c.rto = once + max(2 * once, c.sysctl.tcp_rto_min_us)


def remember(c: Tcb) -> None:
    """A connection is over: note its round trip, once (tcp_update_metrics())."""
    metrics, c.metrics = c.metrics, None
    if metrics is None or c.sysctl.tcp_no_metrics_save:
        return
    if not c.srtt or c.backoff:
        if c.remote in metrics and "rtt" not in metrics[c.remote].fixed:
            metrics[c.remote].rtt = 0
        return
    known = metrics.get(c.remote)
    if known is None:
        known = metrics[c.remote] = Metrics(c.by_route)
    if "rtt" not in known.fixed:
        known.rtt = max(c.srtt, known.rtt - ((known.rtt - c.srtt) >> 3))
    if not c.sysctl.tcp_no_ssthresh_metrics_save and "ssthresh" not in known.fixed:
        known.ssthresh = _threshold(c, known.ssthresh)
    steady = c.cwnd >= c.ssthresh and c.ca_state == OPEN
    if c.ssthresh < INFINITE_SSTHRESH and not steady and "reordering" not in known.fixed:
        learned = c.loss.reordering
        if known.reordering < learned != c.sysctl.tcp_reordering:
            known.reordering = learned


def _threshold(c: Tcb, known: int) -> int:
    """What ssthresh is worth remembering: where it is sure, half of cwnd if that is more."""
    if c.ssthresh >= INFINITE_SSTHRESH:
        return max(known, c.cwnd >> 1) if known else 0
    if c.cwnd >= c.ssthresh and c.ca_state == OPEN:
        return max(c.cwnd >> 1, c.ssthresh)
    return max(known, c.ssthresh) if known else 0
