"""The variables of one connection: RFC 9293 §3.3.1's, and what Linux keeps beside them.

Only data lives here.  Who changes it: `arrival` (what segments do), `departure` (what is sent),
`timers`, `connection` (what the application asks).  Times are microseconds, sizes bytes, cwnd and
ssthresh segments, sequence numbers 32-bit.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from tcpcore.seqnum import MASK
from tcpcore.sysctl import Sysctls
from tcpcore.tcp import state
from tcpcore.tcp.autotune import Tuning
from tcpcore.tcp.byte_queue import ByteQueue
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.fast_open import FastOpen
from tcpcore.tcp.flow import Flow
from tcpcore.tcp.ip_fields import IpFields
from tcpcore.tcp.loss_state import OPEN, LossState
from tcpcore.tcp.mtu_search import Search
from tcpcore.tcp.remembered import ByRoute, Metrics
from tcpcore.tcp.scoreboard import Scoreboard
from tcpcore.tcp.sent import SentSegment
from tcpcore.trace import Trace
from tcpcore.why import Reason
from tcpcore.wire.options import NOP_OPTION, TIMESTAMPS


class Journal(Protocol):
    """Where a connection tells what it does.  None costs nothing.

    `trace` keeps what is told.  Without it only changes of state matter (they are counted), and
    nobody need prepare the rest; with it, what nobody counts may be told to the trace itself.
    """

    trace: Trace | None

    def event(
        self, kind: str, subject: str, reason: Reason | None = None, values: Any = None
    ) -> None:
        """Add an event to what is happening now."""

    def count(self, name: str, times: int = 1) -> None:
        """Move a counter of the host."""


INITIAL_CWND = 10
"""Segments (RFC 6928; TCP_INIT_CWND), unless the route says another number."""

INFINITE_SSTHRESH = 0x7FFF_FFFF
"""ssthresh before the first loss (TCP_INFINITE_SSTHRESH)."""

NEVER = -(1 << 50)
"""A time, in us, that lies long before everything."""

NO_STAMPS = (NOP_OPTION, NOP_OPTION, (TIMESTAMPS, -1, -1))

FAR = 1 << 62
"""A time, in us, that never comes."""

DEFAULT_SEND_MSS, DEFAULT_SEND_MSS_6 = 536, 1220
"""What to assume of a peer that sends no MSS option, over IPv4 and IPv6 (RFC 9293 §3.7.1)."""

RTO_INITIAL = 1_000_000
"""RFC 6298 §2.1; TCP_TIMEOUT_INIT."""


class Tcb:
    """The transmission control block; see the module."""

    __slots__ = (
        "ack_deadline", "ack_now", "ack_pending", "ack_pushed", "advertised_mss", "always_quick",
        "answers", "ato", "backoff",
        "board", "by_route", "bytes_acked", "bytes_received", "bytes_retrans", "bytes_sent",
        "ca_state", "challenges",
        "charged", "chrono", "chrono_since", "chrono_spent", "congestion", "corked", "cwnd",
        "cwnd_clamp", "cwnd_counter", "data_segs_in", "data_segs_out", "defer_accept", "delay_max",
        "delivered",
        "due", "duplicate_block", "duplicates_at", "duplicates_sent", "ecn", "end_read", "ends",
        "error", "fast_open", "fin_at",
        "fin_queued", "fin_sent", "flow", "goes_along",
        "held_acks", "initial_cwnd", "initial_rwnd", "ip", "irs",
        "iss",
        "joined_out", "journal", "keep_count", "keep_idle", "keep_interval", "keepalive",
        "keepalive_deadline", "lacks_space", "last_ack_received", "last_challenge",
        "last_data_received", "last_data_sent", "last_segment_size", "last_sent_at", "linger",
        "linger2", "local", "local_port", "loss", "loss_probe", "lost_out", "max_window", "mdev",
        "mdev_max", "merged_mss", "metrics", "min_rtt", "mss_limit", "mss_window", "name",
        "no_memory", "no_news", "no_reader", "no_writer", "nodelay", "notsent_lowat", "orphan",
        "out", "out_of_order",
        "pacing_deadline", "packets", "path_mtu",
        "peer_mss", "pingpong", "probe_deadline", "probe_end", "probes_out", "probing_since",
        "pushed_seq", "quick_acks", "rcv_closed", "rcv_mss", "rcv_nxt", "rcv_ooopack", "rcv_scale",
        "rcv_ssthresh", "rcv_wnd", "rcv_wup", "rcvbuf", "rcvbuf_locked", "receive_buffer",
        "record_ends", "rehashes", "remote", "remote_port", "request_out", "retrans_out",
        "retransmission_queue",
        "retransmissions", "retransmit_deadline", "retransmit_since", "reuse_address", "reuse_port",
        "rmem",
        "rto", "rto_stamp", "rtt_sequence", "rttvar", "sack_blocks", "sack_permitted",
        "sacked_out", "scaling", "scaling_ratio", "search", "segs_in", "segs_out", "send_buffer",
        "shut_early", "small", "small_sent_end", "snd_mss", "snd_nxt", "snd_scale", "snd_una",
        "snd_up",
        "snd_wl1", "snd_wnd", "sndbuf", "sndbuf_locked", "soft_error", "spaces", "srtt", "ssthresh",
        "stamps", "state",
        "syn_retries", "sysctl", "thin_linear", "timestamp_offset", "timestamps", "total_retrans",
        "total_rto", "total_rto_recoveries", "total_rto_time", "ts_recent", "ts_recent_at",
        "tuning", "turn", "unpredicted", "unread", "urg_data", "urg_inline", "urg_seq",
        "user_timeout",
        "wait_deadline", "waiters", "wakes_at", "window_clamp", "write_end",
    )  # fmt: skip

    def __init__(
        self,
        local: str,
        local_port: int,
        remote: str,
        remote_port: int,
        sysctl: Sysctls,
        iss: int,
        timestamp_offset: int = 0,
        mss: int = 1460,
        journal: Journal | None = None,
    ) -> None:
        self.local = local
        self.local_port = local_port
        self.remote = remote
        self.remote_port = remote_port
        self.ends = (local, local_port, remote, remote_port)
        self.name = f"{local}:{local_port} > {remote}:{remote_port}"
        self.sysctl = sysctl
        self.journal = journal
        self.state = state.CLOSED
        self.error: int | None = None  # errno that the next call reports
        self.soft_error: int | None = None  # errno to name if the connection is given up
        self.orphan = False  # no application holds the socket any more
        self.small = False  # an orphan in FIN_WAIT_2, of which little is kept
        self.no_reader = False  # shutdown(SHUT_RD): the application reads no more
        self.no_writer = False  # shutdown(SHUT_WR) before the connection began
        self.out: list[Any] = []  # segments made in the current step
        self._start_sending(iss, sysctl.tcp_wmem[1])
        self._start_receiving(mss, sysctl.tcp_rmem[1])
        self._start_measuring(iss)
        self._start_acknowledging()
        self._start_timers()
        self._start_counting()
        self.scaling = self.timestamps = self.sack_permitted = False  # options agreed on
        self.ecn = 0  # bits of `ecn`
        self.timestamp_offset = timestamp_offset
        self.ts_recent = 0
        self.ts_recent_at = 0
        self.stamps: tuple[Any, ...] = NO_STAMPS  # the timestamps option sent last
        self.path_mtu = mss + (60 if ":" in remote else 40)
        self.search: Search | None = None  # for the path MTU (`mtu_probing`)

    def _start_sending(self, iss: int, sndbuf: int) -> None:
        self.iss = self.snd_una = self.snd_nxt = iss
        self.snd_wnd = 0
        self.snd_wl1 = 0
        self.max_window = 0  # the largest snd_wnd ever seen
        self.mss_window = 0  # what it was when it last changed the MSS (tcp_sync_mss())
        self.snd_scale = 0
        self.peer_mss = 0  # what the peer asked for (mss_clamp)
        self.snd_mss = DEFAULT_SEND_MSS_6 if ":" in self.remote else DEFAULT_SEND_MSS
        self.sndbuf = sndbuf  # bytes that may be queued
        self.sndbuf_locked = False  # SO_SNDBUF has fixed it
        self.linger: int | None = None  # SO_LINGER, us; None: off
        self.linger2 = 0  # TCP_LINGER2, us; 0: the sysctl decides; negative: do not wait
        self.send_buffer = ByteQueue()  # from snd_una's byte on
        self.write_end = iss  # sequence number after the last byte written
        self.record_ends: deque[int] = deque()  # MSG_EOR: see `records`
        self.packets: deque[list[int]] = deque()  # the write queue: end, and PSH or 0
        self.goes_along = False  # what is sent now leaves in a large packet with what went before
        self.turn = 0  # how often the clock was looked at: tells sendings of one microsecond apart
        self.pushed_seq = (iss + 1) & MASK  # where the last PSH stands
        self.small_sent_end = iss  # end of the last segment smaller than the MSS (Minshall)
        self.fin_queued: Reason | None = None
        self.shut_early: Reason | None = None  # shutdown() in SYN_RECV: FIN follows the handshake
        self.fin_sent = False
        self.nodelay = False  # TCP_NODELAY
        self.notsent_lowat = 0  # TCP_NOTSENT_LOWAT; 0: the sysctl decides
        self.corked = False  # TCP_CORK
        self.lacks_space = False  # the application found no room (SOCK_NOSPACE)
        self.spaces = 0  # how often there was room again
        self.snd_up: int | None = None  # end of urgent data; None: all of it is acknowledged

    def _start_receiving(self, mss: int, rcvbuf: int) -> None:
        self.irs = 0
        self.rcv_nxt = 0
        self.rcv_wnd = 0
        self.rcv_wup = 0  # rcv_nxt when the window was last advertised
        self.rcv_scale = 0
        self.rcv_ssthresh = 0
        self.rcvbuf = rcvbuf  # memory, as SO_RCVBUF counts it
        self.rcvbuf_locked = False  # SO_RCVBUF has fixed it
        self.no_memory = False  # what came last found no room: the next ACK shuts the window
        self.rmem = 0  # of it in use
        self.charged = 0  # of it taken in pages (sk_forward_alloc is the difference)
        self.scaling_ratio = 128  # payload per memory, in 1/256
        self.initial_rwnd = 0  # segments; 0: as the buffer allows
        self.window_clamp = 0
        self.unread: deque[list[int]] = deque()  # [bytes, memory, room behind] of each packet
        self.unpredicted = False  # header prediction is off: each packet asks whether there is room
        self.tuning = Tuning()
        self.rcv_mss = 536  # what the peer seems to use as its segment size
        self.merged_mss = 0  # as the device says of packets it merged (gso_size); 0: none
        self.receive_buffer = bytearray()
        self.rcv_closed = False  # the peer's FIN has been taken in order
        self.end_read = False  # and the application has read beyond the data, up to it
        self.fin_at: int | None = None  # where the peer's FIN stands, once seen
        # (seq, payload, memory, room behind), sorted, of which none holds the next:
        self.out_of_order: list[tuple[int, bytes, int, int]] = []
        self.sack_blocks: list[tuple[int, int]] = []  # to report, the latest first
        self.duplicate_block: tuple[int, int] | None = None  # to report once (DSACK)
        self.advertised_mss = self.mss_limit = mss  # what we say; what we send at most
        self.urg_data = 0  # the peer's urgent byte, and what became of it; see `urgent`
        self.urg_seq = 0  # where it stands
        self.urg_inline = False  # SO_OOBINLINE
        self.thin_linear = 0  # TCP_THIN_LINEAR_TIMEOUTS
        self.delay_max = 200_000  # TCP_DELACK_MAX_US

    def _start_measuring(self, iss: int) -> None:
        self.srtt = 0
        self.mdev = 0
        self.mdev_max = 0
        self.rttvar = 0
        self.min_rtt = 0  # of a window: `rate.measured`
        self.rtt_sequence = iss
        self.rto = RTO_INITIAL
        self.backoff = 0
        self.retransmissions = 0  # time-outs in a row
        self.retransmit_since = 0  # when what is being retransmitted was first sent; 0: nothing is
        self.retransmission_queue: deque[SentSegment] = deque()
        self.joined_out = 0  # segments of the queue that left the host with the next (`sent`)
        self.sacked_out = 0  # segments of the queue that are selectively acknowledged
        self.lost_out = 0  # that are counted as lost
        self.retrans_out = 0  # that were sent again, and are on their way
        self.request_out = 0  # 1: the head of the queue is a SYN+ACK of the request, not of ours
        self.board: Scoreboard | None = None  # see there; None while all is in order
        self.ca_state = OPEN
        self.metrics: dict[str, Metrics] | None = None  # of other hosts; None: once over, too
        self.loss = LossState(self.sysctl.tcp_reordering)
        self.congestion = registry.create(self.sysctl.tcp_congestion_control)
        self.flow = Flow()
        self.probe_end: int | None = None  # snd.nxt when a tail loss probe went out
        self.cwnd = self.initial_cwnd = INITIAL_CWND
        self.cwnd_clamp = INFINITE_SSTHRESH  # a route's locked cwnd, once it is in `metrics`
        self.by_route: ByRoute | None = None
        self.cwnd_counter = 0  # segments acknowledged toward the next step of avoidance
        self.ssthresh = INFINITE_SSTHRESH

    def _start_acknowledging(self) -> None:
        self.ato = 0
        self.quick_acks = 0
        self.always_quick = False  # the route's quickack
        self.pingpong = 0
        self.answers = 0  # that came soon after data, before there is ping-pong
        self.ack_pending = False
        self.ack_now = False  # the pending ACK must not wait
        self.held_acks = 0  # that one will stand for; see `ack_compression`
        self.duplicates_sent = 0  # duplicate ACKs that went out at once
        self.duplicates_at = 0  # the rcv.nxt that they said
        self.ack_pushed = 0  # small segments since the last ACK: none, one, more
        self.last_segment_size = 0
        self.last_data_received = NEVER
        self.last_data_sent = 0
        self.last_sent_at = NEVER  # anything, ACKs included
        self.last_challenge: int | None = None
        self.challenges: Any = None  # its host's `challenge.Budget`

    def _start_timers(self) -> None:
        self.due = FAR  # no deadline is earlier
        # Its host's: when it looks at the timers next, which processes wait, and whether the last
        # segment brought nothing that they may wait for.
        self.wakes_at = FAR
        self.waiters: Any = None
        self.no_news = False
        # Deadlines; None: the timer is off.
        self.retransmit_deadline: int | None = None
        self.loss_probe = False  # it fires as a tail loss probe, not as a time-out
        self.ack_deadline: int | None = None
        self.pacing_deadline: int | None = None
        self.probe_deadline: int | None = None
        self.keepalive_deadline: int | None = None
        self.wait_deadline: int | None = None  # TIME_WAIT, or an orphan in FIN_WAIT_2
        # What socket options ask for; 0: the sysctl decides.
        self.reuse_address = self.reuse_port = False  # SO_REUSEADDR, SO_REUSEPORT
        self.keepalive = False  # SO_KEEPALIVE
        self.ip = IpFields(self.iss & 0xFFFF, 60 if ":" in self.remote else 40)
        self.keep_idle = 0  # TCP_KEEPIDLE, us
        self.keep_interval = 0  # TCP_KEEPINTVL, us
        self.keep_count = 0  # TCP_KEEPCNT
        self.user_timeout = 0  # TCP_USER_TIMEOUT, us
        self.syn_retries = 0  # TCP_SYNCNT
        self.defer_accept = 0  # TCP_DEFER_ACCEPT, in time-outs
        self.fast_open: FastOpen | None = None
        # Probes of a shut window and of a silent peer.
        self.probes_out = 0
        self.probing_since: int | None = None
        self.last_ack_received = 0

    def _start_counting(self) -> None:
        """What `struct tcp_info` shows; RFC 4898 has names and meanings."""
        self.bytes_acked = 0  # SYN and FIN are one each; the SYN of a passive open is not counted
        self.bytes_received = 0
        self.bytes_sent = 0
        self.bytes_retrans = 0
        self.segs_in = 0
        self.segs_out = 0
        self.data_segs_in = 0
        self.data_segs_out = 0
        self.delivered = 0
        self.total_retrans = 0
        self.total_rto = 0
        self.total_rto_recoveries = 0
        self.rehashes = 0  # time-outs that look for another way through the network
        self.total_rto_time = 0  # ms, of the recoveries that are over
        self.rto_stamp: int | None = None  # when the one under way began, us
        self.rcv_ooopack = 0
        self.chrono = 0  # what time goes by; see `chrono`
        self.chrono_since = 0
        self.chrono_spent = [0, 0, 0]

    def start_at(self, iss: int) -> None:
        """Use another initial sequence number, before anything was sent."""
        self.iss = self.snd_una = self.snd_nxt = self.write_end = iss
        self.small_sent_end = self.rtt_sequence = iss
        self.pushed_seq = (iss + 1) & MASK

    def event(self, kind: str, reason: Reason | None, values: Any = None) -> None:
        """Tell the journal, if there is one."""
        if self.journal is not None:
            self.journal.event(kind, self.name, reason, values)

    def tally(self, name: str, times: int = 1) -> None:
        """Move a counter of the host, by its `nstat` name."""
        if self.journal is not None:
            self.journal.count(name, times)
