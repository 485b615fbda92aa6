# caught by: data schedule
# mistake: counts the limit from the first sending, as the text of tcp_retries2 suggests
# like: solution.py

def data_schedule(rto, retries2, rto_max):
    sent, now = [0], 0
    limit = time_for(retries2, 200, rto_max)
    for wait in doubled(rto, rto_max):
        now += wait
        if now >= limit:
            return {"sent": sent, "over": now}
        sent.append(now)
