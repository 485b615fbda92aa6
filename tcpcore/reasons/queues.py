"""Reasons of a listener and its queues: full queues, SYN cookies, deferred accept."""

from __future__ import annotations

from tcpcore.why import Why

ACCEPT_QUEUE_FULL_SYN = Why(
    "queue.accept-full-syn",
    "The accept queue is full ({length} > {backlog}): the SYN is dropped without an answer.",
    "Linux only",
    "tcp_conn_request()",
)
SYN_QUEUE_FULL = Why(
    "queue.syn-full",
    "The SYN queue is full ({length} > {backlog}) and SYN cookies are off: the SYN is dropped "
    "without an answer.",
    "Linux only",
    "tcp_conn_request()",
)
SYN_BACKLOG_RESERVED = Why(
    "queue.syn-reserved",
    "Without SYN cookies the last quarter of tcp_max_syn_backlog ({limit}) is kept for peers that "
    "have proven to be alive, and {queued} requests wait already: the SYN is dropped.",
    "Linux only",
    "tcp_conn_request()",
)
ACCEPT_QUEUE_FULL_ACK = Why(
    "queue.accept-full-ack",
    "The accept queue is full: the handshake's last ACK is ignored, the request stays.",
    "Linux only",
    "tcp_v4_syn_recv_sock()",
)
ACCEPT_QUEUE_FULL_ABORT = Why(
    "queue.accept-full-abort",
    "The accept queue is full and tcp_abort_on_overflow is 1: reset the connection.",
    "Linux only",
    "tcp_check_req()",
)
ACCEPT_QUEUE_FULL_COOKIE = Why(
    "queue.accept-full-cookie",
    "The SYN cookie is good, but the accept queue is full: drop the ACK. Nothing is remembered.",
    "Linux only",
    "tcp_v4_syn_recv_sock()",
)
REQUEST_PRUNED = Why(
    "queue.pruned",
    "The SYN queue is more than half full ({queued} of {backlog}) and most requests are old: this "
    "one may have {limit} retransmissions instead of {retries}. Forget it, to keep room for young "
    "ones.",
    "Linux only",
    "reqsk_timer_handler()",
)
RATE_LIMITED_OPENING = Why(
    "drop.rate-limit-opening",
    "An answer was due, but one was sent less than tcp_invalid_ratelimit ({limit} ms) ago: stay "
    "silent.",
    "RFC 5961 §7",
    "tcp_check_req()",
)
BAD_TIMESTAMP_ECHO = Why(
    "drop.timestamp-echo",
    "It echoes a timestamp that no SYN+ACK of ours carried: say what we expect.",
    "RFC 7323 §3.2",
    "tcp_check_req()",
)
DEFERRED = Why(
    "queue.deferred",
    "TCP_DEFER_ACCEPT: a bare ACK does not open the connection. Wait for data.",
    "Linux only",
    "tcp_check_req()",
)
DEFER_OVER = Why(
    "queue.defer-over",
    "TCP_DEFER_ACCEPT waited {waited} for data: send the SYN+ACK again, so that the client's next "
    "ACK opens the connection without data.",
    "Linux only",
    "reqsk_timer_handler()",
)
STILL_DEFERRED = Why(
    "timer.deferred",
    "The client has acknowledged: wait {rto} for its data.",
    "Linux only",
    "reqsk_timer_handler()",
)
COOKIE_SENT = Why(
    "cookie.sent",
    "{cause}: remember nothing. A SYN cookie is our sequence number, made from the addresses, the "
    "minute and the MSS ({mss}); {kept}.",
    "RFC 4987 §3.6",
    "cookie_v4_init_sequence()",
)
COOKIE_GOOD = Why(
    "cookie.good",
    "The ACK brings back a SYN cookie that we made in this minute or the one before: rebuild the "
    "connection from it, with MSS {mss} and {kept}.",
    "RFC 4987 §3.6",
    "cookie_v4_check()",
)
COOKIE_BAD = Why(
    "cookie.bad",
    "No request fits this ACK, and its number is no SYN cookie of the last two minutes: answer "
    "with RST.",
    "RFC 4987 §3.6",
    "cookie_v4_check()",
)
COOKIE_BESIDE_REQUEST = Why(
    "cookie.beside-request",
    "The SYN cookie is good, but a later SYN of the same ports waits in the SYN queue: the ACK is "
    "dropped.",
    "Linux only",
    "inet_ehash_nolisten()",
)
COOKIE_OPTIONS_OFF = Why(
    "cookie.options-off",
    "The SYN cookie is good, but names an option that is switched off by now: answer with RST.",
    "Linux only",
    "cookie_timestamp_decode()",
)
LISTENER_ACK = Why(
    "reset.listener",
    "A listener knows no connection that this ACK could belong to, and sent no SYN cookies of "
    "late: answer with RST.",
    "RFC 9293 §3.10.7.2",
    "tcp_rcv_state_process()",
)
LISTENER_NOTHING = Why(
    "drop.listener",
    "A listener wants SYNs, and this is none: drop it.",
    "RFC 9293 §3.10.7.2",
    "tcp_rcv_state_process()",
)
SYN_RECYCLED = Why(
    "drop.recycled",
    "tcp_tw_recycle: this host's timestamps were further a moment ago, so the SYN is taken for an "
    "old duplicate and dropped.",
    "Linux only",
    "tcp_peer_is_proven()",
)
