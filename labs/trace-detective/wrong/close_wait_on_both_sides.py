# caught by: states
# mistake: whoever sees a FIN is in CLOSE_WAIT, even who has sent one
# like: solution.py

states_of = STATES


def STATES(given):
    swap = {"TIME_WAIT": "CLOSE_WAIT", "CLOSING": "CLOSE_WAIT"}
    return {name: swap.get(value, value) for name, value in states_of(given).items()}
