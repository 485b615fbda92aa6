# caught by: made again
# mistake: the right scenario with its defaults: another line, another capture
# like: solution.py

right_proof = PROOF


def PROOF(given):
    found = right_proof(given)
    return {x: {**one, "settings": {"rtt": 2}} for x, one in found.items()}
