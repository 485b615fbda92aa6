"""Claim checker: believe nothing about TCP that you have not seen, and say where it stands.

`python check.py --given` prints your five claims, A to E. For each of them:
    scenario   the experiment of `python -m tcpcore list` that puts it to the test
    quantity   what is counted in it, one of claims.QUANTITIES
    measured   what the engine does with the settings of your claim (a whole number)
    holds      True or False
    rfc        the number of the RFC that sets the rule, or that Linux departs from
"""

ID = "demo"  # your student id

EMPTY = {"scenario": None, "quantity": None, "measured": None, "holds": None, "rfc": None}
CHECKED = {"A": EMPTY, "B": EMPTY, "C": EMPTY, "D": EMPTY, "E": EMPTY}

# When did the *real kernel* send the last segment of its client in the run named by "record"?
# Seconds after the first segment, to one decimal: tcpcore.linux.store.find() has the record.
KERNEL = None

# A claim of your own that sounds right and is wrong: another scenario than in your five claims, at
# least one setting that is not the default, a quantity of claims.QUANTITIES, what people would say
# (claimed), and what it really is (measured).
OWN = {"says": None, "scenario": None, "settings": None, "quantity": None, "claimed": None,
       "measured": None}
