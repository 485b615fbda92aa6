# caught by: upload
# mistake: sends again after the same wait each time
# like: solution.py


class Endpoint(Endpoint):
    def fire(self, now):
        self.backoff = 0.5
        return super().fire(now)
