"""A host's part in a record of a kernel: its packets, with the calls of the engine's programs.

    entries = happened(record, index, log, net)        # raises NoScript

A record knows when calls of a few kinds began and returned, and not of which socket; the engine's
run of the same scenario knows all calls, in order.  Its other calls come as long after the
process's last known one as on the engine.  A record notes a call's return, and a packet's arrival,
a moment after it happened: what a call returned tells which arrivals were before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tcpcore.net.network import Network
from tcpcore.packetdrill.listening import Log
from tcpcore.packetdrill.story import Did, Entry, NoScript, Seen
from tcpcore.seqnum import MASK, distance, gt, lt
from tcpcore.units import MILLISECOND
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

if TYPE_CHECKING:
    from tcpcore.linux.store import Record, RecordedCall

_UNCOUNTED = 17
"""Times that the same bytes can be sent until a limit of time is a matter of chance.

Each wait may be late by up to an eighth: after 16, by one more or one less than on average.
"""
Ports = tuple[int, int]
_KINDS = {"read": "recv", "recv": "recv", "write": "send", "send": "send"}
_WAITS = ("accept", "read", "recv")
_BLOCKED = MILLISECOND
"""A recorded call that takes longer has waited."""
_UNSURE = 5 * MILLISECOND
"""How late a guessed call may be: processes start one after the other."""


def happened(record: Record, index: int, log: Log, net: Network) -> list[Entry]:
    """All of it, in order; `log` is of the engine's run, which the calls are taken from."""
    if record.hosts[index].get("counters", {}).get("TcpInCsumErrors"):
        raise NoScript("damaged segments arrived, and the record does not say which.")
    packets = _packets(record, index)
    if any(one.packet.src == one.packet.dst for one in packets):
        raise NoScript("the host talks to itself: a script has two hosts.")
    told = _Calls(log, _first_sent(net))
    told.meet([one for one in record.calls if one.host == index])
    _end_by_timers(told.found, packets)
    _refuse_counting(told.found, packets)
    _place(told.found, packets)
    _settle(told.found, packets)
    entries: list[Entry] = [*packets, *(made.did for made in told.found)]
    return sorted(entries, key=lambda entry: (entry.time, _rank(entry)))


def _packets(record: Record, index: int) -> list[Seen]:
    found = [Seen(one.arrived, True, one.error) for one in record.errors if one.host == index]
    for one in record.segments:
        if one.sender == index:
            found.append(Seen(one.sent, False, one.segment))
        if one.receiver == index and one.arrived is not None:
            found.append(Seen(one.arrived, True, one.segment))
    return sorted(found, key=lambda seen: (seen.time, not seen.inbound))


def _first_sent(net: Network) -> int:
    """When the engine's first segment was: a record counts from there."""
    segments = net.trace.segments if net.trace is not None else []
    return segments[0].sent if segments else 0


def _rank(entry: Entry) -> int:
    """What comes first at one moment: what arrives, then calls, then what leaves."""
    if isinstance(entry, Did):
        return 1
    return 0 if entry.inbound else 2


# --- when calls were -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Made:
    """A call of a process; `known` is the record's word on it, None where it has none.

    `after` is the end of the process's last known call before it.
    """

    did: Did
    process: Any
    known: RecordedCall | None
    after: int


@dataclass(slots=True)
class _Anchor:
    """The end of a call, on the engine and on the kernel."""

    engine: int
    kernel: int


class _Calls:
    """The engine's calls become the kernel's, in `found`."""

    def __init__(self, log: Log, began: int) -> None:
        self._log = log
        self._began = began
        self._anchors: dict[Any, _Anchor] = {}
        self._since: dict[Any, list[Did]] = {}  # guessed since the last known call
        self.found: list[_Made] = []

    def meet(self, recorded: list[RecordedCall]) -> None:
        """Give each call its time and its result in the record."""
        calls = [one for one in self._log.entries if isinstance(one, Did)]
        left: dict[str, list[RecordedCall]] = {}
        for one in sorted(recorded, key=lambda call: call.began):
            left.setdefault(one.call, []).append(one)
        reads = _regrouped([did for did in calls if _kind(did) == "recv"], left.get("recv", []))
        for did in calls:
            kind = _kind(did)
            if id(did) in reads:
                self._take(did, reads[id(did)])
            elif kind not in left or (kind == "close" and not left[kind]):  # also of an exit
                self._guess(did)
            elif not left[kind]:
                raise NoScript(
                    f"the kernel's program called {kind}() less often than the engine's."
                )
            else:
                self._take(did, [left[kind].pop(0)])
        if reads:
            left.pop("recv", None)
        if any(left.values()):
            raise NoScript("the kernel's program made calls that the engine's did not.")

    def _take(self, did: Did, recorded: list[RecordedCall]) -> None:
        process, end = self._log.process_of(did), did.returned or did.time
        for one in recorded:
            for earlier in self._since.pop(process, ()):
                earlier.time = min(earlier.time, one.began)
            self.found.append(_Made(_as_recorded(replace(did), one), process, one, one.began))
            self._anchors[process] = _Anchor(end, one.returned)

    def _guess(self, did: Did) -> None:
        """A call that the record does not know: as long after the one before as on the engine."""
        process = self._log.process_of(did)
        anchor = self._anchors.get(process) if process is not None else None
        anchor = anchor or _Anchor(self._began, 0)
        moved = anchor.kernel - anchor.engine
        did.time += moved
        if did.returned is not None:
            did.returned += moved
        self._since.setdefault(process, []).append(did)
        self.found.append(_Made(did, process, None, anchor.kernel))


def _kind(did: Did) -> str:
    return _KINDS.get(did.name, did.name)


def _as_recorded(did: Did, one: RecordedCall) -> Did:
    did.time, did.returned = one.began, None
    blocked = one.returned - one.began > _BLOCKED
    if one.result != "ok":
        did.result = f"-1 {one.result}"
    elif one.moved is not None:
        did.result = str(one.moved)
    if did.name in _WAITS and one.result == "ok":
        did.time = one.returned
    elif did.name == "connect" or blocked:
        did.returned = one.returned
    return did


def _regrouped(reads: list[Did], recorded: list[RecordedCall]) -> dict[int, list[RecordedCall]]:
    """By the engine's read (its ``id``), the kernel's that brought the same bytes of the stream.

    A stream may come in other pieces.  Empty where the reads are of several sockets.
    """
    if len({(did.descriptor, did.rest) for did in reads}) != 1:
        return {}
    found: dict[int, list[RecordedCall]] = {}
    rest = list(recorded)
    wanted = got = 0
    for did in reads:
        group = found[id(did)] = []
        count = int(did.result) if did.result.isdecimal() else 0
        wanted += count
        while rest and (got < wanted or not count):
            one = rest.pop(0)
            group.append(one)
            got += one.moved or 0
            if not one.moved:
                break
        if got < wanted or not (count or group):
            return {}
    if rest:
        found[id(reads[-1])] += rest
    return found


# --- between which packets they were -------------------------------------------------------------


def _end_by_timers(calls: list[_Made], packets: list[Seen]) -> None:
    """What a timer sends that also ends a call was before whatever the program does then."""
    for made in calls:
        ended = made.did.returned
        if ended is None or not made.did.result.endswith("ETIMEDOUT"):
            continue
        for seen in packets:
            if not seen.inbound and ended <= seen.time < ended + _BLOCKED:
                seen.time = ended - 1


def _refuse_counting(calls: list[_Made], packets: list[Seen]) -> None:
    """Complain about a limit of time that the lateness of many time-outs decides."""
    sent = Counter(
        (one.packet.dport, one.packet.seq)
        for one in packets
        if not one.inbound and isinstance(one.packet, Segment) and one.packet.payload
    )
    most = max(sent.values(), default=0)
    if most > _UNCOUNTED and any(made.did.result.startswith("-1") for made in calls):
        late = "how many fit into the time is a matter of how late the kernel's timers were"
        raise NoScript(f"it gives up after sending the same bytes {most} times: {late}.")


def _place(calls: list[_Made], packets: list[Seen]) -> None:
    """Let connect(), accept() and read() end after the arrivals that they need; others follow."""
    opened, answers = _opened(packets), _answers(packets)
    stream = _Stream(packets)
    latest: dict[Any, int] = {}
    for made in calls:
        did, known = made.did, made.known
        if known is not None and known.result == "ok":
            if did.name == "accept" and opened:
                did.time = max(did.time, opened.pop(0))
            elif did.name == "connect" and did.returned is not None and answers:
                did.returned = _not_before(answers.pop(0), did.returned)
            elif did.name in _WAITS:
                stream.place(did, known)
        did.time = max(did.time, latest.get(made.process, did.time))
        latest[made.process] = max(did.time, did.returned or 0)


def _not_before(arrival: int, returned: int) -> int:
    """A call's end that this arrival has brought about, where it may have."""
    return max(returned, arrival) if arrival - returned < _BLOCKED else returned


def _answers(packets: list[Seen]) -> list[int]:
    """When connections of this host were open: our SYN acknowledged."""
    asked: set[tuple[Ports, int]] = set()
    found = []
    for seen in packets:
        one = seen.packet
        if not isinstance(one, Segment):
            continue
        if not seen.inbound and one.flags & SYN:
            asked.add(((one.sport, one.dport), one.end))
        elif seen.inbound and one.flags & ACK and ((one.dport, one.sport), one.ack) in asked:
            asked.remove(((one.dport, one.sport), one.ack))
            found.append(seen.time)
    return found


def _opened(packets: list[Seen]) -> list[int]:
    """When connections to this host could be accepted: at the first ACK after a SYN+ACK.

    At the SYN where the SYN+ACK acknowledges its data, too (Fast Open).
    """
    asked: dict[Ports, tuple[int, Segment]] = {}
    answered: set[Ports] = set()
    found = []
    for seen in packets:
        one = seen.packet
        if not isinstance(one, Segment):
            continue
        ports = (one.dport, one.sport) if seen.inbound else (one.sport, one.dport)
        if seen.inbound and one.flags & (SYN | ACK) == SYN:
            asked[ports] = seen.time, one
        elif not seen.inbound and one.flags & (SYN | ACK) == SYN | ACK and ports in asked:
            time, syn = asked[ports]
            if one.ack != (syn.seq + 1) & MASK:
                found.append(time)
                del asked[ports]
            else:
                answered.add(ports)
        elif seen.inbound and one.flags & ACK and not one.flags & RST and ports in answered:
            answered.remove(ports)
            found.append(seen.time)
    return found


def _settle(calls: list[_Made], packets: list[Seen]) -> None:
    """A guessed call a moment after a packet that nothing else explains was before that."""
    known = [made.did.returned or made.did.time for made in calls if made.known is not None]
    causes = sorted([*(seen.time for seen in packets if seen.inbound), *known])
    sent = []
    for seen in packets:
        at = bisect_right(causes, seen.time)
        if not seen.inbound and (not at or seen.time - causes[at - 1] > _BLOCKED):
            sent.append(seen.time)
    for made in calls:
        at = bisect_right(sent, made.did.time)
        if made.known is None and at and made.did.time - _UNSURE < sent[at - 1] >= made.after:
            made.did.time = sent[at - 1]


class _Stream:
    """What came in order on the host's only connection, and when; what was read of it."""

    def __init__(self, packets: list[Seen]) -> None:
        self._edges: list[tuple[int, int]] = []  # time, bytes in order by then
        self._end: int | None = None
        self._taken = 0
        inbound = [seen for seen in packets if seen.inbound and isinstance(seen.packet, Segment)]
        segments = [seen.packet for seen in inbound if isinstance(seen.packet, Segment)]
        ends = {(one.sport, one.dport) for one in segments}
        begun = {one.seq for one in segments if one.flags & SYN}
        if len(ends) == len(begun) == 1:
            self._arrive(inbound)

    def _arrive(self, inbound: list[Seen]) -> None:
        first: int | None = None
        edge = 0
        early: list[tuple[int, int]] = []
        fin: int | None = None
        for seen in inbound:
            one = seen.packet
            assert isinstance(one, Segment)
            if one.flags & SYN:
                first = edge = (one.seq + 1) & MASK
            if first is None or one.flags & RST:
                continue
            start = (one.seq + bool(one.flags & SYN)) & MASK
            end = (start + len(one.payload)) & MASK
            if one.flags & FIN:
                fin = end
            early.append((start, end))
            for a, b in sorted(early, key=lambda pair: distance(first, pair[0])):
                if not gt(a, edge) and gt(b, edge):
                    edge = b
            early = [pair for pair in early if gt(pair[1], edge)]
            self._edges.append((seen.time, distance(first, edge)))
            if self._end is None and fin is not None and not lt(edge, fin):
                self._end = seen.time

    def place(self, did: Did, known: RecordedCall) -> None:
        """After what it took has come; before more, where it would have taken that as well."""
        did.time = known.returned
        if "MSG_" in did.rest or not self._edges:
            return
        if not known.moved:
            did.time = max(known.began, known.returned if self._end is None else self._end)
            return
        self._taken += known.moved
        come = next((time for time, edge in self._edges if edge >= self._taken), known.returned)
        more = next((time for time, edge in self._edges if edge > self._taken), None)
        if known.returned - come > _BLOCKED:
            return  # the host did not take that arrival
        did.time = max(known.began, come)
        if more is not None and known.moved < int(did.rest.split(", ")[1]):
            did.time = max(min(did.time, more - 1), come)
