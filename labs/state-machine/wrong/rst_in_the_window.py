# caught by: RFC 5961
# mistake: believes every RST inside the window, as TCP did before RFC 5961
# like: solution.py

own_tests, own_order, own_states = TESTS(None), in_order, MINE


def TESTS(given):
    return own_tests


def in_order(tcb, event):
    if "R" in event["flags"] and inside(tcb, event) and tcb["state"] != "SYN_RECV":
        tcb["state"] = "CLOSED"
        return []
    return own_order(tcb, event)
