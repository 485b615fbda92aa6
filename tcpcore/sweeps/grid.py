"""Grids: which values each parameter takes, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.scenarios import registry

SPECIAL = ("profile", "seed", "drop")
"""What a cell may vary beside parameters and sysctls: the arguments of `registry.run`."""
DROP_SIGN = "+"
"""Between the numbers of segments that one cell loses, on the command line."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a sweep; `shown` is how its record names it."""

    number: int
    parameters: dict[str, Any]
    profile: str | None
    seed: int
    drop: tuple[int, ...]
    shown: dict[str, Any]

    @property
    def name(self) -> str:
        """``loss=0.01 rtt=50``."""
        return " ".join(f"{name}={value}" for name, value in self.shown.items())


@dataclass(frozen=True, slots=True)
class Grid:
    """A scenario and the values of what varies, in the order in which they were given."""

    scenario: str
    values: dict[str, tuple[Any, ...]]

    def cells(self) -> list[Cell]:
        """Every combination; the last parameter varies fastest."""
        return [
            _cell(self.scenario, number, dict(zip(self.values, chosen, strict=True)))
            for number, chosen in enumerate(product(*self.values.values()))
        ]

    def shown(self) -> dict[str, list[Any]]:
        """The values as a file keeps them."""
        return {
            name: [list(value) if isinstance(value, tuple) else value for value in values]
            for name, values in self.values.items()
        }


def _cell(scenario: str, number: int, chosen: dict[str, Any]) -> Cell:
    parameters = {name: value for name, value in chosen.items() if name not in SPECIAL}
    shown = {name: registry.shown(scenario, name, value) for name, value in parameters.items()}
    shown |= {name: chosen[name] for name in ("profile", "seed") if name in chosen}
    if "drop" in chosen:
        shown["drop"] = DROP_SIGN.join(map(str, chosen["drop"]))
    profile, seed, drop = chosen.get("profile"), chosen.get("seed", 1), chosen.get("drop", ())
    return Cell(number, parameters, profile, seed, drop, shown)


def checked(scenario: str, grid: Mapping[str, Any]) -> Grid:
    """The grid with its values in their own types; `UsageError` for whatever does not fit.

    Each value is checked by itself: unknown names, wrong types, values out of range.  A text or a
    number stands for itself alone; a `drop` is a list of lists of segments.
    """
    registry.get(scenario)
    if not isinstance(grid, Mapping) or not grid:
        raise UsageError("A sweep needs a grid: parameters and the values that each one takes.")
    given = {str(name): _listed(str(name), values) for name, values in grid.items()}
    chosen = [_profile(name) for name in given.pop("profile", [])]
    found: dict[str, tuple[Any, ...]] = {}
    for name in grid:
        values: list[Any]
        if name == "profile":
            values = list(chosen)
        elif name == "seed":
            values = [_seed(value) for value in given[name]]
        elif name == "drop":
            values = [_drop(value) for value in given[name]]
        else:
            values = [_value(scenario, name, value, chosen) for value in given[name]]
        for index, value in enumerate(values):
            if value in values[:index]:
                raise UsageError(f"The grid has {name}={value} twice.")
        found[name] = tuple(values)
    return Grid(scenario, found)


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    listed = list(values)
    if not listed:
        raise UsageError(f"The grid has no value for {name}.")
    return listed


def _value(scenario: str, name: str, value: Any, chosen: list[str]) -> Any:
    """A parameter's value, or a sysctl's, as the scenario takes it under all these profiles."""
    found = None
    for profile in chosen or [registry.get(scenario).profile]:
        found = registry.normal(scenario, name, value, profile)
    return found


def _profile(name: Any) -> str:
    profiles.sysctls(name)
    return str(name)


def _seed(value: Any) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"A seed is a whole number from 0, not {value!r}.")
    return value


def _drop(value: Any) -> tuple[int, ...]:
    if isinstance(value, str):
        words = [word for word in value.split(DROP_SIGN) if word.strip()]
        value = [int(word) if word.strip().isdecimal() else word for word in words]
    if not isinstance(value, Iterable):
        raise UsageError(
            f"A drop is a list of segments to lose, as in [[], [3, 4]], not {value!r}."
        )
    return registry.segment_numbers(value)


# --- the command line ----------------------------------------------------------------------------


def from_words(pairs: Iterable[str]) -> dict[str, list[str]]:
    """``{"rtt": ["10ms", "50ms"]}`` from ``["rtt=10ms,50ms"]``; ``seed=1..3`` is 1, 2 and 3."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals or not name or (not text.strip() and name != "drop"):
            raise UsageError(f"--grid takes NAME=VALUE,VALUE,..., not {pair!r}.")
        if name in found:
            raise UsageError(f"--grid has {name} twice: give all of its values at once.")
        found[name] = [value for word in text.split(",") for value in _counted(word.strip())]
    return found


def _counted(word: str) -> list[str]:
    first, dots, last = word.partition("..")
    if not dots or not first.isdecimal() or not last.isdecimal():
        return [word]
    if int(first) > int(last):
        raise UsageError(f"--grid counts upward: {last}..{first}, not {word}.")
    return [str(number) for number in range(int(first), int(last) + 1)]
