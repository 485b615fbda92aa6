# caught by: my own round trip
# mistake: counts the ACK as a whole round trip
# like: solution.py

def MINE(given):
    return 2 * given["rtt"]
