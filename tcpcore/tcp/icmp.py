"""What an ICMP error does to a connection: fail at once, remember it, or send smaller segments.

While a connection is being opened an error ends it at once; once it is open the network may
recover, so the error is kept and only named if the connection is given up (RFC 5461).
Linux differs from RFC 9293 §3.9.2.2, where the kind of error decides and not the state.
An error about bytes that are not in flight is old or made up.
Source: tcp_v4_err(), tcp_v4_mtu_reduced(), tcp_simple_retransmit(), tcp_ld_RTO_revert().
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.errors import (
    EACCES,
    ECONNREFUSED,
    EHOSTDOWN,
    EHOSTUNREACH,
    EMSGSIZE,
    ENETUNREACH,
    ENONET,
    ENOPROTOOPT,
    EOPNOTSUPP,
    EPROTO,
    errno_name,
)
from tcpcore.seqnum import distance, geq, leq
from tcpcore.tcp import (
    departure,
    lifecycle,
    rack,
    resend,
    retransmit,
    segment_size,
    state,
    tagging,
    timers,
)
from tcpcore.tcp.tcb import RTO_INITIAL, Tcb
from tcpcore.why import Reason
from tcpcore.wire.icmp import (
    FRAG_NEEDED,
    HOST,
    NAMES,
    NAMES_6,
    NET,
    NO_ROUTE_6,
    PARAMETER_PROBLEM,
    PARAMETER_PROBLEM_6,
    PORT,
    PROTOCOL_UNREACHABLE,
    TIME_EXCEEDED,
    TIME_EXCEEDED_6,
    TOO_BIG_6,
    UNREACHABLE,
    UNREACHABLE_6,
)
from tcpcore.wire.segment import FIN, SYN

ERRORS = {0: ENETUNREACH, 1: EHOSTUNREACH, 2: ENOPROTOOPT, 3: ECONNREFUSED, 4: EMSGSIZE,
          5: EOPNOTSUPP, 6: ENETUNREACH, 7: EHOSTDOWN, 8: ENONET, 9: ENETUNREACH,
          10: EHOSTUNREACH, 11: ENETUNREACH, 12: EHOSTUNREACH, 13: EHOSTUNREACH}  # fmt: skip
"""Errno of each code of destination unreachable (icmp_err_convert)."""
ERRORS_6 = {0: ENETUNREACH, 1: EACCES, 2: EHOSTUNREACH, 3: EHOSTUNREACH, 4: ECONNREFUSED,
            5: EACCES, 6: EACCES}  # fmt: skip
"""The same for IPv6 (tab_unreach)."""
FINAL_6 = (1, 4, 5, 6)
"""Codes there that end a request."""

_DEAF = (0, 4, 5)
"""IP_MTU_DISCOVER of sockets that go on as before: DONT, INTERFACE, OMIT (tcp_v4_mtu_reduced())."""


def process(c: Tcb, kind: int, code: int, seq: int, mtu: int, now: int) -> None:
    """Take in an ICMP error that quotes our segment `seq`; `mtu` is the path's as now known."""
    if c.state in (state.CLOSED, state.TIME_WAIT):
        return
    if not in_flight(c, seq):
        c.event(trace.REFUSED, reasons.ICMP_OUTSIDE())
        return
    six = ":" in c.remote
    if (kind == TOO_BIG_6) if six else (kind, code) == (UNREACHABLE, FRAG_NEEDED):
        _smaller_path(c, mtu, now)
        return
    error = _errno(kind, code, six)
    if error is None:
        return
    no_way = [(UNREACHABLE_6, NO_ROUTE_6)] if six else [(UNREACHABLE, NET), (UNREACHABLE, HOST)]
    if (kind, code) in no_way and not c.sysctl.icmp_by_rfc:  # RFC 6069 is an experiment
        _take_backoff_back(c, seq, now)
    if c.state == state.CLOSED:  # taking the back-off back can bring the last time-out forward
        return
    what = (NAMES_6 if six else NAMES).get((kind, code), f"type {kind} code {code}")
    values = {"what": what, "error": errno_name(error)}
    if c.state in (state.SYN_SENT, state.SYN_RECV):  # ip_icmp_error()
        c.ip.errors += ((error, kind, code, 0),)
    if _ends(c, kind, code):
        why = reasons.ICMP_FINAL if c.sysctl.icmp_by_rfc else reasons.ICMP_HARD
        lifecycle.give_up(c, error, Reason(why, values))
        return
    if c.ip.receives_errors:  # whoever asks for all errors gets each as one
        c.error = error
        c.event(trace.NOTED, Reason(reasons.ICMP_SOFT, values))
        return
    c.soft_error = error
    c.event(trace.NOTED, Reason(reasons.ICMP_SOFT, values))


def in_flight(c: Tcb, seq: int) -> bool:
    """Whether an error about this byte can be meant."""
    return geq(seq, c.iss if c.request_out else c.snd_una) and leq(seq, c.snd_nxt)


def _errno(kind: int, code: int, six: bool) -> int | None:
    """What an application is told; None: the message is nothing to TCP."""
    if six:
        if kind == UNREACHABLE_6:
            return ERRORS_6.get(code, EPROTO)
        return {TIME_EXCEEDED_6: EHOSTUNREACH, PARAMETER_PROBLEM_6: EPROTO}.get(kind)
    if kind == UNREACHABLE:
        return ERRORS.get(code, EHOSTUNREACH)
    return {TIME_EXCEEDED: EHOSTUNREACH, PARAMETER_PROBLEM: EPROTO}.get(kind)


def ends_request(kind: int, code: int, six: bool) -> bool:
    """Whether the error about a SYN+ACK ends the request (tcp_req_err())."""
    if six:
        return kind == PARAMETER_PROBLEM_6 or (kind == UNREACHABLE_6 and code in FINAL_6)
    return kind in (TIME_EXCEEDED, PARAMETER_PROBLEM) or (
        kind == UNREACHABLE and code in (NET, HOST)
    )


def _ends(c: Tcb, kind: int, code: int) -> bool:
    """Whether the error ends the connection: on Linux any one does, while it is being opened.

    By RFC 9293 §3.9.2.2 it is not the state that decides, but whether the error may pass.
    """
    if c.sysctl.icmp_by_rfc:
        return kind == UNREACHABLE and code in (PROTOCOL_UNREACHABLE, PORT)
    if c.fast_open is not None and c.fast_open.accepted:
        return False  # a program has it already: it is treated as an open one
    return c.state in (state.SYN_SENT, state.SYN_RECV)


def _take_backoff_back(c: Tcb, seq: int, now: int) -> None:
    """An unreachable destination is no congestion (RFC 6069): the RTO was doubled in vain."""
    if seq != c.snd_una or not c.retransmissions or not c.backoff or not c.retransmission_queue:
        return
    c.turn += 1  # tcp_mstamp_refresh()
    c.backoff -= 1
    base = (c.srtt >> 3) + c.rttvar if c.srtt else RTO_INITIAL
    c.rto = min(base << c.backoff, c.sysctl.tcp_rto_max_ms * 1000)
    left = c.rto - (now - c.retransmission_queue[0].last_sent)
    c.event(trace.NOTED, reasons.ICMP_BACKOFF())
    if left > 0:
        timers.hurry(c, now + left)
    else:
        retransmit.on_timeout(c, now)


# --- path MTU discovery: RFC 1191 ----------------------------------------------------------------


def _smaller_path(c: Tcb, mtu: int, now: int) -> None:
    """A link carries less than we thought: smaller segments, and the big ones again, at once."""
    if c.ip.mtu_discovery in _DEAF:
        return
    if mtu >= c.path_mtu:
        c.event(trace.REFUSED, Reason(reasons.PATH_MTU_IGNORED, {"mtu": mtu}))
        return
    c.path_mtu = mtu
    options = departure.TIMESTAMP_SPACE if c.timestamps else 0
    mss = max(segment_size.of_path(c), c.sysctl.tcp_min_snd_mss) - options
    asked = c.state == state.SYN_SENT and c.fast_open is not None and c.fast_open.clamp
    c.snd_mss = min(asked or c.snd_mss, mss)
    if c.search is not None:
        c.search.narrow(mss)
    values = {"mtu": mtu, "mss": c.snd_mss}
    c.event(trace.NOTED, Reason(reasons.PATH_MTU, values))
    if c.state == state.SYN_SENT:
        if c.fast_open is not None and c.fast_open.carried:  # the SYN with data was too large
            for sent in c.retransmission_queue:
                rack.mark_lost(c, sent)
            resend.without_congestion(c, now, reasons.PATH_MTU_AGAIN, _last_clock(c, now))
    elif (c.state in state.HANDSHAKE_DONE or c.request_out) and _lose_what_is_too_big(c):
        resend.without_congestion(c, now, reasons.PATH_MTU_AGAIN, _last_clock(c, now))


def _last_clock(c: Tcb, now: int) -> int:
    """What the connection takes for the time: an ICMP error does not make it look at its clock.

    Source: tcp_v4_err() calls no tcp_mstamp_refresh(), so tcp_mstamp is that of the segment or
    the call before, and what is sent again carries a timestamp as old as that.
    """
    return min(now, max(c.last_sent_at, c.last_ack_received, c.last_data_received))


def _lose_what_is_too_big(c: Tcb) -> bool:
    """Count as lost what is larger than a segment may be now; whether anything is lost.

    It is cut when it is sent again, and until then counts as many segments as before.  What left
    the host as one large packet is one here, as far as the peer has all or none of it; what the
    peer has by a SACK stays as it is.  Source: tcp_simple_retransmit().
    """
    most, together, start = segment_size.current(c), False, c.loss.head_start
    for sent in c.retransmission_queue:
        if start is None:
            start = sent.seq
        size = distance(start, sent.end) - (sent.flags & (FIN | SYN)).bit_count()
        together = not sent.sacked and (together or size > most)
        if together:
            rack.mark_lost(c, sent)
            together = sent.joined
        start = None
    if c.lost_out and not c.sack_permitted:
        tagging.limit_duplicates(c)
    return c.lost_out > 0
