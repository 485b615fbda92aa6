"""Reasons around the end of a connection: FIN, RST, TIME_WAIT."""

from __future__ import annotations

from tcpcore.why import Why

CLOSE_CALLED = Why(
    "close.fin",
    "The application closed: everything before is sent, so send FIN.",
    "RFC 9293 §3.10.4",
    "tcp_send_fin()",
)
SHUTDOWN_CALLED = Why(
    "close.shutdown",
    "The application shut its sending side down: everything before is sent, so send FIN.",
    "RFC 9293 §3.10.4",
    "tcp_send_fin()",
)
FIN_RECEIVED = Why(
    "close.fin-received",
    "The peer sent FIN: it has no more to say. The application reads end of file.",
    "RFC 9293 §3.10.7.4",
    "tcp_fin()",
)
OUR_FIN_ACKED = Why(
    "close.fin-acked",
    "The peer acknowledged our FIN.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_state_process()",
)
ACK_OF_FIN = Why(
    "close.ack",
    "Acknowledge the peer's FIN at once.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_state_process()",
)
FIN_AGAIN_IN_TIME_WAIT = Why(
    "close.ack-again",
    "The peer's FIN came again, so our last ACK did not arrive: send it again and wait anew.",
    "RFC 9293 §3.10.7.4",
    "tcp_timewait_state_process()",
)
TIME_WAIT_OVER = Why(
    "close.time-wait-over",
    "60 s in TIME_WAIT are over: no old segment can be under way any more. Forget the connection.",
    "RFC 9293 §3.10.8",
    "tw_timer_handler()",
)
TIME_WAIT_STARTS = Why(
    "close.time-wait",
    "Our FIN is acknowledged and theirs has come: wait 60 s in case the last ACK was lost.",
    "RFC 9293 §3.6",
    "tcp_time_wait()",
)
ORPHAN_OVER = Why(
    "close.orphan-over",
    "Nobody holds this socket any more and the peer sent no FIN for {waited}: forget it.",
    "Linux only",
    "tw_timer_handler()",
)
LINGER_ZERO = Why(
    "close.linger-zero",
    "SO_LINGER with 0 seconds: close() throws all away, and resets where the peer still waits.",
    "RFC 9293 §3.10.5",
    "__tcp_close()",
)
NO_FIN_WAIT_2 = Why(
    "close.linger2",
    "TCP_LINGER2 is negative: nobody waits in FIN_WAIT_2 for the peer's FIN.",
    "Linux only",
    "__tcp_close()",
)
UNREAD_DATA = Why(
    "close.unread",
    "The application closed without reading {unread} bytes: reset, so that the peer knows.",
    "RFC 2525 §2.17",
    "tcp_close()",
)
DATA_AFTER_FIN = Why(
    "reset.data-after-fin",
    "It brings data from beyond the peer's own FIN, which ended its data: reset.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_state_process()",
)
DATA_TO_ORPHAN = Why(
    "reset.data-after-close",
    "Data for a socket that the application has closed: nobody will read it, so reset.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_state_process()",
)
DATA_TO_FIN_WAIT_2 = Why(
    "reset.data-in-fin-wait-2",
    "Data, and only a FIN is waited for: the application has closed, nobody will read it: reset.",
    "RFC 9293 §3.10.7.4",
    "tcp_timewait_state_process()",  # a small stand-in for the socket, which counts no abort
)
ABORTED = Why(
    "reset.abort",
    "The connection is aborted: tell the peer with RST.",
    "RFC 9293 §3.10.5",
    "tcp_send_active_reset()",
)
RESET_BY_PEER = Why(
    "reset.by-peer",
    "An RST exactly at the next expected byte: the connection is gone.",
    "RFC 9293 §3.10.7.4",
    "tcp_reset()",
)
CLOSED_BEFORE_OPEN = Why(
    "close.before-open",
    "The application closed before an answer came: forget the attempt, without a word.",
    "RFC 9293 §3.10.4",
    "tcp_close()",
)
