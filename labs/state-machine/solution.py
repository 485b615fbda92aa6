"""The state machine: a solution for every id."""

ID = "demo"
M = 2**32
WINDOW = 60_000
SYNCHRONIZED = ("ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK")


def before(a, b):
    """Whether a comes before b on the circle of sequence numbers."""
    return (a - b) % M >= M // 2


def row(flags, seq, ack=0):
    return {"flags": flags, "seq": seq % M, "ack": ack % M}


def reset_for(event):
    """The RST that answers a segment nobody expects."""
    if "R" in event["flags"]:
        return []
    if "." in event["flags"]:
        return [row("R", event["ack"])]
    used = event["length"] + ("S" in event["flags"]) + ("F" in event["flags"])
    return [row("R.", 0, event["seq"] + used)]


def ack_of(tcb):
    return [row(".", tcb["nxt"], tcb["rcv"])]


def step(tcb, event):
    """One event; the new TCB, and the segments that go out."""
    tcb = dict(tcb)
    if event["do"] == "segment":
        return {"tcb": tcb, "send": arrives(tcb, event)}
    return {"tcb": tcb, "send": called(tcb, event)}


def called(tcb, event):
    do, state = event["do"], tcb["state"]
    if do == "listen":
        tcb.update(state="LISTEN", iss=event["iss"], passive=True)
    elif do == "connect":
        tcb.update(state="SYN_SENT", iss=event["iss"], passive=False)
        tcb.update(una=event["iss"], nxt=(event["iss"] + 1) % M)
        return [row("S", event["iss"])]
    elif do == "wait" and state == "TIME_WAIT":
        tcb["state"] = "CLOSED"
    elif do == "close" and state in ("ESTABLISHED", "CLOSE_WAIT"):
        fin = [row("F.", tcb["nxt"], tcb["rcv"])]
        tcb["nxt"] = (tcb["nxt"] + 1) % M
        tcb["state"] = {"ESTABLISHED": "FIN_WAIT_1", "CLOSE_WAIT": "LAST_ACK"}[state]
        return fin
    return []


def arrives(tcb, event):
    state = tcb["state"]
    if state == "CLOSED":
        return reset_for(event)
    if state == "LISTEN":
        return in_listen(tcb, event)
    if state == "SYN_SENT":
        return in_syn_sent(tcb, event)
    if state == "TIME_WAIT":
        return in_time_wait(tcb, event)
    return in_order(tcb, event)


def in_listen(tcb, event):
    flags = event["flags"]
    if "R" in flags:
        return []
    if "." in flags:
        return reset_for(event)
    if "S" not in flags:
        return []
    iss = tcb["iss"]
    tcb.update(state="SYN_RECV", una=iss, nxt=(iss + 1) % M, rcv=(event["seq"] + 1) % M)
    return [row("S.", iss, tcb["rcv"])]


def in_syn_sent(tcb, event):
    flags = event["flags"]
    if "." in flags and event["ack"] != tcb["nxt"]:
        return reset_for(event)
    if "R" in flags:
        if "." in flags:
            tcb["state"] = "CLOSED"
        return []
    if "S" not in flags:
        return []
    tcb["rcv"] = (event["seq"] + 1) % M
    if "." in flags:
        tcb.update(state="ESTABLISHED", una=tcb["nxt"])
        return ack_of(tcb)
    tcb["state"] = "SYN_RECV"
    return [row("S.", tcb["iss"], tcb["rcv"])]


def in_time_wait(tcb, event):
    if "R" in event["flags"]:
        if event["seq"] == tcb["rcv"]:
            tcb["state"] = "CLOSED"
        return []
    if event["seq"] == tcb["rcv"] and not event["length"]:
        return []
    return ack_of(tcb)


def inside(tcb, event):
    used = event["length"] + ("S" in event["flags"]) + ("F" in event["flags"])
    end = (event["seq"] + used) % M
    return not before(end, tcb["rcv"]) and not before(tcb["rcv"] + WINDOW, event["seq"])


def in_order(tcb, event):
    flags, state = event["flags"], tcb["state"]
    if not inside(tcb, event):
        return [] if "R" in flags else ack_of(tcb)
    if "R" in flags:
        if event["seq"] != tcb["rcv"]:
            return ack_of(tcb)
        tcb["state"] = "LISTEN" if state == "SYN_RECV" and tcb["passive"] else "CLOSED"
        return []
    if "S" in flags:
        return ack_of(tcb)
    if "." not in flags:
        return []
    if state == "SYN_RECV":
        if event["ack"] != tcb["nxt"]:
            return reset_for(event)
        tcb["state"] = "ESTABLISHED"
    elif before(tcb["nxt"], event["ack"]):
        return ack_of(tcb)
    if before(tcb["una"], event["ack"]):
        tcb["una"] = event["ack"]
    return text_and_fin(tcb, event)


def text_and_fin(tcb, event):
    state = tcb["state"]
    if state in ("FIN_WAIT_1", "CLOSING", "LAST_ACK") and tcb["una"] == tcb["nxt"]:
        after = {"FIN_WAIT_1": "FIN_WAIT_2", "CLOSING": "TIME_WAIT", "LAST_ACK": "CLOSED"}
        tcb["state"] = state = after[state]
    news = False
    if event["length"] and event["seq"] == tcb["rcv"]:
        tcb["rcv"] = (tcb["rcv"] + event["length"]) % M
        news = True
    if "F" in event["flags"] and (event["seq"] + event["length"]) % M == tcb["rcv"]:
        after = {
            "ESTABLISHED": "CLOSE_WAIT",
            "FIN_WAIT_1": "CLOSING",
            "FIN_WAIT_2": "TIME_WAIT",
        }
        if state in after:
            tcb["rcv"] = (tcb["rcv"] + 1) % M
            tcb["state"] = after[state]
            news = True
    return ack_of(tcb) if news else []


def MINE(given):
    tcb, states = {"state": "CLOSED"}, []
    for event in given["walk"]:
        tcb = step(tcb, event)["tcb"]
        states.append(tcb["state"])
    return states


def seg(flags, seq, ack=0, length=0):
    return {"do": "segment", "flags": flags, "seq": seq, "ack": ack, "length": length}


def tested(*events):
    """A test from events: what step() says must happen."""
    tcb, expect = {"state": "CLOSED"}, []
    for event in events:
        done = step(tcb, event)
        tcb = done["tcb"]
        expect.append({"state": tcb["state"], "send": done["send"]})
    return {"events": list(events), "expect": expect}


def TESTS(given):
    listen, connect = {"do": "listen", "iss": 1000}, {"do": "connect", "iss": 1000}
    close = {"do": "close"}
    opened = [listen, seg("S", 5000), seg(".", 5001, 1001)]
    active = [connect, seg("S.", 5000, 1001)]
    waiting = [*active, close, seg(".", 5001, 1002), seg("F.", 5001, 1002)]
    return [
        tested(*opened, seg("R", 5001)),
        tested(*opened, seg("R", 5100)),
        tested(*opened, seg("R", 900_000)),
        tested(*opened, seg("S", 5001)),
        tested(*opened, seg("", 5001, 0, 10), seg(".", 5001, 1001, 20)),
        tested(*opened, seg(".", 5001, 3000)),
        tested(*opened, seg(".", 900_000, 1001, 10)),
        tested(connect, seg(".", 5000, 2000)),
        tested(connect, seg("R", 5000), seg("S.", 5000, 1001)),
        tested(*opened, seg("F.", 5001, 1001), close, seg(".", 5002, 1002)),
        tested(*waiting, seg("F.", 5001, 1002), {"do": "wait"}),
    ]
