"""The reasons behind what a host does: one catalogue, each entry with its source.

A `Why` is a short sentence with holes, the paragraph of the RFC and the kernel's function.  A
`Reason` is a `Why` with the values that decided.  Every segment sent, segment dropped, state change
and timer carries one; the player, the text views and the labs only print them.
The entries themselves stand in `reasons`.
"""

from __future__ import annotations

from typing import Any

from tcpcore.units import span


class Why:
    """One entry: `key` names it for ever, `sentence` has `{holes}` for the values that decided."""

    __slots__ = ("_bare", "kernel", "key", "rfc", "sentence")

    def __init__(self, key: str, sentence: str, rfc: str = "", kernel: str = "") -> None:
        self.key = key
        self.sentence = sentence
        self.rfc = rfc
        self.kernel = kernel
        self._bare = Reason(self, {})

    def __repr__(self) -> str:
        return f"Why({self.key!r})"

    def __call__(self, **values: Any) -> Reason:
        """The reason that this entry gives with these values; without any, always the same one."""
        return Reason(self, values) if values else self._bare


class Reason:
    """A `Why` and the values that fill its holes; formatted only when somebody reads it.

    Where a duration is all there is to tell, in the hole `rto`, its microseconds do for values.
    """

    __slots__ = ("_given", "why")

    def __init__(self, why: Why, values: dict[str, Any] | int) -> None:
        self.why = why
        self._given = values

    @property
    def values(self) -> dict[str, Any]:
        """What fills the holes, by their names."""
        given = self._given
        return {"rto": span(given)} if isinstance(given, int) else given

    @property
    def retransmission(self) -> int:
        """How often the segment that it sent had been sent before."""
        given = self._given
        return 0 if isinstance(given, int) or not given else given.get("retransmission", 0)

    @property
    def text(self) -> str:
        """The sentence, holes filled."""
        values = self.values
        return self.why.sentence.format(**values) if values else self.why.sentence

    def __repr__(self) -> str:
        return f"Reason({self.why.key!r}, {self.values!r})"
