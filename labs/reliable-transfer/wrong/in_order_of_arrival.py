# caught by: reassembly
# mistake: gives the program whatever comes, in the order in which it comes
# like: solution.py

class Receiver(Receiver):
    def take(self, seq, data):
        if seq + len(data) <= self.next:
            return b""
        self.next = max(self.next, seq + len(data))
        return data
