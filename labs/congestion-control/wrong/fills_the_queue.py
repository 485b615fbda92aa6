# caught by: a short queue
# mistake: only a loss says that it is too much
# like: solution.py


class Best(Reno):
    pass
