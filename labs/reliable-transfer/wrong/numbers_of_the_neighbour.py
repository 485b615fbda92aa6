# caught by: my round trips
# mistake: copies the numbers of somebody else
# like: solution.py

def MINE(given):
    return rto_after([one + 400 for one in given["samples"]])
