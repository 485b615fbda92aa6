# caught by: a claim of your own
# mistake: a true claim needs no correction
# like: solution.py

right_own = OWN


def OWN(given):
    found = right_own(given)
    return {**found, "claimed": found["measured"]}
