# caught by: blanked fields
# mistake: takes ack for the last byte received, not the next one expected
# like: solution.py

blanks_of = BLANKS


def BLANKS(given):
    found = blanks_of(given)
    return {name: value - 1 if name.startswith("ack") else value for name, value in found.items()}
