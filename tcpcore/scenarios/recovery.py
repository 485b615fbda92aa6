"""What is lost, late or doubted, and how the sender makes up for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.congestion import CONTROL, LOST, RATE, RENO, SIZE, lose_data, transfer
from tcpcore.scenarios.handshake import RTT
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds

SACK = Parameter(
    "tcp_sack",
    "tcp_sack",
    1,
    help="0: the receiver cannot say which later segments it has",
    sysctl=True,
)
RECOVERY = Parameter(
    "tcp_recovery",
    "tcp_recovery",
    1,
    maximum=1,
    help="1: RACK decides by time what is lost; 0: by counting duplicates, as RFC 6675",
    sysctl=True,
)
REORDERING = Parameter(
    "tcp_reordering",
    "tcp_reordering",
    3,
    minimum=1,
    maximum=20,
    unit="segments",
    help="as many duplicate ACKs mean a loss",
    sysctl=True,
)
EARLY_RETRANS = Parameter(
    "tcp_early_retrans",
    "tcp_early_retrans",
    3,
    maximum=3,
    step=3,
    help="3: probe the tail after two round trips (TLP); 0: wait for the time-out",
    sysctl=True,
)
FRTO = Parameter(
    "tcp_frto",
    "tcp_frto",
    2,
    maximum=2,
    step=2,
    help="2: after a time-out find out whether it was needless; 0: believe it",
    sysctl=True,
)
TIMESTAMPS = Parameter(
    "tcp_timestamps",
    "tcp_timestamps",
    1,
    help="with them an ACK tells which copy it answers",
    sysctl=True,
)
DSACK = Parameter(
    "tcp_dsack", "tcp_dsack", 1, help="the receiver reports what it had already", sysctl=True
)
COMPRESSION = Parameter(
    "tcp_comp_sack_nr",
    "tcp_comp_sack_nr",
    44,
    maximum=100,
    help="so many duplicate ACKs wait for each other; 0: none does",
    sysctl=True,
)
HOLES = Parameter("holes", "Segments lost", 1, minimum=1, maximum=10, help="from that one on")
GAP = Parameter(
    "gap", "Distance of two of them", 2, minimum=1, maximum=6, help="1: one right behind the other"
)
TEN_SEGMENTS = 14_480
"""Bytes: the first flight."""


@scenario(
    "fast-retransmit",
    title="Fast retransmit",
    question="How does a sender notice a loss long before its timer does?",
    parameters=(
        RTT,
        replace(LOST, default=12),
        replace(HOLES, label="Lost in a row"),
        SACK,
        RECOVERY,
        REORDERING,
        CONTROL,
    ),
    until=minutes(5),
)
def fast_retransmit(
    net: Any,
    *,
    rtt: int,
    lost: int,
    holes: int,
    tcp_sack: int,
    tcp_recovery: int,
    tcp_reordering: int,
    control: int,
) -> None:
    """Segments in the middle of a flight are lost; the ones behind them tell the sender."""
    ours = {"tcp_recovery": tcp_recovery, "tcp_reordering": tcp_reordering}
    sysctls = dict(tcp_sack=tcp_sack, **ours)
    link = transfer(net, rtt=rtt, written=60_000, control=control, sysctls=sysctls)
    lose_data(link, range(lost, lost + holes) if lost else ())


@scenario(
    "sack-vs-newreno",
    title="SACK beside NewReno",
    question="Several segments of one flight are lost: how many round trips does it take to mend?",
    parameters=(
        RTT,
        replace(LOST, default=12, minimum=1, maximum=30),
        replace(HOLES, label="Segments lost", default=4),
        GAP,
        SACK,
        RENO,
    ),
    until=minutes(5),
)
def sack_vs_newreno(
    net: Any, *, rtt: int, lost: int, holes: int, gap: int, tcp_sack: int, control: int
) -> None:
    """With SACK the sender knows all holes at once; without, each ACK shows the next one only."""
    sysctls = {"tcp_sack": tcp_sack}
    link = transfer(net, rtt=rtt, written=60_000, control=control, sysctls=sysctls)
    lose_data(link, range(lost, lost + holes * gap, gap))


@scenario(
    "sack-compression",
    title="One duplicate ACK for several segments",
    question="Much arrives behind a hole: does every segment get its duplicate ACK?",
    parameters=(
        RTT,
        replace(RATE, default=25),
        replace(LOST, default=110, minimum=1, maximum=150),
        COMPRESSION,
        CONTROL,
    ),
    until=minutes(5),
)
def sack_compression(
    net: Any, *, rtt: int, rate: int, lost: int, tcp_comp_sack_nr: int, control: int
) -> None:
    """Three duplicate ACKs go at once; later ones wait a millisecond, and one stands for many."""
    sysctls = {"tcp_comp_sack_nr": tcp_comp_sack_nr}
    link = transfer(net, rtt=rtt, rate=rate, written=217_200, control=control, sysctls=sysctls)
    lose_data(link, (lost,))


@scenario(
    "rack-tlp",
    title="The end of a flight is lost",
    question="Nothing comes behind the lost segments to report them: who notices?",
    parameters=(
        RTT,
        replace(HOLES, label="Lost at the end", default=2, minimum=0, maximum=9, help="of ten"),
        EARLY_RETRANS,
        RECOVERY,
        SACK,
    ),
    until=minutes(5),
)
def rack_tlp(
    net: Any, *, rtt: int, holes: int, tcp_early_retrans: int, tcp_recovery: int, tcp_sack: int
) -> None:
    """The last of ten segments are lost; a probe brings an ACK out of the receiver."""
    ours = {"tcp_early_retrans": tcp_early_retrans, "tcp_recovery": tcp_recovery}
    sysctls = dict(tcp_sack=tcp_sack, **ours)
    link = transfer(net, rtt=rtt, written=TEN_SEGMENTS, open_for=seconds(2), sysctls=sysctls)
    lose_data(link, range(11 - holes, 11))


@scenario(
    "reordering",
    title="Late, not lost",
    question="Others overtake a segment: when does the sender take it for lost?",
    parameters=(
        RTT,
        replace(LOST, name="late", label="Data segment that is late", default=12, minimum=1),
        Parameter(
            "by", "Late by", 15, maximum=200, unit="ms", help="and another one, 20 segments later"
        ),
        RECOVERY,
        REORDERING,
        DSACK,
        CONTROL,
    ),
    until=minutes(5),
)
def reordering(
    net: Any,
    *,
    rtt: int,
    late: int,
    by: int,
    tcp_recovery: int,
    tcp_reordering: int,
    tcp_dsack: int,
    control: int,
) -> None:
    """Two segments take longer than those behind them; from the first one the sender learns."""
    ours = {"tcp_recovery": tcp_recovery, "tcp_reordering": tcp_reordering}
    sysctls = dict(tcp_dsack=tcp_dsack, **ours)
    link = transfer(net, rtt=rtt, written=60_000, control=control, sysctls=sysctls)
    link.hold(to=link.ends[1], numbers=[late + 1, late + 21], by=ms(by))


@scenario(
    "rto-backoff",
    title="The path goes dark",
    question="Nothing gets through for a while: when does the sender try, and how does it go on?",
    parameters=(
        RTT,
        Parameter(
            "dark",
            "Dark for",
            2000,
            minimum=100,
            maximum=30_000,
            step=100,
            unit="ms",
            help="from the third flight on nothing reaches the server",
        ),
        Parameter(
            "tcp_rto_min_us",
            "tcp_rto_min_us",
            200_000,
            minimum=5_000,
            maximum=1_000_000,
            step=5_000,
            unit="µs",
            help="the RTO is the smoothed round trip and at least this much",
            sysctl=True,
        ),
        replace(SIZE, default=60_000, maximum=300_000),
        CONTROL,
    ),
    until=minutes(10),
)
def rto_backoff(
    net: Any, *, rtt: int, dark: int, tcp_rto_min_us: int, written: int, control: int
) -> None:
    """Each time-out doubles the next wait; then cwnd starts from one segment."""
    link = transfer(
        net, rtt=rtt, written=written, control=control, sysctls={"tcp_rto_min_us": tcp_rto_min_us}
    )
    server = link.ends[1]
    starts = ms(5 * rtt / 2)  # the second flight is at the server; nothing is on its way to it
    net.after(starts, lambda: link.drop(to=server))
    net.after(starts + ms(dark), lambda: link.restore(to=server))


@scenario(
    "spurious-rto",
    title="A time-out without a loss",
    question="The path only paused: how does the sender find out that its time-out was needless?",
    parameters=(
        RTT,
        Parameter(
            "stall",
            "The link stands still for",
            500,
            maximum=3000,
            step=50,
            unit="ms",
            help="in the second flight; nothing is lost",
        ),
        FRTO,
        TIMESTAMPS,
        DSACK,
        SACK,
        CONTROL,
    ),
    until=minutes(5),
)
def spurious_rto(
    net: Any,
    *,
    rtt: int,
    stall: int,
    tcp_frto: int,
    tcp_timestamps: int,
    tcp_dsack: int,
    tcp_sack: int,
    control: int,
) -> None:
    """The link keeps all segments for a while, as a radio link may, and then delivers them."""
    options = {"tcp_timestamps": tcp_timestamps, "tcp_dsack": tcp_dsack, "tcp_sack": tcp_sack}
    sysctls = dict(tcp_frto=tcp_frto, **options)
    link = transfer(net, rtt=rtt, written=60_000, control=control, sysctls=sysctls)
    link.hold(to=link.ends[1], numbers=[12], by=ms(stall), in_order=True)
