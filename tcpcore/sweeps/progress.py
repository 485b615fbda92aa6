"""How far a sweep is: tqdm's bar where tqdm is installed, else a line of our own."""

from __future__ import annotations

import sys
from typing import Any, Protocol


class Progress(Protocol):
    """Somebody who watches."""

    def advance(self, cells: int) -> None:
        """So many more cells are done."""

    def close(self) -> None:
        """It is over."""


class Silence:
    """Nobody watches."""

    def advance(self, cells: int) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Say nothing."""


class Line:
    """``handshake: 12 of 40 cells`` on standard error, written over and over."""

    def __init__(self, name: str, total: int, done: int) -> None:
        self._name = name
        self._total = total
        self._done = done
        self.advance(0)

    def advance(self, cells: int) -> None:
        """Write the line anew."""
        self._done += cells
        print(f"\r{self._name}: {self._done} of {self._total} cells", end="", file=sys.stderr)
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        print(file=sys.stderr)


class Bar:
    """tqdm's."""

    def __init__(self, tqdm: Any, name: str, total: int, done: int) -> None:
        self._bar = tqdm(total=total, initial=done, desc=name, unit="cell", dynamic_ncols=True)

    def advance(self, cells: int) -> None:
        """Move the bar."""
        self._bar.update(cells)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


def progress_for(wanted: bool | None, name: str, total: int, done: int) -> Progress:
    """A bar, a line or nobody; `wanted` None: only where somebody sees it, on a terminal."""
    if wanted is None:
        wanted = sys.stderr is not None and sys.stderr.isatty()
    if not wanted:
        return Silence()
    try:
        from tqdm import tqdm
    except ImportError:
        return Line(name, total, done)
    return Bar(tqdm, name, total, done)
