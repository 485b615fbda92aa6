"""Walks through the eleven states: events that fit, and events that disturb, in any order."""

from __future__ import annotations

import random
from typing import Any

Event = dict[str, Any]
MASK = 2**32 - 1
STRANGERS = ("CLOSED", "LISTEN", "SYN_SENT")
DISTURBANCES = ("old", "far", "rst", "rst inside", "rst outside", "syn", "unsent", "no ack")


def segment(flags: str, seq: int, ack: int = 0, length: int = 0) -> Event:
    """An event: a segment of the peer's."""
    return {
        "do": "segment", "flags": flags, "seq": seq & MASK, "ack": ack & MASK, "length": length,
    }  # fmt: skip


class Walker:
    """Chooses the next event by what the engine's own connection expects."""

    def __init__(self, machine: Any, draw: random.Random, irs: int) -> None:
        self.machine = machine
        self.draw = draw
        self.irs = irs

    def _numbers(self) -> tuple[int, int, int]:
        """What the engine expects next, its oldest number without ACK, and its next one."""
        c = self.machine.connection
        c = getattr(c, "child", c)
        return c.rcv_nxt, c.snd_una, c.snd_nxt

    def forward(self) -> Event:
        """An event that belongs to the state."""
        state, draw = self.machine.state, self.draw
        if state == "CLOSED":
            return {"do": draw.choice(["connect", "listen"])}
        if state == "LISTEN":
            return segment("S", self.irs)
        if state == "SYN_SENT":
            return draw.choice(
                [segment("S.", self.irs, self.machine.iss + 1), segment("S", self.irs)]
            )
        seq, una, nxt = self._numbers()
        close = {"do": "close"}
        fin, data = segment("F.", seq, una), segment(".", seq, una, draw.randint(1, 1000))
        return draw.choice(
            {
                "SYN_RECV": [segment(".", seq, nxt)],
                "ESTABLISHED": [close, close, segment("F.", seq, nxt), segment(".", seq, nxt, 100)],
                "FIN_WAIT_1": [segment(".", seq, nxt), fin, segment("F.", seq, nxt), data],
                "FIN_WAIT_2": [segment("F.", seq, nxt), segment("F.", seq, nxt), data],
                "CLOSE_WAIT": [close, segment(".", seq, nxt)],
                "CLOSING": [segment(".", seq, nxt)],
                "LAST_ACK": [segment(".", seq, nxt)],
                "TIME_WAIT": [{"do": "wait"}, segment("F.", seq - 1, nxt)],
            }[state]
        )

    def disturb(self, kind: str) -> Event:
        """A segment that does not belong there, of that kind."""
        state, draw = self.machine.state, self.draw
        if state in STRANGERS:
            seq = draw.randint(0, MASK)
            ack = (self.machine.iss + draw.choice([2, 500, -7])) & MASK
            flags = {"syn": "S", "rst": "R", "rst inside": "R.", "no ack": ""}.get(kind, ".")
            if flags == "S" and state != "CLOSED":
                flags = "."
            return segment(
                flags, seq, ack if "." in flags else 0, draw.choice([0, 10]) * (flags == ".")
            )
        seq, una, nxt = self._numbers()
        known = nxt if state == "SYN_RECV" else una
        offset = draw.randint(1, 2000)
        far = draw.randint(200_000, 10**7)
        return {
            "old": segment(".", seq - far, known, draw.choice([0, 10])),
            "far": segment(".", seq + far, known, draw.choice([0, 10])),
            "rst": segment("R", seq),
            "rst inside": segment("R", seq + offset),
            "rst outside": segment("R", seq + draw.choice([far, -far])),
            "syn": segment("S", seq + draw.choice([0, offset, far, -far])),
            "unsent": segment(".", seq, nxt + offset),
            "no ack": segment("", seq, 0, draw.choice([0, 10])),
        }[kind]


def fits(state: str, kind: str) -> bool:
    """Whether RFC and Linux say the same there: in TIME_WAIT Linux keeps less and answers less."""
    if state == "TIME_WAIT":
        return kind in ("old", "far", "rst", "rst outside")
    if state == "SYN_RECV":
        return kind in ("old", "far", "rst", "rst outside", "unsent", "no ack")
    return True


def walk(
    machine: Any,
    draw: random.Random,
    *,
    disturbed: float,
    most: int,
    kinds: tuple[str, ...] = DISTURBANCES,
    wrap: bool = False,
) -> list[Event]:
    """Events of a walk that ends in CLOSED, or after so many; the machine has taken them.

    Of every event a part of `disturbed` is a segment out of place, of one of these kinds.  With
    `wrap` the peer's numbers begin shortly before the end of the circle.
    """
    irs = MASK - draw.randint(0, 50) if wrap else draw.randint(2**30, 2**31 - 2**29)
    walker = Walker(machine, draw, irs)
    events: list[Event] = []
    while len(events) < most:
        able = [one for one in kinds if fits(machine.state, one)]
        strange = draw.random() < disturbed and able
        event = walker.disturb(draw.choice(able)) if strange else walker.forward()
        if event["do"] in ("listen", "connect"):
            event["iss"] = machine.iss
        events.append(event)
        machine.seen.append((event, machine.do(event)))
        if machine.state == "CLOSED" and machine.opened:
            break
    return events
