"""When sysctls came, went, and changed: what an older kernel than 6.18 does in another way.

Sources: the kernel's change log and Documentation/networking/ip-sysctl.rst of the releases named.
"""

from __future__ import annotations

HISTORY: dict[str, str] = {
    "tcp_comp_sack_nr": "new in 4.18, as tcp_comp_sack_delay_ns; no ACK waited for others before",
    "tcp_comp_sack_slack_ns": "new in 5.8",
    "tcp_congestion_control": "cubic since 2.6.19, before that bic and reno",
    "tcp_early_retrans": "tail loss probes (3) are the default since 3.10",
    "tcp_fastopen": "clients since 3.6, servers since 3.7; 1 is the default since 3.13",
    "tcp_frto": "rewritten in 3.10: after that 1 and 2 mean the same",
    "tcp_invalid_ratelimit": "new in 4.0",
    "tcp_recovery": "RACK came with 4.4 and is the only way to detect loss with SACK since 6.17",
    "tcp_rmem": "its largest value is 32 MB since 6.16, before that 6 MB",
    "tcp_rto_max_ms": "new in 6.15; 120 s were fixed before",
    "tcp_rto_min_us": "new in 6.11; 200 ms, unless a route said otherwise, before",
    "tcp_slow_start_after_idle": "new in 2.6.18",
    "tcp_syn_linear_timeouts": "new in 6.5; before that every time-out doubled the next",
    "tcp_syn_retries": "6 since 3.7, 5 before",
    "tcp_syncookies": "the value 2 came with 3.12",
    "tcp_timestamps": "since 4.10 each connection starts its clock at a random value",
    "tcp_tw_recycle": "gone since 4.12",
    "tcp_tw_reuse": "2 (only on loopback) is the default since 4.19, 0 before",
    "tcp_tw_reuse_delay": "new in 6.14; one second was fixed before",
    "rmem_max": "4 MB since 6.17, 208 kB before",
    "wmem_max": "4 MB since 6.17, 208 kB before",
    "somaxconn": "4096 since 5.4, 128 before",
}
"""By short name; a variable without an entry has been the same for as long as this book reaches."""
