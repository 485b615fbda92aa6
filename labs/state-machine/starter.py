"""The state machine of TCP: one event in, the next state and the segments out.

An event is a dict:
    {"do": "listen", "iss": n}    the application waits for a peer; n will be your first number
    {"do": "connect", "iss": n}   the application connects
    {"do": "close"}               it has no more to say (only in ESTABLISHED and CLOSE_WAIT)
    {"do": "wait"}                60 s pass (only in TIME_WAIT)
    {"do": "segment", "flags": "S.", "seq": n, "ack": n, "length": n}    the peer's; flags of S F R .

A segment that you send is {"flags": "S.", "seq": n, "ack": n}, its ack 0 where there is no ".".
All numbers are taken modulo 2**32. Your window is always 60,000 bytes.
"""

ID = "demo"  # your student id: it decides which walk is yours


def step(tcb, event):
    """One event. `tcb` is {"state": "CLOSED"} at first, then whatever you gave back.

    Gives {"tcb": {...}, "send": [...]}; tcb["state"] is one of the eleven names:
    CLOSED LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK
    TIME_WAIT
    """
    raise NotImplementedError("step() is not written yet")


# Task 5: the state after each event of your own walk (`python check.py --given` prints it).
MINE = None

# Task 6: your tests, such as
#     {"events": [{"do": "listen", "iss": 1000}], "expect": [{"state": "LISTEN", "send": []}]}
# An entry of `expect` may leave out "send", or be None.
TESTS = None
