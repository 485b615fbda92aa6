"""Reliable transfer: a solution for every id."""

ID = "demo"
FLIGHT = 10


def rto_after(samples):
    srtt = variation = None
    found = []
    for one in samples:
        if srtt is None:
            srtt, variation = one, one / 2
        else:
            variation = 0.75 * variation + 0.25 * abs(srtt - one)
            srtt = 0.875 * srtt + 0.125 * one
        found.append(max(1000, srtt + 4 * variation))
    return found


def MINE(given):
    return rto_after(given["samples"])


class Receiver:
    """Puts the peer's bytes into order."""

    def __init__(self):
        self.next = 0
        self.pieces = {}

    def take(self, seq, data):
        """Keep what is new; the bytes that are in order now."""
        for offset, byte in enumerate(data):
            if seq + offset >= self.next:
                self.pieces[seq + offset] = byte
        out = bytearray()
        while self.next in self.pieces:
            out.append(self.pieces.pop(self.next))
            self.next += 1
        return bytes(out)

    def blocks(self):
        """What lies beyond the hole, as SACK blocks."""
        found = []
        for number in sorted(self.pieces):
            if found and found[-1][1] == number:
                found[-1][1] = number + 1
            else:
                found.append([number, number + 1])
        return found


class Endpoint:
    """One end of an open connection."""

    def __init__(self, mss, window):
        self.mss, self.window = mss, window
        self.receiver = Receiver()
        self.buffer = b""
        self.una = self.nxt = 0
        self.flight = {}  # seq: [data, sent at, sent again, acknowledged selectively]
        self.samples = []
        self.backoff = 1
        self.due = None
        self.out = []

    # --- doors ---

    def write(self, data, now):
        self.buffer += data
        return self.done(now)

    def arrives(self, segment, now):
        self.acknowledged(segment, now)
        data = b""
        if segment["data"]:
            data = self.receiver.take(segment["seq"], segment["data"])
            self.send(b"", self.nxt)
        return self.done(now, data)

    def fire(self, now):
        self.due = None
        holes = [seq for seq, sent in sorted(self.flight.items()) if not sent[3]]
        if holes:
            for sent in self.flight.values():
                sent[2] = False  # what was sent again may be lost again
            self.again(holes[0], now)
        elif self.nxt < len(self.buffer):
            self.fresh(1, now)
        self.backoff = min(2 * self.backoff, 64)
        return self.done(now)

    # --- inside ---

    def rto(self):
        base = rto_after(self.samples)[-1] if self.samples else 1000
        return min(int(base * self.backoff), 60_000)

    def send(self, data, seq):
        row = {"seq": seq, "ack": self.receiver.next, "window": 60_000, "data": data}
        self.out.append({**row, "sack": self.receiver.blocks()[:3]})

    def fresh(self, size, now):
        data = self.buffer[self.nxt : self.nxt + size]
        self.send(data, self.nxt)
        self.flight[self.nxt] = [data, now, False, False]
        self.nxt += len(data)

    def again(self, seq, now):
        sent = self.flight[seq]
        sent[1], sent[2] = None, True  # Karn: no sample from it
        self.send(sent[0], seq)

    def acknowledged(self, segment, now):
        self.window = segment["window"]
        if segment["ack"] > self.una:
            self.una = segment["ack"]
            self.backoff = 1
            self.due = None
            for seq in [one for one in self.flight if one < self.una]:
                at = self.flight.pop(seq)[1]
                if at is not None and seq + self.mss >= self.una:
                    self.samples = [*self.samples[-20:], now - at]
        for left, right in segment["sack"]:
            for seq, sent in self.flight.items():
                if left <= seq and seq + len(sent[0]) <= right:
                    sent[3] = True
        beyond = 0
        for seq in sorted(self.flight, reverse=True):
            sent = self.flight[seq]
            if sent[3]:
                beyond += 1
            elif beyond >= 3 and not sent[2]:
                self.again(seq, now)

    def done(self, now, data=b""):
        while (
            self.nxt < len(self.buffer)
            and self.nxt + min(self.mss, len(self.buffer) - self.nxt) <= self.una + self.window
            and self.nxt + self.mss - self.una <= FLIGHT * self.mss
        ):
            self.fresh(self.mss, now)
        if self.due is None and (self.flight or self.nxt < len(self.buffer)):
            self.due = now + self.rto()
        elif not self.flight and self.nxt >= len(self.buffer):
            self.due = None
        out, self.out = self.out, []
        return {"send": out, "deadline": self.due, "data": data}
