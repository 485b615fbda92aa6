"""Reno: slow start, one segment a round trip, half after a loss (RFC 5681 §3.1).

Source: tcp_reno_cong_avoid() and tcp_reno_ssthresh() in net/ipv4/tcp_cong.c.
"""

from __future__ import annotations

from typing import ClassVar

from tcpcore.tcp.congestion.base import CongestionControl


class Reno(CongestionControl):
    """All of it is what `CongestionControl` does by itself."""

    name: ClassVar[str] = "reno"
