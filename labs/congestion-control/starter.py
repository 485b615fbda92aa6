"""Congestion control: Reno, then CUBIC, as plug-ins for a sender that does all the rest.

An object decides for one connection. Windows are whole numbers of segments, times are microseconds.

    on_ack(cwnd, ssthresh, acked, now)   `acked` more segments arrived while cwnd was in use: the new cwnd
    on_loss(cwnd, now)                   a loss (or a time-out) was found: the new ssthresh
    on_rtt(rtt, now)                     an ACK brought a round-trip time; gives nothing back

After a loss the sender itself brings cwnd down to the new ssthresh; after a time-out to 1.
"""

ID = "demo"  # your student id: it decides your path

# Your path (`python check.py --given`): whole segments; k in seconds, to two decimals.
MINE = {"bdp": None, "w_max": None, "reno ssthresh": None, "cubic ssthresh": None, "k": None}


class Reno:
    """Slow start, then one segment a round trip; half of it after a loss (RFC 5681)."""

    def on_ack(self, cwnd, ssthresh, acked, now):
        raise NotImplementedError("Reno.on_ack() is not written yet")

    def on_loss(self, cwnd, now):
        raise NotImplementedError("Reno.on_loss() is not written yet")

    def on_rtt(self, rtt, now):
        pass


class Cubic:
    """A cubic function of the time since the last loss; 0.7 of it after a loss (RFC 9438)."""

    def on_ack(self, cwnd, ssthresh, acked, now):
        raise NotImplementedError("Cubic.on_ack() is not written yet")

    def on_loss(self, cwnd, now):
        raise NotImplementedError("Cubic.on_loss() is not written yet")

    def on_rtt(self, rtt, now):
        pass


class Best:
    """Your own: fill the path and keep the queue short. It goes onto the leaderboard."""

    def on_ack(self, cwnd, ssthresh, acked, now):
        raise NotImplementedError("Best.on_ack() is not written yet")

    def on_loss(self, cwnd, now):
        raise NotImplementedError("Best.on_loss() is not written yet")

    def on_rtt(self, rtt, now):
        pass
