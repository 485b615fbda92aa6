"""The line of ``ss -i``: TCP's own variables, in iproute2's words and order (tcp_stats_print()).

bbr's own variables stand before the rates, as ``bbr:(bw:...)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tcpcore.host import tcp_info
from tcpcore.host.listener import Listener
from tcpcore.observe import inventory
from tcpcore.observe.inventory import Entry
from tcpcore.seqnum import distance
from tcpcore.tcp import chrono, rate, segment_size, state
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.congestion.bbr import Bbr
from tcpcore.tcp.congestion.bbr_bandwidth import ONE
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.departure import TIMESTAMP_SPACE
from tcpcore.tcp.flow import UNLIMITED
from tcpcore.tcp.tcb import INITIAL_CWND


def line(host: Any, entry: Entry, *, options: bool, numeric: bool) -> str:
    """What stands after the tab; empty for a request and for TIME_WAIT.

    With `options` (-o) also what was agreed on (``ts sack``); `numeric` (-n) writes rates in full.
    """
    endpoint = entry.endpoint
    if isinstance(endpoint, Listener):
        queued = f" unacked:{entry.recv_q}" if entry.recv_q else ""
        return f"{host.sysctl.tcp_congestion_control} cwnd:{INITIAL_CWND}{queued}"
    if not isinstance(endpoint, Connection) or inventory.is_small(endpoint):
        return ""
    words = [] if not options else _agreed(endpoint)
    words += [endpoint.congestion.name, *_basics(endpoint), *_counts(endpoint)]
    words += _own(endpoint, numeric)
    words += _pace(host, endpoint, numeric)
    words += _outstanding(endpoint)
    return " ".join(words + list(_receiving(endpoint)))


def _agreed(c: Connection) -> list[str]:
    return ["ts"] * c.timestamps + ["sack"] * c.sack_permitted


def _basics(c: Connection) -> Iterator[str]:
    opening = c.state == state.SYN_SENT
    stamps = c.timestamps or (opening and c.sysctl.tcp_timestamps)
    if c.scaling:
        yield f"wscale:{c.snd_scale},{c.rcv_scale}"
    yield f"rto:{c.rto / 1000:g}"
    if c.backoff:
        yield f"backoff:{c.backoff}"
    if c.srtt:
        yield f"rtt:{(c.srtt >> 3) / 1000:g}/{(c.mdev >> 2) / 1000:g}"
    if c.ato:
        yield f"ato:{c.ato / 1000:g}"
    yield f"mss:{segment_size.mss(c) - (TIMESTAMP_SPACE if opening and stamps else 0)}"
    yield f"pmtu:{c.path_mtu}"
    yield f"rcvmss:{tcp_info.SMALLEST_MSS if opening else c.rcv_mss}"
    yield f"advmss:{c.advertised_mss - (TIMESTAMP_SPACE if c.timestamps else 0)}"
    yield f"cwnd:{c.cwnd}"
    if c.ssthresh < 0xFFFF:
        yield f"ssthresh:{c.ssthresh}"


def _counts(c: Connection) -> Iterator[str]:
    counted = (
        ("bytes_sent", c.bytes_sent),
        ("bytes_retrans", c.bytes_retrans),
        ("bytes_acked", c.bytes_acked),
        ("bytes_received", c.bytes_received),
        ("segs_out", c.segs_out),
        ("segs_in", c.segs_in),
        ("data_segs_out", c.data_segs_out),
        ("data_segs_in", c.data_segs_in),
    )
    yield from (f"{name}:{count}" for name, count in counted if count > 0)


def _pace(host: Any, c: Connection, numeric: bool) -> Iterator[str]:
    """Rates that follow from cwnd and the round trip, and how long ago things happened."""
    srtt = c.srtt >> 3
    if srtt:
        yield f"send {_rate(c.cwnd * segment_size.mss(c) * 8_000_000 / srtt, numeric)}bps"
    if c.state != state.SYN_SENT:
        times = (c.last_data_sent, c.last_data_received, c.last_ack_received)
        for name, when in zip(("lastsnd", "lastrcv", "lastack"), times, strict=True):
            ago = (host.now - when) // 1000
            if ago:
                yield f"{name}:{ago}"
    yield from _rates(c, numeric)
    if c.delivered:
        yield f"delivered:{c.delivered}"
    if c.flow.rate_app_limited:
        yield "app_limited"
    busy, by_window, by_buffer = chrono.spent(c, host.now)
    if busy:
        yield f"busy:{busy // 1000}ms"
    for name, spent in (("rwnd_limited", by_window), ("sndbuf_limited", by_buffer)):
        if spent:
            yield f"{name}:{spent // 1000}ms({100 * spent / busy:.1f}%)"


def _rates(c: Connection, numeric: bool) -> Iterator[str]:
    """The pacing rate with its limit, and the rate of delivery."""
    flow = c.flow
    if 0 < flow.pacing_rate < UNLIMITED:
        limit = flow.max_pacing_rate
        most = f"/{_rate(limit * 8, numeric)}bps" if 0 < limit < UNLIMITED else ""
        yield f"pacing_rate {_rate(flow.pacing_rate * 8, numeric)}bps{most}"
    delivered = rate.delivery_rate(c)
    if delivered:
        yield f"delivery_rate {_rate(delivered * 8, numeric)}bps"


def _own(c: Connection, numeric: bool) -> Iterator[str]:
    """The algorithm's own variables: those of bbr (`struct tcp_bbr_info`), or of one's own."""
    bbr = c.congestion
    if not isinstance(bbr, Bbr):
        shown = {} if bbr.name in registry.LINUX else bbr.show(c)
        if shown:
            yield f"{bbr.name}:({','.join(f'{name}:{value}' for name, value in shown.items())})"
        return
    words = [f"bw:{_rate(bbr.bytes_per_second(c) * 8, numeric)}bps", f"mrtt:{bbr.min_rtt / 1000:g}"]
    for name, gain in (("pacing_gain", bbr.pacing_gain), ("cwnd_gain", bbr.cwnd_gain)):
        if gain:
            words.append(f"{name}:{gain / ONE:g}")
    yield f"bbr:({','.join(words)})"


def _rate(bits_per_second: float, numeric: bool) -> str:
    """iproute2's sprint_bw()."""
    if numeric:
        return f"{bits_per_second:.0f}"
    for limit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if bits_per_second >= limit:
            return f"{bits_per_second / limit:.3g}{letter}"
    return f"{bits_per_second:g}"


def _outstanding(c: Connection) -> Iterator[str]:
    queue = c.retransmission_queue
    if queue:
        yield f"unacked:{len(queue)}"
    again, lost = c.retrans_out, c.lost_out
    if again or c.total_retrans:
        yield f"retrans:{again}/{c.total_retrans}"
    if lost:
        yield f"lost:{lost}"
    if c.sack_permitted and c.sacked_out:
        yield f"sacked:{c.sacked_out}"
    if c.loss.dsack_dups:
        yield f"dsack_dups:{c.loss.dsack_dups}"
    if c.loss.reordering != c.sysctl.tcp_reordering:
        yield f"reordering:{c.loss.reordering}"
    if c.loss.reordering_seen:
        yield f"reord_seen:{c.loss.reordering_seen}"


def _receiving(c: Connection) -> Iterator[str]:
    if c.state != state.SYN_SENT:
        if c.tuning.rtt:
            yield f"rcv_rtt:{(c.tuning.rtt >> 3) / 1000:g}"
        yield f"rcv_space:{c.tuning.space}"
    yield f"rcv_ssthresh:{c.rcv_ssthresh}"
    unsent = distance(c.snd_nxt, c.write_end)
    if unsent > 0:
        yield f"notsent:{unsent}"
    if c.min_rtt:
        yield f"minrtt:{c.min_rtt / 1000:g}"
    if c.rcv_ooopack:
        yield f"rcv_ooopack:{c.rcv_ooopack}"
    if c.snd_wnd:
        yield f"snd_wnd:{c.snd_wnd}"
