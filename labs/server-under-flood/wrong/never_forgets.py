# caught by: half-open requests
# mistake: requests pile up for ever
# like: solution.py


def syn_queue(rate, retries, seconds):
    return rate * seconds
