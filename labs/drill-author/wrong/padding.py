# caught by: to the point
# mistake: adds a script that is right and notices nothing
# like: solution.py

IDLE = "// A connection can be opened." + OPENED


def SCRIPTS(given):
    return [whole(name) for name in given["rules"]] + [IDLE]
