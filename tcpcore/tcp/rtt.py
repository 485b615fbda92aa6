"""Round-trip time and RTO: RFC 6298 with Linux's variance, floor and ceiling.

Source: tcp_rtt_estimator() and __tcp_set_rto() in net/ipv4/tcp_input.c.
Linux differs from RFC 6298 §2.4: not the RTO but its variance part has a floor (200 ms), so the RTO
is srtt + max(200 ms, 4 x the mean deviation), and the deviation falls slowly after a quiet round.
Linux scales srtt by 8 and mdev by 4; so does this code.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF
from tcpcore.tcp.tcb import Tcb


def sample(c: Tcb, measured: int) -> None:
    """Take in a round-trip time of `measured` microseconds, and set the RTO (no back-off)."""
    if measured < 1:
        measured = 1
    sysctl = c.sysctl
    if sysctl.rfc_rto:
        _by_the_rfc(c, measured)
        return
    srtt, mdev = c.srtt, c.mdev
    if srtt:
        deviation = measured - (srtt >> 3)
        c.srtt = srtt = srtt + deviation
        if deviation < 0:
            deviation = -deviation - (mdev >> 2)
            if deviation > 0:  # the time fell: let the deviation follow only slowly
                deviation >>= 3
        else:
            deviation -= mdev >> 2
        c.mdev = mdev = mdev + deviation
        if mdev > c.mdev_max:
            c.mdev_max = mdev
            c.rttvar = max(c.rttvar, mdev)
        if (c.rtt_sequence - c.snd_una) & HALF:  # once a round trip
            if c.mdev_max < c.rttvar:
                c.rttvar -= (c.rttvar - c.mdev_max) >> 2
            c.rtt_sequence = c.snd_nxt
            c.mdev_max = sysctl.tcp_rto_min_us
    else:
        c.srtt = srtt = measured << 3
        c.mdev = measured << 1
        c.rttvar = max(c.mdev, sysctl.tcp_rto_min_us)
        c.mdev_max = c.rttvar
        c.rtt_sequence = c.snd_nxt
    rto, most = (srtt >> 3) + c.rttvar, sysctl.tcp_rto_max_ms * 1000
    c.rto = rto if rto < most else most
    c.backoff = 0


RFC_LEAST = 1_000_000
"""RFC 6298 §2.4: an RTO below one second is rounded up to it."""


def _by_the_rfc(c: Tcb, measured: int) -> None:
    """RFC 6298 §2 to the letter; `mdev` is four times RTTVAR, as for Linux."""
    if c.srtt:
        c.mdev += abs((c.srtt >> 3) - measured) - (c.mdev >> 2)
        c.srtt += measured - (c.srtt >> 3)
    else:
        c.srtt, c.mdev = measured << 3, measured << 1
    c.rttvar = c.mdev_max = c.mdev
    c.rto = min(max((c.srtt >> 3) + c.mdev, RFC_LEAST), c.sysctl.tcp_rto_max_ms * 1000)
    c.backoff = 0


def forget_syn_round_trip(c: Tcb) -> None:
    """After a handshake without any sample, start with 3 s (RFC 6298 §5.7; tcp_init_metrics())."""
    if not c.srtt:
        c.rttvar = c.mdev = c.mdev_max = 3_000_000
        c.rto = 3_000_000
