"""Parameters of kernel modules, as under ``/sys/module/tcp_cubic/parameters``.

They belong to the machine and not to a namespace, and are read anew each time that they matter.
Source: module_param() in net/ipv4/tcp_cubic.c.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from tcpcore.errors import UsageError

_INT = range(-(2**31), 2**31)
_READ_ONLY = ("bic_scale",)


@dataclass(slots=True)
class CubicParameters:
    """Of tcp_cubic; windows in segments, `beta` in 1/1024."""

    beta: int = 717
    bic_scale: int = 41  # computed with when the module is loaded, as is beta's part of fairness
    fast_convergence: int = 1
    hystart: int = 1
    hystart_ack_delta_us: int = 2_000
    hystart_detect: int = 3  # 1: trains of ACKs, 2: the delay
    hystart_low_window: int = 16
    initial_ssthresh: int = 0  # without HyStart: where slow start ends; 0: at no window
    tcp_friendliness: int = 1

    def set(self, name: str, value: str) -> None:
        """Write a parameter as into its file.  `UsageError` for a name or a value it has not."""
        if name not in PARAMETERS["tcp_cubic"]:
            known = ", ".join(PARAMETERS["tcp_cubic"])
            raise UsageError(f"tcp_cubic has no parameter {name!r}; it has {known}.")
        if name in _READ_ONLY:
            raise UsageError(f"the parameter {name} of tcp_cubic can only be read.")
        try:
            number = int(value, 0)
        except ValueError:
            number = _INT.stop
        if number not in _INT:
            raise UsageError(f"the parameter {name} of tcp_cubic is a number, not {value!r}.")
        setattr(self, name, number)


PARAMETERS = {"tcp_cubic": tuple(field.name for field in fields(CubicParameters))}
"""The names of every module's parameters that the engine obeys."""
