# caught by: keepalive schedule
# mistake: forgets the interval after the last probe
# like: solution.py

def keepalive_schedule(idle, interval, count, user_timeout):
    sent = [idle + number * interval for number in range(count)]
    return {"sent": sent, "over": sent[-1]}
