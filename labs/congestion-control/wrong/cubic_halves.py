# caught by: after a loss
# mistake: CUBIC with Reno's half
# like: solution.py

RightCubic = Cubic


class Cubic(RightCubic):
    BETA = 0.5
