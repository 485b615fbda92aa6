"""What one segment means, in one short sentence, given what both ends did before it.

Pure readers: nothing here changes an end.  `s` is the sender and `r` the receiver throughout.
"""

from __future__ import annotations

from typing import NamedTuple

from tcpcore.observe.end import End
from tcpcore.seqnum import MASK, geq, gt, leq, lt, within
from tcpcore.tcp.state import CLOSED, ESTABLISHED, LISTEN, SYN_RECV, SYN_SENT, TIME_WAIT
from tcpcore.wire import options as kinds
from tcpcore.wire.segment import ACK, AE, CWR, ECE, FIN, RST, SYN, URG, Segment

LATE_SYN = "captured after its answer"


class Meaning(NamedTuple):
    """A sentence, and whether the segment repeats an earlier one."""

    text: str
    repeats: bool = False


def meaning(s: End, r: End, segment: Segment) -> Meaning:
    """What `segment` means, before `follow` takes note of it."""
    flags = segment.flags
    if flags & RST:
        return _reset(s, r, segment)
    if flags & SYN and flags & ACK:
        return _syn_ack(s, r, segment)
    if flags & SYN:
        return _syn(s, r, segment)
    meant = _established(s, r, segment)
    return Meaning(meant.text + _congestion(segment), meant.repeats)


def of_older_connection(s: End, r: End, segment: Segment) -> str:
    """What a segment means that belongs to an older connection of the same addresses; or "".

    A host that still has that one, in TIME_WAIT or never told of its end, answers the SYN with an
    ACK of its own numbers, and the RST that this brings frees the way.  RFC 9293 §3.5.1 and §3.5.2.
    """
    flags = segment.flags & (SYN | ACK | RST)
    opening = r.state == SYN_SENT and s.state == LISTEN and not s.segments
    if flags == ACK and opening and r.isn is not None and not r.sent(segment.ack):
        return f"the {s.name} answers out of an older connection of the same addresses and ports"
    if flags & RST and s.state == SYN_SENT and s.stale is not None and segment.seq == s.stale:
        return f"the {s.name} resets that older connection"
    return ""


def _established(s: End, r: End, segment: Segment) -> Meaning:
    probe = _probe(s, r, segment)
    if probe:
        return Meaning(probe)
    if segment.flags & FIN:
        return _fin(s, r, segment)
    if segment.payload:
        return _data(s, r, segment)
    if segment.flags & ACK:
        return Meaning(_ack(s, r, segment))
    return Meaning("neither data nor ACK: TCP sends no such segment")


def _congestion(segment: Segment) -> str:
    """What ECN adds: RFC 3168 §6.1; the bits are a counter with Accurate ECN, where AE is set."""
    text = ""
    if segment.tos & 3 == 3:
        text += "; marked on the way: congestion (CE)"
    if segment.flags & AE:
        return text
    if segment.flags & ECE:
        text += "; echoes congestion (ECE)"
    if segment.flags & CWR:
        text += "; has slowed down (CWR)"
    return text


def _syn(s: End, r: End, segment: Segment) -> Meaning:
    if s.syns and segment.seq == s.isn:
        text = f"retransmission {s.syns} of SYN"
        if s.state == ESTABLISHED:
            text += f": the SYN+ACK did not reach the {s.name}"
        return Meaning(text, True)
    if segment.seq == s.isn and r.syn_acks and not s.syns and (s.rcv is None or not s.segments):
        return Meaning(f"the {s.name} asks to open; {LATE_SYN}")
    if s.state in (ESTABLISHED, SYN_RECV) or r.state == ESTABLISHED:
        return Meaning("SYN inside an open connection: gets a challenge ACK, no new connection")
    if r.syns and r.state == SYN_SENT:
        return Meaning(f"the {s.name} asks to open, too: simultaneous open")
    text = f"the {s.name} asks to open"
    if segment.payload:
        text += f", with {_count(len(segment.payload))} of data (Fast Open)"
    elif kinds.find(segment.options, kinds.FAST_OPEN) == (kinds.FAST_OPEN, b""):
        text += ", and for a Fast Open cookie"
    if segment.flags & ECE and segment.flags & CWR:
        text += ", offers ECN"
    return Meaning(text)


def _syn_ack(s: End, r: End, segment: Segment) -> Meaning:
    if not r.sent(segment.ack):
        return Meaning(f"acknowledges a SYN that the {r.name} did not send: it will answer RST")
    if s.syn_acks and segment.seq == s.isn:
        silent = f": nothing from the {r.name} yet" if r.rcv is None else ""
        return Meaning(f"retransmission {s.syn_acks} of SYN+ACK{silent}", True)
    if s.syns:
        return Meaning(f"the {s.name} acknowledges the SYN that crossed its own")
    text = f"the {s.name} accepts: acknowledges the SYN, sends its own"
    if r.isn is not None and gt(segment.ack, r.isn + 1 & MASK):
        text += f", and takes the {_count(r.relative(segment.ack) - 1)} sent with it (Fast Open)"
    if segment.flags & ECE:
        text += ", agrees to ECN"
    return Meaning(text)


def reset_verdict(s: End, r: End, segment: Segment) -> str:
    """What the receiver does with a RST: "accepted", "challenge" or "ignored".

    RFC 9293 §3.10.7.3 and §3.10.7.4, RFC 5961 §3.  Where the capture does not show enough to
    judge, it counts as accepted.
    """
    if r.state == LISTEN:
        return "accepted" if s.state == SYN_SENT else "ignored"
    if r.state == SYN_SENT:
        if not segment.flags & ACK:
            return "ignored"
        known = r.isn is not None
        return "accepted" if not known or r.sent(segment.ack) else "ignored"
    if r.rcv is None or segment.seq in (r.rcv, s.nxt):
        return "accepted"
    window = max(r.window or 0, 1)
    return "challenge" if within(r.rcv, segment.seq, r.rcv + window & MASK) else "ignored"


def _reset(s: End, r: End, segment: Segment) -> Meaning:
    if r.state == CLOSED and s.state == CLOSED:
        return Meaning(f"the {s.name} resets; the connection was gone already")
    verdict = reset_verdict(s, r, segment)
    if r.state == SYN_SENT and s.state in (LISTEN, CLOSED):
        if verdict == "accepted":
            return Meaning(f"refused: nothing listens on port {s.port}")
        return Meaning(f"RST that acknowledges no SYN of the {r.name}: ignored")
    if verdict == "challenge":
        return Meaning("RST not exactly at the next expected byte: gets a challenge ACK")
    if verdict == "ignored":
        return Meaning("RST outside the window: ignored")
    if r.state == LISTEN:
        return Meaning(f"the {s.name} gives up and resets")
    if r.state == CLOSED:
        return Meaning(f"the {s.name} resets; the connection was gone already")
    if r.state == TIME_WAIT:
        return Meaning(f"the {s.name} resets, which ends the {r.name}'s TIME_WAIT")
    return Meaning(f"the {s.name} resets the connection")


def _probe(s: End, r: End, segment: Segment) -> str:
    """A segment from before what the peer acknowledged, only to get an answer; or ""."""
    size = len(segment.payload)
    if size > 1 or segment.flags & FIN or s.isn is None or r.rcv is None:
        return ""
    if r.window == 0 and size == 1 and segment.seq == s.nxt:
        return f"window probe: one byte, to ask whether the {r.name} has room"
    if segment.seq != (s.una - 1 & MASK) or r.rcv != s.una:
        return ""
    if s.rcv is not None and lt(segment.ack, s.rcv):
        return ""  # an ACK from before, overtaken by its sender's last bytes
    if size and s.seen(segment.seq, segment.seq + 1) == "new":
        return ""
    if r.window == 0:
        return f"window probe: asks whether the {r.name} has room"
    if r.reopened:
        return f"window probe: asks whether the {r.name} has room, which it has meanwhile"
    if s.idle:
        return "keep-alive probe: one number back, to get an answer"
    return ""


def _fin(s: End, r: End, segment: Segment) -> Meaning:
    end = segment.seq + len(segment.payload) + 1 & MASK
    if s.fin is not None and leq(end, s.fin):
        if segment.payload:
            what = _bytes(s.relative(segment.seq), s.relative(end - 1 & MASK))
            return Meaning(f"retransmission of {what} and of the FIN", True)
        number = s.resent_count + 1 if s.resent == segment.seq else 1
        return Meaning(f"retransmission {number} of FIN", True)
    text = f"the {s.name} has nothing more to send (FIN)"
    if segment.payload:
        data = _data(s, r, segment)
        return Meaning(f"{data.text}; {text}", data.repeats)
    if s.isn is not None and gt(segment.seq, s.nxt):
        text += "; bytes before it are missing here"
    return Meaning(text + _and_acknowledges(s, r, segment))


def _data(s: End, r: End, segment: Segment) -> Meaning:
    size = len(segment.payload)
    first, end = segment.seq, segment.seq + size & MASK
    what = _bytes(s.relative(first), s.relative(end))
    relation = s.seen(first, end)
    if relation in ("new", "ahead"):
        text = what
        if relation == "ahead":
            text += f"; {_bytes(s.relative(s.nxt), s.relative(first))} before them not seen yet"
        if segment.flags & URG:
            text += ", urgent"
        if _beyond_window(s, r, end):
            text += f"; beyond the {r.name}'s window"
        return Meaning(text + _and_acknowledges(s, r, segment))
    if relation == "hole":
        return _fills_a_gap(s, r, segment, what)
    if relation == "more":
        return Meaning(f"{what}, some of them again", True)
    if leq(end, s.una):
        return Meaning(f"retransmission of {what}, acknowledged already", True)
    reason = f", after {_count(r.duplicates, 'duplicate ACK')}" if r.duplicates else ""
    return Meaning(f"retransmission of {what}{reason}", True)


def _fills_a_gap(s: End, r: End, segment: Segment, what: str) -> Meaning:
    """Bytes from before others that were captured already: late on their way, or sent again."""
    sent = s.order(segment)
    if sent < 0:
        return Meaning(f"{what}: out of order, overtaken by later ones on the way")
    if r.duplicates or r.sacking:
        reported = _count(r.duplicates, "duplicate ACK") if r.duplicates else "a SACK"
        return Meaning(f"{what}: fill the gap that {reported} reported", True)
    if sent > 0:
        return Meaning(f"{what}: fill a gap, sent again", True)
    return Meaning(f"{what}: fill a gap (out of order, or sent again)")


def _opened(end: End) -> bool:
    return end.syns + end.syn_acks > 0


def _scale_known(s: End, r: End) -> bool:
    """Whether both SYNs are there, with their options: a window is a number of bytes only then."""
    return _opened(s) and _opened(r) and s.offered_known and r.offered_known


def _beyond_window(s: End, r: End, end: int) -> bool:
    if not _scale_known(s, r) or r.rcv is None or r.window is None:
        return False
    return gt(end, r.rcv + r.window & MASK)


def _and_acknowledges(s: End, r: End, segment: Segment) -> str:
    """``; acknowledges ...`` when the segment says something new about the other direction."""
    if not segment.flags & ACK or s.rcv is None or not gt(segment.ack, s.rcv):
        return ""
    return f"; {_acknowledged(s, r, segment.ack)}"


def _acknowledged(s: End, r: End, ack: int) -> str:
    """What is acknowledged for the first time: bytes, SYN, FIN."""
    if s.rcv is None and not r.segments:
        if s.state == SYN_SENT:
            return f"acknowledges the {r.name}'s SYN, which is not in this capture"
        return "acknowledges what came before this capture"
    base = s.rcv if s.rcv is not None else r.una
    last = r.relative(ack)
    first = max(r.relative(base), 1)
    parts = []
    if s.rcv is None and _opened(r):
        parts.append(f"the {r.name}'s SYN")
    fin = r.fin is not None and geq(ack, r.fin)
    last -= fin
    if last > first:
        parts.append(_bytes(first, last))
    if fin and r.fin is not None and lt(base, r.fin):
        parts.append(f"the {r.name}'s FIN")
    return f"acknowledges {' and '.join(parts)}" if parts else "acknowledges nothing new"


def _ack(s: End, r: End, segment: Segment) -> str:
    ack = segment.ack
    window = s.advertised(segment)
    if s.rcv is None or gt(ack, s.rcv):
        text = _acknowledged(s, r, ack)
        if gt(ack, r.nxt):
            text += " (not all in this capture)"
        if window == 0:
            text += "; zero window: no room for more"
        return text + _sack_text(r, segment)
    if lt(ack, s.rcv):
        return "older ACK, overtaken by another"
    if r.probing:
        return "answers the probe" + ("; the window is still zero" if window == 0 else "")
    if window == 0 and s.window != 0:
        return f"zero window: the {s.name} has no room, the {r.name} must wait"
    sack = _sack_text(r, segment)
    if window > (s.window or 0) and not sack:
        opens = "window update: room again" if s.window == 0 else "window update"
        size = _count(window) if _scale_known(s, r) else f"{window} without its scale"
        return f"{opens}, {size}"
    sack += "; the window is still zero" * (window == 0)
    if not r.idle:
        return f"duplicate ACK {s.duplicates + 1}: still waits for byte {r.relative(ack)}{sack}"
    if s.state == TIME_WAIT or (s.got_fin and r.fin is not None):
        return "acknowledges the FIN again"
    return f"repeats its last ACK{sack}"


def _sack_text(r: End, segment: Segment) -> str:
    option = kinds.find(segment.options, kinds.SACK)
    if option is None:
        return ""
    blocks: list[tuple[int, int]] = list(option[1:])
    text = ""
    twice = got_twice(segment)
    if twice is not None:
        left, right = twice
        syn = left == r.isn and right == r.isn + 1 & MASK
        text = f"; got {'the SYN' if syn else _bytes(r.relative(left), r.relative(right))} twice"
        blocks = blocks[1:]
    if blocks:
        held = ", ".join(f"{r.relative(a)} to {r.relative(b) - 1}" for a, b in blocks)
        text += f"; holds {held} (SACK)"
    return text


def got_twice(segment: Segment) -> tuple[int, int] | None:
    """What the first block of a SACK option reports to have come twice.  RFC 2883 §4."""
    option = kinds.find(segment.options, kinds.SACK)
    if option is None:
        return None
    left, right = option[1]
    inside = len(option) > 2 and geq(left, option[2][0]) and leq(right, option[2][1])
    return (left, right) if inside or leq(right, segment.ack) else None


def _bytes(first: int, end: int) -> str:
    """``bytes 1 to 100`` for 1 and 101."""
    last = end - 1 & MASK
    return f"byte {first}" if last == first else f"bytes {first} to {last}"


def _count(number: int, noun: str = "byte") -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
