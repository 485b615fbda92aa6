"""The registry: parameters are checked, mistakes are one sentence."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.scenarios import registry
from tcpcore.scenarios.registry import Parameter

FIRST = ["handshake", "syn-unanswered", "synack-unanswered", "connection-refused", "data-and-close"]


def test_the_first_scenarios_are_there():
    assert set(FIRST) <= set(registry.names())


@pytest.mark.parametrize("name", registry.names())
def test_every_scenario_is_told_in_full_and_its_defaults_fit(name: str):
    one = registry.get(name)
    assert one.name == name == name.lower()
    assert one.title
    assert one.question.endswith("?")
    assert one.build.__doc__
    for parameter in one.parameters:
        assert parameter.label
        assert parameter.help
        assert parameter.minimum < parameter.maximum
        assert parameter.check(parameter.default, name) == parameter.default
    assert set(one.check()) == {parameter.name for parameter in one.parameters}


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize("edge", ["minimum", "maximum"])
def test_every_scenario_runs_at_the_edges_of_its_sliders(name: str, edge: str):
    one = registry.get(name)
    given: dict[str, Any] = {}
    for parameter in one.parameters:
        value = getattr(parameter, edge)
        given[parameter.name] = bool(value) if parameter.kind == "bool" else value
    trace = registry.run(name, given)
    assert trace.end <= one.until


def test_a_choice_is_made_by_name_or_by_number():
    control = next(p for p in registry.get("slow-start").parameters if p.name == "control")
    assert [control.check(given, "slow-start") for given in ("reno", "cubic", 0, "1")] == [
        0,
        1,
        0,
        1,
    ]
    with pytest.raises(UsageError, match="takes a number"):
        control.check("vegas", "slow-start")


def mistake(*arguments: Any, **more: Any) -> str:
    with pytest.raises(UsageError) as caught:
        registry.run(*arguments, **more)
    text = str(caught.value)
    assert "\n" not in text
    assert text[-1] in ".?"
    return text


def test_an_unknown_scenario_is_told_near_ones():
    assert "did you mean handshake" in mistake("handshak")
    assert "`python -m tcpcore list` has all" in mistake("")


def test_an_unknown_parameter_is_told_the_known_ones():
    assert "handshake has no parameter 'rtr'; it has rtt" in mistake("handshake", {"rtr": 1})


@pytest.mark.parametrize(
    "value",
    [
        *(1, 401, -5, 1e9, math.inf, "401"),
        pytest.param(10**400, id="a number of 401 digits"),
        pytest.param("-" + "6" * 400, id="400 digits"),
        pytest.param("6" * 400 + "s", id="400 digits and a unit"),
    ],
)
def test_a_value_out_of_range_is_told_the_range(value: Any):
    assert "rtt takes a number from 2 to 400 ms" in mistake("handshake", {"rtt": value})


@pytest.mark.parametrize("value", ["fast", None, [1], math.nan, True, "nan"])
def test_what_is_no_number_is_refused(value: Any):
    assert "takes a number, not" in mistake("handshake", {"rtt": value})


def test_a_fraction_is_refused_where_a_whole_number_is_due():
    assert "takes a whole number, not 2.5" in mistake("handshake", {"rtt": 2.5})
    assert registry.run("handshake", {"rtt": 20.0}).parameters["rtt"] == 20


@pytest.mark.parametrize("drop", [[-1], [1.5], ["x"], [True]])
def test_a_segment_to_lose_is_a_whole_number(drop: list[Any]):
    assert "A segment to lose is a whole number from 0" in mistake("handshake", drop=drop)


def test_segments_that_never_were_cannot_be_lost_and_do_no_harm():
    assert len(registry.run("handshake", drop=[99]).segments) == 3


def test_a_lost_segment_is_marked_and_says_why():
    trace = registry.run("handshake", drop=[0, 0])
    assert trace.dropped == (0,)
    lost = trace.segments[0]
    assert lost.fate == "lost"
    assert lost.lost_because is not None
    assert lost.lost_because.why.key == "wire.chosen"
    assert trace.segments[1].sent == 1_000_000


def test_any_sysctl_may_be_set_on_every_host():
    trace = registry.run("handshake", {"tcp_timestamps": "0", "net.ipv4.tcp_sack": 0})
    kinds = {option[0] for option in trace.segments[0].segment.options}
    assert not kinds & {4, 8}
    assert trace.parameters["tcp_timestamps"] == 0


@pytest.mark.parametrize("name", ["tcp_syn_retries", "net.ipv4.tcp_syn_retries"])
def test_a_parameter_that_is_a_sysctl_answers_to_its_full_name(name: str):
    trace = registry.run("syn-unanswered", {name: 1})
    assert len(trace.segments) == 3
    assert trace.parameters["tcp_syn_retries"] == 1


def test_an_impossible_sysctl_is_refused():
    assert "tcp_sack takes a number from 0 to 1" in mistake("handshake", {"tcp_sack": 7})


def test_an_unknown_profile_is_refused():
    assert "Unknown profile 'bsd'" in mistake("handshake", profile="bsd")


def test_the_profile_gives_a_sysctl_parameter_its_default():
    one = registry.get("syn-unanswered")
    assert one.check({}, "linux-6.18")["tcp_syn_linear_timeouts"] == 4
    assert one.check({}, "linux-6.4")["tcp_syn_linear_timeouts"] == 0
    assert one.check({"tcp_syn_linear_timeouts": 2}, "linux-6.4")["tcp_syn_linear_timeouts"] == 2


def test_a_scenario_may_be_about_another_kernel_and_then_runs_as_that_one():
    assert registry.get("tw-recycle-nat").profile == "linux-4.9"
    assert registry.run("tw-recycle-nat").profile == "linux-4.9"
    assert registry.run("tw-recycle-nat", profile="linux-6.4").profile == "linux-6.4"
    assert registry.run("handshake").profile == "linux-6.18"


def test_a_sysctl_that_a_kernel_does_not_have_is_off_there():
    one = registry.get("tw-recycle-nat")
    assert one.check()["tcp_tw_recycle"] == 1
    assert one.check({}, "linux-6.18")["tcp_tw_recycle"] == 0


@pytest.mark.parametrize(
    ("value", "meant"),
    [("true", True), ("off", False), ("1", True), (0, False), ("Yes", True), (False, False)],
)
def test_a_switch_is_spelled_in_many_ways(value: Any, meant: bool):
    assert Parameter("on", "On", False, help="x").check(value, "s") is meant


@pytest.mark.parametrize("value", ["maybe", 2, None, "0.5"])
def test_what_is_neither_on_nor_off_is_refused(value: Any):
    with pytest.raises(UsageError, match="is true or false"):
        Parameter("on", "On", False, help="x").check(value, "s")


def test_a_parameter_with_fractions_keeps_them():
    loss = Parameter("loss", "Loss", 0.5, maximum=100, step=0.5, unit="%", help="x")
    assert loss.check("2.5", "s") == 2.5
