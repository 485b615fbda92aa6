# caught by: my own host
# mistake: fills in the numbers of the defaults, not of the own host
# like: solution.py

MINE = {
    "SYNs sent": 11,
    "connect() fails after ms": 131000,
    "SYN+ACKs sent": 6,
    "the request is forgotten after ms": 63000,
    "data sent again, times": 15,
    "send fails after ms": 924600,
    "an idle dead peer is noticed after ms": 7875000,
}
