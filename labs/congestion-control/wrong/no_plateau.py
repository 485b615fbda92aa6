# caught by: the curve
# mistake: the curve without K: it starts at the flat part instead of reaching it
# like: solution.py

RightCubic = Cubic


class Cubic(RightCubic):
    def on_ack(self, cwnd, ssthresh, acked, now):
        found = RightCubic.on_ack(self, cwnd, ssthresh, acked, now)
        self.k = 0.0
        return found
