# caught by: on the wire
# mistake: remembers the first loss for ever, and so stays at its threshold
# like: solution.py

RightReno, RightCubic = Reno, Cubic


class Reno(RightReno):
    lost = 0

    def on_ack(self, cwnd, ssthresh, acked, now):
        if self.lost > 1:
            return max(cwnd // 2, 2)
        return RightReno.on_ack(self, cwnd, ssthresh, acked, now)

    def on_loss(self, cwnd, now):
        self.lost += 1
        return RightReno.on_loss(self, cwnd, now)
