"""Hypothesis strategies: segments as they may stand on the wire."""

from __future__ import annotations

import ipaddress

from hypothesis import strategies as st

from tcpcore.wire import address
from tcpcore.wire.option_codec import encode_options
from tcpcore.wire.options import (
    EXPERIMENTAL,
    FAST_OPEN,
    MD5_SIGNATURE,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    Option,
)
from tcpcore.wire.segment import Segment

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFF_FFFF)
ipv4 = st.integers(0, 2**32 - 1).map(lambda n: address.unpack(n.to_bytes(4, "big")))
ipv6 = st.one_of(
    st.binary(min_size=16, max_size=16).map(address.unpack),
    st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0x2001]), min_size=8, max_size=8).map(
        lambda words: address.unpack(b"".join(word.to_bytes(2, "big") for word in words))
    ),
)
known_kinds = {0, 1, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS}
block = st.tuples(u32, u32)
sack = st.lists(block, min_size=1, max_size=4).map(lambda blocks: (SACK, *blocks))
common_option: st.SearchStrategy[Option] = st.one_of(
    st.just((NOP,)),
    st.tuples(st.just(MSS), u16),
    st.tuples(st.just(WINDOW_SCALE), u8),
    st.just((SACK_PERMITTED,)),
    sack,
    st.tuples(st.just(TIMESTAMPS), u32, u32),
)
cookie_option: st.SearchStrategy[Option] = st.one_of(
    st.tuples(st.just(FAST_OPEN), st.binary(max_size=18)),
    st.tuples(st.just(EXPERIMENTAL), st.binary(max_size=10).map(lambda data: b"\xf9\x89" + data)),
    st.tuples(st.just(MD5_SIGNATURE), st.binary(min_size=16, max_size=16)),
)
other_option: st.SearchStrategy[Option] = st.tuples(
    st.integers(6, 255).filter(lambda kind: kind not in known_kinds), st.binary(max_size=12)
)
option = st.one_of(common_option, cookie_option, other_option)


def option_lists(one: st.SearchStrategy[Option] = option) -> st.SearchStrategy[tuple[Option, ...]]:
    """Options that fit in a header together."""

    def fitting(options: list[Option]) -> tuple[Option, ...]:
        kept: tuple[Option, ...] = ()
        for candidate in options:
            try:
                encode_options((*kept, candidate))
            except ValueError:
                continue
            kept = (*kept, candidate)
        return kept

    return st.lists(one, max_size=6).map(fitting)


@st.composite
def segments(
    draw: st.DrawFn,
    one: st.SearchStrategy[Option] = option,
    flags: st.SearchStrategy[int] | None = None,
) -> Segment:
    """Any segment, IPv4 or IPv6, whose bytes can be made."""
    addresses = draw(st.sampled_from([ipv4, ipv6]))
    source = draw(addresses)
    return Segment(
        source,
        draw(u16),
        draw(addresses),
        draw(u16),
        draw(st.integers(0, 0x1FF) if flags is None else flags),
        draw(u32),
        draw(u32),
        draw(u16),
        draw(option_lists(one)),
        draw(st.binary(max_size=30)),
        urgent=draw(u16),
        ttl=draw(u8),
        tos=draw(u8),
        ip_id=draw(u16) if ipaddress.ip_address(source).version == 4 else 0,
    )
