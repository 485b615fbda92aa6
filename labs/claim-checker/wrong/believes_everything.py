# caught by: verdicts
# mistake: what is said so exactly must be true
# like: solution.py

right_checked = CHECKED


def CHECKED(given):
    return {letter: {**row, "holds": True} for letter, row in right_checked(given).items()}
