"""What chance does to packets on one direction of a link: loss, bursts, damage, copies, overtaking.

The engine's links and the wire between recorded kernels use these same rules with the same seeds.
Each kind of chance has its own generator: moving one slider does not change what another decides.
The kinds and the model of bursts are those of `tc-netem(8)`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from typing import Any

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason

Burst = tuple[float, ...]
"""Gilbert and Elliott's ``(enter, leave, loss while bad, loss while good)``; the last two may be
left out and are then 1 and 0."""


@dataclass(slots=True)
class Impairments:
    """How likely (0 to 1) each misfortune is for a packet; `reorder_by` is in microseconds.

    `burst` loses packets in runs: see `Burst`.  A reordered packet takes `reorder_by` longer than
    the link's delay, so that later ones overtake it.  `corrupt` damages one byte: the receiver's
    checksum fails.
    """

    loss: float = 0.0
    burst: Burst | None = None
    corrupt: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_by: int = 10 * MILLISECOND

    def __post_init__(self) -> None:
        chances = [(name, getattr(self, name)) for name in ("loss", *_RARE)]
        if self.burst is not None:
            if not isinstance(self.burst, (tuple, list)) or not 2 <= len(self.burst) <= 4:
                raise UsageError(
                    "burst takes (enter, leave) or (enter, leave, loss while bad, loss while "
                    f"good), not {self.burst!r}."
                )
            chances += [("burst", chance) for chance in self.burst]
        for name, chance in chances:
            number = isinstance(chance, (int, float)) and not isinstance(chance, bool)
            if not number or not 0 <= chance <= 1:
                raise UsageError(f"{name} is a chance and takes 0 to 1, not {chance!r}.")
        if not isinstance(self.reorder_by, int) or self.reorder_by < 0:
            raise UsageError(f"reorder_by takes microseconds from 0 on, not {self.reorder_by!r}.")

    @property
    def rare(self) -> bool:
        """Whether more can happen to a packet than that it is lost."""
        return any(getattr(self, name) for name in _RARE)

    @property
    def nothing(self) -> bool:
        """Whether packets always pass unharmed."""
        return self.burst is None and not (self.loss or self.rare)


_BURST_DEFAULTS = (1.0, 0.0)
_RARE = ("corrupt", "duplicate", "reorder")
AHEAD = 100
"""How many fates are decided before they are asked for, at most."""
NAMES = tuple(field.name for field in fields(Impairments))


def impairments(given: dict[str, Any]) -> Impairments:
    """The impairments of these keywords; `UsageError` for an unknown one."""
    for name in given:
        if name not in NAMES:
            raise UsageError(f"A link has no {name!r}; its impairments are {', '.join(NAMES)}.")
    return Impairments(**given)


class Fate:
    """What becomes of one packet: lost (and why), damaged, doubled, held back for so long (us)."""

    __slots__ = ("corrupt", "duplicate", "held", "lost")

    def __init__(self, lost: Reason | None = None) -> None:
        self.lost = lost
        self.corrupt = False
        self.duplicate = False
        self.held = 0

    @property
    def harms(self) -> bool:
        """Whether it is anything but to pass as it is."""
        return self.lost is not None or self.corrupt or self.duplicate or self.held > 0


class Chance:
    """Impairments at work: decides the fate of each packet of one direction, in order."""

    __slots__ = ("_bad", "_generators", "_harmed", "_seed", "what")

    def __init__(self, what: Impairments, seed: str) -> None:
        self.what = what
        self._bad = False
        self._seed = seed
        self._generators: dict[str, random.Random] = {}
        self._harmed: Fate | None = None  # of the packet after those that were `spared`

    def spared(self) -> int:
        """Decide ahead: how many packets pass unharmed from now on, none of which has to ask.

        It looks no farther than `AHEAD`.
        """
        what = self.what
        if what.burst is None and not what.rare:  # one draw decides, as mostly
            draw, loss = self._generator("loss").random, what.loss
            for count in range(AHEAD):
                if draw() < loss:
                    self._harmed = Fate(self._by_chance())
                    return count
            return AHEAD
        for count in range(AHEAD):
            fate = self._decide()
            if fate.harms:
                self._harmed = fate
                return count
        return AHEAD

    def fate(self) -> Fate:
        """Decide for the next packet that was not `spared`."""
        fate, self._harmed = self._harmed, None
        return fate or self._decide()

    def _decide(self) -> Fate:
        """Draw for one packet.  A lost packet decides nothing else."""
        fate, what = Fate(self._loss()), self.what
        if fate.lost is None:
            fate.corrupt = bool(what.corrupt) and self._happens("corrupt", what.corrupt)
            fate.duplicate = bool(what.duplicate) and self._happens("duplicate", what.duplicate)
            if what.reorder and self._happens("reorder", what.reorder):
                fate.held = what.reorder_by
        return fate

    def _loss(self) -> Reason | None:
        what = self.what
        if what.loss and self._happens("loss", what.loss):
            return self._by_chance()
        if what.burst is not None and self._in_a_burst(what.burst):
            return reasons.LOST_IN_BURST()
        return None

    def _by_chance(self) -> Reason:
        return Reason(reasons.LOST_BY_CHANCE, {"percent": f"{self.what.loss * 100:g}"})

    def _generator(self, kind: str) -> random.Random:
        generator = self._generators.get(kind)
        if generator is None:
            seed = self._seed if kind == "loss" else f"{self._seed}:{kind}"
            generator = self._generators[kind] = random.Random(seed)
        return generator

    def _happens(self, kind: str, chance: float) -> bool:
        return self._generator(kind).random() < chance

    def _in_a_burst(self, burst: Burst) -> bool:
        """One step of the chain; the packet's loss is decided by the state before (sch_netem.c)."""
        enter, leave, while_bad, while_good = (*burst, *_BURST_DEFAULTS[len(burst) - 2 :])
        bad = self._bad
        if self._happens("burst", leave if bad else enter):
            self._bad = not bad
        return self._happens("burst loss", while_bad if bad else while_good)
