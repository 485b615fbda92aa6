# caught by: slow start
# mistake: one segment for each ACK, even for one that acknowledges two
# like: solution.py

RightReno = Reno


class Reno(RightReno):
    def on_ack(self, cwnd, ssthresh, acked, now):
        if cwnd < ssthresh:
            return cwnd + 1
        return RightReno.on_ack(self, cwnd, ssthresh, acked, now)
