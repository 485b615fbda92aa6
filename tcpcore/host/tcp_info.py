"""``struct tcp_info``: what getsockopt(TCP_INFO) tells of a connection (tcp_get_info()).

Names carry the kernel's prefix ``tcpi_``; units are the kernel's: rto, ato, rtt and the like in
microseconds, ``last_*`` in milliseconds, windows and counts in segments or bytes as there.
"""

from __future__ import annotations

from tcpcore.seqnum import distance
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection
from tcpcore.units import MILLISECOND

STATES = {
    state.ESTABLISHED: 1,
    state.SYN_SENT: 2,
    state.SYN_RECV: 3,
    state.FIN_WAIT_1: 4,
    state.FIN_WAIT_2: 5,
    state.TIME_WAIT: 6,
    state.CLOSED: 7,
    state.CLOSE_WAIT: 8,
    state.LAST_ACK: 9,
    state.LISTEN: 10,
    state.CLOSING: 11,
}
"""Numbers of the states (include/net/tcp_states.h)."""

OPT_TIMESTAMPS, OPT_SACK, OPT_WSCALE, OPT_ECN, OPT_ECN_SEEN, OPT_SYN_DATA = 1, 2, 4, 8, 16, 32


def of(c: Connection | None, now: int) -> dict[str, int]:
    """All fields that the engine knows; of a socket without a connection only the state."""
    if c is None:
        return {"tcpi_state": STATES[state.CLOSED]}
    found = {
        "state": STATES[c.state],
        "ca_state": c.ca_state,
        "retransmits": c.retransmissions,
        "probes": c.probes_out,
        "backoff": c.backoff,
        "options": _options(c),
        "snd_wscale": c.snd_scale if c.scaling else 0,
        "rcv_wscale": c.rcv_scale if c.scaling else 0,
        "rto": c.rto,
        "ato": c.ato,
        "snd_mss": c.snd_mss,
        "rcv_mss": c.rcv_mss,
        "unacked": len(c.retransmission_queue),
        "sacked": c.sacked_out,
        "lost": c.lost_out,
        "retrans": c.retrans_out,
        "reordering": c.loss.reordering,
        "total_retrans": c.loss.total_retrans,
        "delivered": c.loss.delivered,
        "dsack_dups": c.loss.dsack_dups,
        "reord_seen": c.loss.reordering_seen,
        "last_data_sent": max(now - c.last_data_sent, 0) // MILLISECOND,
        "last_data_recv": max(now - max(c.last_data_received, 0), 0) // MILLISECOND,
        "last_ack_recv": max(now - c.last_ack_received, 0) // MILLISECOND,
        "pmtu": c.path_mtu,
        "rcv_ssthresh": c.rcv_ssthresh,
        "rtt": c.srtt // 8,
        "rttvar": c.rttvar // 4,
        "snd_ssthresh": c.ssthresh,
        "snd_cwnd": c.cwnd,
        "advmss": c.advertised_mss,
        "bytes_acked": c.bytes_acked,
        "notsent_bytes": max(distance(c.snd_nxt, c.write_end), 0),
        "min_rtt": c.min_rtt,
        "snd_wnd": c.snd_wnd,
        "rcv_wnd": c.rcv_wnd,
    }
    return {f"tcpi_{name}": value for name, value in found.items()}


def _options(c: Connection) -> int:
    return OPT_TIMESTAMPS * c.timestamps | OPT_SACK * c.sack_permitted | OPT_WSCALE * c.scaling
