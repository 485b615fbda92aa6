"""Sysctls: Linux's names, defaults and limits; one sentence for a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore import sysctl
from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.sysctl import Sysctls

ROOT = Path("/proc/sys/net")


def test_defaults_lie_within_their_own_limits():
    fresh = Sysctls()
    for name in sysctl.names():
        fresh.set(name, getattr(fresh, name))
        unit, about = sysctl.describe(name)
        assert about
        assert isinstance(unit, str)


@pytest.mark.parametrize(
    "spelling",
    ["tcp_syn_retries", "net.ipv4.tcp_syn_retries", "net/ipv4/tcp_syn_retries"],
)
def test_a_name_may_be_short_or_full(spelling: str):
    fresh = Sysctls()
    fresh.set(spelling, 3)
    assert fresh.tcp_syn_retries == 3
    assert sysctl.is_sysctl(spelling)
    assert sysctl.full_name("tcp_syn_retries") == "net.ipv4.tcp_syn_retries"
    assert sysctl.full_name("somaxconn") == "net.core.somaxconn"


@pytest.mark.parametrize("value", [3, "3", "0x3", " 3 ", True])
def test_a_number_may_be_written_as_text(value: object):
    fresh = Sysctls()
    fresh.set("tcp_syn_retries", value)
    assert fresh.tcp_syn_retries == int(str(value).strip(), 0) if value is not True else 1


@pytest.mark.parametrize("value", ["4096 20000 30000", [4096, 20000, 30000], (4096, 20000, 30000)])
def test_a_vector_may_be_text_or_a_sequence(value: object):
    fresh = Sysctls()
    fresh.set("tcp_rmem", value)
    assert fresh.tcp_rmem == (4096, 20000, 30000)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("tcp_syn_retrys", 3, "Unknown sysctl 'tcp_syn_retrys'"),
        ("frobnicate", 3, "Unknown sysctl 'frobnicate'"),
        ("", 3, "Unknown sysctl ''"),
        ("tcp_syn_retries", 0, "from 1 to 127, not 0"),
        ("tcp_syn_retries", 128, "from 1 to 127, not 128"),
        ("tcp_syn_retries", "many", "takes a whole number, not 'many'"),
        ("tcp_syn_retries", 2.5, "takes a whole number, not 2.5"),
        ("tcp_syn_retries", None, "takes a whole number, not None"),
        ("tcp_rmem", "1 2", "takes 3 whole numbers"),
        ("tcp_rmem", 7, "takes 3 whole numbers"),
        ("tcp_rmem", "1 two 3", "takes a whole number, not 'two'"),
        ("ip_local_port_range", "50000 40000", "rising order"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_limits(name: str, value: object, part: str):
    fresh = Sysctls()
    with pytest.raises(UsageError) as caught:
        fresh.set(name, value)
    text = str(caught.value)
    assert part in text
    assert text.endswith(".")
    assert "\n" not in text
    assert fresh == Sysctls()


def test_an_unknown_name_is_told_near_ones():
    with pytest.raises(UsageError, match="tcp_syn_retries"):
        Sysctls().set("tcp_syn_retry", 3)


def test_profiles_differ_only_where_kernels_did():
    assert profiles.names()[0] == "linux-6.18"
    assert profiles.sysctls("linux-6.18") == Sysctls()
    assert profiles.sysctls("linux-6.4").tcp_syn_linear_timeouts == 0


def test_an_unknown_profile_is_told_the_known_ones():
    with pytest.raises(UsageError, match=r"Unknown profile 'windows'; known ones are linux-6.18"):
        profiles.sysctls("windows")


def test_two_hosts_do_not_share_their_sysctls():
    first, second = profiles.sysctls("linux-6.18"), profiles.sysctls("linux-6.18")
    first.set("tcp_syn_retries", 1)
    assert second.tcp_syn_retries == 6


@pytest.mark.kernel
def test_every_name_exists_in_this_kernel_and_the_defaults_are_its_own():
    """Left out: what depends on the machine's memory, or is copied from the host (congestion)."""
    from tcpcore.linux.namespace import Namespace, read_sysctls

    namespace = Namespace()
    try:
        found = namespace.call(read_sysctls)
    finally:
        namespace.close()
    other = {"tcp_max_syn_backlog", "tcp_max_tw_buckets", "tcp_rmem", "tcp_wmem"}
    other.add("tcp_congestion_control")
    for name in sysctl.names():
        path = ROOT / sysctl.full_name(name).removeprefix("net.").replace(".", "/")
        assert path.exists(), path
        if name in found and name not in other:
            assert found[name] == getattr(Sysctls(), name), name


def test_a_variable_that_can_have_no_effect_says_so_and_takes_its_values():
    fresh = Sysctls()
    fresh.set("tcp_autocorking", 0)
    assert fresh.tcp_autocorking == 0
    assert sysctl.without_effect("tcp_autocorking")
    assert sysctl.without_effect("tcp_reflect_tos") is None


@pytest.mark.parametrize("ports", ["8080", "8080,9000-9010", ""])
def test_reserved_ports_are_a_list_of_ports_and_ranges(ports: str):
    fresh = Sysctls()
    fresh.set("ip_local_reserved_ports", ports)
    assert fresh.ip_local_reserved_ports == ports


@pytest.mark.parametrize("ports", ["http", "1-", "5-3", "70000", "1,,2"])
def test_what_is_no_list_of_ports_is_refused(ports: str):
    with pytest.raises(UsageError, match="takes ports such as 8080,9000-9010"):
        Sysctls().set("ip_local_reserved_ports", ports)
