# caught by: fast retransmit
# mistake: waits for the timer, whatever the ACKs say
# like: solution.py

class Endpoint(Endpoint):
    def acknowledged(self, segment, now):
        super().acknowledged({**segment, "sack": []}, now)
