# caught by: closing
# mistake: forgets CLOSING: a FIN in FIN_WAIT_1 leads to TIME_WAIT
# like: solution.py

own_tests, own_end = TESTS(None), text_and_fin


def TESTS(given):
    return own_tests


def text_and_fin(tcb, event):
    sent = own_end(tcb, event)
    if tcb["state"] == "CLOSING":
        tcb["state"] = "TIME_WAIT"
    return sent
