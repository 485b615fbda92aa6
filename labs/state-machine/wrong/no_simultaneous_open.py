# caught by: opening
# mistake: does not know that two SYNs may cross
# like: solution.py

own_tests, own_syn_sent = TESTS(None), in_syn_sent


def TESTS(given):
    return own_tests


def in_syn_sent(tcb, event):
    return [] if event["flags"] == "S" else own_syn_sent(tcb, event)
