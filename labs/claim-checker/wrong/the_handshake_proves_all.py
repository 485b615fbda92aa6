# caught by: the experiment
# mistake: a run in which nothing can go wrong tests nothing
# like: solution.py

right_checked = CHECKED


def CHECKED(given):
    found = right_checked(given)
    return {letter: {**row, "scenario": "handshake"} for letter, row in found.items()}
