"""Taking a reduction back that turned out to be needless: everything had arrived.

Two witnesses: an echoed timestamp older than the first retransmission (RFC 3522), or reports of a
duplicate for every retransmission (RFC 3708).
Source: tcp_may_undo(), tcp_undo_cwnd_reduction() and the tcp_try_undo_*() of tcp_input.c.
"""

from __future__ import annotations

from tcpcore.seqnum import lt
from tcpcore.tcp import departure, ecn, rack, state
from tcpcore.tcp.loss_state import DISORDER, LOSS, OPEN
from tcpcore.tcp.rack import PERSIST
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import Segment


def begin(c: Tcb) -> None:
    """Remember what an undo needs, when a reduction begins (tcp_init_undo())."""
    loss = c.loss
    loss.undo_marker = c.snd_una
    count = c.retrans_out
    if c.probe_end is not None and loss.probe_resent:
        count += 1
    loss.undo_retrans = count or None  # none sent yet: nothing to hope for


def syn_was_not_lost(c: Tcb, segment: Segment, first: int) -> None:
    """The answer echoes our first SYN (or answer to one), of the time `first`: it arrived.

    Source: tcp_try_undo_spurious_syn().
    """
    stamps = wire_options.timestamps(segment.options) if c.timestamps else None
    if stamps is not None and stamps[1] == departure.timestamp(c.timestamp_offset, first):
        c.loss.undo_marker = None


def any_retransmission(c: Tcb) -> bool:
    """Whether one is out, or the oldest segment was ever sent again (tcp_any_retrans_done())."""
    if c.retrans_out:
        return True
    queue = c.retransmission_queue
    return bool(queue) and queue[0].retransmissions > 0


def clean_stamp(c: Tcb) -> None:
    """Nothing is out that was sent again: the episode's clock stops."""
    if not any_retransmission(c):
        c.loss.retrans_stamp = None


def echoes_before(c: Tcb, segment: Segment, when: int) -> bool:
    """Whether the timestamp that comes back is older than what was sent at `when` (in us).

    Source: tcp_tsopt_ecr_before().
    """
    stamps = wire_options.timestamps(segment.options) if c.timestamps else None
    if stamps is None or not stamps[1]:
        return False
    return lt(stamps[1], departure.timestamp(c.timestamp_offset, when))


def delayed(c: Tcb, segment: Segment) -> bool:
    """Whether the ACK is for what was sent before the first retransmission.

    Without a stamp nothing was sent again so far, with two exceptions: without SACK the stamp goes
    when a recovery's end is acknowledged and its state lasts, and with the SYN's acknowledgement
    (tcp_packet_delayed()).
    """
    loss = c.loss
    if loss.retrans_stamp is None:
        end = loss.high_seq
        if not c.sack_permitted and end is not None and not lt(c.snd_una, end):
            return False
        return c.state != state.SYN_SENT
    return echoes_before(c, segment, loss.retrans_stamp)


def may(c: Tcb, segment: Segment) -> bool:
    """Whether the reduction was needless."""
    loss = c.loss
    return loss.undo_marker is not None and (loss.undo_retrans == 0 or delayed(c, segment))


def take_back(c: Tcb, now: int, *, unmark: bool) -> None:
    """Cwnd and ssthresh are as before; with `unmark` nothing counts as lost any more."""
    loss = c.loss
    if unmark:
        for sent in c.retransmission_queue:
            sent.lost = False
        c.lost_out = 0
        if c.board is not None:
            c.board.found()
    if loss.prior_ssthresh:
        c.cwnd = c.congestion.undo(c)
        if loss.prior_ssthresh > c.ssthresh:
            c.ssthresh = loss.prior_ssthresh
            ecn.withdrawn(c)
    loss.cwnd_stamp = now
    loss.undo_marker = None
    loss.rack_advanced = True


def _held_by_reno(c: Tcb) -> bool:
    """Without SACK the state lasts until something above high_seq is acknowledged (RFC 6582)."""
    if c.snd_una == c.loss.high_seq and not c.sack_permitted:
        clean_stamp(c)
        return True
    return False


def try_recovery(c: Tcb, segment: Segment, now: int) -> bool:
    """All is acknowledged: was the reduction needless?  True: stay in the state all the same."""
    loss = c.loss
    if may(c, segment):
        name = "TcpExtTCPLossUndo" if c.ca_state == LOSS else "TcpExtTCPFullUndo"
        take_back(c, now, unmark=False)
        c.tally(name)
    elif loss.rack_steps_persist:
        loss.rack_steps_persist -= 1
    if _held_by_reno(c):
        return True
    c.ca_state = OPEN
    loss.reneging = False
    return False


def try_duplicates(c: Tcb, now: int) -> bool:
    """Every retransmission was reported as a duplicate."""
    loss = c.loss
    if loss.undo_marker is None or loss.undo_retrans != 0:
        return False
    loss.rack_steps_persist = min(PERSIST, loss.rack_steps_persist + 1)
    take_back(c, now, unmark=False)
    c.tally("TcpExtTCPDSACKUndo")
    return True


def try_loss(c: Tcb, segment: Segment, now: int, *, spurious: bool = False) -> bool:
    """After a time-out: was it needless?  `spurious`: F-RTO says so."""
    if not spurious and not may(c, segment):
        return False
    take_back(c, now, unmark=True)
    c.tally("TcpExtTCPLossUndo")
    if spurious:
        c.tally("TcpExtTCPSpuriousRTOs")
    c.retransmissions = 0
    if _held_by_reno(c):
        return True
    if spurious or c.sack_permitted:
        c.ca_state = OPEN
        c.loss.reneging = False
    return True


def try_partial(c: Tcb, segment: Segment, before: int, now: int) -> bool:
    """A part is acknowledged by what was only delayed.  True: do not count more as lost now."""
    loss = c.loss
    if loss.undo_marker is None or not delayed(c, segment):
        return False
    rack.note_reordering(c, before, by_timestamp=True)
    if c.retrans_out:
        return True
    clean_stamp(c)
    take_back(c, now, unmark=True)
    c.tally("TcpExtTCPPartialUndo")
    keep_open(c)
    return False


def keep_open(c: Tcb) -> None:
    """Open, or Disorder while something is out of order (tcp_try_keep_open())."""
    disorder = c.sacked_out or c.lost_out or any_retransmission(c)
    wanted = DISORDER if disorder else OPEN
    if c.ca_state != wanted:
        c.ca_state = wanted
        c.loss.high_seq = c.snd_nxt
