# caught by: my tests
# mistake: tests only the ordinary course of things
# like: solution.py

def TESTS(given):
    listen = {"do": "listen", "iss": 1000}
    return [
        tested(listen, seg("S", 5000), seg(".", 5001, 1001), seg("R", 900_000)),
        tested(listen, seg("S", 5000), seg(".", 5001, 1001), seg("F.", 5001, 1001)),
    ]
