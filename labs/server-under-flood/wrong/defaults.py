# caught by: without cookies
# mistake: five retries keep each forged request for a minute
# like: solution.py


def NO_COOKIES(given):
    return {
        "backlog": 128,
        "somaxconn": 4096,
        "tcp_max_syn_backlog": 1024,
        "tcp_synack_retries": 5,
    }
