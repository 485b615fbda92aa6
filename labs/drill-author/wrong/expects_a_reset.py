# caught by: no false alarm
# mistake: believes that any RST inside the window ends the connection
# like: solution.py

FALSE = "// A reset inside the window ends the connection." + OPENED
FALSE += "+0 < R 1001:1001(0) win 0\n+.05 read(4, ..., 1000) = -1 ECONNRESET (Connection reset by peer)\n"


def SCRIPTS(given):
    return [whole(name) for name in given["rules"]] + [FALSE]
