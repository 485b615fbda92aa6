"""Reasons of TCP Fast Open."""

from __future__ import annotations

from tcpcore.why import Why

FAST_OPEN_ACCEPTED = Why(
    "fastopen.accepted",
    "The SYN may open the connection at once: take its {length} bytes and acknowledge them with "
    "the SYN. The application may read and answer before the handshake is over.",
    "RFC 7413 §4.2.2",
    "tcp_try_fastopen()",
)
FAST_OPEN_BAD_COOKIE = Why(
    "fastopen.bad-cookie",
    "The cookie is not the one for this client: ignore the data, go on with an ordinary "
    "handshake, and send a fresh cookie.",
    "RFC 7413 §4.2.2",
    "tcp_fastopen_cookie_gen_check()",
)
FAST_OPEN_DATA_AGAIN = Why(
    "fastopen.data-again",
    "The SYN+ACK acknowledges our SYN, but not its data: send it again, with the ACK.",
    "RFC 7413 §4.2.1",
    "tcp_rcv_fastopen_synack()",
)
