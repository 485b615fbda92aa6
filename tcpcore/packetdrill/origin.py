"""How an end of a capture was set up, as far as its SYN tells, and whether it can be a Linux host.

Linux writes a SYN's options in one order (tcp_options_write()), always names an MSS, and shifts its
window by at most 14 bits: what differs comes from another system, or was changed on the way.  What
remains is a matter of sysctls, of the link's MTU and of the program.
"""

from __future__ import annotations

from collections.abc import Sequence

from tcpcore.packetdrill.story import Story
from tcpcore.tcp.departure import syn_options
from tcpcore.wire import options as kinds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, AE, CWR, ECE, SYN, Segment
from tcpcore.wire.text import format_options

_USUAL_SCALE = 10
_LARGEST_SCALE = 14
Timed = tuple[int, Segment | IcmpError]


def settle(story: Story, packets: Sequence[Timed]) -> None:
    """Set the host up as the packets of `story.local` show it, and note what no Linux does."""
    own = _first_syn(packets, story.local)
    if own is None:
        return
    other = next(
        (one for _, one in packets if isinstance(one, Segment) and one.src == story.remote), None
    )
    peer = other if own.flags & ACK else None
    offered = {option[0]: option for option in own.options}
    asked = {option[0] for option in peer.options} if peer is not None else None
    for kind, name in (
        (kinds.TIMESTAMPS, "tcp_timestamps"),
        (kinds.SACK_PERMITTED, "tcp_sack"),
        (kinds.WINDOW_SCALE, "tcp_window_scaling"),
    ):
        if kind not in offered and (asked is None or kind in asked):
            story.sysctls[f"ipv4.{name}"] = "0"
    mss = offered.get(kinds.MSS)
    header = 60 if ":" in story.local else 40
    if mss is not None and mss[1] + header != 1500:
        story.options.append(f"--mtu={mss[1] + header}")
    scale = offered.get(kinds.WINDOW_SCALE)
    if scale is not None and scale[1] != _USUAL_SCALE:
        most = 0xFFFF << min(scale[1], _LARGEST_SCALE)
        story.sysctls["core.rmem_max"] = "4096"
        story.sysctls["ipv4.tcp_rmem"] = f"4096 {min(131072, most)} {most}"
    _congestion_marks(story, own, peer)
    ours = _as_linux(own)
    if ours != own.options:
        story.foreign = (
            f"This end was no plain Linux, or something on the way changed its SYN: it has "
            f"{_told(own.options)} where Linux writes {_told(ours)}. The script takes any options "
            "there; where it fails later, that system may have done what Linux does not."
        )


def _first_syn(packets: Sequence[Timed], local: str) -> Segment | None:
    for _, one in packets:
        if isinstance(one, Segment) and one.src == local and one.flags & SYN:
            return one
    return None


def _congestion_marks(story: Story, own: Segment, peer: Segment | None) -> None:
    """`tcp_ecn`, by what was asked and agreed to."""
    asks = peer is not None and peer.flags & (ECE | CWR) == ECE | CWR
    if peer is None and own.flags & (ECE | CWR) == ECE | CWR:
        story.sysctls["ipv4.tcp_ecn"] = "1"
    elif asks and not own.flags & (ECE | AE):
        story.sysctls["ipv4.tcp_ecn"] = "0"


def _as_linux(own: Segment) -> tuple[Option, ...]:
    """What Linux would write to offer the same."""
    offered = {option[0]: option for option in own.options}
    mss, scale = offered.get(kinds.MSS), offered.get(kinds.WINDOW_SCALE)
    stamps = kinds.timestamps(own.options)
    return syn_options(
        mss[1] if mss is not None else 1460,
        min(scale[1], _LARGEST_SCALE) if scale is not None else None,
        kinds.SACK_PERMITTED in offered,
        stamps,
    )


def _told(options: tuple[Option, ...]) -> str:
    return format_options(options) if options else "no options"
