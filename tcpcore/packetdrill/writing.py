"""A story as a script: times (`telling`), relative numbers, calls in the order in which they were.

    text = write(story)        # raises NoScript

Sequence numbers count from each end's first SYN, timestamps from each end's first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import wrap

from tcpcore.packetdrill.sniffer import icmp_words
from tcpcore.packetdrill.story import Did, Entry, NoScript, Seen, Story
from tcpcore.packetdrill.telling import FromEachToTheNext, FromTheStart
from tcpcore.seqnum import MASK
from tcpcore.wire import options as kinds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, RST, SYN, URG, Segment
from tcpcore.wire.text import Pattern, format_pattern

FIRST_STAMP = 1000
"""What both ends' timestamps begin with."""
_MARKS = {0: "", 1: "[ect1] ", 2: "[ect0] ", 3: "[ce] "}
Ports = tuple[int, int]


@dataclass(slots=True)
class _Counting:
    """How one connection's numbers are told: what is taken off those on the wire."""

    local: int = 0
    remote: int = 0
    local_stamp: int | None = None
    opened: bool = False
    seen_remote: bool = False


@dataclass(slots=True)
class _Writer:
    story: Story
    several: bool
    connections: dict[Ports, _Counting] = field(default_factory=dict)
    remote_stamp: int | None = None  # of all connections: hosts compare them

    def lines(self) -> Iterator[str]:
        """Every event, in order."""
        start = self.story.entries[0].time
        clock = (
            FromTheStart(start) if self.story.exact else FromEachToTheNext(start, self.story.jitter)
        )
        for entry in self.story.entries:
            at = clock.of(entry)
            if isinstance(entry, Did):
                yield f"{at} {_call(entry)}"
            elif isinstance(entry.packet, IcmpError):
                yield f"{at} < {self._icmp(entry.packet)}"
            else:
                yield f"{at} {'<' if entry.inbound else '>'} {self._segment(entry)}"

    def _counting(self, segment: Segment, inbound: bool) -> _Counting:
        ports = (segment.dport, segment.sport) if inbound else (segment.sport, segment.dport)
        return self.connections.setdefault(ports, _Counting())

    def _segment(self, seen: Seen) -> str:
        segment = seen.packet
        assert isinstance(segment, Segment)
        counting = self._counting(segment, seen.inbound)
        _learn(counting, segment, seen.inbound)
        if seen.inbound and self.remote_stamp is None and (stamps := _stamps(segment)):
            self.remote_stamp = stamps[0] - FIRST_STAMP & MASK
        own, other = counting.local, counting.remote
        if not seen.inbound and segment.flags & RST and own and not segment.seq:
            raise NoScript(
                "a port refuses a SYN with number 0 where it has had a connection before."
            )
        if seen.inbound:
            own, other = other, own
        pattern = Pattern(
            segment.flags,
            segment.seq - own & MASK,
            len(segment.payload),
            segment.ack - other & MASK if segment.flags & ACK else None,
            segment.window if seen.inbound or self.story.exact else None,
            segment.urgent if segment.flags & URG else None,
            None
            if self.story.foreign and not seen.inbound and segment.flags & SYN
            else tuple(self._option(option, counting, seen.inbound) for option in segment.options),
        )
        ports = f"{segment.sport} > {segment.dport} " if self.several else ""
        return _MARKS[segment.tos & 3] + ports + format_pattern(pattern)

    def _option(self, option: Option, counting: _Counting, inbound: bool) -> Option:
        if option[0] == kinds.SACK:
            other = counting.local if inbound else counting.remote
            return (kinds.SACK, *((a - other & MASK, b - other & MASK) for a, b in option[1:]))
        if option[0] == kinds.TIMESTAMPS:
            own, theirs = counting.local_stamp or 0, self.remote_stamp or 0
            if inbound:
                own, theirs = theirs, own
            echo = option[2] - theirs & MASK if option[2] else 0
            return (kinds.TIMESTAMPS, option[1] - own & MASK, echo)
        return option

    def _icmp(self, error: IcmpError) -> str:
        quoted = error.quoted
        counting = self.connections.get((quoted.sport, quoted.dport))
        words = icmp_words(error)
        if words is None or counting is None:
            raise NoScript(f"a script has no word for ICMP {error.name}.")
        seq, size = quoted.seq - counting.local & MASK, len(quoted.payload)
        return f"{words} [{seq}:{seq + size & MASK}({size})]"


def _learn(counting: _Counting, segment: Segment, inbound: bool) -> None:
    """Where each end's numbers and timestamps begin."""
    if segment.flags & SYN and not inbound:
        counting.local, counting.opened = segment.seq, True
    if inbound and not counting.seen_remote:
        counting.remote, counting.seen_remote = segment.seq, True
    if not inbound and counting.local_stamp is None and (stamps := _stamps(segment)):
        counting.local_stamp = stamps[0] - FIRST_STAMP & MASK


def _stamps(segment: Segment) -> tuple[int, int] | None:
    return kinds.timestamps(segment.options)


def _call(did: Did) -> str:
    own = str(did.descriptor) if did.descriptor is not None else ""
    words = ", ".join(word for word in (own, did.rest) if word)
    return f"{did.name}({words}) = {did.result}"


def _ports(entries: list[Entry]) -> set[Ports]:
    found: set[Ports] = set()
    for entry in entries:
        if isinstance(entry, Seen) and isinstance(entry.packet, Segment):
            one = entry.packet
            found.add((one.dport, one.sport) if entry.inbound else (one.sport, one.dport))
    return found


def _check(story: Story, ports: set[Ports]) -> None:
    """Complain about what a script cannot say."""
    if not any(isinstance(entry, Seen) for entry in story.entries):
        raise NoScript("the host neither sends nor receives anything.")
    opened = {
        (one.packet.sport, one.packet.dport)
        for one in story.entries
        if isinstance(one, Seen)
        and not one.inbound
        and isinstance(one.packet, Segment)
        and one.packet.flags & (SYN | ACK) == SYN
    }
    if len(opened) > 1 and _interleaved(story, opened):
        raise NoScript("the host opens connections side by side, from ports that nobody can know.")


def _interleaved(story: Story, opened: set[Ports]) -> bool:
    """Whether packets of one connection come after another one was opened."""
    latest: Ports | None = None
    begun: set[Ports] = set()
    for entry in story.entries:
        if not isinstance(entry, Seen) or not isinstance(entry.packet, Segment):
            continue
        one = entry.packet
        ports = (one.dport, one.sport) if entry.inbound else (one.sport, one.dport)
        if ports != latest and ports in begun:
            return True
        latest = ports
        begun.add(ports)
    return False


def write(story: Story) -> str:
    """The script; raises `NoScript` for a story that is none."""
    if any(_of_nobody(one, story) for one in story.entries):
        raise NoScript("more than two hosts, or one alone, take part: a script has two.")
    ports = _ports(story.entries)
    _check(story, ports)
    served = _served(story)
    several = bool(served) and (len(ports) > 1 or _knocks(story) > 1)
    lines = [f"// {story.title}", *_remarks(story.foreign), *_remarks(story.doubt)]
    lines += [f"--local_ip={story.local}", f"--remote_ip={story.remote}", *story.options]
    if len(served) == 1:
        lines.append(f"--bind_port={served.pop()}")
    pairs = [f"{name}={_quoted(value)}" for name, value in story.sysctls.items()]
    commands = [*(f"sysctl -q net.{pair}" for pair in pairs), *story.commands]
    if commands:
        lines += ["", "`" + "\n".join(commands) + "`"]
    writer = _Writer(story, several)
    return "\n".join([*lines, "", *writer.lines()]) + "\n"


def _remarks(text: str) -> list[str]:
    return [f"// {line}" for line in wrap(text, 97, break_on_hyphens=False)]


def _served(story: Story) -> set[int]:
    """The ports at which others knock."""
    return {
        one.packet.dport
        for one in story.entries
        if isinstance(one, Seen)
        and one.inbound
        and isinstance(one.packet, Segment)
        and one.packet.flags & (SYN | ACK) == SYN
    }


def _knocks(story: Story) -> int:
    """SYNs that arrive: without ports each of them would be a new connection."""
    return sum(
        isinstance(one, Seen)
        and one.inbound
        and isinstance(one.packet, Segment)
        and one.packet.flags & (SYN | ACK) == SYN
        for one in story.entries
    )


def _of_nobody(entry: Entry, story: Story) -> bool:
    """Whether a packet is of another pair of hosts."""
    if isinstance(entry, Did) or isinstance(entry.packet, IcmpError):
        return False
    ends = (entry.packet.src, entry.packet.dst)
    return ends != ((story.remote, story.local) if entry.inbound else (story.local, story.remote))


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
