# caught by: my own round trip
# mistake: thinks that both calls return together
# like: solution.py

def MINE(given):
    return given["rtt"]
