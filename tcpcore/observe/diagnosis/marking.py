"""Congestion that routers announce instead of dropping packets (ECN, RFC 3168)."""

from __future__ import annotations

from tcpcore.observe.diagnosis.finding import Evidence, Finding, Sight, many
from tcpcore.observe.follow import Connection
from tcpcore.wire.segment import AE, CWR, ECE, RST, SYN

_CE = 3


class Marking:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._ends = connection.ends
        self._marked = (Evidence(), Evidence())
        self._echoed = (Evidence(), Evidence())
        self._slowed = (Evidence(), Evidence())
        self._accurate = False  # the bits are a counter then (RFC 9768)

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        flags, index = sight.segment.flags, sight.seen.sender
        self._accurate |= bool(flags & AE)
        if sight.segment.tos & 3 == _CE:
            self._marked[index].add(sight)
        if flags & (SYN | RST):
            return
        if flags & ECE:
            self._echoed[index].add(sight)
        if flags & CWR:
            self._slowed[index].add(sight)

    def findings(self, end: int) -> list[Finding]:
        """What was found."""
        found = []
        for index, s in enumerate(self._ends):
            marked, slowed = self._marked[index], self._slowed[index]
            echoed = Evidence() if self._accurate else self._echoed[1 - index]
            if not (marked or echoed):
                continue
            r = self._ends[1 - index]
            told = [f"{many(marked.count, 'packet')} of the {s.name} came marked (CE)"] * bool(
                marked
            )
            told += [f"the {r.name} echoed it {echoed.times} (ECE)"] * bool(echoed)
            if slowed and not self._accurate:
                told.append(f"the {s.name} slowed down {slowed.times} (CWR)")
            text = f"the way to the {r.name} is congested and says so by ECN: {', '.join(told)}"
            found.append(Finding("congestion-marks", text, (marked or echoed).numbers))
        return found
