"""What differs between kernels: each profile names its changes to the defaults of `sysctl`.

The defaults are Linux 6.18's.  Sources are the kernel's change logs, as named below.
"""

from __future__ import annotations

from typing import Any

from tcpcore.errors import UsageError
from tcpcore.sysctl import Sysctls

DEFAULT = "linux-6.18"

PROFILES: dict[str, dict[str, Any]] = {
    "linux-6.18": {},
    "linux-6.4": {
        "tcp_syn_linear_timeouts": 0,  # came with 6.5: before, every time-out doubled the next
        "tcp_rmem": (4096, 131072, 6291456),  # 32 MB since 6.16
        "rmem_max": 212992,  # 4 MB since 6.17
        "wmem_max": 212992,
    },
    "linux-4.9": {
        "tcp_syn_linear_timeouts": 0,
        "tcp_rmem": (4096, 87380, 6291456),  # 128 kB since 4.20
        "rmem_max": 212992,
        "wmem_max": 212992,
        "somaxconn": 128,  # 4096 since 5.4
        "tcp_tw_reuse": 0,  # 2 since 4.19
        "tcp_comp_sack_nr": 0,  # came with 4.18
    },
    # What the RFCs ask for, where Linux goes its own way: RFC 9293 §3.8.3 (a SYN is retried for
    # three minutes at least), §3.6 (2 MSL) and §3.6.1; RFC 6298 §2; no probes before the RTO.
    "rfc9293": {
        "tcp_syn_retries": 7,
        "tcp_syn_linear_timeouts": 0,
        "tcp_early_retrans": 0,
        "tcp_congestion_control": "reno",  # RFC 5681
        "tcp_comp_sack_nr": 0,  # RFC 5681 §4.2
        "tcp_tw_reuse": 0,
        "tcp_fastopen": 0,
        "tcp_syncookies": 0,
    },
}

CONSTANTS: dict[str, dict[str, Any]] = {
    # Until 4.9 one clock for all connections of a host; 4.10 gave each a random offset, and so
    # made tcp_tw_recycle useless, and 4.12 removed it.  20 segments: until 4.20.
    "linux-4.9": {"stamps_per_host": True, "has_tw_recycle": True, "init_rwnd": 20},
    "rfc9293": {
        "timewait_len": 240,
        "rfc_rto": True,
        "duplicate_threshold": True,  # RFC 5681, RFC 6675
        "quick_acks": False,
        "orphans_time_out": False,
        "icmp_by_rfc": True,  # RFC 9293 §3.9.2.2
        "exact_resets": True,  # RFC 5961 §3.2
        "minshall": False,  # RFC 9293 §3.7.4
        "hurried_syns": False,
        "windows_shrink": True,  # RFC 9293 §3.10.7.4
        "isn_tick": 4000,  # RFC 9293 §3.4.1
    },
}
"""What is compiled into a kernel and differs; no sysctl changes it."""


def names() -> list[str]:
    """All profiles, the default one first."""
    return list(PROFILES)


def sysctls(profile: str) -> Sysctls:
    """Fresh sysctls of a profile; `UsageError` for an unknown one."""
    if profile not in PROFILES:
        raise UsageError(f"Unknown profile {profile!r}; known ones are {', '.join(PROFILES)}.")
    variables = Sysctls()
    for name, value in CONSTANTS.get(profile, {}).items():
        setattr(variables, name, value)
    for name, value in PROFILES[profile].items():
        variables.set(name, value)
    return variables
