"""Reasons around opening a connection: SYNs, requests, and segments of strangers."""

from __future__ import annotations

from tcpcore.why import Why

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
LISTENER_CLOSED = Why(
    "close.listener",
    "The application closed the listening socket: port {port} refuses from now on, and connections "
    "that nobody accepted are reset.",
    "RFC 9293 §3.10.4",
    "inet_csk_listen_stop()",
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

INJECTED = Why(
    "raw.injected",
    "A program made this segment itself, with a raw socket: no connection stands behind it.",
    "",
    "raw_sendmsg()",
)
SIGNED = Why(
    "drop.signed",
    "The segment carries an MD5 signature, and no key is known here: drop it, and answer nothing.",
    "RFC 2385 §2",
    "tcp_inbound_md5_hash()",
)
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
