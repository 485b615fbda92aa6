"""From packets alone to a script: which calls would make one end send what it sent?

    story = infer(packets, side="server", title="...")

A listener accepts as soon as it can; what arrives is read at once; a write ends where PSH stands;
FIN is a close(), or a shutdown() when the other end goes on sending.  Nothing is known of windows,
so a script that comes of it does not check them.  Where that can be taken in two ways, `best`
tries them on the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from tcpcore.errors import UsageError
from tcpcore.observe.follow import same_packet
from tcpcore.packetdrill import habits
from tcpcore.packetdrill.origin import settle
from tcpcore.packetdrill.story import Did, NoScript, Seen, Story
from tcpcore.packetdrill.telling import LATE
from tcpcore.packetdrill.vantage import in_milliseconds, jitter, seen_from
from tcpcore.packetdrill.writing import write
from tcpcore.seqnum import MASK, distance, gt, lt
from tcpcore.tcp import fast_open
from tcpcore.units import MILLISECOND
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, URG, Segment

CLIENT, SERVER = "client", "server"
_DESCRIPTOR = {CLIENT: 3, SERVER: 4}
_AT_ONCE = 2 * MILLISECOND
NOT_AS_HERE = (
    "The engine does not do all of this for these calls: the calls, or options of the sockets, "
    "were others than guessed from the packets, or this end was no Linux 6.18."
)

Timed = tuple[int, Segment | IcmpError]


def connections(packets: Iterable[tuple[int, Segment]]) -> list[list[tuple[int, Segment]]]:
    """Packets by connection, in order of the first one; a SYN with another number begins one.

    What was captured twice is there once, and times never go back.
    """
    found: list[list[tuple[int, Segment]]] = []
    latest: dict[frozenset[tuple[str, int]], list[tuple[int, Segment]]] = {}
    now: int | None = None
    before: dict[tuple[str, int, str, int], tuple[int, Segment]] = {}
    for at, segment in packets:
        time = now = at if now is None else max(at, now)
        key = (segment.src, segment.sport, segment.dst, segment.dport)
        last, before[key] = before.get(key), (at, segment)
        if last is not None and same_packet(last[1], segment, at - last[0]):
            continue
        ends = frozenset(((segment.src, segment.sport), (segment.dst, segment.dport)))
        known = latest.get(ends)
        opens = segment.flags & (SYN | ACK) == SYN
        crossed = known is not None and known[0][1].src != segment.src
        if known is None or (opens and segment.seq != known[0][1].seq and not crossed):
            known = latest[ends] = []
            found.append(known)
        known.append((time, segment))
    return found


AT_PSH, AT_SMALL, AT_ANSWER = "at PSH", "at PSH of a small segment", "before the peer says more"


@dataclass(slots=True, frozen=True)
class Guess:
    """How the program is taken to be: where its writes end, and whether it `reads` at once."""

    ends: str = AT_PSH
    reads: bool = True


def best(packets: Sequence[Timed], side: str, title: str) -> tuple[str, bool]:
    """The script of the guess that the engine agrees with, and whether it agrees with one.

    Else that of the guess with which it gets furthest; its head names the line that will fail, and
    says why.  Raises `NoScript`.
    """
    from tcpcore.packetdrill.drill import run_text

    furthest: tuple[int, Story, str] | None = None
    for ends, reads in product((AT_PSH, AT_SMALL, AT_ANSWER), (True, False)):
        story = infer(packets, side, title, Guess(ends, reads))
        script = write(story)
        try:
            outcome = run_text(script)
        except UsageError as problem:
            line, why = 0, f"It cannot be run: {problem}"
        else:
            if outcome.failure is None:
                return script, True
            line = script.count("\n", 0, outcome.failure.offset) + 1
            why = outcome.failure.problem
        if furthest is None or line > furthest[0]:
            furthest = line, story, why
    assert furthest is not None
    return _doubted(*furthest), False


def _doubted(line: int, story: Story, why: str) -> str:
    """The script, with what is wrong with it in its head, which moves the lines below."""
    before = len(write(story).splitlines())
    above = 0
    while line:
        story.doubt = f"{NOT_AS_HERE} Line {line + above} will fail: {why}."
        more = len(write(story).splitlines()) - before
        if more == above:
            break
        above = more
    else:
        story.doubt = f"{NOT_AS_HERE} {why}."
    return write(story)


def infer(packets: Sequence[Timed], side: str, title: str, guess: Guess | None = None) -> Story:
    """The story of one end of one connection; raises `NoScript`."""
    first = next((one for _, one in packets if isinstance(one, Segment)), None)
    if first is None or first.flags & (SYN | ACK) != SYN:
        raise NoScript("the connection's first SYN is not there.")
    if side not in (CLIENT, SERVER):
        raise NoScript(f"a side is {CLIENT} or {SERVER}, not {side!r}.")
    local, remote = (first.src, first.dst) if side == CLIENT else (first.dst, first.src)
    story = Story(local, remote, title, exact=False, jitter=jitter(packets, local))
    packets = in_milliseconds(seen_from(packets, local), local)
    port = first.dport
    story.options.append(f"--tolerance_usecs={LATE}")
    _refuse(packets)
    settle(story, packets)
    _Inference(story, side, port, guess or Guess()).go(packets)
    return story


def _refuse(packets: Sequence[Timed]) -> None:
    """Complain about what packets alone do not tell enough of."""
    for _, one in packets:
        if isinstance(one, IcmpError):
            continue
        if one.flags & SYN and (one.payload or fast_open.find(one.options) is not None):
            raise NoScript("it uses Fast Open, and the key of its cookies is not in the packets.")
        if one.flags & URG:
            raise NoScript("it has urgent data, and calls of which packets tell too little.")


def _answered(packets: Sequence[Timed], local: str) -> bool:
    """Whether anybody listens: there is a SYN+ACK."""
    return any(
        isinstance(one, Segment) and one.src == local and one.flags & SYN for _, one in packets
    )


@dataclass(slots=True)
class _Inference:
    """Goes through the packets, and adds calls where they are needed."""

    story: Story
    side: str
    port: int
    guess: Guess
    opened: bool = False
    closed: bool = False
    gives_up: bool = False  # its last RST is that of keep-alive
    sent: int | None = None  # the end of what was sent
    got: int | None = None  # the end of what came in order
    early: list[tuple[int, int]] = field(default_factory=list)

    @property
    def descriptor(self) -> int:
        return _DESCRIPTOR[self.side]

    def go(self, packets: Sequence[Timed]) -> None:
        """All of it."""
        self._begin(packets[0][0], packets)
        for index, (time, packet) in enumerate(packets):
            if isinstance(packet, IcmpError):
                if packet.dst == self.story.local:
                    self.story.entries.append(Seen(time, True, packet))
            elif packet.src == self.story.remote:
                self._arrives(packets, index, time, packet)
            else:
                self._leaves(packets, index, time, packet)

    def _do(self, time: int, name: str, rest: str = "", result: str = "0") -> Did:
        did = Did(time, name, self.descriptor, rest, result)
        self.story.entries.append(did)
        return did

    def _begin(self, time: int, packets: Sequence[Timed]) -> None:
        entries = self.story.entries
        entries.append(Did(time, "socket", None, "..., SOCK_STREAM, IPPROTO_TCP", "3"))
        for name, value in habits.options(packets, self.story.local):
            entries.append(Did(time, "setsockopt", 3, f"{name}, [{value}], 4"))
        self.gives_up = habits.Probes(packets, self.story.local).given_up
        if self.side == SERVER and _answered(packets, self.story.local):
            entries.append(Did(time, "setsockopt", 3, "SOL_SOCKET, SO_REUSEADDR, [1], 4"))
            entries.append(Did(time, "bind", 3, "..., ..."))
            entries.append(Did(time, "listen", 3, "16"))
        elif self.side == CLIENT:
            self.story.options.append(f"--connect_port={self.port}")

    # --- what arrives ----------------------------------------------------------------------------

    def _arrives(self, packets: Sequence[Timed], index: int, time: int, one: Segment) -> None:
        self.story.entries.append(Seen(time, True, one))
        if one.flags & SYN:
            self.got = one.end
        if one.flags & RST:
            self.closed = True
            return
        if not self.opened and self._opens(one):
            self.opened = True
            if self.side == SERVER:
                self.story.entries.append(Did(time, "accept", 3, "..., ...", "4"))
        if self.opened and not self.closed:
            self._read(time, one)

    def _opens(self, one: Segment) -> bool:
        if self.side == CLIENT:
            return bool(one.flags & ACK)
        return bool(one.flags & ACK) and not one.flags & SYN and one.ack == self.sent

    def _read(self, time: int, one: Segment) -> None:
        """Read what this makes readable."""
        if self.got is None or one.flags & SYN:
            return
        before = self.got
        data = len(one.payload)
        if data and gt((one.seq + data) & MASK, self.got):
            self.early.append((one.seq, (one.seq + data) & MASK))
        for start, end in sorted(self.early, key=lambda pair: distance(before, pair[0])):
            if not gt(start, self.got) and gt(end, self.got):
                self.got = end
        count = distance(before, self.got)
        if count > 0 and self.guess.reads:
            self._do(time, "read", f"..., {count}", str(count))

    # --- what leaves -----------------------------------------------------------------------------

    def _leaves(self, packets: Sequence[Timed], index: int, time: int, one: Segment) -> None:
        if one.flags & SYN:
            self._syn(packets, index, time, one)
        elif one.flags & RST:
            self._reset(time)
        elif self.opened and not self.closed:
            new = self.sent is None or not lt(one.seq, self.sent)
            if new and one.payload:
                self._write(packets, index, time, one)
            if one.flags & FIN and gt(one.end, self.sent or 0):
                self._finish(packets, index, time)
                self.sent = one.end
        self.story.entries.append(Seen(time, False, one))

    def _syn(self, packets: Sequence[Timed], index: int, time: int, one: Segment) -> None:
        if self.side == CLIENT and self.sent is None:
            did = self._do(time, "connect", "..., ...")
            self._connected(did, packets, index)
        self.sent = (one.seq + 1) & MASK

    def _connected(self, did: Did, packets: Sequence[Timed], index: int) -> None:
        """When connect() returns, and what; it does not block where nobody ever answers."""
        for time, one in packets[index + 1 :]:
            if not isinstance(one, Segment) or one.src != self.story.remote:
                continue
            if one.flags & RST:
                did.result = "-1 ECONNREFUSED"
            did.returned = time
            return
        at = self.story.entries.index(did)
        nonblocking = Did(did.time, "fcntl", 3, "F_SETFL, O_RDWR|O_NONBLOCK")
        self.story.entries.insert(at, nonblocking)
        did.result = "-1 EINPROGRESS"

    def _write(self, packets: Sequence[Timed], index: int, time: int, one: Segment) -> None:
        """One write() for all until PSH; with MSG_MORE where FIN comes along."""
        if self.sent is not None and not gt((one.seq + len(one.payload)) & MASK, self.sent):
            return
        end, flags = self._end_of_write(packets[index:], one)
        if self.sent is not None and lt(end, self.sent):
            return
        if self.sent is not None and one.seq != self.sent:
            raise NoScript("segments are missing: what was sent has a hole.")
        size = distance(one.seq, end)
        self.sent = end
        if not flags & FIN:
            self._do(time, "write", f"..., {size}", str(size))
        elif self.guess.ends == AT_ANSWER:
            self._do(time, "write", f"..., {size}", str(size))
            self._finish(packets, index, time)
            self.sent = (end + 1) & MASK
        else:
            self._do(time, "send", f"..., {size}, MSG_MORE", str(size))

    def _end_of_write(self, packets: Sequence[Timed], first: Segment) -> tuple[int, int]:
        """Where the data of a write ends that begins here, and the flags of its last segment."""
        end, flags = first.seq, 0
        for _, one in packets:
            if not isinstance(one, Segment):
                continue
            if one.src != self.story.local:
                if one.payload and self.guess.ends == AT_ANSWER:
                    break
                continue
            if not one.payload or one.seq != end:
                continue
            end, flags = (end + len(one.payload)) & MASK, one.flags
            full = self.guess.ends != AT_PSH and len(one.payload) >= len(first.payload)
            if flags & FIN or (flags & PSH and not full and self.guess.ends != AT_ANSWER):
                break
        return end, flags

    def _finish(self, packets: Sequence[Timed], index: int, time: int) -> None:
        more = any(
            isinstance(one, Segment) and one.src == self.story.remote and one.payload
            for _, one in packets[index + 1 :]
        )
        resets = any(
            isinstance(one, Segment) and one.src == self.story.local and one.flags & RST
            for _, one in packets[index + 1 :]
        )
        if more and not resets:
            self._do(time, "shutdown", "SHUT_WR")
        else:
            self._do(time, "close")
            self.closed = True

    def _reset(self, time: int) -> None:
        """An RST of its own accord is a close() that throws all away."""
        last = self.story.entries[-1]
        answers = isinstance(last, Seen) and last.inbound and time - last.time < _AT_ONCE
        if self.opened and not self.closed and not answers and not self.gives_up:
            self._do(time, "setsockopt", "SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8")
            self._do(time, "close")
        self.closed = True
