"""Drill author: a solution for every id."""

ID = "demo"

OPENED = """
 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.05 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
"""
CONNECTING = """
 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0...{end} connect(3, ..., ...) = 0
+0 > S 0:0(0) <...>
"""
KNOWN = {
    "exact reset": """// A reset inside the window is asked about.
+0 < R 1001:1001(0) win 0
+0 > . 1:1(0) ack 1
""",
    "old reset": """// A reset outside the window is dropped, and the connection lives.
+0 < R 90000:90000(0) win 0
+.05 write(4, ..., 10) = 10
+0 > P. 1:11(10) ack 1
""",
    "challenged SYN": """// A SYN in an open connection is answered with an ACK.
+.05 < 40001 > 8080 S 9000:9000(0) win 65535 <mss 1000>
+0 > . 1:1(0) ack 1
""",
    "challenged ACK": """// An ACK of what was never sent is answered with an ACK.
+0 < . 1:1(0) ack 5000 win 65535
+0 > . 1:1(0) ack 1
""",
    "outside the window": """// Data that is old is answered with an ACK.
+0 < P. 1:101(100) ack 1 win 65535
+0 > . 1:1(0) ack 101
+0 < P. 101:201(100) ack 1 win 65535
+0 > . 1:1(0) ack 201
+.6 < P. 1:101(100) ack 1 win 65535
+0 > . 1:1(0) ack 201
""",
    "the FIN's number": """// A FIN is acknowledged with the number behind it.
+0 < F. 1:1(0) ack 1 win 65535
+0~+.1 > . 1:1(0) ack 2
""",
    "data after close": """// Data that comes after close() is reset.
+0 close(4) = 0
+0 > F. 1:1(0) ack 1
+.05 < P. 1:101(100) ack 1 win 65535
+0 > R 1:1(0)
""",
    "doubling": """// Each time-out is twice the one before.
+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0
+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+.2~+.3 > P. 1:1001(1000) ack 1
+.45~+.55 > P. 1:1001(1000) ack 1
+.95~+1.05 > P. 1:1001(1000) ack 1
""",
    "linear SYNs": """// Data has no linear time-outs: already the second wait is longer.
+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+.2~+.3 > P. 1:1001(1000) ack 1
+.45~+.55 > P. 1:1001(1000) ack 1
""",
    "first RTO": """// After a round trip of 50 ms a time-out takes 250 ms.
+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+.24~+.27 > P. 1:1001(1000) ack 1
""",
    "Nagle": """// A small segment waits while another one is in flight.
+0 write(4, ..., 100) = 100
+0 > P. 1:101(100) ack 1
+.01 write(4, ..., 100) = 100
+.01 write(4, ..., 100) = 100
+.03 < . 1:1(0) ack 101 win 65535
+0 > P. 101:301(200) ack 1
""",
    "last probe": """// After two probes without an answer the connection is reset.
+0 setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0
+0 setsockopt(4, SOL_TCP, TCP_KEEPIDLE, [1], 4) = 0
+0 setsockopt(4, SOL_TCP, TCP_KEEPINTVL, [1], 4) = 0
+0 setsockopt(4, SOL_TCP, TCP_KEEPCNT, [2], 4) = 0
+.9~+1.1 > . 0:0(0) ack 1
+.9~+1.1 > . 0:0(0) ack 1
+.9~+1.1 > R. 1:1(0) ack 1
""",
    "window probes": """// Probes of a shut window come later each time.
+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+.05 < . 1:1(0) ack 1001 win 0
+0 write(4, ..., 1000) = 1000
+.2~+.3 > . 1000:1000(0) ack 1
+.01 < . 1:1(0) ack 1001 win 0
+.4~+.6 > . 1000:1000(0) ack 1
+.01 < . 1:1(0) ack 1001 win 0
+.9~+1.1 > . 1000:1000(0) ack 1
""",
    "FIN in TIME_WAIT": """// In TIME_WAIT a FIN that comes again is acknowledged again.
+0 close(4) = 0
+0 > F. 1:1(0) ack 1
+.05 < F. 1:1(0) ack 2 win 65535
+0 > . 2:2(0) ack 2
+.6 < F. 1:1(0) ack 2 win 65535
+0 > . 2:2(0) ack 2
""",
}
ACTIVE = {
    "wrong ACK in SYN_SENT": """// While a SYN waits, an ACK of something else is reset.
+.05 < . 5000:5000(0) ack 9000 win 65535
+0 > R 9000:9000(0)
+0~+.05 > S 0:0(0) <...>
0.2 < S. 0:0(0) ack 1 win 65535 <mss 1000>
+0 > . 1:1(0) ack 1
""",
    "refusal": """// While a SYN waits, an RST without an ACK of it is ignored.
+.05 < R 5000:5000(0) win 0
+.05 < S. 0:0(0) ack 1 win 65535 <mss 1000>
+0 > . 1:1(0) ack 1
""",
}


def whole(name):
    opening, text = (OPENED, KNOWN[name]) if name in KNOWN else (CONNECTING, ACTIVE[name])
    opening = opening.replace("{end}", "0.1" if name == "refusal" else "0.2")
    first, _, rest = text.partition("\n")
    return first + opening + rest


def SCRIPTS(given):
    return [whole(name) for name in given["rules"]]


def NOTICES(given):
    return {name: number for number, name in enumerate(given["rules"], 1)}
