# caught by: keepalive schedule
# mistake: does not know that TCP_USER_TIMEOUT takes the place of the count
# like: solution.py

def keepalive_schedule(idle, interval, count, user_timeout):
    sent = [idle + number * interval for number in range(count)]
    return {"sent": sent, "over": sent[-1] + interval}
