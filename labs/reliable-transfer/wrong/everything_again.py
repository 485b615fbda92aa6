# caught by: selective
# mistake: sends all that is in flight again when one segment is lost (go back n)
# like: solution.py

class Endpoint(Endpoint):
    def again(self, seq, now):
        for one in sorted(self.flight):
            if one >= seq:
                super().again(one, now)
