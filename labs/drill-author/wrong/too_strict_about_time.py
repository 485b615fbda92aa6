# caught by: no false alarm
# mistake: expects a retransmission after exactly 200 ms, whatever the round trip is
# like: solution.py

FALSE = "// A time-out takes 200 ms." + OPENED
FALSE += "+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n+.2 > P. 1:1001(1000) ack 1\n"


def SCRIPTS(given):
    return [whole(name) for name in given["rules"]] + [FALSE]
