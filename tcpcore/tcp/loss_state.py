"""The variables of loss recovery, kept apart: most connections never change them.

Names are Linux's; times are microseconds, counts segments.  Source: struct tcp_sock,
struct tcp_rack in include/linux/tcp.h.
"""

from __future__ import annotations

from tcpcore.seqnum import gt

OPEN, DISORDER, CWR, RECOVERY, LOSS = range(5)
"""The states of congestion avoidance (TCP_CA_Open ...)."""

CA_STATES = ("Open", "Disorder", "CWR", "Recovery", "Loss")


class LossState:
    """See the module."""

    __slots__ = (
        "cwnd_limited",
        "cwnd_stamp",
        "cwnd_used",
        "delivered_marked",
        "dsack_dups",
        "frto",
        "head_start",
        "high_seq",
        "lost",
        "max_packets_out",
        "prior_cwnd",
        "prior_ssthresh",
        "probe_resent",
        "prr_delivered",
        "prr_out",
        "rack_advanced",
        "rack_dsack_seen",
        "rack_end",
        "rack_last_delivered",
        "rack_order",
        "rack_rtt",
        "rack_rtt_order",
        "rack_steps",
        "rack_steps_persist",
        "rack_time",
        "reneging",
        "reo_deadline",
        "reordering",
        "reordering_seen",
        "resent_end",
        "retrans_stamp",
        "undo_marker",
        "undo_retrans",
        "usage_end",
    )  # fmt: skip

    def __init__(self, reordering: int) -> None:
        self.high_seq: int | None = None  # snd.nxt when the state was entered
        self.lost = 0  # segments that were ever counted as lost
        self.dsack_dups = 0  # segments that the peer reported to have twice
        self.retrans_stamp: int | None = None  # when the first retransmission of this episode went
        self.resent_end: int | None = None  # end of the highest segment sent again; None: none is
        self.head_start: int | None = None  # where the oldest one began, if a part is acknowledged
        self.reneging = False  # the peer dropped what it had selectively acknowledged
        # To undo, when it turns out that nothing was lost:
        self.prior_ssthresh = 0
        self.prior_cwnd = 0
        self.delivered_marked = 0  # segments whose ACKs had ECE
        self.undo_marker: int | None = None  # snd.una when cwnd was reduced
        self.undo_retrans: int | None = None  # retransmissions not yet reported as duplicates
        self.frto = False  # RFC 5682: find out whether a time-out was spurious
        # Reordering, in segments, and whether any was seen:
        self.reordering = reordering
        self.reordering_seen = 0
        # RACK (RFC 8985): the latest sending of what is known to have arrived.
        self.rack_time = self.rack_order = 0
        self.rack_end = 0
        self.rack_rtt = self.rack_rtt_order = 0
        self.rack_advanced = False
        self.rack_dsack_seen = False
        self.rack_steps = 1  # of a quarter of the least round trip
        self.rack_steps_persist = 0  # recoveries for which more steps stay
        self.rack_last_delivered = 0
        self.reo_deadline = False  # the retransmission timer waits for the reordering window
        # Proportional rate reduction (RFC 9937):
        self.prr_delivered = 0
        self.prr_out = 0
        self.probe_resent = False  # the tail loss probe was a retransmission
        # Whether cwnd is what limits us (RFC 7661):
        self.cwnd_limited = False
        self.max_packets_out = 0
        self.usage_end: int | None = None
        self.cwnd_used = 0
        self.cwnd_stamp = 0

    def sent_again(self, end: int) -> None:
        """What ends there was sent again: how far in the queue there is anything of that kind."""
        if self.resent_end is None or gt(end, self.resent_end):
            self.resent_end = end
