"""How many bytes go into a segment: both ends announce, the path decides."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.view.evidence import Exchange, engine


def run(**parameters: Any) -> Exchange:
    return engine("segment-sizes", **parameters)


def lengths(found: Exchange, host: str = "client") -> list[int]:
    return [one.length for one in found.segments if one.host == host and one.length]


def arrived(found: Exchange, host: str = "client") -> list[int]:
    return [one.size for one in found.segments if one.host == host and one.length and not one.lost]


@pytest.mark.parametrize(("stamps", "largest"), [(1, 1448), (0, 1460)])
def test_a_hundred_kilobytes_are_71_segments(stamps: int, largest: int):
    sent = lengths(run(size=102_400, tcp_timestamps=stamps))
    assert (len(sent), max(sent), sum(sent)) == (71, largest, 102_400)


def test_each_end_announces_its_own_mtu_and_sends_what_the_other_one_takes():
    found = run(client_mtu=9000, mtu=9000, server_mtu=1500, answer=3000)
    assert [one.options[0] for one in found.segments[:2]] == ["mss 8960", "mss 1460"]
    assert max(lengths(found)) == max(lengths(found, "server")) == 1448


@pytest.mark.parametrize("mtu", [1200, 1499])
def test_a_router_in_the_middle_decides_for_both_directions(mtu: int):
    found = run(mtu=mtu, answer=3000)
    assert [one.options[0] for one in found.segments[:2]] == ["mss 1460", "mss 1460"]
    assert max(arrived(found)) == max(arrived(found, "server")) == mtu


def test_a_path_as_wide_as_its_ends_loses_nothing():
    assert not any(one.lost for one in run(mtu=1500).segments)


def test_what_a_narrow_link_refused_goes_again_in_smaller_segments_at_once():
    found = run(mtu=1200, size=1460, tcp_timestamps=0)
    assert lengths(found) == [1460, 1160, 300]
    again = [one.time for one in found.segments if one.length]
    assert again[1] - again[0] < 0.04


def test_without_icmp_the_same_segment_is_sent_again_and_again():
    found = run(mtu=1200, size=1400, icmp_lost=True)
    assert set(lengths(found)) == {1400}
    assert arrived(found) == []


def test_probing_goes_on_with_1024_bytes_after_the_time_outs_of_tcp_retries1():
    found = run(mtu=1200, size=1400, icmp_lost=True, tcp_mtu_probing=1)
    sent = [one for one in found.segments if one.length]
    assert [one.length for one in sent] == [1400] * 5 + [1024, 376]
    first_time_out, last_big = sent[2].time, sent[4].time
    assert last_big - first_time_out < 3.0 <= sent[5].time - first_time_out


def test_a_narrower_path_halves_the_segments_once_more():
    found = run(mtu=576, size=1400, icmp_lost=True, tcp_mtu_probing=1)
    sent = lengths(found)
    assert sent[-4:] == [1024, 512, 512, 376]
    assert sum(one - 52 for one in arrived(found)) == 1400
