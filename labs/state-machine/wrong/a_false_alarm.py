# caught by: my tests
# mistake: expects a reset where the standard challenges
# like: solution.py

good = TESTS


def TESTS(given):
    opened = good(given)[1]
    return [{**opened, "expect": [*opened["expect"][:-1], {"state": "CLOSED", "send": []}]}]
