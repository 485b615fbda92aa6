# caught by: acceptability
# mistake: says nothing to segments outside the window
# like: solution.py

own_tests, own_order = TESTS(None), in_order


def TESTS(given):
    return own_tests


def in_order(tcb, event):
    return own_order(tcb, event) if inside(tcb, event) else []
