# caught by: one segment a round trip
# mistake: goes on exponentially above ssthresh
# like: solution.py

RightReno = Reno


class Reno(RightReno):
    def on_ack(self, cwnd, ssthresh, acked, now):
        return min(cwnd + acked, ssthresh) if cwnd < ssthresh else cwnd + acked
