"""Server under flood: settings that let honest clients in, whoever else knocks.

Your own attack and your own application: `python check.py --given`. Rates are per second, times in
milliseconds unless a name says more.
"""

ID = "demo"  # your student id

# From the numbers given: how long (s) a half-open request lives, how many of them there are in the
# end (without cookies), the least backlog with which a whole burst finds room while the application
# holds the first connection, and how long (ms) the last of the burst waits for the application.
MINE = {"lifetime": None, "half open": None, "backlog": None, "last in line": None}

# Without cookies: a flood, and clients on a good line.
NO_COOKIES = {
    "backlog": None,
    "somaxconn": None,
    "tcp_max_syn_backlog": None,
    "tcp_synack_retries": None,
}

# With cookies where they help: a flood ten times as strong, and clients that lose 3 % each way.
COOKIES = {
    "backlog": None,
    "somaxconn": None,
    "tcp_syncookies": None,
    "tcp_synack_retries": None,
}

# No attacker: a burst of honest clients, all at once, and a slow application.
BURST = {"backlog": None, "somaxconn": None}

# Twice as many clients as the application can serve, and each waits for a second only.
OVERLOAD = {"backlog": None, "somaxconn": None}


def syn_queue(rate, retries, seconds):
    """Half-open requests after so many seconds of a flood (SYNs per second), without cookies.

    The queue has room for all of them. The first SYN+ACK goes out at once, the next ones after
    1, 2, 4, ... s, and a request is forgotten one more wait after its last SYN+ACK.
    """
    raise NotImplementedError("syn_queue() is not written yet")
