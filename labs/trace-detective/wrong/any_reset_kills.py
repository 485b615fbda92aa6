# caught by: forged resets
# mistake: every RST with the right addresses and ports ends the connection
# like: solution.py


def FORGED(given):
    return ["resets"] * sum(one["flags"] == "R" for one in given["attack"])
