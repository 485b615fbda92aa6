"""The registry of scenarios: names, questions, parameters, and the one way to run them.

A scenario is a function that builds hosts, links and applications on a network.  It is written
once and runs on the engine (`run`) and on real kernels (`linux.record`): both kinds of network
offer the same calls.  Its parameters are the sliders of the player.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.net.network import Network
from tcpcore.sysctl import Sysctls, is_sysctl, short_name
from tcpcore.trace import Trace

Value = int | float | bool
Builder = Callable[..., None]

_MODULES = (
    "observing",
    "handshake",
    "opening",
    "queues",
    "floods",
    "teardown",
    "closing",
    "ends",
    "lingering",
    "time_wait",
    "abnormal",
    "attacks",
    "outages",
    "timers",
    "windows",
    "congestion",
    "recovery",
    "chance",
    "urgent",
    "options",
    "offers",
    "sizes",
    "stamps",
    "tls",
    "fast_open_programs",
    "shared_address",
    "successors",
    "bottleneck",
)
"""Where scenarios are defined, in the order of the book."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing to change: a number with range, step and unit, a switch, or one of several names.

    `choices` names the values 0, 1, 2 ...; such a parameter takes a name as well as its number.
    A parameter with `sysctl` sets that variable; its default may differ between profiles, and is
    then taken from the profile.
    """

    name: str
    label: str
    default: Value
    minimum: float = 0
    maximum: float = 1
    step: float = 1
    unit: str = ""
    help: str = ""
    sysctl: bool = False
    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``bool`` or ``number``."""
        return "bool" if isinstance(self.default, bool) else "number"

    def check(self, value: Any, scenario: str) -> Value:
        """`value` in the parameter's own type; `UsageError` when it does not fit."""
        if value in self.choices:
            return self.choices.index(value)
        if isinstance(value, str):
            value = _parse(value, self.unit)
        if self.kind == "bool":
            if value in (0, 1):
                return bool(value)
            raise UsageError(f"{scenario}: {self.name} is true or false, not {value!r}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise UsageError(f"{scenario}: {self.name} takes a number, not {value!r}.")
        number = _bounded(value)
        if not self.minimum <= number <= self.maximum:
            unit = f" {self.unit}" if self.unit else ""
            raise UsageError(
                f"{scenario}: {self.name} takes a number from {self.minimum:g} to "
                f"{self.maximum:g}{unit}, not {number:g}."
            )
        if isinstance(self.default, int) and self.step == int(self.step):
            if number != int(number):
                raise UsageError(f"{scenario}: {self.name} takes a whole number, not {number:g}.")
            return int(number)
        return number

    def default_in(self, profile: str) -> Value:
        """The default value; of a sysctl, the profile's, and 0 where it does not exist."""
        if self.sysctl:
            value: Value = getattr(_defaults(profile), self.name)
            return value
        if self.name == "tcp_tw_recycle" and not _defaults(profile).has_tw_recycle:
            return 0
        return self.default


@cache
def _defaults(profile: str) -> Sysctls:
    """A profile's sysctls, for nobody to change."""
    return profiles.sysctls(profile)


_TIMES = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}
_WITH_UNIT = re.compile(r"(-?[\d.]+(?:e-?\d+)?)\s*([a-z/%]+)")


def _parse(text: str, unit: str) -> Any:
    """A switch, or a number, perhaps with its unit or another one of time; else the text."""
    lowered = text.strip().lower()
    if lowered in ("true", "on", "yes"):
        return True
    if lowered in ("false", "off", "no"):
        return False
    measured = _WITH_UNIT.fullmatch(lowered)
    if measured is not None and measured[2] == unit.lower():
        return _number(measured[1], text)
    if measured is not None and {measured[2], unit} <= _TIMES.keys():
        number = _number(measured[1], text)
        if number is text:
            return text
        number = number * _TIMES[measured[2]] / _TIMES[unit]
        return int(number) if isinstance(number, int) or number.is_integer() else number
    return _number(lowered, text)


def _number(digits: str, otherwise: str) -> Any:
    for convert in (int, float):
        try:
            return _bounded(convert(digits))
        except ValueError:
            continue
    return otherwise


def _bounded(number: float) -> float:
    """The number; infinite where no float can hold it, which no parameter allows."""
    try:
        float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    return number


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named experiment; `until` bounds its virtual time, in microseconds.

    `profile` is the kernel that it is about: that of the book, unless it shows another one's ways.
    `recorded` is whether a real kernel's record stands beside it.
    """

    name: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    build: Builder
    until: int
    profile: str = profiles.DEFAULT
    recorded: bool = True

    def check(
        self, given: Mapping[str, Any] | None = None, profile: str | None = None
    ) -> dict[str, Value]:
        """All parameters, those not given at their defaults; `UsageError` for what does not fit.

        `profile` None means the scenario's own.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        values = {name: known[name].default_in(profile or self.profile) for name in known}
        for name, value in (given or {}).items():
            if name not in known:
                listed = ", ".join(known) or "none"
                raise UsageError(f"{self.name} has no parameter {name!r}; it has {listed}.")
            values[name] = known[name].check(value, self.name)
        return values


_SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str,
    *,
    title: str,
    question: str,
    until: int,
    parameters: Iterable[Parameter] = (),
    profile: str = profiles.DEFAULT,
    recorded: bool = True,
) -> Callable[[Builder], Builder]:
    """Register a builder as a scenario."""

    def register(build: Builder) -> Builder:
        own = tuple(parameters)
        _SCENARIOS[name] = Scenario(name, title, question, own, build, until, profile, recorded)
        return build

    return register


@cache
def _load() -> None:
    for module in _MODULES:
        import_module(f"tcpcore.scenarios.{module}")


def names() -> list[str]:
    """All scenarios, in the order of the book."""
    _load()
    return list(_SCENARIOS)


def get(name: str) -> Scenario:
    """The scenario of that name; `UsageError`, with near names, when there is none."""
    _load()
    if name not in _SCENARIOS:
        near = get_close_matches(name, _SCENARIOS)
        hint = f"did you mean {' or '.join(near)}?" if near else "`python -m tcpcore list` has all."
        raise UsageError(f"Unknown scenario {name!r}; {hint}")
    return _SCENARIOS[name]


def run(
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    profile: str | None = None,
    drop: Iterable[int] = (),
    seed: int = 1,
) -> Trace:
    """Run a scenario in virtual time and return its trace.

    A name in `parameters` that is no parameter of the scenario but a sysctl is set on every host.
    `profile` None means the scenario's own.  `drop` numbers segments to lose, in order of sending
    from 0.  `UsageError` for a parameter, profile or number that does not fit.
    """
    return prepare(name, parameters, profile=profile, drop=drop, seed=seed).run(get(name).until)


def prepare(
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    profile: str | None = None,
    drop: Iterable[int] = (),
    seed: int = 1,
    traced: bool = True,
) -> Network:
    """The scenario's network before anything has happened, to be run as far as one likes.

    Arguments and errors are those of `run`; `traced=False` keeps no trace.
    """
    chosen = get(name)
    profile = profile or chosen.profile
    given, sysctls = _sort_out(chosen, parameters or {})
    values = chosen.check(given, profile)
    lost = segment_numbers(drop)
    network = Network(seed, profile, sysctls=sysctls, traced=traced)
    network.drop_segments(lost)
    chosen.build(network, **values)
    if network.trace is not None:
        network.trace.scenario = name
        network.trace.parameters = {**values, **sysctls}
        network.trace.dropped = lost
    return network


def _sort_out(
    chosen: Scenario, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """``(the scenario's own parameters, sysctls of every host)``; sysctls may have full names."""
    named = {parameter.name for parameter in chosen.parameters}
    given: dict[str, Any] = {}
    sysctls: dict[str, Any] = {}
    for name, value in parameters.items():
        short = short_name(name) if is_sysctl(name) else name
        if short in named or not is_sysctl(short):
            given[short] = value
        else:
            checked = Sysctls()
            checked.set(name, value)
            sysctls[short] = getattr(checked, short)
    return given, sysctls


def normal(name: str, parameter: str, value: Any, profile: str | None = None) -> Any:
    """The value of a scenario's parameter, or of a sysctl, in its own type.

    `UsageError` when `run` would not take it.
    """
    chosen = get(name)
    given, sysctls = _sort_out(chosen, {parameter: value})
    chosen.check(given, profile)
    return chosen.check(given, profile)[next(iter(given))] if given else sysctls.popitem()[1]


def shown(name: str, parameter: str, value: Any) -> Any:
    """The value as people know it: one of several choices by its name."""
    for known in get(name).parameters:
        if known.name == parameter and known.choices:
            return known.choices[value]
    return value


def segment_numbers(drop: Iterable[int]) -> tuple[int, ...]:
    """The segments to lose, sorted; `UsageError` for what is no number of a segment."""
    numbers = sorted(set(drop))
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise UsageError(f"A segment to lose is a whole number from 0, not {number!r}.")
    return tuple(numbers)
