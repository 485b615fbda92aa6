# caught by: round trips
# mistake: waits for the third segment, too
# like: solution.py

def connected_after(rtt):
    return rtt + rtt // 2
