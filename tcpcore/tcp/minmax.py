"""The best of a window of samples, kept as three: the best, and the best of what came after it.

Memory and work are constant, whatever the window holds; the answer is exact while the samples get
better, and close to it while they get worse.  Source: lib/win_minmax.c.
"""

from __future__ import annotations

Sample = tuple[int, int]
"""``(time, value)``; the time in the unit of the window."""


class Windowed:
    """The least of the window with ``sign=1``, the greatest with ``sign=-1``.

    A sample of the same `window` changes nothing if its value, times the sign, is above `worst` and
    its time is not after `quiet`; where most are such, who has them asks before `update`.
    """

    __slots__ = ("_best", "_second", "_sign", "_third", "quiet", "window", "worst")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self.window = 0
        self.reset(0, 0)

    @property
    def value(self) -> int:
        """The best value of the window."""
        return self._best[1]

    def reset(self, time: int, value: int) -> int:
        """Forget all samples but this one."""
        self._best = self._second = self._third = (time, value)
        self._settle()
        return value

    def update(self, window: int, time: int, value: int) -> int:
        """Take a sample in, and return the best value of the last `window`."""
        worth = value * self._sign
        if worth > self.worst and time <= self.quiet and window == self.window:
            return self._best[1]  # it is worse than the three, and none of them is too old
        self.window = window
        if worth <= self._best[1] * self._sign or time - self._third[0] > window:
            return self.reset(time, value)
        sample = (time, value)
        if worth <= self._second[1] * self._sign:
            self._second = self._third = sample
        elif worth <= self._third[1] * self._sign:
            self._third = sample
        self._age(window, sample)
        self._settle()
        return self._best[1]

    def _age(self, window: int, sample: Sample) -> None:
        """Let what is too old go, and see to it that the others are of other parts of the window.

        Source: minmax_subwin_update().
        """
        passed = sample[0] - self._best[0]
        if passed > window:
            self._best, self._second, self._third = self._second, self._third, sample
            if sample[0] - self._best[0] > window:
                self._best, self._second, self._third = self._second, self._third, sample
        elif self._second[0] == self._best[0] and passed > window // 4:
            self._second = self._third = sample
        elif self._third[0] == self._second[0] and passed > window // 2:
            self._third = sample

    def _settle(self) -> None:
        """How bad a sample is, and until when, that changes nothing: see `_age`."""
        self.worst = self._third[1] * self._sign
        lasts = self.window
        if self._second[0] == self._best[0]:
            lasts //= 4
        elif self._third[0] == self._second[0]:
            lasts //= 2
        self.quiet = self._best[0] + lasts
