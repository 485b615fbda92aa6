"""Scripts that come with the package, by name: those that the book runs and takes apart.

The first line of each, a comment, says in a sentence what it shows.
"""

from __future__ import annotations

from pathlib import Path

from tcpcore.errors import UsageError

FOLDER = Path(__file__).parent
_SPOKEN = {"ack", "fin", "mtu", "rst", "syn"}


def names() -> list[str]:
    """All of them, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.pkt"))


def title(name: str) -> str:
    """A name as people read it: ``a_fin_that_...`` is "A FIN that ..."."""
    words = [word.upper() if word in _SPOKEN else word for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def path_of(name: str) -> Path:
    """The file of an example; `UsageError` for an unknown name."""
    if name not in names():
        raise UsageError(f"no example is called {name!r}; there are {', '.join(names())}.")
    return FOLDER / f"{name}.pkt"


def read(name: str) -> str:
    """The text of an example; `UsageError` for an unknown name."""
    return path_of(name).read_text(encoding="utf-8")
