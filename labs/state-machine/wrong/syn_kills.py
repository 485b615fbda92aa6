# caught by: RFC 5961
# mistake: takes a SYN in an open connection for a reason to reset it
# like: solution.py

own_tests, own_order = TESTS(None), in_order


def TESTS(given):
    return own_tests


def in_order(tcb, event):
    if "S" in event["flags"] and inside(tcb, event):
        tcb["state"] = "CLOSED"
        return [row("R.", 0, event["seq"] + 1)]
    return own_order(tcb, event)
