# caught by: the alarm
# mistake: a socket that is ESTABLISHED in the end is no failure
# like: solution.py

right_alarm = alarm


def alarm(end):
    found = right_alarm(end)
    if found == "fine" and end["client"]["ss"]:
        return "application never closes"
    return found
