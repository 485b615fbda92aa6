# caught by: upload
# mistake: sends a segment again once, and then trusts the network
# like: solution.py

class Endpoint(Endpoint):
    def fire(self, now):
        self.due = None
        holes = [seq for seq, sent in sorted(self.flight.items()) if not sent[3] and not sent[2]]
        if holes:
            self.again(holes[0], now)
        elif not self.flight and self.nxt < len(self.buffer):
            self.fresh(1, now)
        return self.done(now)
