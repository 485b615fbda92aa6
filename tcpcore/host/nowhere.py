"""Data that a program hands over at an address where it has no memory."""

from __future__ import annotations


class Nowhere(bytes):
    """So many bytes, none of which can be copied: what needs one of them fails with EFAULT."""

    __slots__ = ()
