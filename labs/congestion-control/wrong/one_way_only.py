# caught by: my path
# mistake: counts only what is on the way there, half a round trip
# like: solution.py

right_mine = MINE


def MINE(given):
    return right_mine({**given, "rtt": given["rtt"] // 2})
