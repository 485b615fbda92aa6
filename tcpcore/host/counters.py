"""Counters under their `nstat` names (net/ipv4/proc.c), counted where the kernel counts."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Sequence
from typing import Any

from tcpcore import reasons
from tcpcore.tcp import state
from tcpcore.tcp.challenge import CHALLENGES
from tcpcore.why import Reason
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

ACTIVE_OPENS = "TcpActiveOpens"
PASSIVE_OPENS = "TcpPassiveOpens"
ATTEMPT_FAILS = "TcpAttemptFails"
ESTAB_RESETS = "TcpEstabResets"
IN_SEGS = "TcpInSegs"
OUT_SEGS = "TcpOutSegs"
RETRANS_SEGS = "TcpRetransSegs"
OUT_RSTS = "TcpOutRsts"
IN_ERRS = "TcpInErrs"
IN_CSUM_ERRORS = "TcpInCsumErrors"
ICMP_IN = "IcmpInMsgs"
ICMP_UNREACHABLE = "IcmpInDestUnreachs"
ICMP_TIME_EXCEEDED = "IcmpInTimeExcds"
LISTEN_OVERFLOWS = "TcpExtListenOverflows"
LISTEN_DROPS = "TcpExtListenDrops"
REQ_QUEUE_FULL_DROP = "TcpExtTCPReqQFullDrop"
REQ_QUEUE_FULL_COOKIES = "TcpExtTCPReqQFullDoCookies"
COOKIES_SENT = "TcpExtSyncookiesSent"
COOKIES_RECEIVED = "TcpExtSyncookiesRecv"
COOKIES_FAILED = "TcpExtSyncookiesFailed"
DEFER_ACCEPT_DROP = "TcpExtTCPDeferAcceptDrop"
EMBRYONIC_RESETS = "TcpExtEmbryonicRsts"
ACK_SKIPPED_SYN_RECV = "TcpExtTCPACKSkippedSynRecv"
ECHO_REJECTED = "TcpExtTSEcrRejected"
MD5_UNEXPECTED = "TcpExtTCPMD5Unexpected"
PAWS_REJECTED = "TcpExtPAWSEstab"
SYN_RETRANS = "TcpExtTCPSynRetrans"
FAST_OPEN_ACTIVE = "TcpExtTCPFastOpenActive"
FAST_OPEN_ACTIVE_FAIL = "TcpExtTCPFastOpenActiveFail"
FAST_OPEN_PASSIVE = "TcpExtTCPFastOpenPassive"
FAST_OPEN_PASSIVE_FAIL = "TcpExtTCPFastOpenPassiveFail"
FAST_OPEN_PASSIVE_ALT_KEY = "TcpExtTCPFastOpenPassiveAltKey"
FAST_OPEN_OVERFLOW = "TcpExtTCPFastOpenListenOverflow"
FAST_OPEN_COOKIE_REQUESTED = "TcpExtTCPFastOpenCookieReqd"
FAST_OPEN_BLACKHOLE = "TcpExtTCPFastOpenBlackhole"
PAWS_PASSIVE = "TcpExtPAWSPassive"
TIME_WAIT_OVERFLOW = "TcpExtTCPTimeWaitOverflow"
TIMEOUTS = "TcpExtTCPTimeouts"
CHALLENGE_ACKS = "TcpExtTCPChallengeACK"
SYN_CHALLENGES = "TcpExtTCPSYNChallenge"
SKIPPED_CHALLENGES = "TcpExtTCPACKSkippedChallenge"  # not compared: a tie in time may decide
ABORT_ON_TIMEOUT = "TcpExtTCPAbortOnTimeout"
ABORT_ON_CLOSE = "TcpExtTCPAbortOnClose"
ABORT_ON_DATA = "TcpExtTCPAbortOnData"
RECEIVE_QUEUE_DROP = "TcpExtTCPRcvQDrop"
OUT_OF_ORDER_DROP = "TcpExtTCPOFODrop"
DELAYED_ACKS = "TcpExtDelayedACKs"
ORIGINAL_DATA_SENT = "TcpExtTCPOrigDataSent"
TIME_WAITED = "TcpExtTW"
TIME_WAITS_KILLED = "TcpExtTWKilled"
TIME_WAITS_RECYCLED = "TcpExtTWRecycled"
TIMEOUT_REHASHES = "TcpExtTcpTimeoutRehash"
KEEPALIVES = "TcpExtTCPKeepAlive"
WINDOW_PROBES = "TcpExtTCPWinProbe"
WINDOWS_SHUT = "TcpExtTCPToZeroWindowAdv"
WINDOWS_OPENED = "TcpExtTCPFromZeroWindowAdv"
WINDOWS_WANTED_SHUT = "TcpExtTCPWantZeroWindowAdv"
HYSTART_DELAY_FOUND = "TcpExtTCPHystartDelayDetect"
HYSTART_DELAY_CWND = "TcpExtTCPHystartDelayCwnd"
ABORT_ON_LINGER = "TcpExtTCPAbortOnLinger"
LOSS_FAILURES = "TcpExtTCPLossFailures"

COMPARED = (
    ACTIVE_OPENS,
    PASSIVE_OPENS,
    ATTEMPT_FAILS,
    ESTAB_RESETS,
    IN_SEGS,
    OUT_SEGS,
    RETRANS_SEGS,
    OUT_RSTS,
    LISTEN_OVERFLOWS,
    LISTEN_DROPS,
    REQ_QUEUE_FULL_DROP,
    REQ_QUEUE_FULL_COOKIES,
    COOKIES_SENT,
    COOKIES_RECEIVED,
    COOKIES_FAILED,
    DEFER_ACCEPT_DROP,
    EMBRYONIC_RESETS,
    ACK_SKIPPED_SYN_RECV,
    ECHO_REJECTED,
    PAWS_REJECTED,
    SYN_RETRANS,
    FAST_OPEN_ACTIVE,
    FAST_OPEN_ACTIVE_FAIL,
    FAST_OPEN_PASSIVE,
    FAST_OPEN_PASSIVE_FAIL,
    FAST_OPEN_PASSIVE_ALT_KEY,
    FAST_OPEN_OVERFLOW,
    FAST_OPEN_COOKIE_REQUESTED,
    TIME_WAIT_OVERFLOW,
    TIMEOUTS,
    CHALLENGE_ACKS,
    SYN_CHALLENGES,
    ABORT_ON_TIMEOUT,
    ABORT_ON_CLOSE,
    ABORT_ON_DATA,
    DELAYED_ACKS,
    RECEIVE_QUEUE_DROP,
    OUT_OF_ORDER_DROP,
    ORIGINAL_DATA_SENT,
    TIME_WAITED,
    TIME_WAITS_KILLED,
    TIME_WAITS_RECYCLED,
    TIMEOUT_REHASHES,
    KEEPALIVES,
    WINDOW_PROBES,
    WINDOWS_SHUT,
    WINDOWS_OPENED,
    WINDOWS_WANTED_SHUT,
    HYSTART_DELAY_FOUND,
    HYSTART_DELAY_CWND,
    ABORT_ON_LINGER,
    LOSS_FAILURES,
)
"""The counters that move here exactly as a kernel's do; others a kernel has, and we have not."""

_BY_REASON = {
    reasons.DUPLICATE_SYN: (SYN_CHALLENGES,),
    reasons.RATE_LIMITED_CHALLENGE: (SKIPPED_CHALLENGES,),
    reasons.RATE_LIMITED_OPENING: (ACK_SKIPPED_SYN_RECV,),
    reasons.OLD_TIMESTAMP: (PAWS_REJECTED,),
    reasons.SIGNED: (MD5_UNEXPECTED,),
    reasons.GIVE_UP_CONNECT: (ABORT_ON_TIMEOUT,),
    reasons.GIVE_UP_DATA: (ABORT_ON_TIMEOUT,),
    reasons.UNREAD_DATA: (ABORT_ON_CLOSE,),
    reasons.DATA_TO_ORPHAN: (ABORT_ON_DATA,),
    reasons.LINGER_ZERO: (ABORT_ON_DATA,),
    reasons.KEEPALIVE_GIVE_UP: (ABORT_ON_TIMEOUT,),
    reasons.RECEIVE_QUEUE_FULL: (RECEIVE_QUEUE_DROP,),
    reasons.OUT_OF_ORDER_QUEUE_FULL: (OUT_OF_ORDER_DROP,),
}

_PLAIN = frozenset(
    (
        reasons.DATA, reasons.ACK_QUICK, reasons.ACK_SECOND, reasons.ACK_WINDOW,
        reasons.ACK_OUT_OF_ORDER, reasons.ACK_HOLE_FILLED, reasons.ACK_DUPLICATE,
        reasons.ACK_COMPRESSED, reasons.ACK_NEARLY_DUE,
    )
)  # fmt: skip
"""Of what is sent for these reasons, nothing else is counted."""

_OWN_WISH = (reasons.CLOSED_BEFORE_OPEN, reasons.LINGER_ZERO)
_RARE = SYN | RST
_SYN_ACK = SYN | ACK
_CROSSING, _DELAYED, _DATA = reasons.SIMULTANEOUS_SYN, reasons.ACK_DELAYED, reasons.DATA


def shown(raw: tuple[Any, ...]) -> dict[str, int]:
    """What `Counters.raw` says, by name; who never moved is not there."""
    came, left, data, rare = raw
    found = {IN_SEGS: came, OUT_SEGS: left, ORIGINAL_DATA_SENT: data}
    return {name: count for name, count in found.items() if count} | dict(rare)


class Counters:
    """Counts by name; a counter that never moved is absent, as `nstat` shows it, and reads 0.

    A `Mapping`, though not derived from it: it is compiled, and moves with every segment.

    Those that move with every segment, `in_segs`, `out_segs` and `data_segs` (of new data), are
    attributes besides.
    """

    __slots__ = ("_named", "_rare", "data_segs", "in_segs", "out_segs")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing has moved: the host has booted."""
        self.in_segs = self.out_segs = self.data_segs = 0
        self._named: dict[str, int] = {}
        self._rare: tuple[tuple[str, int], ...] | None = ()  # the same for `raw`

    def raw(self) -> tuple[Any, ...]:
        """``(in_segs, out_segs, data_segs, ((name, count) ...))``.

        The last stays one object while it can.
        """
        if self._rare is None:
            self._rare = tuple(self._named.items())
        return self.in_segs, self.out_segs, self.data_segs, self._rare

    def __getitem__(self, name: str) -> int:
        if name == IN_SEGS:
            return self.in_segs
        if name == OUT_SEGS:
            return self.out_segs
        return self.data_segs if name == ORIGINAL_DATA_SENT else self._named.get(name, 0)

    def __contains__(self, name: object) -> bool:
        return name in shown(self.raw())

    def __iter__(self) -> Iterator[str]:
        return iter(shown(self.raw()))

    def __len__(self) -> int:
        return len(shown(self.raw()))

    def keys(self) -> KeysView[str]:
        """The names of those that moved."""
        return shown(self.raw()).keys()

    def items(self) -> ItemsView[str, int]:
        """Those that moved, and how far."""
        return shown(self.raw()).items()

    def get(self, name: str, default: Any = None) -> Any:
        """The count, or `default` where the counter never moved."""
        return shown(self.raw()).get(name, default)

    def count(self, name: str, times: int = 1) -> None:
        """Move a counter."""
        named = self._named
        if name in named:
            named[name] += times
            self._rare = None
        elif name == IN_SEGS:
            self.in_segs += times
        elif name == OUT_SEGS:
            self.out_segs += times
        elif name == ORIGINAL_DATA_SENT:
            self.data_segs += times
        else:
            named[name] = times
            self._rare = None

    def sent(self, segments: Sequence[Segment]) -> None:
        """Count what goes out, as __tcp_transmit_skb() and tcp_make_synack() do."""
        plain, data = len(segments), 0
        for segment in segments:
            reason = segment.reason
            if reason is None or reason.why not in _PLAIN or segment.flags & _RARE:
                plain -= 1
                self._sent(segment, reason)
            elif reason.why is _DATA:
                data += 1
        self.out_segs += plain
        self.data_segs += data

    def _sent(self, segment: Segment, reason: Reason | None) -> None:
        """What is sent again is no OutSeg, but for a SYN+ACK, which is made anew each time.

        Where two SYNs cross, the SYN+ACK is our SYN sent again.
        """
        flags, why, again = segment.flags, None, 0
        if reason is not None:
            why, again = reason.why, reason.retransmission
        if why is not _CROSSING and (not again or flags & _SYN_ACK == _SYN_ACK):
            self.out_segs += 1
        if not again and (segment.payload or flags & FIN):
            self.data_segs += 1
        if flags & RST:
            self.count(OUT_RSTS)
        elif why in CHALLENGES:
            self.count(CHALLENGE_ACKS)
        elif why is _DELAYED:
            self.count(DELAYED_ACKS)
        if again:
            self.count(RETRANS_SEGS)
            if flags & SYN:
                self.count(SYN_RETRANS)

    def noted(self, reason: Reason | None) -> None:
        """Count what an event's reason stands for."""
        if reason is not None:
            for name in _BY_REASON.get(reason.why, ()):
                self.count(name)

    def state_changed(self, old: str, new: str, reason: Reason | None = None) -> None:
        """Count what tcp_set_state() and tcp_done() count.

        A socket that its own program closes in SYN_SENT, or aborts, does not pass tcp_done(): no
        attempt that failed (__tcp_close()).
        """
        if new == state.SYN_SENT:
            self.count(ACTIVE_OPENS)
        elif new == state.CLOSED:
            if old in (state.SYN_SENT, state.SYN_RECV):
                if reason is None or reason.why not in _OWN_WISH:
                    self.count(ATTEMPT_FAILS)
            elif old in (state.ESTABLISHED, state.CLOSE_WAIT):
                self.count(ESTAB_RESETS)
