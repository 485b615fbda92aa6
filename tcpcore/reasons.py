"""The catalogue of reasons: why a host sends, drops, changes state or sets a timer.

Each entry is a sentence with holes, the RFC paragraph and the kernel function (6.18).  Keys never
change meaning: pages and labs refer to them.  `values` that fill the holes come from the place
that decided.
"""

from __future__ import annotations

from tcpcore.why import Why

# --- opening -------------------------------------------------------------------------------------
CONNECT = Why(
    "open.connect",
    "The application called connect(): ask {remote} to open, and announce our first "
    "sequence number.",
    "RFC 9293 §3.10.1",
    "tcp_connect()",
)
LISTENING = Why(
    "open.listen",
    "The application called listen(): wait for SYNs on port {port}, with room for {backlog} + 1 "
    "connections not yet accepted.",
    "RFC 9293 §3.10.1",
    "inet_csk_listen_start()",
)
SYN_ANSWERED = Why(
    "open.syn-ack",
    "A SYN reached a listening port: remember the request and answer with our own SYN, "
    "acknowledging theirs.",
    "RFC 9293 §3.10.7.2",
    "tcp_conn_request()",
)
SYN_ANSWERED_AGAIN = Why(
    "open.syn-ack-again",
    "The same SYN came again, so our SYN+ACK did not arrive: send it once more.",
    "RFC 9293 §3.10.7.4",
    "tcp_check_req()",
)
SYN_ACKED = Why(
    "open.established",
    "The peer acknowledged our SYN and sent its own: the connection is open at this end. "
    "Acknowledge its SYN.",
    "RFC 9293 §3.10.7.3",
    "tcp_rcv_synsent_state_process()",
)
HANDSHAKE_COMPLETE = Why(
    "open.third-ack",
    "The peer acknowledged our SYN: the connection is open, and waits in the accept queue.",
    "RFC 9293 §3.10.7.4",
    "tcp_check_req()",
)
SIMULTANEOUS_SYN = Why(
    "open.simultaneous",
    "A SYN came while ours was on its way: both ends open at once. Answer with SYN+ACK.",
    "RFC 9293 §3.5",
    "tcp_rcv_synsent_state_process()",
)
OUR_SYN_ACKED = Why(
    "open.our-syn-acked",
    "The peer acknowledged our SYN: the connection is open.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_state_process()",
)
BAD_ACK_IN_SYN_SENT = Why(
    "open.bad-ack",
    "Acknowledgement {ack} is not for our SYN: it belongs to another connection. Answer with RST.",
    "RFC 9293 §3.10.7.3",
    "tcp_rcv_synsent_state_process()",
)
REFUSED = Why(
    "open.refused",
    "The peer answered our SYN with RST: nobody listens on that port. connect() fails with "
    "ECONNREFUSED.",
    "RFC 9293 §3.10.7.3",
    "tcp_reset()",
)
ACCEPT_QUEUE_FULL_SYN = Why(
    "queue.accept-full-syn",
    "The accept queue is full ({length} > {backlog}): the SYN is dropped without an answer.",
    "Linux only",
    "tcp_conn_request()",
)
SYN_QUEUE_FULL = Why(
    "queue.syn-full",
    "The SYN queue is full ({length} > {backlog}): the SYN is dropped without an answer.",
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
BAD_ACK_IN_SYN_RECV = Why(
    "open.bad-third-ack",
    "Acknowledgement {ack} is not for our SYN+ACK: answer with RST.",
    "RFC 9293 §3.10.7.4",
    "tcp_check_req()",
)
NO_ACK_IN_SYN_RECV = Why(
    "open.no-ack",
    "A segment without ACK cannot complete the handshake: drop it.",
    "RFC 9293 §3.10.7.4",
    "tcp_check_req()",
)

# --- strangers -----------------------------------------------------------------------------------
STRANGER = Why(
    "reset.stranger",
    "No socket here knows this connection: answer with RST so that the sender learns it.",
    "RFC 9293 §3.10.7.1",
    "tcp_v4_send_reset()",
)
STRANGER_SYN = Why(
    "reset.closed-port",
    "Nobody listens on port {port}: refuse with RST. The SYN had no ACK, so our seq is 0 and we "
    "acknowledge the SYN.",
    "RFC 9293 §3.10.7.1",
    "tcp_v4_send_reset()",
)
STRANGER_RST = Why(
    "drop.stranger-rst",
    "An RST for a connection that we do not know: never answer a reset with a reset.",
    "RFC 9293 §3.10.7.1",
    "tcp_v4_rcv()",
)

# --- time-outs -----------------------------------------------------------------------------------
SYN_AGAIN = Why(
    "timeout.syn",
    "No answer for {waited}: send the SYN again (retransmission {retransmission}).",
    "RFC 6298 §5.4",
    "tcp_retransmit_timer()",
)
SYN_ACK_AGAIN = Why(
    "timeout.syn-ack",
    "No ACK for {waited}: send the SYN+ACK again (retransmission {retransmission} of {limit}).",
    "RFC 6298 §5.4",
    "reqsk_timer_handler()",
)
DATA_AGAIN = Why(
    "timeout.data",
    "The oldest byte is unacknowledged for {waited}: send it again (retransmission "
    "{retransmission}) and wait twice as long.",
    "RFC 6298 §5.4, §5.5",
    "tcp_retransmit_timer()",
)
LOST_AGAIN = Why(
    "recovery.after-timeout",
    "The time-out counted everything in flight as lost: as ACKs come back, send the rest again.",
    "RFC 5681 §3.1",
    "tcp_xmit_retransmit_queue()",
)
GIVE_UP_CONNECT = Why(
    "giveup.connect",
    "{waited} since the first SYN and no answer: tcp_syn_retries={retries} allows no more. "
    "connect() fails with ETIMEDOUT.",
    "RFC 9293 §3.8.3",
    "tcp_write_timeout()",
)
GIVE_UP_REQUEST = Why(
    "giveup.request",
    "The SYN+ACK was sent {sent} times without an answer: tcp_synack_retries={limit} allows no "
    "more. Forget the request.",
    "RFC 9293 §3.8.3",
    "reqsk_timer_handler()",
)
GIVE_UP_DATA = Why(
    "giveup.data",
    "{waited} without an acknowledgement: {name}={retries} allows no more. The connection is "
    "given up.",
    "RFC 9293 §3.8.3",
    "tcp_write_timeout()",
)

# --- data ----------------------------------------------------------------------------------------
DATA = Why(
    "data.send",
    "The application's bytes fit into the peer's window and into cwnd: send {length} of them.",
    "RFC 9293 §3.8.6",
    "tcp_write_xmit()",
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
ACK_OUT_OF_ORDER = Why(
    "ack.out-of-order",
    "A segment from beyond a hole arrived: acknowledge again what is still missing.",
    "RFC 5681 §4.2",
    "tcp_data_queue_ofo()",
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
SEGMENT_TO_CLOSED = Why(
    "drop.closed",
    "The connection is closed: the segment is dropped.",
    "RFC 9293 §3.10.7.1",
    "tcp_rcv_state_process()",
)

# --- closing -------------------------------------------------------------------------------------
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
UNREAD_DATA = Why(
    "close.unread",
    "The application closed without reading {unread} bytes: reset, so that the peer knows.",
    "RFC 2525 §2.17",
    "tcp_close()",
)
DATA_TO_ORPHAN = Why(
    "reset.data-after-close",
    "Data for a socket that the application has closed: nobody will read it, so reset.",
    "RFC 9293 §3.10.7.4",
    "tcp_rcv_state_process()",
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

# --- timers --------------------------------------------------------------------------------------
TIMER_CONNECT = Why(
    "timer.connect",
    "Wait {rto} for an answer to the SYN.",
    "RFC 6298 §5.1",
    "tcp_connect()",
)
TIMER_SYN_ACK = Why(
    "timer.syn-ack",
    "Wait {rto} for the last ACK of the handshake.",
    "RFC 6298 §5.1",
    "inet_csk_reqsk_queue_hash_add()",
)
TIMER_RTO = Why(
    "timer.rto",
    "Wait {rto} for an acknowledgement of the oldest byte.",
    "RFC 6298 §5.1",
    "tcp_rearm_rto()",
)
TIMER_DELAYED_ACK = Why(
    "timer.delayed-ack",
    "Wait up to {rto} for something that can carry the ACK.",
    "RFC 9293 §3.8.6.3",
    "tcp_send_delayed_ack()",
)
TIMER_TIME_WAIT = Why(
    "timer.time-wait",
    "Stay in TIME_WAIT for {rto}.",
    "RFC 9293 §3.6",
    "tcp_time_wait()",
)
TIMER_FIN_WAIT_2 = Why(
    "timer.fin-wait-2",
    "An orphan waits {rto} for the peer's FIN (tcp_fin_timeout).",
    "Linux only",
    "tcp_time_wait()",
)

# --- the wire ------------------------------------------------------------------------------------
LOST_BY_READER = Why("wire.chosen", "Lost on purpose: you chose this segment.")
LOST_BY_RULE = Why("wire.rule", "Lost: the link drops everything toward {host}.")
LOST_BY_CHANCE = Why("wire.chance", "Lost by chance: the link loses {percent} % of its packets.")
LOST_BY_QUEUE = Why("wire.queue", "Lost: the queue of the link is full ({limit} packets).")
NO_ROUTE = Why("wire.no-route", "Lost: no link leads to {address}.")
