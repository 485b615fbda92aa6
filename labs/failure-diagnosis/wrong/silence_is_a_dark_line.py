# caught by: causes
# mistake: whatever is sent again was lost on the line
# like: solution.py

right_causes = CAUSES


def CAUSES(given):
    found = right_causes(given)
    again = ("accept queue full", "answers are filtered", "peer is gone, FIN unheard",
             "path drops large packets", "application does not read")
    return {x: "line went dark" if cause in again else cause for x, cause in found.items()}
