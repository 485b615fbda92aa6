"""Timer arithmetic: a solution for every id."""

ID = "demo"


def doubled(first, rto_max, linear=0):
    """Waits: `linear` of them like the first, then each twice the one before."""
    wait = first
    for number in range(1000):
        yield wait
        if number >= linear:
            wait = min(2 * wait, rto_max)


def time_for(retries, base, rto_max):
    doublings = (rto_max // base).bit_length() - 1
    total, wait = 0, base
    for number in range(retries + 1):
        total += wait
        wait = 2 * wait if number < doublings else rto_max
    return total


def as_counted(elapsed, rto_max):
    return elapsed + min(elapsed // 18, rto_max // 2)


def syn_schedule(syn_retries, linear_timeouts, rto_max):
    sent, now = [0], 0
    limit = time_for(syn_retries, 1000, rto_max)
    for wait in doubled(1000, rto_max, linear_timeouts):
        now += wait
        if len(sent) > syn_retries + linear_timeouts or (len(sent) > 1 and now >= limit):
            return {"sent": sent, "over": now}
        sent.append(now)


def syn_ack_schedule(synack_retries, rto_max):
    sent, now = [0], 0
    for wait in doubled(1000, rto_max):
        now += wait
        if len(sent) > synack_retries:
            return {"sent": sent, "over": now}
        sent.append(now)


def data_schedule(rto, retries2, rto_max):
    sent, now = [0], 0
    limit = time_for(retries2, 200, rto_max)
    for wait in doubled(rto, rto_max):
        now += wait
        if len(sent) > 1 and as_counted(now - sent[1], rto_max) >= limit:
            return {"sent": sent, "over": now}
        sent.append(now)


def orphan_schedule(rto, orphan_retries, rto_max):
    sent, now = [0], 0
    for wait in doubled(rto, rto_max):
        now += wait
        retries = orphan_retries or (8 if wait < rto_max else 0)
        limit = time_for(retries, 200, rto_max)
        if len(sent) > 1 and as_counted(now - sent[1], rto_max) >= limit:
            return {"sent": sent, "over": now}
        sent.append(now)


def keepalive_schedule(idle, interval, count, user_timeout):
    sent, now = [], idle
    while True:
        if sent and now >= user_timeout if user_timeout else len(sent) >= count:
            return {"sent": sent, "over": now}
        sent.append(now)
        now += interval


def first_rto(rtt):
    return rtt + max(200, 2 * rtt)


def MINE(given):
    host = given["host"]
    longest = host["tcp_rto_max_ms"]
    syns = syn_schedule(host["tcp_syn_retries"], host["tcp_syn_linear_timeouts"], longest)
    answers = syn_ack_schedule(host["tcp_synack_retries"], longest)
    data = data_schedule(first_rto(host["rtt"]), host["tcp_retries2"], longest)
    idle = 1000 * host["keep_idle"]
    probes = keepalive_schedule(idle, 1000 * host["keep_interval"], host["keep_count"], 0)
    return {
        "SYNs sent": len(syns["sent"]),
        "connect() fails after ms": syns["over"],
        "SYN+ACKs sent": len(answers["sent"]),
        "the request is forgotten after ms": answers["over"],
        "data sent again, times": len(data["sent"]) - 1,
        "send fails after ms": data["over"],
        "an idle dead peer is noticed after ms": probes["over"],
    }


def MENDED(given):
    wanted = given["mend"]
    retries, linear, longest = 1, 0, 2000
    while syn_schedule(retries + 1, linear, longest)["over"] <= 1000 * wanted["connect_within"]:
        retries += 1
    return {
        "tcp_syn_retries": retries,
        "tcp_syn_linear_timeouts": linear,
        "tcp_rto_max_ms": longest,
        "TCP_USER_TIMEOUT": 1000 * (wanted["outage"] + wanted["heard_within"]) // 2,
        "TCP_KEEPIDLE": 15,
        "TCP_KEEPINTVL": 1,
        "TCP_KEEPCNT": 3,
    }
