# caught by: the number
# mistake: counts retransmissions where the claim counts sendings
# like: solution.py

right_checked = CHECKED


def CHECKED(given):
    found = right_checked(given)
    for row in found.values():
        if row["quantity"] in ("SYNs", "SYN+ACKs", "FINs"):
            row["measured"] -= 1
    return found
