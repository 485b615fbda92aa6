# caught by: blanked fields
# mistake: forgets that SYN and FIN take a number each
# like: solution.py

numbers, blanks_of = space, BLANKS


def BLANKS(given):
    global space
    space = lambda flags, length: length
    try:
        return blanks_of(given)
    finally:
        space = numbers
