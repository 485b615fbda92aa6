# caught by: sources
# mistake: cites the RFC that stands on every slide
# like: solution.py

right_checked = CHECKED


def CHECKED(given):
    return {letter: {**row, "rfc": 793} for letter, row in right_checked(given).items()}
