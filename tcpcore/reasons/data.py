"""Reasons around data: sending, acknowledging, probing, and refusing what does not fit."""

from __future__ import annotations

from tcpcore.why import Why

DATA = Why(
    "data.send",
    "The application's bytes fit into the peer's window and into cwnd: send {length} of them.",
    "RFC 9293 §3.8.6",
    "tcp_write_xmit()",
)
URGENT_AHEAD = Why(
    "urgent.ahead",
    "The peer says that byte {at} is urgent: tell the process (SIGURG), keep the byte apart from "
    "the others, and let reading stop before it.",
    "RFC 9293 §3.8.5",
    "tcp_check_urg()",
)
URGENT_PROBE = Why(
    "urgent.probe",
    "The window is shut, and urgent data waits: an empty segment tells the peer about it at least.",
    "RFC 9293 §3.8.5",
    "tcp_write_wakeup()",
)
BEHIND_THE_WINDOW = Why(
    "drop.behind-the-window",
    "The segment begins where the window ends, and there is no place for any of it: drop it, and "
    "say again what is wanted.",
    "RFC 9293 §3.10.7.4",
    "tcp_data_queue()",
)
RECEIVE_QUEUE_FULL = Why(
    "drop.receive-queue-full",
    "Unread data takes more memory than the receive buffer has, and no packet can be made smaller: "
    "drop the segment, and say so at once.",
    "Linux only",
    "tcp_data_queue()",
)
OUT_OF_ORDER_QUEUE_FULL = Why(
    "drop.out-of-order-queue-full",
    "The receive buffer is full, and this segment would lie behind a hole: drop it.",
    "Linux only",
    "tcp_data_queue_ofo()",
)
ACK_QUICK = Why(
    "ack.quick",
    "Data arrived early in the connection: acknowledge at once, so that the sender can speed up.",
    "RFC 9293 §3.8.6.3",
    "__tcp_ack_snd_check()",
)
ACK_SECOND = Why(
    "ack.second",
    "More than one full segment is unacknowledged: acknowledge at once.",
    "RFC 9293 §3.8.6.3",
    "__tcp_ack_snd_check()",
)
ACK_DELAYED = Why(
    "ack.delayed",
    "Nothing to send back came up for {waited}: the delayed ACK goes out alone.",
    "RFC 9293 §3.8.6.3",
    "tcp_delack_timer_handler()",
)
ACK_NEARLY_DUE = Why(
    "ack.nearly-due",
    "More data came just before the delayed ACK was due: it goes now and covers that as well.",
    "RFC 9293 §3.8.6.3",
    "tcp_send_delayed_ack()",
)
ACK_OUT_OF_ORDER = Why(
    "ack.out-of-order",
    "A segment from beyond a hole arrived: acknowledge again what is still missing.",
    "RFC 5681 §4.2",
    "tcp_data_queue_ofo()",
)
ACK_COMPRESSED = Why(
    "ack.compressed",
    "Three duplicate ACKs are out: further ones wait a moment, and this one stands for {held}.",
    "RFC 5681 §4.2",
    "tcp_compressed_ack_kick()",
)
ACK_HOLE_FILLED = Why(
    "ack.hole-filled",
    "The missing bytes came and the hole is closed: acknowledge at once.",
    "RFC 5681 §4.2",
    "tcp_data_queue()",
)
ACK_DUPLICATE = Why(
    "ack.duplicate",
    "These bytes were received before: say again what we expect next.",
    "RFC 9293 §3.10.7.4",
    "tcp_send_dupack()",
)
ACK_WINDOW = Why(
    "ack.window-update",
    "The application read enough to open the window by a full segment or more: tell the sender.",
    "RFC 9293 §3.8.6.2.2",
    "tcp_cleanup_rbuf()",
)
DUPLICATE_SYN = Why(
    "ack.challenge-syn",
    "A SYN for a connection that is open: do not believe it, ask with a challenge ACK.",
    "RFC 5961 §4",
    "tcp_validate_incoming()",
)
CHALLENGE_RST = Why(
    "ack.challenge-rst",
    "An RST in the window, but not exactly at {expected}: ask with a challenge ACK.",
    "RFC 5961 §3",
    "tcp_validate_incoming()",
)
CHALLENGE_ACK = Why(
    "ack.challenge-ack",
    "It acknowledges {ack}, which we never sent or long forgot: ask with a challenge ACK.",
    "RFC 5961 §5",
    "tcp_ack()",
)
OVERTAKEN_ACK = Why(
    "drop.overtaken-ack",
    "A bare ACK with an old timestamp: later segments overtook it, and nothing in it is news. "
    "Drop it.",
    "RFC 7323 §5.3",
    "tcp_disordered_ack_check()",
)
OLD_TIMESTAMP = Why(
    "drop.paws",
    "Its timestamp is older than the last one: a duplicate from long ago. Say what we expect.",
    "RFC 7323 §5.3",
    "tcp_paws_discard()",
)
ASSASSINATED = Why(
    "close.assassinated",
    "An RST exactly at the next expected byte ends TIME_WAIT early (tcp_rfc1337=0).",
    "RFC 1337",
    "tcp_timewait_state_process()",
)
ASSASSIN_IGNORED = Why(
    "drop.assassin",
    "An RST in TIME_WAIT, and tcp_rfc1337=1 ignores it.",
    "RFC 1337",
    "tcp_timewait_state_process()",
)
TIME_WAIT_REBORN = Why(
    "close.reborn",
    "A SYN newer than all of the old connection: TIME_WAIT ends, and a new connection begins.",
    "RFC 6191",
    "tcp_timewait_state_process()",
)
TIME_WAIT_REUSED = Why(
    "close.reused",
    "tcp_tw_reuse lets connect() take over a TIME_WAIT of its own four-tuple.",
    "RFC 6191",
    "tcp_twsk_unique()",
)
TIME_WAIT_OVERFLOW = Why(
    "close.time-wait-overflow",
    "tcp_max_tw_buckets={limit} connections are in TIME_WAIT already: this one ends at once.",
    "Linux only",
    "tcp_time_wait()",
)
OLD_RST = Why(
    "drop.rst-outside",
    "An RST outside the window: drop it.",
    "RFC 5961 §3",
    "tcp_validate_incoming()",
)
NO_ACK_FLAG = Why(
    "drop.no-ack",
    "Every segment after the handshake must carry ACK: drop it.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_established()",
)
WRONG_IN_SYN_SENT = Why(
    "drop.syn-sent",
    "We wait for an answer to our SYN, and this is none: drop it.",
    "RFC 9293 §3.10.7.3",
    "tcp_rcv_synsent_state_process()",
)
RATE_LIMITED = Why(
    "drop.rate-limit",
    "An ACK was due, but one was sent less than tcp_invalid_ratelimit ({limit} ms) ago: stay "
    "silent.",
    "RFC 5961 §7",
    "__tcp_oow_rate_limited()",
)
RATE_LIMITED_CHALLENGE = Why(
    "drop.challenge-rate-limit",
    "A challenge ACK was due, but an answer went out less than tcp_invalid_ratelimit ({limit} ms) "
    "ago: stay silent.",
    "RFC 5961 §7",
    "tcp_send_challenge_ack()",
)
CHALLENGES_SPENT = Why(
    "drop.challenge-limit",
    "A challenge ACK was due, but this second's tcp_challenge_ack_limit ({limit}) is used up: stay "
    "silent.",
    "RFC 5961 §7",
    "tcp_send_challenge_ack()",
)
SEGMENT_TO_CLOSED = Why(
    "drop.closed",
    "The connection is closed: the segment is dropped.",
    "RFC 9293 §3.10.7.1",
    "tcp_rcv_state_process()",
)
