# caught by: reassembly
# mistake: keeps no segment that comes before its turn
# like: solution.py

class Receiver(Receiver):
    def take(self, seq, data):
        if seq > self.next or seq + len(data) <= self.next:
            return b""
        fresh = data[self.next - seq :]
        self.next += len(fresh)
        return fresh
