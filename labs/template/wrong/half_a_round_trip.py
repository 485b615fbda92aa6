# caught by: round trips
# mistake: thinks that the SYN+ACK needs no time
# like: solution.py

def connected_after(rtt):
    return rtt // 2
