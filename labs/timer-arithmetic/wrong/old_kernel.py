# caught by: SYN schedule
# mistake: doubles from the first wait on, as kernels before 6.5 did
# like: solution.py

def syn_schedule(syn_retries, linear_timeouts, rto_max):
    sent, now = [0], 0
    for wait in doubled(1000, rto_max):
        now += wait
        if len(sent) > syn_retries:
            return {"sent": sent, "over": now}
        sent.append(now)
