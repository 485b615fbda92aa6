# caught by: data schedule
# mistake: lets the wait double without end: tcp_rto_max_ms is forgotten
# like: solution.py

def data_schedule(rto, retries2, rto_max):
    sent, now = [0], 0
    limit = time_for(retries2, 200, rto_max)
    for wait in doubled(rto, 10**9):
        now += wait
        if len(sent) > 1 and as_counted(now - sent[1], rto_max) >= limit:
            return {"sent": sent, "over": now}
        sent.append(now)
