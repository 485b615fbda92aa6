"""Timer arithmetic: when does it try again, and when does it give up?

All times are whole milliseconds. A schedule is a dict with two entries:
    "sent": when each segment goes out, the first sending included, as a list
    "over": when the last timer fires and the host gives up
"""

ID = "demo"  # your student id: it decides what your own host looks like


def syn_schedule(syn_retries, linear_timeouts, rto_max):
    """SYNs that nobody answers; times since the first one."""
    raise NotImplementedError("syn_schedule() is not written yet")


def syn_ack_schedule(synack_retries, rto_max):
    """SYN+ACKs that nobody answers; times since the first one."""
    raise NotImplementedError("syn_ack_schedule() is not written yet")


def time_for(retries, base, rto_max):
    """How long `retries` retransmissions take when the first wait is `base`: the kernel's model.

    This one is given. From the first sending to the moment of giving up, each wait twice the one
    before and none longer than rto_max.
    """
    doublings = (rto_max // base).bit_length() - 1
    total, wait = 0, base
    for number in range(retries + 1):
        total += wait
        wait = 2 * wait if number < doublings else rto_max
    return total


def as_counted(elapsed, rto_max):
    """Given, too: kernel timers fire late, by some percent, and that decides when to give up.

    Our engine's timers are exact, so it counts an 18th more than what its clock says.
    """
    return elapsed + min(elapsed // 18, rto_max // 2)


def data_schedule(rto, retries2, rto_max):
    """Data that nobody acknowledges, first wait `rto`; times since it was first sent."""
    raise NotImplementedError("data_schedule() is not written yet")


def orphan_schedule(rto, orphan_retries, rto_max):
    """The FIN of a closed socket, first wait `rto`; times since it was first sent."""
    raise NotImplementedError("orphan_schedule() is not written yet")


def keepalive_schedule(idle, interval, count, user_timeout):
    """Keepalive probes into silence; times since the peer's last word. user_timeout 0: not set.

    "sent" holds the probes; "over" is when the connection is given up.
    """
    raise NotImplementedError("keepalive_schedule() is not written yet")


# Task 7: your own host. `python check.py --given` prints its settings. Numbers, not formulas.
MINE = {
    "SYNs sent": None,
    "connect() fails after ms": None,
    "SYN+ACKs sent": None,
    "the request is forgotten after ms": None,
    "data sent again, times": None,
    "send fails after ms": None,
    "an idle dead peer is noticed after ms": None,
}

# Task 8: mend it. Sysctls and socket options; TCP_USER_TIMEOUT is in milliseconds, TCP_KEEPIDLE and
# TCP_KEEPINTVL are in seconds.
MENDED = {
    "tcp_syn_retries": None,
    "tcp_syn_linear_timeouts": None,
    "tcp_rto_max_ms": None,
    "TCP_USER_TIMEOUT": None,
    "TCP_KEEPIDLE": None,
    "TCP_KEEPINTVL": None,
    "TCP_KEEPCNT": None,
}
