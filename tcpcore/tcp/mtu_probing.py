"""Path MTU discovery without ICMP (RFC 4821): what vanishes is sent smaller, what fits larger.

A search knows a size that fits (``low``) and one that may not (``high``), both of whole packets.
With tcp_mtu_probing=1 it begins when large segments seem to vanish: after the time-outs that
tcp_retries1 stands for Linux goes on with tcp_base_mss, and with half of ``low`` at each further
one.  With 2 it begins with the connection.  Now and then a segment of a size between the two goes
out among the others, the probe: when it is acknowledged segments may be that large, when it is
lost they stay as they are, and cwnd does.
Source: tcp_mtu_probing() in net/ipv4/tcp_timer.c, tcp_mtup_init() and tcp_mtu_probe() in
tcp_output.c, tcp_mtup_probe_success() in tcp_input.c.
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.seqnum import HALF, MASK, distance
from tcpcore.tcp import segment_size
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.loss_state import CWR, OPEN
from tcpcore.tcp.mtu_search import Search
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import SECOND
from tcpcore.why import Reason

LEAST_CWND = 11
"""Segments that cwnd has at least for a probe to go out."""
NOT_NOW, WAIT = 0, -1
"""Instead of a probe's size: send as usual; send nothing now, so that there is room for a probe."""


def _search(c: Tcb, now: int) -> Search:
    stamps = segment_size.STAMPS if c.timestamps else 0
    headers = (60 if ":" in c.remote else 40) + stamps
    limited = c.mss_limit < segment_size.of_path(c)  # TCP_MAXSEG
    most = c.snd_mss if limited else max(c.peer_mss - stamps, c.snd_mss)
    return Search(c.snd_mss, headers, c.sysctl.tcp_base_mss, now, most)


def start(c: Tcb, now: int, *, at_once: bool) -> None:
    """A connection opens; `at_once`: its segments are small from the first one on, a client's.

    Linux differs: a server goes on with the segments it has until something changes their size,
    and until then its search goes as far as the peer's MSS, be the path narrower or not.
    """
    if c.sysctl.tcp_mtu_probing > 1:
        search = c.search = _search(c, now)
        if at_once:
            _settle(c, search)


def _settle(c: Tcb, search: Search) -> None:
    """Segments are as large as is known to fit, no probe larger than the path (tcp_sync_mss())."""
    search.high = min(search.high, search.full + search.headers)
    c.snd_mss = min(search.full, search.low - search.headers)


def suspect(c: Tcb, now: int) -> None:
    """One time-out too many: go on with smaller segments, if tcp_mtu_probing allows it."""
    if not c.sysctl.tcp_mtu_probing:
        return
    before, search = c.snd_mss, c.search
    if search is None:
        search = c.search = _search(c, now)
    else:
        half = search.payload(search.low) >> 1
        floor = max(c.sysctl.tcp_mtu_probe_floor, c.sysctl.tcp_min_snd_mss)
        search.low = max(min(c.sysctl.tcp_base_mss, half), floor) + search.headers
    _settle(c, search)
    if c.snd_mss < before:
        c.event(trace.NOTED, Reason(reasons.BLACK_HOLE, {"mss": c.snd_mss}))


def wanted(c: Tcb, search: Search, flight: int, now: int) -> int:
    """Payload of the probe that is to go now; or `NOT_NOW` or `WAIT` (tcp_mtu_probe())."""
    if search.probe or c.ca_state != OPEN or c.cwnd < LEAST_CWND:
        return NOT_NOW
    if c.sack_blocks or c.duplicate_block is not None:
        return NOT_NOW
    size = search.payload((search.high + search.low) >> 1)
    if size > search.payload(search.high) or (
        search.high - search.low < c.sysctl.tcp_probe_threshold
    ):
        _look_again(c, search, now)
        return NOT_NOW
    needed = size + (c.loss.reordering + 1) * segment_size.mss(c)
    if c.record_ends or distance(c.snd_nxt, c.write_end) < needed or c.snd_wnd < needed:
        return NOT_NOW
    if distance((c.snd_nxt + needed) & MASK, (c.snd_una + c.snd_wnd) & MASK) < 0:
        return WAIT
    if flight + 2 > c.cwnd:
        return WAIT if flight else NOT_NOW
    return size if size + search.headers <= c.path_mtu else NOT_NOW  # our own IP refuses more


def _look_again(c: Tcb, search: Search, now: int) -> None:
    """After tcp_probe_interval the path may carry more (tcp_mtu_check_reprobe())."""
    if now - search.since >= c.sysctl.tcp_probe_interval * SECOND:
        search.high = search.most + search.headers
        search.low = segment_size.mss(c) + search.headers
        search.since = now


def sent(c: Tcb, search: Search, size: int) -> None:
    """The probe went out as the last segment; it counts as two, in case it is lost."""
    c.cwnd -= 1
    search.probe = size + search.headers
    search.probe_seq, search.probe_end = (c.snd_nxt - size) & MASK, c.snd_nxt


def acknowledged(c: Tcb, search: Search, now: int) -> None:
    """If the probe arrived, segments are as large from now on; cwnd holds the same bytes."""
    if not search.probe or (c.snd_una - search.probe_end) & HALF:
        return
    c.loss.prior_ssthresh = prr.current_ssthresh(c)
    c.cwnd = max(c.cwnd * (segment_size.mss(c) + search.headers) // search.probe, 1)
    c.cwnd_counter, c.loss.cwnd_stamp = 0, now
    c.ssthresh = prr.current_ssthresh(c)
    search.low, search.probe = search.probe, 0
    _settle(c, search)
    c.tally("TcpExtTCPMTUPSuccess")


def was_lost(c: Tcb) -> bool:
    """Whether what is lost is the probe: then it was too large, and there is no congestion."""
    search = c.search
    if search is None or c.ca_state >= CWR or not search.probe or c.snd_una != search.probe_seq:
        return False
    search.high, search.probe = search.probe - 1, 0
    c.cwnd += 1
    c.tally("TcpExtTCPMTUPFail")
    return True
