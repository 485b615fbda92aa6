# caught by: my ten rules
# mistake: tests that data is acknowledged, and nothing that could go wrong
# like: solution.py

HAPPY = "// Data is acknowledged." + OPENED
HAPPY += "+0 < P. 1:101(100) ack 1 win 65535\n+0 > . 1:1(0) ack 101\n"


def SCRIPTS(given):
    return [HAPPY]
