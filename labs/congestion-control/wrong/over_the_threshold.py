# caught by: slow start
# mistake: doubles beyond ssthresh in the last step
# like: solution.py

RightReno = Reno


class Reno(RightReno):
    def on_ack(self, cwnd, ssthresh, acked, now):
        if cwnd < ssthresh:
            return cwnd + 2 * acked
        return RightReno.on_ack(self, cwnd, ssthresh, acked, now)
