# caught by: data schedule
# mistake: takes tcp_retries2 for a number of retransmissions
# like: solution.py

def data_schedule(rto, retries2, rto_max):
    sent, now = [0], 0
    for wait in doubled(rto, rto_max):
        now += wait
        if len(sent) > retries2:
            return {"sent": sent, "over": now}
        sent.append(now)


def orphan_schedule(rto, orphan_retries, rto_max):
    sent, now = [0], 0
    limit = time_for(orphan_retries or 8, 200, rto_max)
    for wait in doubled(rto, rto_max):
        now += wait
        if len(sent) > 1 and as_counted(now - sent[1], rto_max) >= limit:
            return {"sent": sent, "over": now}
        sent.append(now)
