"""Bytes written and not yet acknowledged: they come at one end and go at the other."""

from __future__ import annotations


class ByteQueue:
    """A row of bytes; what goes at its front leaves room that is given back by halves.

    So a byte is moved about once, however long the row is: a `bytearray` whose front is deleted
    moves all that is left each time it has to grow.
    """

    __slots__ = ("_bytes", "_gone")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._gone = 0  # bytes at the front that are there no more

    def __len__(self) -> int:
        return len(self._bytes) - self._gone

    def add(self, data: bytes) -> None:
        """Append."""
        self._bytes += data

    def drop(self, count: int) -> None:
        """Take so many off the front; at most all of them go."""
        kept = self._bytes
        self._gone = gone = self._gone + count
        if gone << 1 > len(kept):
            del kept[:gone]
            self._gone = 0

    def piece(self, at: int, size: int) -> bytes:
        """A copy of `size` bytes from the `at`-th on; fewer where it ends before."""
        start = self._gone + at
        return bytes(self._bytes[start : start + size])

    def clear(self) -> None:
        """Nothing is left."""
        self._bytes.clear()
        self._gone = 0
