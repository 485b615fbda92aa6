"""The state machine of TCP as one table: the only source of state changes.

The figure, the tables of the book, the tests and the player all read `TRANSITIONS`.  RFC 9293 draws
arrows with conditions; they vanish once a segment is split into events in the order of RFC 9293
§3.10.7.4: "a FIN that also acknowledges our FIN" is ``ACK_OF_FIN``, then ``FIN``.
What is no state change (windows, timers, congestion) stays out.  State names are Linux's.
"""

from __future__ import annotations

from typing import NamedTuple

CLOSED = "CLOSED"
LISTEN = "LISTEN"
SYN_SENT = "SYN_SENT"
SYN_RECV = "SYN_RECV"
ESTABLISHED = "ESTABLISHED"
FIN_WAIT_1 = "FIN_WAIT_1"
FIN_WAIT_2 = "FIN_WAIT_2"
CLOSE_WAIT = "CLOSE_WAIT"
CLOSING = "CLOSING"
LAST_ACK = "LAST_ACK"
TIME_WAIT = "TIME_WAIT"

STATES = (
    CLOSED,
    LISTEN,
    SYN_SENT,
    SYN_RECV,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    TIME_WAIT,
)

PASSIVE_OPEN = "PASSIVE_OPEN"
ACTIVE_OPEN = "ACTIVE_OPEN"
CLOSE = "CLOSE"
ABORT = "ABORT"
SYN = "SYN"
SYN_ACK = "SYN_ACK"
ACK_OF_SYN = "ACK_OF_SYN"
FIN = "FIN"
ACK_OF_FIN = "ACK_OF_FIN"
RST = "RST"
TIMEOUT = "TIMEOUT"


class Transition(NamedTuple):
    """One row: in `state`, `event` leads to `next`; `reply` is what goes out; `note` is Linux's."""

    state: str
    event: str
    next: str
    reply: str
    rfc: str
    note: str = ""


_GONE = "the peer reset the connection"
_BOTH_FINS = "RST only when data was unread, or the FIN still waits behind data"
_GIVE_UP = "no answer within the limit that the sysctls set"

TRANSITIONS = (
    Transition(CLOSED, PASSIVE_OPEN, LISTEN, "", "RFC 9293 §3.10.1"),
    Transition(CLOSED, ACTIVE_OPEN, SYN_SENT, "SYN", "RFC 9293 §3.10.1"),
    Transition(
        LISTEN,
        SYN,
        SYN_RECV,
        "SYN+ACK",
        "RFC 9293 §3.10.7.2",
        "Linux keeps the listener in LISTEN; a small request in the SYN queue is in SYN_RECV",
    ),
    Transition(LISTEN, CLOSE, CLOSED, "", "RFC 9293 §3.10.4"),
    Transition(SYN_SENT, SYN_ACK, ESTABLISHED, "ACK", "RFC 9293 §3.10.7.3"),
    Transition(SYN_SENT, SYN, SYN_RECV, "SYN+ACK", "RFC 9293 §3.5", "simultaneous open"),
    Transition(SYN_SENT, CLOSE, CLOSED, "", "RFC 9293 §3.10.4"),
    Transition(SYN_SENT, RST, CLOSED, "", "RFC 9293 §3.10.7.3", "connect() fails: ECONNREFUSED"),
    Transition(SYN_SENT, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", _GIVE_UP),
    Transition(SYN_RECV, ACK_OF_SYN, ESTABLISHED, "", "RFC 9293 §3.10.7.4"),
    Transition(SYN_RECV, CLOSE, FIN_WAIT_1, "FIN", "RFC 9293 §3.10.4"),
    Transition(SYN_RECV, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(SYN_RECV, ABORT, CLOSED, "RST", "RFC 9293 §3.10.5", "also what Fast Open left"),
    Transition(SYN_RECV, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", _GIVE_UP),
    Transition(ESTABLISHED, CLOSE, FIN_WAIT_1, "FIN", "RFC 9293 §3.10.4"),
    Transition(ESTABLISHED, FIN, CLOSE_WAIT, "ACK", "RFC 9293 §3.10.7.4"),
    Transition(ESTABLISHED, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(ESTABLISHED, ABORT, CLOSED, "RST", "RFC 9293 §3.10.5"),
    Transition(ESTABLISHED, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", _GIVE_UP),
    Transition(FIN_WAIT_1, ACK_OF_FIN, FIN_WAIT_2, "", "RFC 9293 §3.10.7.4"),
    Transition(FIN_WAIT_1, FIN, CLOSING, "ACK", "RFC 9293 §3.10.7.4", "simultaneous close"),
    Transition(FIN_WAIT_1, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(FIN_WAIT_1, ABORT, CLOSED, "RST", "RFC 9293 §3.10.5"),
    Transition(FIN_WAIT_1, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", "tcp_orphan_retries"),
    Transition(FIN_WAIT_2, FIN, TIME_WAIT, "ACK", "RFC 9293 §3.10.7.4"),
    Transition(FIN_WAIT_2, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(FIN_WAIT_2, ABORT, CLOSED, "RST", "RFC 9293 §3.10.5"),
    Transition(
        FIN_WAIT_2,
        TIMEOUT,
        CLOSED,
        "",
        "Linux only",
        "an orphan waits for the peer's FIN for tcp_fin_timeout, no longer",
    ),
    Transition(CLOSE_WAIT, CLOSE, LAST_ACK, "FIN", "RFC 9293 §3.10.4"),
    Transition(CLOSE_WAIT, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(CLOSE_WAIT, ABORT, CLOSED, "RST", "RFC 9293 §3.10.5"),
    Transition(CLOSE_WAIT, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", _GIVE_UP),
    Transition(CLOSING, ACK_OF_FIN, TIME_WAIT, "", "RFC 9293 §3.10.7.4"),
    Transition(CLOSING, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(CLOSING, ABORT, CLOSED, "", "RFC 9293 §3.10.5", _BOTH_FINS),
    Transition(CLOSING, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", "tcp_orphan_retries"),
    Transition(LAST_ACK, ACK_OF_FIN, CLOSED, "", "RFC 9293 §3.10.7.4"),
    Transition(LAST_ACK, RST, CLOSED, "", "RFC 9293 §3.10.7.4", _GONE),
    Transition(LAST_ACK, ABORT, CLOSED, "", "RFC 9293 §3.10.5", _BOTH_FINS),
    Transition(LAST_ACK, TIMEOUT, CLOSED, "", "RFC 9293 §3.10.8", "tcp_orphan_retries"),
    Transition(
        TIME_WAIT,
        TIMEOUT,
        CLOSED,
        "",
        "RFC 9293 §3.10.8",
        "2 MSL in the RFC; Linux waits a fixed 60 s",
    ),
    Transition(TIME_WAIT, RST, CLOSED, "", "RFC 9293 §3.10.7.4", "TIME-WAIT assassination"),
)

NEXT = {(row.state, row.event): row for row in TRANSITIONS}
"""The table by (state, event)."""

HANDSHAKE_DONE = frozenset(
    (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)
)
"""RFC 9293 calls these, all past SYN-RECEIVED, the synchronized states."""

NOT_OVER = HANDSHAKE_DONE - {TIME_WAIT}
"""Where what waits may still be sent, and sent again."""

RECEIVES_DATA = frozenset((ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2))
SENDS_DATA = frozenset((ESTABLISHED, CLOSE_WAIT))
FIN_SENT = frozenset((FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT))
