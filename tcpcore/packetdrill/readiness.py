"""poll() and epoll: lists of descriptors and events in a script's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tcpcore.packetdrill.constants import POLL_EVENTS
from tcpcore.packetdrill.evaluate import Meaningless, is_dots

if TYPE_CHECKING:
    from tcpcore.packetdrill.prepared import Descriptors

Check = Callable[[Any], tuple[Any, list[str]]]


def poll_list(value: Any, descriptors: Descriptors) -> list[tuple[Any, int]]:
    """``[{fd=4, events=POLLIN, revents=0}]`` as handles and events."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Meaningless("poll() takes [{fd=4, events=POLLIN, revents=...}]")
    return [(descriptors[one.get("fd")], _number(one, "events")) for one in value]


def _number(one: dict[Any, Any], name: str) -> int:
    value = one.get(name, 0)
    if not isinstance(value, int):
        raise Meaningless(f"{name} are names joined by |, or a number")
    return value


def same_poll(value: Any) -> Check:
    """The events found, one number for each descriptor; poll() returns how many are not 0."""

    def check(found: list[int]) -> tuple[int, list[str]]:
        problems = []
        for one, events in zip(value, found, strict=True):
            wanted = one.get("revents")
            if isinstance(wanted, int) and wanted != events:
                problems.append(
                    f"revents of {one.get('fd')} are {names(events)}, not {names(wanted)}"
                )
        return sum(events != 0 for events in found), problems

    return check


def epoll_event(value: Any, number: int) -> tuple[int, int]:
    """``{events=EPOLLIN, fd=4}``: the events, and what epoll_wait() will give back."""
    if is_dots(value) or not isinstance(value, dict):
        return 0, number
    data = next((value[key] for key in ("fd", "u32", "u64", "ptr") if key in value), number)
    return _number(value, "events"), data if isinstance(data, int) else number


def same_epoll(value: Any) -> Check:
    """The events found, in order; epoll_wait() returns how many."""
    wanted = [value] if isinstance(value, dict) else value

    def check(found: list[tuple[int, int]]) -> tuple[int, list[str]]:
        problems = []
        if isinstance(wanted, list):
            for one, (events, data) in zip(wanted, found, strict=False):
                expected, key = epoll_event(one, data)
                if expected != events:
                    problems.append(f"events are {names(events)}, not {names(expected)}")
                if key != data:
                    problems.append(f"it is descriptor {data}, not {key}")
        return len(found), problems

    return check


def names(events: int) -> str:
    """``POLLIN|POLLOUT``."""
    known = {value: name for name, value in POLL_EVENTS.items() if name.startswith("POLL")}
    found = [name for value, name in known.items() if events & value]
    return "|".join(found) or "0"
