"""What came while a timer of a kernel was due, but late.

A kernel's timer fires up to an eighth of its time late, and what arrives meanwhile is first.  On
the engine, where nothing is late, the same arrival would be second.  A script's own events can
come when we like: such a one is told as much earlier as the timer was late.  What the host sends
stays as it was, and so does the order of everything.
"""

from __future__ import annotations

from tcpcore.errors import UsageError
from tcpcore.packetdrill.outcome import FAILED, Outcome
from tcpcore.packetdrill.story import Did, Entry, Seen, Story
from tcpcore.packetdrill.telling import SHARE
from tcpcore.packetdrill.writing import write
from tcpcore.seqnum import MASK
from tcpcore.units import MILLISECOND
from tcpcore.wire import options as kinds
from tcpcore.wire.segment import Segment

_TICKS = 8 * MILLISECOND
"""Two jiffies with HZ=250: what every timer may be late by."""
_BEFORE = MILLISECOND
_MOST = 8
"""Arrivals of one script that are told earlier."""


def in_order(story: Story) -> str:
    """The script of the story; raises `NoScript`."""
    from tcpcore.packetdrill.drill import run_text

    text = write(story)
    for _ in range(_MOST):
        try:
            overtaken = _overtaken(story, run_text(text))
        except UsageError:
            return text
        if overtaken is None:
            return text
        index, early = overtaken
        _earlier(story.entries[index:], early)
        text = write(story)
    return text


def _earlier(entries: list[Entry], early: int) -> None:
    """Move what comes from now on, with the host's clock."""
    ticks = early // MILLISECOND
    moved: dict[int, int] = {}
    for entry in entries:
        entry.time -= early
        if isinstance(entry, Did):
            entry.returned = None if entry.returned is None else entry.returned - early
        elif isinstance(entry.packet, Segment):
            options = entry.packet.options
            stamps = kinds.timestamps(options)
            if stamps is not None and not entry.inbound:
                moved[stamps[0]] = value = stamps[0] - ticks & MASK
                new = (kinds.TIMESTAMPS, value, stamps[1])
            elif stamps is not None:
                new = (kinds.TIMESTAMPS, stamps[0], moved.get(stamps[1], stamps[1]))
            else:
                continue
            entry.packet.options = tuple(
                new if one[0] == kinds.TIMESTAMPS else one for one in options
            )


def _overtaken(story: Story, outcome: Outcome) -> tuple[int, int] | None:
    """Which event came before a timer that was due, by its number, and how much too late."""
    failure = outcome.failure
    if failure is None or failure.sent is None:
        return None
    failed = next(n for n, step in enumerate(outcome.steps) if step.verdict == FAILED)
    done = [n for n in range(failed) if not _leaves(story, n)]
    if not done:
        return None
    last = done[-1]
    while last and outcome.steps[last - 1].time == outcome.steps[last].time:
        last -= 1  # what a call at the same moment answers moves along
    time, before = outcome.steps[last].time or 0, outcome.steps[last - 1].time or 0
    late = time - failure.sent
    if not last or not 0 < late <= (failure.sent - before) // SHARE + _TICKS:
        return None
    return last, late + _BEFORE


def _leaves(story: Story, number: int) -> bool:
    entry = story.entries[number]
    return isinstance(entry, Seen) and not entry.inbound
