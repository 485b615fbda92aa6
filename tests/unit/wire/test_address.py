"""Addresses: text and bytes."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.wire import address
from tests.unit.wire.segments import ipv4, ipv6


@given(ipv6)
def test_ipv6_text_is_what_the_c_library_writes(text: str) -> None:
    assert text == socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))


@pytest.mark.parametrize(
    "text",
    ["::", "::1", "1::", "2001:db8::1", "fe80::1:0:0:1", "::ffff:10.0.0.1", "1:0:2:3:4:5:6:7"],
)
def test_canonical_ipv6_text_stays_itself(text: str) -> None:
    assert address.unpack(address.pack(text)) == text
    assert socket.inet_ntop(socket.AF_INET6, address.pack(text)) == text


@given(st.one_of(ipv4, ipv6))
def test_packing_what_was_unpacked_gives_the_same_bytes(text: str) -> None:
    packed = address.pack(text)
    assert address.unpack(packed) == text


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.256", "example.org", "fe80::1%eth0", "::1::"]
)
def test_text_that_is_no_address_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|zone"):
        address.pack(text)


@given(st.one_of(ipv4, ipv6), st.one_of(ipv4, ipv6), st.integers(0, 128), st.booleans())
def test_an_address_lies_in_a_prefix_where_pythons_networks_say_so(
    text: str, base: str, bits: int, near: bool
) -> None:
    found = ipaddress.ip_address(text)
    if near:  # chance alone would never hit a long prefix
        base = text
    length = min(bits, 128 if ":" in base else 32)
    network = ipaddress.ip_network(f"{base}/{length}", strict=False)
    assert address.within(text, str(network)) == (found in network)
    assert address.inside(address.pack(base), length)(text) == (found in network)
