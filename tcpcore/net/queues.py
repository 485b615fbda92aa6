"""The queues that a link can have, by their names in `tc`.

``queue=100`` and ``queue="pfifo limit 100"`` are the same: so many packets wait, and the next one
is dropped.  Others are `red`, `codel`, `fq_codel` and `bfifo`, with the words of tc's manual pages.
"""

from __future__ import annotations

from tcpcore.errors import UsageError
from tcpcore.net.codel import codel
from tcpcore.net.discipline import (
    CHANCE,
    COUNT,
    FLAG,
    RATE,
    SIZE,
    TIME,
    Discipline,
    Grammar,
    byte_fifo,
)
from tcpcore.net.fq_codel import fq_codel
from tcpcore.net.red import red

PLAIN = "pfifo"
PLAIN_LIMIT = 1000
"""Packets, when nothing is said (Linux's txqueuelen)."""

_LAW = {"target": TIME, "interval": TIME, "ce_threshold": TIME, "ecn": FLAG}
_GRAMMARS = {
    "bfifo": Grammar(byte_fifo, limit=SIZE),
    "red": Grammar(
        red,
        limit=SIZE,
        min=SIZE,
        max=SIZE,
        avpkt=SIZE,
        burst=COUNT,
        probability=CHANCE,
        bandwidth=RATE,
        ecn=FLAG,
        harddrop=FLAG,
    ),
    "codel": Grammar(codel, limit=COUNT, **_LAW),
    "fq_codel": Grammar(fq_codel, limit=COUNT, flows=COUNT, quantum=SIZE, **_LAW),
}


def names() -> list[str]:
    """The disciplines by their names."""
    return [PLAIN, *_GRAMMARS]


def discipline_of(
    queue: int | str, rate: int | None, mtu: int, seed: str
) -> tuple[int, Discipline | None]:
    """``(limit in packets, None)`` of a plain queue, ``(0, a new discipline)`` of another one.

    `UsageError` for words that say nothing, and for a discipline on a link without a rate, where
    nothing ever waits.
    """
    if not isinstance(queue, str):
        return queue, None
    name, *words = queue.split() or [""]
    if name == PLAIN:
        limit = Grammar(byte_fifo, limit=COUNT).read(name, words).get("limit", PLAIN_LIMIT)
        if limit < 1:
            raise UsageError("The queue pfifo needs a limit of 1 packet or more.")
        return limit, None
    if name not in _GRAMMARS:
        raise UsageError(
            f"A link's queue is a number of packets or one of {', '.join(names())}, not {queue!r}."
        )
    if rate is None:
        raise UsageError(f"The queue {name} needs a link with a rate: on this one nothing waits.")
    grammar = _GRAMMARS[name]
    return 0, grammar.make(grammar.read(name, words), rate, mtu, seed)
