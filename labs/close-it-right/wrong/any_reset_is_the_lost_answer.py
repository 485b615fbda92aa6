# caught by: symptoms
# mistake: takes every RST for a close with unread data
# like: solution.py

right_symptoms = SYMPTOMS


def SYMPTOMS(given):
    found = right_symptoms(given)
    for letter, seen in given["symptoms"].items():
        if seen["RSTs on the wire"]:
            found[letter] = 1
    return found
