"""Trace detective: what a trace does not say, and what follows from it.

`python check.py --given` prints your traces (in a notebook: lab.instance("your id").given).
"""

ID = "demo"  # your student id: it decides which traces you are given

# Task 1: the blanked fields of `trace`. The names of yours stand in `blanks`, such as
#     "ack of 4": 4024757128, "flags of 5": "P.", "length of 8": 412
BLANKS = None

# Task 2: the letters of `shuffled`, in the order in which the segments were sent: ["c", "a", ...]
ORDER = None

# Task 3: the state of a host at each moment of `states`, such as
#     "server, when segment 1 arrives": "SYN_RECV"
STATES = None

# Task 4: the ip_id of each segment that was lost on the way, by its sender.
LOST = {"client": None, "server": None}

# Task 5: what the client does with each of the three forged RSTs: "resets", "challenges" or "drops"
FORGED = None
