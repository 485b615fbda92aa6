"""``struct tcp_info`` as the kernel writes it (include/uapi/linux/tcp.h), by its fields' names."""

from __future__ import annotations

import struct

_BYTES = ("state", "ca_state", "retransmits", "probes", "backoff", "options")
_WORDS = (
    "rto", "ato", "snd_mss", "rcv_mss", "unacked", "sacked", "lost", "retrans", "fackets",
    "last_data_sent", "last_ack_sent", "last_data_recv", "last_ack_recv", "pmtu", "rcv_ssthresh",
    "rtt", "rttvar", "snd_ssthresh", "snd_cwnd", "advmss", "reordering", "rcv_rtt", "rcv_space",
    "total_retrans",
)  # fmt: skip
_REST = (
    ("pacing_rate", "Q"), ("max_pacing_rate", "Q"), ("bytes_acked", "Q"), ("bytes_received", "Q"),
    ("segs_out", "I"), ("segs_in", "I"), ("notsent_bytes", "I"), ("min_rtt", "I"),
    ("data_segs_in", "I"), ("data_segs_out", "I"), ("delivery_rate", "Q"), ("busy_time", "Q"),
    ("rwnd_limited", "Q"), ("sndbuf_limited", "Q"), ("delivered", "I"), ("delivered_ce", "I"),
    ("bytes_sent", "Q"), ("bytes_retrans", "Q"), ("dsack_dups", "I"), ("reord_seen", "I"),
    ("rcv_ooopack", "I"), ("snd_wnd", "I"), ("rcv_wnd", "I"), ("rehash", "I"), ("total_rto", "H"),
    ("total_rto_recoveries", "H"), ("total_rto_time", "I"),
)  # fmt: skip
SIZE = 512
"""Bytes to ask for: more than any kernel has."""


def parse(raw: bytes) -> dict[str, int]:
    """The fields that this kernel has, with the prefix ``tcpi_``; times as the kernel gives them.

    rto, ato, rtt, rttvar, min_rtt, busy_time ... in microseconds, ``last_*`` in milliseconds.
    """
    found = dict(zip(_BYTES, raw, strict=False))
    found["snd_wscale"], found["rcv_wscale"] = raw[6] & 15, raw[6] >> 4
    found["delivery_rate_app_limited"], found["fastopen_client_fail"] = raw[7] & 1, raw[7] >> 1 & 3
    fields = [(name, "I") for name in _WORDS] + list(_REST)
    at = 8
    for name, form in fields:
        size = struct.calcsize(form)
        at += -at % size
        if at + size > len(raw):
            break
        found[name] = struct.unpack_from(form, raw, at)[0]
        at += size
    return {f"tcpi_{name}": value for name, value in found.items()}
