"""Sysctls by their Linux names, with Linux's defaults and limits.

One typed record for the variables under ``net.ipv4`` and ``net.core`` that the engine obeys, and
for those that may be set and cannot matter here: their meaning says so (`without_effect`).  A
variable that matters and is not obeyed is not here.  Values that changed between kernels are in
`host.profiles`.  Source: Documentation/networking/ip-sysctl.rst and net/ipv4/sysctl_net_ipv4.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.module import CubicParameters

Triple = tuple[int, int, int]
Pair = tuple[int, int]


def _knob(default: Any, low: int, high: int, unit: str, about: str, area: str = "ipv4") -> Any:
    return field(
        default=default,
        metadata={"low": low, "high": high, "unit": unit, "about": about, "area": area},
    )


_INT_MAX = 2**31 - 1
_WITHOUT = "no effect here: "


def _idle(default: Any, low: int, high: int, why: str) -> Any:
    """A variable that changes nothing that a simulated host does."""
    return _knob(default, low, high, "", _WITHOUT + why)


def _constant(default: Any, about: str) -> Any:
    """Compiled into the kernel: only a profile sets it."""
    return field(default=default, metadata={"about": about, "constant": True})


@dataclass(slots=True)
class Sysctls:
    """The variables of one host; attributes are the short names (``tcp_syn_retries``)."""

    tcp_syn_retries: int = _knob(6, 1, 127, "", "SYN retries, as an exponent of the time limit")
    tcp_syn_linear_timeouts: int = _knob(4, 0, 255, "", "SYN timeouts of 1 s before they double")
    tcp_synack_retries: int = _knob(5, 0, 255, "", "retransmissions of a SYN+ACK")
    tcp_retries2: int = _knob(15, 0, 255, "", "data retries, as an exponent of the time limit")
    tcp_orphan_retries: int = _knob(0, 0, 255, "", "retries of an orphan, likewise; 0 means 8")
    tcp_tw_reuse: int = _knob(2, 0, 2, "", "connect() may reuse TIME_WAIT: 2 only on loopback")
    tcp_tw_reuse_delay: int = _knob(
        1000, 1, _INT_MAX, "ms", "age at which a TIME_WAIT may be reused"
    )
    tcp_max_tw_buckets: int = _knob(
        131072, 0, _INT_MAX, "", "most connections in TIME_WAIT; Linux sets it by memory"
    )
    tcp_rfc1337: int = _knob(0, 0, 1, "", "1: an RST does not end TIME_WAIT")
    tcp_fin_timeout: int = _knob(60, 1, _INT_MAX // 1000, "s", "life of an orphan in FIN_WAIT_2")
    tcp_max_syn_backlog: int = _knob(
        1024, 0, _INT_MAX, "", "SYN queue bound without cookies; Linux sets it by memory"
    )
    tcp_syncookies: int = _knob(1, 0, 2, "", "SYN cookies: 0 never, 1 when full, 2 always")
    tcp_fastopen: int = _knob(1, 0, _INT_MAX, "", "Fast Open: bits 1 client, 2 server ...")
    tcp_fastopen_key: str = field(
        default="",
        metadata={"unit": "", "about": "makes the cookies; unset: a random key", "area": "ipv4"},
    )
    tcp_fastopen_blackhole_timeout_sec: int = _knob(
        0, 0, _INT_MAX, "s", "pause of Fast Open after a black hole; 0: none"
    )
    tcp_abort_on_overflow: int = _knob(0, 0, 255, "", "1: RST when the accept queue is full")
    tcp_mtu_probing: int = _knob(
        0, 0, 2, "", "search for the path MTU: 0 never, 1 after time-outs, 2 always"
    )
    tcp_min_snd_mss: int = _knob(48, 8, 65535, "bytes", "no segment is cut smaller than this")
    tcp_base_mss: int = _knob(
        1024, 48, 65535, "bytes", "segment size with which a search for the path MTU begins"
    )
    tcp_mtu_probe_floor: int = _knob(
        48, 48, 65535, "bytes", "least size that further time-outs in a black hole halve it to"
    )
    tcp_probe_threshold: int = _knob(
        8, 0, _INT_MAX, "bytes", "a search for the path MTU ends when so little is left to try"
    )
    tcp_probe_interval: int = _knob(
        600, 0, _INT_MAX, "s", "from the end of a search for the path MTU to the next one"
    )
    tcp_retries1: int = _knob(
        3, 0, 255, "", "time-outs, as an exponent, after which route and path MTU are doubted"
    )
    tcp_timestamps: int = _knob(1, 0, 2, "", "timestamps option: 0 off, 1 random offset, 2 none")
    tcp_stdurg: int = _knob(0, 0, 255, "", "1: the urgent pointer names the urgent byte")
    tcp_window_scaling: int = _knob(1, 0, 1, "", "window scale option")
    tcp_sack: int = _knob(1, 0, 1, "", "SACK permitted option")
    tcp_app_win: int = _knob(31, 0, 31, "", "1/2^this of the window is kept back for programs")
    tcp_workaround_signed_windows: int = _knob(
        0, 0, 1, "", "1: no window above 32,767 without window scaling"
    )
    tcp_challenge_ack_limit: int = _knob(
        _INT_MAX, 1, _INT_MAX, "", "most challenge ACKs of a host in a second, give or take half"
    )
    tcp_reflect_tos: int = _knob(0, 0, 1, "", "1: a server answers with the TOS of the SYN")
    tcp_pingpong_thresh: int = _knob(1, 1, 255, "", "so many quick answers let ACKs wait for one")
    tcp_keepalive_time: int = _knob(7200, 1, 32767, "s", "silence before the first probe")
    tcp_keepalive_intvl: int = _knob(75, 1, 32767, "s", "gap between probes")
    tcp_keepalive_probes: int = _knob(9, 1, 127, "", "unanswered probes before giving up")
    tcp_comp_sack_nr: int = _knob(44, 0, 255, "", "most duplicate ACKs that one ACK may stand for")
    tcp_comp_sack_delay_ns: int = _knob(
        1_000_000, 0, 2**63 - 1, "ns", "longest wait of a duplicate ACK for others"
    )
    tcp_comp_sack_slack_ns: int = _knob(
        100_000, 0, 2**63 - 1, "ns", "so much later the timer of such a wait may go off"
    )
    tcp_dsack: int = _knob(1, 0, 1, "", "report duplicates to the sender")
    tcp_congestion_control: str = field(
        default="cubic",
        metadata={"unit": "", "about": "how fast new connections send", "area": "ipv4"},
    )
    tcp_recovery: int = _knob(1, 0, 255, "", "loss detection by time: 2 fixed window, 4 no dupacks")
    tcp_frto: int = _knob(2, 0, 2, "", "find out whether a time-out was spurious (RFC 5682)")
    tcp_reordering: int = _knob(3, 1, 1000, "", "segments that may come late without loss")
    tcp_max_reordering: int = _knob(
        300, 1, 100000, "", "how far tcp_reordering may grow for a path"
    )
    tcp_slow_start_after_idle: int = _knob(1, 0, 1, "", "cwnd decays while nothing is sent")
    tcp_thin_linear_timeouts: int = _knob(0, 0, 1, "", "a thin stream does not double its RTO")
    tcp_shrink_window: int = _knob(0, 0, 1, "", "a scaled window may shrink to what memory allows")
    tcp_ecn: int = _knob(2, 0, 2, "", "ECN: 1 asks and agrees, 2 only agrees")
    tcp_ecn_fallback: int = _knob(1, 0, 1, "", "a SYN sent again does not ask for ECN")
    tcp_pacing_ss_ratio: int = _knob(200, 0, 1000, "%", "pacing rate in slow start, of cwnd/RTT")
    tcp_pacing_ca_ratio: int = _knob(120, 0, 1000, "%", "pacing rate in congestion avoidance")
    tcp_retrans_collapse: int = _knob(1, 0, 255, "", "small segments sent again go as one")
    tcp_min_rtt_wlen: int = _knob(300, 0, 86400, "s", "window of the least round trip")
    tcp_min_tso_segs: int = _knob(2, 1, 65535, "", "least segments of a burst")
    tcp_tso_rtt_log: int = _knob(
        9, 0, 255, "", "short round trips, in 2^this us, have longer bursts"
    )
    tcp_tso_win_divisor: int = _knob(3, 1, 255, "", "a burst may wait for this part of the window")
    tcp_early_retrans: int = _knob(3, 0, 4, "", "3 and 4: probe when the tail may be lost")
    tcp_rto_min_us: int = _knob(200_000, 1, _INT_MAX, "us", "floor of the RTO's variance part")
    tcp_rto_max_ms: int = _knob(120_000, 1_000, 120_000, "ms", "ceiling of the RTO")
    tcp_no_metrics_save: int = _knob(
        0, 0, 1, "", "1: forget a peer's round trip with its connection"
    )
    tcp_no_ssthresh_metrics_save: int = _knob(1, 0, 1, "", "0: remember a peer's ssthresh, too")
    tcp_invalid_ratelimit: int = _knob(
        500, 0, _INT_MAX, "ms", "least gap between ACKs that answer what does not fit"
    )
    tcp_rmem: Triple = _knob((4096, 131072, 33554432), 1, _INT_MAX, "bytes", "receive buffer")
    tcp_wmem: Triple = _knob((4096, 16384, 4194304), 1, _INT_MAX, "bytes", "send buffer")
    tcp_moderate_rcvbuf: int = _knob(1, 0, 255, "", "the receive buffer follows the application")
    tcp_notsent_lowat: int = _knob(
        0xFFFF_FFFF, 0, 0xFFFF_FFFF, "bytes", "most that may wait unsent where send() goes on"
    )
    ip_default_ttl: int = _knob(64, 1, 255, "", "time to live of packets sent")
    ip_local_port_range: Pair = _knob((32768, 60999), 1, 65535, "", "ephemeral ports")
    ip_local_reserved_ports: str = field(
        default="",
        metadata={"unit": "", "about": "ports that nobody gets by itself", "area": "ipv4"},
    )
    ip_no_pmtu_disc: int = _knob(
        0, 0, 3, "", "1: no path MTU discovery; 2: neither do errors count; 3: they do"
    )
    min_pmtu: int = _knob(552, 68, _INT_MAX, "bytes", "no path is narrower", area="ipv4.route")
    mtu_expires: int = _knob(600, 1, _INT_MAX, "s", "life of a path MTU", area="ipv4.route")
    min_adv_mss: int = _knob(256, 0, _INT_MAX, "bytes", "least MSS of a SYN", area="ipv4.route")
    rmem_max: int = _knob(4194304, 2304, _INT_MAX, "bytes", "most for SO_RCVBUF", area="core")
    wmem_max: int = _knob(4194304, 4608, _INT_MAX, "bytes", "most for SO_SNDBUF", area="core")
    somaxconn: int = _knob(4096, 0, _INT_MAX, "", "ceiling of listen()'s backlog", area="core")

    tcp_adv_win_scale: int = _idle(1, -31, 31, "nor in Linux since 6.6")
    tcp_autocorking: int = _idle(1, 0, 1, "nothing waits in the queue of a network card")
    tcp_backlog_ack_defer: int = _idle(1, 0, 1, "no program holds a socket while segments come")
    tcp_limit_output_bytes: int = _idle(4194304, 0, _INT_MAX, "cards have sent a packet at once")
    tcp_early_demux: int = _idle(1, 0, 1, "it saves a look-up of the route")
    ip_early_demux: int = _idle(1, 0, 1, "it saves a look-up of the route")
    tcp_fack: int = _idle(0, 0, 255, "nor in Linux since 4.15")
    tcp_plb_enabled: int = _idle(0, 0, 1, "there are no IPv6 flow labels to balance by")
    tcp_plb_idle_rehash_rounds: int = _idle(3, 0, 31, "see tcp_plb_enabled")
    tcp_plb_rehash_rounds: int = _idle(12, 0, 31, "see tcp_plb_enabled")
    tcp_plb_suspend_rto_sec: int = _idle(60, 0, 255, "see tcp_plb_enabled")
    tcp_plb_cong_thresh: int = _idle(128, 0, 256, "see tcp_plb_enabled")
    tcp_fwmark_accept: int = _idle(0, 0, 1, "packets have no marks")
    tcp_l3mdev_accept: int = _idle(0, 0, 1, "there are no virtual routing domains")
    tcp_migrate_req: int = _idle(0, 0, 1, "listeners do not share a port")
    tcp_child_ehash_entries: int = _idle(0, 0, 16777216, "there is no hash table")

    tcp_tw_recycle: int = _knob(0, 0, 1, "", "drop SYNs older than their host's last connection")

    timewait_len: int = _constant(60, "seconds in TIME_WAIT (TCP_TIMEWAIT_LEN)")
    init_rwnd: int = _constant(0, "most segments in the first window; 0: no limit")
    stamps_per_host: bool = _constant(False, "one timestamp clock for all connections")
    duplicate_threshold: bool = _constant(False, "three duplicates mean loss (RFC 6675), not time")
    rfc_rto: bool = _constant(False, "RFC 6298 to the letter: variance, and 1 s at least")
    quick_acks: bool = _constant(True, "a connection starts with ACKs that do not wait")
    orphans_time_out: bool = _constant(True, "an orphan in FIN_WAIT_2 is forgotten")
    icmp_by_rfc: bool = _constant(False, "ICMP codes 2 and 3 end a connection, no other one does")
    exact_resets: bool = _constant(False, "an RST is believed at rcv.nxt and nowhere else")
    minshall: bool = _constant(True, "Nagle looks at small segments in flight, not at all")
    hurried_syns: bool = _constant(True, "after a wrong ACK the SYN does not wait for its time-out")
    windows_shrink: bool = _constant(False, "a window is believed without news, also if smaller")
    isn_tick: int = _constant(64, "nanoseconds of a tick of the clock for initial numbers")
    tcp_cubic: CubicParameters = field(
        default_factory=CubicParameters,
        metadata={"about": "parameters of the module", "constant": True},
    )
    has_tw_recycle: bool = _constant(False, "tcp_tw_recycle exists (until Linux 4.12)")

    def set(self, name: str, value: Any) -> None:
        """Set a variable by its short or full name.

        A list or a text such as ``"4096 131072 6291456"`` sets a vector.  `UsageError` for an
        unknown name, a wrong type or a value out of range: one sentence that names the limits.
        """
        short = short_name(name)
        known = _FIELDS.get(short)
        if short == "tcp_tw_recycle" and not self.has_tw_recycle:
            raise UsageError(f"Sysctl {name} is gone since Linux 4.12; profile linux-4.9 has it.")
        if known is None:
            close = ", ".join(n for n in _FIELDS if n.split("_")[1:2] == short.split("_")[1:2])
            hint = f"near ones are {close}" if close else f"known ones are {', '.join(_FIELDS)}"
            raise UsageError(f"Unknown sysctl {name!r}; {hint}.")
        if isinstance(known.default, str):
            setattr(self, short, _TEXTS[short](name, value))
            return
        low, high = known.metadata["low"], known.metadata["high"]
        if isinstance(known.default, tuple):
            setattr(self, short, _vector(name, value, len(known.default), low, high))
        else:
            setattr(self, short, _integer(name, value, low, high))


_FIELDS = {f.name: f for f in fields(Sysctls) if not f.metadata.get("constant")}


def short_name(name: str) -> str:
    """``tcp_syn_retries`` for ``net.ipv4.tcp_syn_retries`` or ``net/ipv4/tcp_syn_retries``."""
    return name.replace("/", ".").rsplit(".", 1)[-1]


def full_name(name: str) -> str:
    """``net.ipv4.tcp_syn_retries`` for ``tcp_syn_retries``; the name must be known."""
    return f"net.{_FIELDS[name].metadata['area']}.{name}"


def is_sysctl(name: str) -> bool:
    """Whether a variable of that short or full name is known."""
    return short_name(name) in _FIELDS


def names() -> list[str]:
    """All short names that Linux 6.18 has."""
    return [name for name in _FIELDS if name != "tcp_tw_recycle"]


def describe(name: str) -> tuple[str, str]:
    """``(unit, meaning)`` of a variable."""
    metadata = _FIELDS[name].metadata
    return metadata["unit"], metadata["about"]


def without_effect(name: str) -> str | None:
    """Why a variable changes nothing here; None for one that the engine obeys."""
    about = describe(name)[1]
    return about.removeprefix(_WITHOUT) if about.startswith(_WITHOUT) else None


CONGESTION_CONTROLS = ["reno", "cubic", "bbr"]
"""Names that tcp_congestion_control takes; `tcp.congestion.registry` adds to them."""


NO_KEY = "-".join(["00000000"] * 4)
"""What tcp_fastopen_key shows until it is set."""
_KEY_WORD = re.compile(r"[0-9a-fA-F]{1,8}")


def _fast_open_key(name: str, value: Any) -> str:
    """One key or two, of four 32-bit words in hexadecimal (proc_tcp_fastopen_key()); "": none."""
    if value == "":
        return ""
    keys = [text.strip().split("-") for text in str(value).split(",")]
    for words in keys:
        if len(words) != 4 or not all(_KEY_WORD.fullmatch(word) for word in words) or len(keys) > 2:
            raise UsageError(
                f"Sysctl {name} takes one key or two, such as 1-2-3-4,5-6-7-8, not {value!r}."
            )
    return ",".join("-".join(f"{int(word, 16):08x}" for word in words) for words in keys)


def _algorithm(name: str, value: Any) -> str:
    if value not in CONGESTION_CONTROLS:
        known = ", ".join(CONGESTION_CONTROLS)
        raise UsageError(f"Sysctl {name} takes one of {known}, not {value!r}.")
    return str(value)


def _ports(name: str, value: Any) -> str:
    """Ports and ranges of them, such as ``8080,9000-9010`` (proc_do_large_bitmap())."""
    text = str(value).strip()
    for part in text.split(",") if text else ():
        low, dash, high = part.partition("-")
        ends = (low, high) if dash else (low, low)
        if not all(end.isdecimal() for end in ends) or not int(ends[0]) <= int(ends[1]) <= 65535:
            raise UsageError(f"Sysctl {name} takes ports such as 8080,9000-9010, not {value!r}.")
    return text


_TEXTS = {
    "tcp_fastopen_key": _fast_open_key,
    "tcp_congestion_control": _algorithm,
    "ip_local_reserved_ports": _ports,
}


def _integer(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, str):
        try:
            value = int(value, 0)
        except ValueError:
            raise UsageError(f"Sysctl {name} takes a whole number, not {value!r}.") from None
    if not isinstance(value, int):
        raise UsageError(f"Sysctl {name} takes a whole number, not {value!r}.")
    if not low <= value <= high:
        raise UsageError(f"Sysctl {name} takes a number from {low} to {high}, not {value}.")
    return value


def _vector(name: str, value: Any, length: int, low: int, high: int) -> tuple[int, ...]:
    items = value.split() if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or len(items) != length:
        raise UsageError(f"Sysctl {name} takes {length} whole numbers, not {value!r}.")
    vector = tuple(_integer(name, item, low, high) for item in items)
    if list(vector) != sorted(vector):
        raise UsageError(f"Sysctl {name} takes {length} numbers in rising order, not {value!r}.")
    return vector
