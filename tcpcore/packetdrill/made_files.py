"""Files that a script's shell makes for itself to send: ``dd``, ``truncate`` and ``fallocate``.

What is in them does not matter, so a file is its size.  Source: dd(1), truncate(1), fallocate(1).
"""

from __future__ import annotations

import re
import shlex

_SIZE = re.compile(r"(\d{1,12})([kKMG]?)(i?B)?")
_UNITS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3}
_BLOCK = 512
"""What dd copies at once where nobody says so."""


def made(command: str) -> tuple[str, int] | None:
    """``(name, bytes)`` of the file that a command makes, None for any other command."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if words[0] == "dd":
        return _copied(dict(word.split("=", 1) for word in words[1:] if "=" in word))
    if words[0] in ("truncate", "fallocate") and len(words) == 4 and words[1] in ("-s", "-l"):
        return _of_size(words[3], _bytes(words[2]))
    return None


def _copied(given: dict[str, str]) -> tuple[str, int] | None:
    """What dd makes of a device that never ends."""
    if given.get("if") not in ("/dev/zero", "/dev/urandom", "/dev/random"):
        return None
    block = _bytes(given["bs"]) if "bs" in given else _BLOCK
    count = _bytes(given.get("count", ""))
    return None if block is None or count is None else _of_size(given.get("of"), block * count)


def _of_size(name: str | None, size: int | None) -> tuple[str, int] | None:
    return None if name is None or size is None else (name, size)


def _bytes(text: str) -> int | None:
    """``20``, ``1k``, ``1MiB``: powers of 1024, but of 1000 where only a B follows."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    base = 1000 if match[3] == "B" else 1024
    return int(match[1]) * int(base ** _UNITS[match[2]])
