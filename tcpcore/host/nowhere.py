"""Data that a program hands over at an address where it has no memory."""

from __future__ import annotations


class Nowhere(bytes):
    """So many bytes, of which only the first `good` can be copied: more fails with EFAULT."""

    good = 0
