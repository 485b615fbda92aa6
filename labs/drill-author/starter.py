"""Drill author: packetdrill scripts that notice when a rule of TCP is broken.

`python check.py --given` prints your ten rules. `python -m tcpcore drill FILE.pkt` (or the notebook's
`drill(...)`) runs a script and tells where it fails.
"""

ID = "demo"  # your student id: it decides which ten rules are yours

# How a script begins on a host that listens; yours may begin otherwise.
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

# Tasks 1 and 2: your scripts. Each begins with a line `// What must hold.`
SCRIPTS = None  # ["// ...\n" + OPENED + "+0 < ...", ...]

# Task 3: which of your scripts (counted from 1) notices each of your rules, such as
#     {"Nagle": 4, ...}
NOTICES = None
