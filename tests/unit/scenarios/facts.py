"""The facts K1 to K41: what one Linux 6.18 was measured to do on the wire, each in a sentence.

A test that holds the engine to a fact carries its number in its name (``test_k7_...``).  Where a
kernel's timers are late (they fire up to some per cent after their time, because its timer wheel
is coarse), the sentence tells the exact time, as the engine keeps it.
"""

from __future__ import annotations

FACTS = {
    1: "By default eleven SYNs go out in 67 s, and connect() fails with ETIMEDOUT after 131 s.",
    2: "Without linear time-outs (before 6.5) seven SYNs go out, and connect() fails after 127 s.",
    3: "A SYN whose SYN+ACK nobody answers: six SYN+ACKs, and the request is gone after 63 s.",
    4: "An orphan's FIN is sent again eight times (tcp_orphan_retries 0); all is over after 102 s.",
    5: "An orphan is in FIN_WAIT_2 for 60 s; a FIN that comes after that gets RST.",
    6: "A socket that is still held waits in FIN_WAIT_2 for ever, whatever tcp_fin_timeout says.",
    7: "TIME_WAIT lasts 60 s.",
    8: "After the peer's FIN and then RST, recv() says end of file, and send() fails with EPIPE.",
    9: "RST in ESTABLISHED: the first call fails with ECONNRESET; then send() EPIPE, recv() EOF.",
    10: "Only an RST with exactly the next number resets; in the window it is challenged, "
    "beyond it is dropped; challenges are 500 ms apart.",
    11: "Data with an old timestamp is dropped and answered; an exact RST with one resets.",
    12: "In SYN_SENT an RST counts only with the right ACK: then ECONNREFUSED.",
    13: "In LAST_ACK a SYN is challenged, and the RST that answers the challenge ends it.",
    14: "In SYN_SENT a wrong ACK gets RST, and the SYN goes out again after a few ms, not "
    "after 1 s.",
    15: "A FIN that does not acknowledge ours leads to CLOSING, one that does to TIME_WAIT at "
    "once.",
    16: "SYNs that cross lead both ends through SYN_RECV to one connection.",
    17: "ICMP 'fragmentation needed' has the data sent again at once, in pieces that fit.",
    18: "kill -9 sends FIN, or RST when there is unread data.",
    19: "close() with unread data and close() with SO_LINGER 0 send RST.",
    20: "listen(2) holds three; a SYN after that is dropped in silence; the last ACK of a "
    "half-open one is ignored, or reset with tcp_abort_on_overflow.",
    21: "A SYN that finds the accept queue full moves two counters: ListenOverflows, ListenDrops.",
    22: "The backlog bounds the SYN queue: listen(8) has nine; more get cookies or are "
    "dropped, and a queue over half full keeps the old ones for 7 s only.",
    23: "A port that is bound but does not listen refuses with RST+ACK, sequence number 0.",
    24: "A socket can connect to itself.",
    25: "connect() from a four-tuple in TIME_WAIT: on loopback by default; EADDRNOTAVAIL when off.",
    26: "When the application closes at the peer's FIN, ACK and FIN are one segment, but two "
    "with TCP_QUICKACK.",
    27: "A delayed ACK waits 40 ms in a dialogue; the first segments of a connection are "
    "acknowledged at once.",
    28: "Data after close() gets RST; after shutdown of either direction it is read.",
    29: "When the last ACK of the handshake is lost, data completes it.",
    30: "With tcp_syncookies 2 nothing is remembered or sent again, and a bogus ACK gets RST.",
    31: "ICMP 'host unreachable' does not end a connection; SO_ERROR tells it once.",
    32: "Fast Open: no cookie where bit 2 is off; with a good cookie data is read and "
    "answered before the last ACK; a bad one is replaced.",
    33: "Keepalive 3/2/3: probes after 3, 5 and 7 s with the last number, RST and ETIMEDOUT "
    "at 9 s.",
    34: "Probes of a shut window double their gaps and go on while they are answered; "
    "unanswered, TCP_USER_TIMEOUT ends them.",
    35: "TCP_DEFER_ACCEPT 5: an ACK without data waits; after 7 s a SYN+ACK, whose ACK is "
    "accepted.",
    36: "The first flight is ten segments.",
    37: "A hole is sent again a quarter of a round trip after the first SACK, and new data "
    "meanwhile.",
    38: "Initial sequence numbers of a four-tuple grow by one each 64 ns; another port has others.",
    39: "TIME_WAIT: an older SYN gets ACK, a newer one a new connection, and an RST ends it.",
    40: "Unanswered data is sent again fifteen times, and ETIMEDOUT comes after 924.6 s.",
    41: "connect() to a closed port fails with ECONNREFUSED.",
}
