# caught by: SYN+ACK schedule
# mistake: gives the SYN+ACK the linear waits that only SYNs have
# like: solution.py

def syn_ack_schedule(synack_retries, rto_max):
    sent, now = [0], 0
    for wait in doubled(1000, rto_max, 4):
        now += wait
        if len(sent) > synack_retries:
            return {"sent": sent, "over": now}
        sent.append(now)
