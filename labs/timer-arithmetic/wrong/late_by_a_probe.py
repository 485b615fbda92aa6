# caught by: recorded kernel
# mistake: lets the last probe wait twice: no kernel is that patient
# like: solution.py

def keepalive_schedule(idle, interval, count, user_timeout):
    sent = [idle + 300 + number * interval for number in range(count)]
    return {"sent": sent, "over": sent[-1] + 2 * interval}
