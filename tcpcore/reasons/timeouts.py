"""Reasons of timers: what they wait for, what is sent when they fire, and giving up."""

from __future__ import annotations

from tcpcore.why import Why

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

WINDOW_PROBE = Why(
    "probe.window",
    "Data waits and the peer's window is shut: send a byte it has had, so that it must answer.",
    "RFC 9293 §3.8.6.1",
    "tcp_send_probe0()",
)
KEEPALIVE_PROBE = Why(
    "probe.keepalive",
    "{silent} of silence: is the peer still there? Probe {number}, from before snd.una.",
    "RFC 9293 §3.8.4",
    "tcp_keepalive_timer()",
)
KEEPALIVE_GIVE_UP = Why(
    "giveup.keepalive",
    "{probes} keepalive probes without an answer, {silent} of silence: the peer is gone.",
    "RFC 9293 §3.8.4",
    "tcp_keepalive_timer()",
)

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
LOSS_PROBE = Why(
    "probe.tail-loss",
    "Two round trips and no news of the last segment: send it again, so that an ACK shows what is "
    "missing (retransmission {retransmission}).",
    "RFC 8985 §7.3",
    "tcp_send_loss_probe()",
)
TIMER_LOSS_PROBE = Why(
    "timer.tail-loss-probe",
    "If no ACK comes in {rto}, probe whether the last segment was lost.",
    "RFC 8985 §7.2",
    "tcp_schedule_loss_probe()",
)
TIMER_REORDERING = Why(
    "timer.reordering",
    "What was sent earlier may only be late: wait {rto} before it counts as lost.",
    "RFC 8985 §6.3",
    "tcp_rack_mark_lost()",
)
CA_STATE = Why(
    "recovery.state",
    "From {old} to {new}; cwnd is {cwnd}.",
    "RFC 5681 §3.2",
    "tcp_fastretrans_alert()",
)
FAST_RETRANSMIT = Why(
    "recovery.fast-retransmit",
    "Duplicate ACKs say that this segment is lost: send it again without waiting for the time-out "
    "(retransmission {retransmission}).",
    "RFC 6582 §3.2",
    "tcp_xmit_retransmit_queue()",
)
FAST_RETRANSMIT_SACK = Why(
    "recovery.fast-retransmit-sack",
    "What was sent later has arrived: this segment is lost, send it again "
    "(retransmission {retransmission}).",
    "RFC 8985 §6.2",
    "tcp_xmit_retransmit_queue()",
)
TIMER_DELAYED_ACK = Why(
    "timer.delayed-ack",
    "Wait up to {rto} for something that can carry the ACK.",
    "RFC 9293 §3.8.6.3",
    "tcp_send_delayed_ack()",
)
TIMER_COMPRESSED_ACK = Why(
    "timer.compressed-ack",
    "Wait {rto} for more from beyond the hole: one ACK can report all of it.",
    "RFC 5681 §4.2",
    "__tcp_ack_snd_check()",
)
TIMER_PERSIST = Why(
    "timer.persist",
    "The peer's window is shut and nothing is in flight: ask again in {rto}.",
    "RFC 9293 §3.8.6.1",
    "tcp_check_probe_timer()",
)
TIMER_KEEPALIVE = Why(
    "timer.keepalive",
    "Look in {rto} whether the peer has been silent too long.",
    "RFC 9293 §3.8.4",
    "tcp_keepalive_timer()",
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
