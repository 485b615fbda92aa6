"""Settings for every id: full marks."""

ID = "demo"


def lifetime(retries):
    return 2 ** (retries + 1) - 1


def MINE(given):
    life = lifetime(given["tcp_synack_retries"])
    return {
        "lifetime": life,
        "half open": given["flood"] * life,
        "backlog": given["burst"] - 2,
        "last in line": given["service"] * given["burst"],
    }


def NO_COOKIES(given):
    return {
        "backlog": 1024,
        "somaxconn": 1024,
        "tcp_max_syn_backlog": 1024,
        "tcp_synack_retries": 1,
    }


COOKIES = {"backlog": 256, "somaxconn": 256, "tcp_syncookies": 1, "tcp_synack_retries": 2}


def BURST(given):
    return {"backlog": given["burst"], "somaxconn": given["burst"]}


def OVERLOAD(given):
    room = max(500 // given["service"], 1)
    return {"backlog": room, "somaxconn": room}


def syn_queue(rate, retries, seconds):
    return rate * min(seconds, lifetime(retries))
