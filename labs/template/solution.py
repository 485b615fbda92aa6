"""LAB-TITLE: a solution for every id."""

ID = "demo"


def connected_after(rtt):
    return rtt


def MINE(given):
    return given["rtt"] + given["rtt"] // 2
