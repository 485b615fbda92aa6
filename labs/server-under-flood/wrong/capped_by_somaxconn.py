# caught by: a burst
# mistake: listen() asks for enough, somaxconn gives less
# like: solution.py


def BURST(given):
    return {"backlog": given["burst"], "somaxconn": 8}
