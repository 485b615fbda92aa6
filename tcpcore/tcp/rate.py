"""How fast the network delivers: a sample for each ACK, and the least round trip.

A sample spans from one delivery to another one: what was delivered since the segment now
acknowledged was sent, over the longer of the times in which that was sent, and was acknowledged
(ACKs that came together must not look like a faster network).  Where the application had no more to
send, the sample says so.  Source: net/ipv4/tcp_rate.c, tcp_update_rtt_min() in tcp_input.c;
draft-cheng-iccrg-delivery-rate-estimation.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, distance
from tcpcore.tcp import segment_size, state
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.flow import HZ, JIFFY, RateSample, Stamp
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import SECOND

NO_SAMPLE = 0xFFFF_FFFF


def start(c: Tcb, now: int) -> Stamp:
    """Something is sent while nothing is in flight: the time in which it is delivered begins."""
    flow = c.flow
    flow.first_sent_at = flow.delivered_at = now
    flow.remember(c.delivered)
    return flow.stamp


def delivered(c: Tcb, sent: SentSegment, sample: RateSample) -> None:
    """A segment was delivered: of several, what was sent last counts (tcp_rate_skb_delivered())."""
    then = sent.stamp
    if then is None:
        return
    flow = c.flow
    later = sent.last_sent - flow.first_sent_at
    if (
        not sample.prior_delivered
        or later > 0
        or (not later and sent.end != sample.last_end and not (sent.end - sample.last_end) & HALF)
    ):
        sample.prior_delivered, sample.prior_at, first, sample.app_limited = then
        sample.last_end = sent.end
        flow.first_sent_at = sent.last_sent
        sample.interval = sent.last_sent - first
    if sent.sacked:
        sent.stamp = None  # it counts once


def generate(c: Tcb, sample: RateSample, reneged: bool, now: int) -> None:
    """The ACK is taken in: finish its sample, and keep it if it is worth it (tcp_rate_gen())."""
    flow = c.flow
    if sample.prior_at is None and c.state == state.SYN_RECV:
        c.flow.remember(c.delivered)  # our SYN+ACK was the request's
        return
    if flow.app_limited and c.delivered > flow.app_limited:
        flow.app_limited = 0
    if sample.acked:
        flow.delivered_at = now
    flow.stamp = (c.delivered, flow.delivered_at, flow.first_sent_at, flow.app_limited != 0)
    if sample.prior_at is None or reneged:
        sample.delivered = sample.interval = -1
        return
    sample.delivered = delivered = c.delivered - sample.prior_delivered
    interval = now - sample.prior_at
    if interval < sample.interval:
        interval = sample.interval
    if interval < (c.min_rtt or NO_SAMPLE):
        sample.interval = -1  # faster than light: something that was sent again
        return
    sample.interval = interval
    _keep(c, delivered, interval, sample.app_limited)


def generate_plain(c: Tcb, last: SentSegment, now: int) -> None:
    """The same of an ACK in order, whose last segment is `last`, for who needs no sample of it."""
    flow, delivered = c.flow, c.delivered
    ends = flow.app_limited
    if ends and delivered > ends:
        flow.app_limited = ends = 0
    first = flow.first_sent_at = last.last_sent
    flow.delivered_at = now
    flow.stamp = (delivered, now, first, ends != 0)
    if last.stamp is None:
        return
    prior, at, start, limited = last.stamp
    interval, sending = now - at, first - start
    if interval < sending:
        interval = sending
    if interval >= c.min_rtt:
        if limited:
            _keep(c, delivered - prior, interval, limited)
        else:
            flow.rate_delivered, flow.rate_interval = delivered - prior, interval
            flow.rate_app_limited = False


def _keep(c: Tcb, segments: int, interval: int, limited: bool) -> None:
    """Remember the latest sample; one of the application's only if it is no slower."""
    flow = c.flow
    if not limited or segments * flow.rate_interval >= flow.rate_delivered * interval:
        flow.rate_delivered = segments
        flow.rate_interval = interval
        flow.rate_app_limited = limited


def check_app_limited(c: Tcb) -> None:
    """The application writes: had we nothing to send?  (tcp_rate_check_app_limited())."""
    if distance(c.snd_nxt, c.write_end) >= segment_size.mss(c) or c.lost_out > c.retrans_out:
        return
    flight = prr.in_flight(c)
    if flight < c.cwnd:
        c.flow.mark_app_limited(c.delivered, flight)


def delivery_rate(c: Tcb) -> int:
    """Bytes a second, of the sample that is kept (tcp_compute_delivery_rate())."""
    flow = c.flow
    if not flow.rate_delivered or not flow.rate_interval:
        return 0
    return flow.rate_delivered * segment_size.mss(c) * SECOND // flow.rate_interval


def measured(c: Tcb, rtt: int, now: int, delayed: bool = False) -> None:
    """Take a round trip into the least of the last tcp_min_rtt_wlen seconds.

    `delayed`: perhaps an ACK that waited, which tells nothing unless it is less.
    """
    if delayed and c.min_rtt and rtt > c.min_rtt:
        return
    rtt = rtt or 1
    time, rtts = now // JIFFY, c.flow.rtts
    if c.min_rtt:
        window = c.sysctl.tcp_min_rtt_wlen * HZ
        if rtt <= rtts.worst or time > rtts.quiet or window != rtts.window:
            c.min_rtt = rtts.update(window, time, rtt)
    else:
        c.min_rtt = rtts.reset(time, rtt)
