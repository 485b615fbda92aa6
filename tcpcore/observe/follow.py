"""Following both ends of a connection from its segments alone.

A state is what the wire proves.  Sending changes the sender's state.  For the receiver, an ACK of
its SYN or FIN, a SYN+ACK and an acceptable RST count as received when they are seen, except a
SYN+ACK that is sent again before the client says anything.  A SYN and a FIN count once an answer
shows that they arrived: a port may be closed, and a FIN may be lost.
"""

from __future__ import annotations

from tcpcore.observe.end import End
from tcpcore.observe.meaning import Meaning, meaning, of_older_connection, reset_verdict
from tcpcore.seqnum import MASK, distance, geq, gt, lt
from tcpcore.tcp import state as states
from tcpcore.tcp.state import CLOSED, ESTABLISHED, LISTEN, SYN_RECV, SYN_SENT, TIME_WAIT
from tcpcore.units import ms
from tcpcore.wire import options as kinds
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

Changes = list[tuple[End, str, str]]
"""End, old state, new state, in order."""


class Seen:
    """What was made of one segment: who sent it, what it means, what changed.

    `doubled`: it is the packet before it, captured a second time; `damaged`: its receiver drops it.
    `fresh`: the capture has its bytes for the first time.
    """

    __slots__ = ("changes", "damaged", "doubled", "fresh", "meaning", "retransmission", "sender")

    def __init__(
        self,
        sender: int,
        meaning: Meaning,
        changes: Changes,
        retransmission: int,
        doubled: bool = False,
        damaged: bool = False,
    ) -> None:
        self.sender = sender
        self.meaning = meaning.text
        self.changes = changes
        self.retransmission = retransmission
        self.doubled = doubled
        self.damaged = damaged
        self.fresh = not (doubled or damaged)


class Connection:
    """Two ends, `client` first, and what a reader must know about how they were followed."""

    def __init__(self, first: Segment) -> None:
        flags = first.flags
        client_sent = bool(flags & SYN and not flags & ACK)
        if not flags & SYN:
            client_sent = first.dport <= first.sport  # services have the lower port
        here, there = (first.src, first.sport), (first.dst, first.dport)
        client, server = (here, there) if client_sent else (there, here)
        opening, listening = CLOSED, LISTEN
        self.notes: list[str] = []
        self._doubled = False
        if flags & SYN and flags & ACK:
            opening = SYN_SENT
            self.notes.append(_NO_SYN)
        elif not flags & SYN:
            opening = listening = ESTABLISHED
            self.notes.append(
                "its handshake is not in the capture: both ends are taken to be ESTABLISHED, "
                "and the end with the lower port to be the server; window scaling is not known"
            )
        self.ends = (End("client", *client, opening), End("server", *server, listening))

    def see(self, segment: Segment, time: int, cut: bool = False) -> Seen:
        """Take note of the next segment; `time` in microseconds; `cut`: it lacks some options."""
        index = 0 if (segment.src, segment.sport) == self._key(0) else 1
        s, r = self.ends[index], self.ends[1 - index]
        twice = s.last is not None and same_packet(s.last, segment, time - s.last_time)
        if segment.flags & RST and not segment.ip_id:
            twice &= self._doubled  # a closed port answers each of many packets with the same RST
        self._doubled |= twice
        s.last, s.last_time = segment, time
        if twice:
            return Seen(index, Meaning("the same packet, captured a second time"), [], 0, True)
        older = of_older_connection(s, r, segment)
        if older:
            r.stale = segment.ack if segment.flags & ACK else r.stale
            return Seen(index, Meaning(older), [], 0)
        s.cut |= cut
        _learn(s, r, segment, cut)
        if segment.flags & SYN:
            self._note_opening(segment)
        meant = meaning(s, r, segment)
        changes: Changes = []
        if segment.flags & RST:
            _reset(s, r, segment, changes)
        else:
            _open(s, r, segment, changes)
            if segment.flags & ACK:
                _acknowledge(s, r, segment, changes)
            if segment.flags & FIN and s.fin is None:
                s.fin = segment.end
                s.apply(states.CLOSE, changes)
        again = s.count_again(segment.seq) if meant.repeats else 0
        seen = Seen(index, meant, changes, again)
        if again:
            seen.fresh = s.seen(segment.seq, segment.end) == "hole"
        _count(s, r, segment, meant)
        return seen

    def see_damaged(self, segment: Segment) -> Seen:
        """A segment whose checksum is wrong: whatever it says, it changes nothing."""
        index = 0 if (segment.src, segment.sport) == self._key(0) else 1
        meant = Meaning(
            f"damaged on its way (wrong checksum): the {self.ends[1 - index].name} drops it unread"
        )
        return Seen(index, meant, [], 0, damaged=True)

    def _note_opening(self, segment: Segment) -> None:
        """What a SYN or SYN+ACK tells about the whole connection."""
        if not segment.flags & ACK:
            self.notes = [note for note in self.notes if note != _NO_SYN]
        elif kinds.find(segment.options, _MULTIPATH) and _MULTIPATH_NOTE not in self.notes:
            self.notes.append(_MULTIPATH_NOTE)

    def finish(self) -> None:
        """Say what the whole capture shows to be missing."""
        silent = [end.name for end in self.ends if not end.segments]
        if silent and self._unheard():
            self.notes.append(f"only one direction is in the capture: nothing from the {silent[0]}")
        for end, peer in (self.ends, self.ends[::-1]):
            missed = end.missed(peer.rcv)
            if missed and end.segments:
                self.notes.append(
                    f"{missed} byte{'s were' if missed > 1 else ' was'} acknowledged that the "
                    f"{end.name} sent, yet {'are' if missed > 1 else 'is'} not in this capture: "
                    "whoever captured missed packets"
                )

    def _unheard(self) -> bool:
        """Whether the silent end must have sent something: the other acknowledged it."""
        return any(end.rcv is not None for end in self.ends)

    def _key(self, index: int) -> tuple[str, int]:
        return self.ends[index].address, self.ends[index].port

    def begins_another(self, segment: Segment) -> bool:
        """Whether this segment of the same addresses and ports opens a new connection."""
        if not segment.flags & SYN or segment.flags & RST:
            return False
        s = self.ends[0 if (segment.src, segment.sport) == self._key(0) else 1]
        r = self.ends[1] if s is self.ends[0] else self.ends[0]
        if segment.seq == s.isn and (s.syns + s.syn_acks or not segment.flags & ACK):
            return False  # the same one again, or captured after its answer
        if segment.flags & ACK:
            strange = r.isn is not None and segment.ack != (r.isn + 1 & MASK)
            return strange and s.isn is not None and s.state in (*_OVER, ESTABLISHED)
        if s.syns:
            return s.state != ESTABLISHED or r.state in _OVER
        return s.state in _OVER or r.state in _OVER


_OVER = (CLOSED, TIME_WAIT, states.LAST_ACK)
_NO_SYN = "its SYN is not in the capture"
_MULTIPATH = 30  # the option's kind, RFC 8684 §3
_MULTIPATH_NOTE = (
    "it speaks Multipath TCP (RFC 8684): its data may use other connections, too, and an ACK that "
    "says nothing new may carry a signal of that"
)


def _learn(s: End, r: End, segment: Segment, cut: bool) -> None:
    """Initial sequence numbers, from the SYN or else from the first numbers seen."""
    if s.isn is None and not segment.flags & RST:
        syn = bool(segment.flags & SYN)
        s.start(segment.seq if syn else segment.seq - 1 & MASK, syn=syn)
    if segment.flags & ACK and r.isn is None:
        r.start(segment.ack - 1 & MASK)
    if segment.flags & SYN:
        mss = kinds.find(segment.options, kinds.MSS)
        s.mss = mss[1] if mss else None
        scale = kinds.find(segment.options, kinds.WINDOW_SCALE)
        s.offered_shift = min(scale[1], 14) if scale else None  # RFC 7323 §2.3
        s.offered_known = scale is not None or not cut
        both = segment.flags & ACK or r.syn_acks  # the SYN may be captured after its answer
        if both and scale and r.offered_shift is not None:
            s.shift, r.shift = s.offered_shift or 0, r.offered_shift


def _reset(s: End, r: End, segment: Segment, changes: Changes) -> None:
    if reset_verdict(s, r, segment) == "accepted":
        r.apply(states.RST, changes)
        if r.state != LISTEN:
            r.become(CLOSED, changes)
        s.become(CLOSED, changes)


def _open(s: End, r: End, segment: Segment, changes: Changes) -> None:
    """What a SYN does; a segment without SYN may prove that a handshake took place unseen."""
    if segment.flags & SYN and not segment.flags & ACK:
        unanswered = s.state == ESTABLISHED and s.rcv is None
        if s.state in (CLOSED, LISTEN) or (unanswered and segment.seq == s.isn):
            s.become(SYN_SENT, changes)
    elif segment.flags & SYN:
        s.apply(states.SYN, changes)
        unheard = s.syn_acks and segment.seq == s.isn and r.rcv is None
        if unheard and r.state == ESTABLISHED:
            r.become(SYN_SENT, changes)  # it was taken to have received the SYN+ACK before
        elif not unheard and r.state == SYN_SENT and r.sent(segment.ack):
            r.apply(states.SYN_ACK, changes)
    elif segment.flags & ACK:
        if s.state == SYN_SENT:
            s.apply(states.SYN_ACK, changes)
        elif s.state == LISTEN:
            s.apply(states.SYN, changes)
            s.apply(states.ACK_OF_SYN, changes)
        if r.state == LISTEN:
            r.apply(states.SYN, changes)


def _acknowledge(s: End, r: End, segment: Segment, changes: Changes) -> None:
    """What an acknowledgment proves of its sender, and does to its receiver."""
    ack = segment.ack
    if r.fin is not None and geq(ack, r.fin) and not s.got_fin:
        s.got_fin = True
        s.apply(states.FIN, changes)
    if r.state == SYN_RECV and r.isn is not None and gt(ack, r.isn):
        r.apply(states.ACK_OF_SYN, changes)
    if r.fin is not None and geq(ack, r.fin):
        if s.fin is not None and not r.got_fin and geq(segment.seq, s.fin) and r.state in _CLOSING:
            r.got_fin = True  # the sender's FIN went before this segment
            r.apply(states.FIN, changes)
        if r.state in (states.FIN_WAIT_1, states.CLOSING, states.LAST_ACK):
            r.apply(states.ACK_OF_FIN, changes)


_CLOSING = (states.FIN_WAIT_1,)


def same_packet(one: Segment, other: Segment, gap: int) -> bool:
    """Whether a capture saw one packet twice: on several interfaces, or doubled by the network.

    Linux gives every packet of a connection another IPv4 identification, but its SYN+ACK and RST
    none: nobody sends them again as soon as `_TWICE`.  Duplicate ACKs without any may be as close
    as that.  A packet that comes back with a smaller TTL goes round in circles, and a SYN with the
    same identification was doubled: both may take longer.
    """
    if one.ip_id != other.ip_id or gap < 0:
        return False
    if gap >= _TWICE:
        again = one.ip_id and (one.flags & SYN or other.ttl < one.ttl)
        if not again or gap >= _TWICE_NUMBERED:
            return False
    if not one.ip_id and not one.flags & (SYN | RST):
        return False
    return one == other or (one.ttl != other.ttl and _without_ttl(one) == _without_ttl(other))


_TWICE = 500
_TWICE_NUMBERED = ms(100)


def _without_ttl(segment: Segment) -> tuple[object, ...]:
    return (
        segment.flags,
        segment.seq,
        segment.ack,
        segment.window,
        segment.options,
        segment.payload,
    )


def _near(a: int, b: int) -> bool:
    """Whether two numbers are less than the largest window apart.  RFC 7323 §2.3."""
    return abs(distance(a, b)) <= 1 << 30


def _ahead(s: End, number: int) -> bool:
    return gt(number, s.nxt) and _near(s.nxt, number)


def _count(s: End, r: End, segment: Segment, meant: Meaning) -> None:
    """Move the numbers on."""
    flags = segment.flags
    s.segments += 1
    r_probing, r.probing = r.probing, False
    s.probing = "probe:" in meant.text
    if flags & SYN:
        s.syn_acks += bool(flags & ACK)
        s.syns += not flags & ACK
    if flags & RST:
        return
    stray = flags & SYN and segment.seq != s.isn  # of another connection than this one
    if segment.length and not s.probing and not stray and _near(s.nxt, segment.seq):
        if flags & SYN or gt(segment.end, s.nxt):
            s.note_newest(segment)
        s.extend(segment.seq, segment.end)
        r.reopened = False
    elif s.segments > 1 and not segment.length and _ahead(s, segment.seq):
        s.extend(segment.seq, segment.seq)  # what is before its number was sent, though not seen
    if not flags & ACK:
        return
    window = s.advertised(segment)
    duplicate = segment.ack == s.rcv and window <= (s.window or 0) and not segment.length
    if duplicate and not r.idle and not r_probing:
        s.duplicates += 1
    elif s.rcv is None or gt(segment.ack, s.rcv):
        s.duplicates = 0
    if s.rcv is None or not lt(segment.ack, s.rcv):
        s.rcv = segment.ack
        s.reopened = window > 0 and (s.window == 0 or s.reopened)
        s.window = window
        s.sacking = kinds.find(segment.options, kinds.SACK) is not None
    if gt(segment.ack, r.una):
        r.una = segment.ack
    if gt(segment.ack, r.nxt) and _near(r.nxt, segment.ack):
        r.unseen += distance(r.nxt, segment.ack) if r.segments else 0
        r.nxt = segment.ack  # it was sent, though not seen
