# caught by: persist
# mistake: waits for the peer to say that its window is open
# like: solution.py

class Endpoint(Endpoint):
    def done(self, now, data=b""):
        found = super().done(now, data)
        if not self.flight:
            self.due = found["deadline"] = None
        return found
