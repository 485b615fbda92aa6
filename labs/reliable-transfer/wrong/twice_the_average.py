# caught by: retransmission timer
# mistake: takes the RTO to be twice the average round trip, as the first standard did
# like: solution.py

good = rto_after


def rto_after(samples):
    srtt, found = samples[0], []
    for one in samples:
        srtt = 0.875 * srtt + 0.125 * one
        found.append(max(1000, 2 * srtt))
    return found


def MINE(given):
    return good(given["samples"])
