# caught by: long walks
# mistake: compares sequence numbers as if they never began again at 0
# like: solution.py

own_tests = TESTS(None)


def TESTS(given):
    return own_tests


def before(a, b):
    return a < b
