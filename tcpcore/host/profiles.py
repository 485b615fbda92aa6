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
    # tcp_syn_linear_timeouts came with Linux 6.5: before, every SYN time-out doubled the next.
    "linux-6.4": {"tcp_syn_linear_timeouts": 0},
}


def names() -> list[str]:
    """All profiles, the default one first."""
    return list(PROFILES)


def sysctls(profile: str) -> Sysctls:
    """Fresh sysctls of a profile; `UsageError` for an unknown one."""
    if profile not in PROFILES:
        raise UsageError(f"Unknown profile {profile!r}; known ones are {', '.join(PROFILES)}.")
    variables = Sysctls()
    for name, value in PROFILES[profile].items():
        variables.set(name, value)
    return variables
