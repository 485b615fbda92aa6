"""``struct tcp_info``: what getsockopt(TCP_INFO) tells of a socket (tcp_get_info()).

Names carry the kernel's prefix ``tcpi_``; units are the kernel's: rto, ato, rtt and the like in
microseconds, ``last_*`` in milliseconds, windows and counts in segments or bytes as there.
"""

from __future__ import annotations

from tcpcore.host.listener import Listener
from tcpcore.seqnum import distance
from tcpcore.sysctl import Sysctls
from tcpcore.tcp import chrono, ecn, rate, segment_size, state
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.departure import TIMESTAMP_SPACE
from tcpcore.tcp.tcb import INITIAL_CWND, RTO_INITIAL
from tcpcore.units import MILLISECOND

STATES = {
    state.ESTABLISHED: 1,
    state.SYN_SENT: 2,
    state.SYN_RECV: 3,
    state.FIN_WAIT_1: 4,
    state.FIN_WAIT_2: 5,
    state.TIME_WAIT: 7,  # the socket is CLOSED; what waits is a small one of its own
    state.CLOSED: 7,
    state.CLOSE_WAIT: 8,
    state.LAST_ACK: 9,
    state.LISTEN: 10,
    state.CLOSING: 11,
}
"""Numbers of the states (include/net/tcp_states.h), as a socket of an application has them."""

OPT_TIMESTAMPS, OPT_SACK, OPT_WSCALE, OPT_ECN, OPT_ECN_SEEN, OPT_SYN_DATA = 1, 2, 4, 8, 16, 32
OPT_FAST_OPEN_CHILD = 128
SMALLEST_MSS = 88
"""TCP_MIN_MSS: what Linux takes for the peer's segment size before it has heard of the peer."""
NO_RTT = 0xFFFF_FFFF
"""min_rtt before the first sample."""


def of(
    c: Connection | None, now: int, *, opens: bool = False, past: Connection | None = None
) -> dict[str, int]:
    """All fields that the engine knows; of a socket without a connection only a few.

    `opens`: its first write() will open one (TCP_FASTOPEN_CONNECT).  `past`: the one that it had.
    """
    if c is None:
        found = _NOTHING if past is None else _NOTHING | _left(past, now)
        return _prefixed(found | ({"state": STATES[state.SYN_SENT]} if opens else {}))
    return _prefixed(_condition(c) | _path(c) | _ages(c, now) | _counts(c) | _times(c, now))


def _left(c: Connection, now: int) -> dict[str, int]:
    """What a connection leaves to its socket: what tcp_disconnect() does not forget.

    It begins its numbers anew behind the largest window, which counts as bytes that wait.
    """
    kept = _condition(c) | _path(c) | _ages(c, now) | _counts(c) | _times(c, now)
    found = {name: kept[name] for name in _KEPT}
    return found | {"notsent_bytes": _not_sent(c) + c.max_window + 2, "rcv_mss": SMALLEST_MSS}


def of_listener(listener: Listener) -> dict[str, int]:
    """The fields of a listener: unacked and sacked are its accept queue and its backlog."""
    found = dict.fromkeys(_NOTHING, 0)
    found |= {"state": STATES[state.LISTEN], "snd_cwnd": INITIAL_CWND}
    found["reordering"] = listener.host.sysctl.tcp_reordering
    found |= {"unacked": len(listener.accept_queue), "sacked": listener.backlog}
    return _prefixed(found)


def _prefixed(found: dict[str, int]) -> dict[str, int]:
    return {f"tcpi_{name}": value for name, value in found.items()}


def _condition(c: Connection) -> dict[str, int]:
    return {
        "state": STATES[c.state],
        "ca_state": c.ca_state,
        "retransmits": c.retransmissions,
        "probes": c.probes_out,
        "backoff": c.backoff,
        "options": _options(c),
        "snd_wscale": c.snd_scale if c.scaling else 0,
        "rcv_wscale": c.rcv_scale if c.scaling else 0,
        "unacked": prr.packets_out(c),
        "sacked": c.sacked_out,
        "lost": c.lost_out,
        "retrans": c.retrans_out,
        "fackets": 0,
        "reordering": c.loss.reordering,
        "snd_cwnd": c.cwnd,
        "snd_ssthresh": c.ssthresh,
        "notsent_bytes": _not_sent(c),
        "snd_wnd": c.snd_wnd,
        "rcv_wnd": c.rcv_wnd,
        "rcv_ssthresh": c.rcv_ssthresh,
    }


def _not_sent(c: Connection) -> int:
    """Bytes that wait to be sent; a FIN among them counts as one."""
    waits = c.fin_queued is not None and not c.fin_sent
    return max(distance(c.snd_nxt, c.write_end), 0) + waits


def _options(c: Connection) -> int:
    found = OPT_TIMESTAMPS * c.timestamps | OPT_SACK * c.sack_permitted | OPT_WSCALE * c.scaling
    asking = c.state == state.SYN_SENT and c.sysctl.tcp_ecn == ecn.ASK
    found |= OPT_ECN * (asking or bool(c.ecn & ecn.OK)) | OPT_ECN_SEEN * bool(c.ecn & ecn.SEEN)
    if c.fast_open is not None:
        found |= OPT_SYN_DATA * c.fast_open.taken | OPT_FAST_OPEN_CHILD * c.fast_open.passive
    return found


def _path(c: Connection) -> dict[str, int]:
    failed = c.state == state.CLOSED and c.segs_out and not c.rcv_nxt  # nobody answered
    opening = c.state == state.SYN_SENT or failed
    stamps = TIMESTAMP_SPACE if c.timestamps or (opening and c.sysctl.tcp_timestamps) else 0
    opened = c.state not in (state.SYN_SENT, state.SYN_RECV)
    return {
        "rto": c.rto,
        "ato": c.ato,
        "rtt": c.srtt >> 3,
        "rttvar": (c.mdev if c.srtt or c.mdev else RTO_INITIAL) >> 2,
        "min_rtt": c.min_rtt or NO_RTT,
        "snd_mss": segment_size.mss(c) - (stamps if opening else 0),
        "rcv_mss": SMALLEST_MSS if opening else c.rcv_mss,
        "advmss": c.advertised_mss - (TIMESTAMP_SPACE if c.timestamps and opened else 0),
        "pmtu": c.path_mtu,
        "rcv_rtt": c.tuning.rtt >> 3,
        "rcv_space": c.tuning.space,
        "pacing_rate": c.flow.pacing_rate,
        "max_pacing_rate": c.flow.max_pacing_rate,
        "delivery_rate": rate.delivery_rate(c),
        "delivery_rate_app_limited": int(c.flow.rate_app_limited),
    }


def _ages(c: Connection, now: int) -> dict[str, int]:
    """How long ago things happened, in whole milliseconds."""
    times = {
        "last_data_sent": c.last_data_sent,
        "last_data_recv": max(c.last_data_received, 0),
        "last_ack_recv": c.last_ack_received,
        "last_ack_sent": now,  # "not remembered, sorry", says the kernel
    }
    return {name: max(now - when, 0) // MILLISECOND for name, when in times.items()}


def _counts(c: Connection) -> dict[str, int]:
    return {
        "bytes_acked": max(c.bytes_acked, 0),
        "bytes_received": c.bytes_received,
        "bytes_sent": c.bytes_sent,
        "bytes_retrans": c.bytes_retrans,
        "segs_out": c.segs_out,
        "segs_in": c.segs_in,
        "data_segs_out": c.data_segs_out,
        "data_segs_in": c.data_segs_in,
        "total_retrans": c.total_retrans,
        "rehash": c.rehashes,
        "total_rto": c.total_rto,
        "total_rto_recoveries": c.total_rto_recoveries,
        "delivered": c.delivered,
        "delivered_ce": c.loss.delivered_marked,
        "fastopen_client_fail": c.fast_open.failed if c.fast_open is not None else 0,
        "dsack_dups": c.loss.dsack_dups,
        "reord_seen": c.loss.reordering_seen,
        "rcv_ooopack": c.rcv_ooopack,
    }


def _times(c: Connection, now: int) -> dict[str, int]:
    busy, by_window, by_buffer = chrono.spent(c, now)
    lasting = 0 if c.rto_stamp is None else now // MILLISECOND - c.rto_stamp // MILLISECOND
    return {
        "busy_time": busy,
        "rwnd_limited": by_window,
        "sndbuf_limited": by_buffer,
        "total_rto_time": c.total_rto_time + lasting,
    }


def _new() -> dict[str, int]:
    """The fields of a socket that was never connected."""
    c = Connection("", 0, "", 0, Sysctls(), 0)
    found = _condition(c) | _path(c) | _ages(c, 0) | _counts(c) | _times(c, 0)
    unknown = ("rcv_mss", "pmtu", "advmss", "rcv_ssthresh")
    return found | dict.fromkeys(unknown, 0)


_NOTHING = _new()
_KEPT = (
    "retransmits", "snd_wnd", "rcv_wnd", "rcv_ssthresh", "min_rtt", "snd_mss", "advmss", "pmtu",
    "rcv_rtt", "rcv_space", "pacing_rate", "max_pacing_rate", "delivery_rate", "last_data_sent",
    "last_ack_recv", "rehash", "busy_time", "rwnd_limited", "sndbuf_limited",
)  # fmt: skip
