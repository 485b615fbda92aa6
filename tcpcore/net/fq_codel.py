"""FQ-CoDel: a queue and CoDel's law for each flow, served in turn, new flows first.

Who sends little never waits for who sends much.  Flows share the line by bytes: each has a quantum
in turn (deficit round robin).
Source: RFC 8290; net/sched/sch_fq_codel.c; tc-fq_codel(8).
"""

from __future__ import annotations

from collections import deque
from random import Random

from tcpcore import reasons
from tcpcore.host.siphash import siphash
from tcpcore.net.codel import Aims, Controller, aims_of
from tcpcore.net.discipline import Discipline, Waiting, Words, require
from tcpcore.net.packet import Packet
from tcpcore.why import Reason
from tcpcore.wire.segment import Segment

_DROP_BATCH = 64
"""Packets that are dropped at once from the fattest flow, when all queues are full."""


class Flow:
    """One of the queues; `deficit` is what it may still send in this turn, in bytes."""

    __slots__ = ("active", "backlog", "deficit", "law", "owner", "waiting")

    def __init__(self, owner: FqCoDel, aims: Aims) -> None:
        self.owner = owner
        self.waiting: deque[Waiting] = deque()
        self.backlog = 0
        self.deficit = 0
        self.active = False  # stands in the list of new flows or in that of old ones
        self.law = Controller(aims, owner, self.leave)

    def leave(self) -> Waiting | None:
        """The packet at the head of this flow leaves."""
        if not self.waiting:
            return None
        item = self.waiting.popleft()
        self.backlog -= item.size
        self.owner.packets -= 1
        self.owner.backlog -= item.size
        return item


class FqCoDel(Discipline):
    """At most `limit` packets in `flows` queues, to which a seeded hash assigns connections."""

    name = "fq_codel"

    def __init__(self, aims: Aims, *, limit: int, flows: int, quantum: int, seed: str) -> None:
        super().__init__()
        self.limit = limit
        self.quantum = quantum
        self._aims = aims
        self._count = flows
        self._key = Random(f"{seed}:fq_codel").randbytes(16)
        self._numbers: dict[tuple[object, ...], int] = {}
        self._flows: dict[int, Flow] = {}
        self._new: deque[Flow] = deque()
        self._old: deque[Flow] = deque()

    def flow_of(self, packet: Packet) -> int:
        """The number of the queue that a packet's connection has (fq_codel_classify())."""
        ports = (packet.sport, packet.dport) if isinstance(packet, Segment) else ()
        ends = (packet.src, packet.dst, *ports)
        number = self._numbers.get(ends)
        if number is None:
            number = self._numbers[ends] = siphash(repr(ends).encode(), self._key) % self._count
        return number

    def enqueue(self, item: Waiting, now: int) -> None:
        """To its flow; when there are too many packets, the fattest flow pays."""
        number = self.flow_of(item.packet)
        flow = self._flows.get(number)
        if flow is None:
            flow = self._flows[number] = Flow(self, self._aims)
        flow.waiting.append(item)
        flow.backlog += item.size
        self.packets += 1
        self.backlog += item.size
        if not flow.active:
            flow.active = True
            flow.deficit = self.quantum
            self._new.append(flow)
        if self.packets > self.limit:
            self._drop_from_the_fattest()

    def _drop_from_the_fattest(self) -> None:
        """Half of its bytes, but no more than a batch, from the head (fq_codel_drop())."""
        fattest = max(self._flows.values(), key=lambda flow: flow.backlog)
        enough, dropped, reason = fattest.backlog >> 1, 0, {"limit": self.limit}
        for _ in range(_DROP_BATCH):
            item = fattest.leave()
            if item is None:
                break
            fattest.law.count += 1
            dropped += item.size
            self.drop(item, Reason(reasons.LOST_BY_FATTEST, reason))
            if dropped >= enough:
                break

    def dequeue(self, now: int) -> Waiting | None:
        """The next flow's next packet (fq_codel_dequeue())."""
        while True:
            flows = self._new or self._old
            if not flows:
                return None
            flow = flows[0]
            if flow.deficit <= 0:
                flow.deficit += self.quantum
                flows.popleft()
                self._old.append(flow)
                continue
            item = flow.law.next_packet(now)
            if item is not None:
                flow.deficit -= item.size
                return item
            flows.popleft()
            if flows is self._new and self._old:
                self._old.append(flow)  # so that a flow of single packets is not new for ever
            else:
                flow.active = False


def fq_codel(words: Words, rate: int, mtu: int, seed: str) -> Discipline:
    """``fq_codel [limit PACKETS] [flows N] [quantum BYTES]``, and codel's words; ECN is on."""
    limit, flows = words.get("limit", 10240), words.get("flows", 1024)
    quantum = words.get("quantum", mtu + 14)
    require(
        limit > 0 and 0 < flows <= 65536 and quantum > 0,
        "The queue fq_codel needs a limit and a quantum above 0 and 1 to 65536 flows, not limit "
        f"{limit}, quantum {quantum}, flows {flows}.",
    )
    aims = aims_of(words, mtu, ecn=True)
    return FqCoDel(aims, limit=limit, flows=flows, quantum=quantum, seed=seed)
