"""Trace detective: a program that solves the traces of every id."""

ID = "demo"
OTHER = {"client": "server", "server": "client"}
M = 2**32


def space(flags, length):
    return length + ("S" in flags) + ("F" in flags)


def known_length(rows, index):
    """A length follows from the sender's next number, or from what the other one acknowledges."""
    one = rows[index]
    for later in rows[index + 1 :]:
        if later["from"] == one["from"] and later["seq"] is not None:
            used = (later["seq"] - one["seq"]) % M
            return used - ("F" in (one["flags"] or "")) - ("S" in (one["flags"] or ""))
    raise ValueError("cannot be told")


def known_flags(rows, index):
    one = rows[index]
    if one["length"]:
        return "P."
    for later in rows[index + 1 :]:
        if later["from"] == one["from"] and later["seq"] is not None:
            if (later["seq"] - one["seq"]) % M == 0:
                return "."
            return "S." if index == 1 else "F."
    return "."


def filled(given):
    rows = [dict(one) for one in given["trace"]]
    follows = {}  # a host's next number
    for index, one in enumerate(rows):
        if one["seq"] is None:
            one["seq"] = follows[one["from"]]
        if one["length"] is None:
            one["length"] = known_length(rows, index)
        if one["flags"] is None:
            one["flags"] = known_flags(rows, index)
        if one["ack"] is None:
            come = [
                (other["seq"] + space(other["flags"], other["length"])) % M
                for other in rows[:index]
                if other["from"] == OTHER[one["from"]]
                and other["time"] + given["one_way"] <= one["time"]
            ]
            one["ack"] = come[-1]
        follows[one["from"]] = (one["seq"] + space(one["flags"], one["length"])) % M
    return rows


def BLANKS(given):
    rows = filled(given)
    found = {}
    for name in given["blanks"]:
        field, _, number = name.split()
        found[name] = rows[int(number) - 1][field]
    return found


def ORDER(given):
    rows = given["shuffled"]
    queues = {
        name: sorted((one for one in rows if one["from"] == name), key=lambda one: one["ip_id"])
        for name in ("client", "server")
    }
    sent, order = {"client": None, "server": None}, []
    while queues["client"] or queues["server"]:
        able = []
        for name, queue in queues.items():
            if not queue:
                continue
            one, limit = queue[0], sent[OTHER[name]]
            if "." not in one["flags"] or (limit is not None and (limit - one["ack"]) % M < M // 2):
                able.append(name)
        # Who has something to answer goes first; the other one waits for it.
        name = able[0]
        if len(able) == 2:
            first = queues[able[0]][0]
            name = able[0] if (first["ack"] - (sent[able[1]] or 0)) % M == 0 else able[1]
        one = queues[name].pop(0)
        sent[name] = (one["seq"] + space(one["flags"], one["length"])) % M
        order.append(one["letter"])
    return order


def STATES(given):
    rows = filled(given)
    now = {"client": "CLOSED", "server": "LISTEN"}
    fin = {"client": None, "server": None}
    steps = []
    for index, one in enumerate(rows):
        steps.append((one["time"], 1, index, "sends"))
        steps.append((one["time"] + given["one_way"], 0, index, "arrives"))
    found = {}
    for _, _, index, what in sorted(steps):
        one = rows[index]
        host = one["from"] if what == "sends" else OTHER[one["from"]]
        acked = "." in one["flags"] and fin[host] is not None and one["ack"] == fin[host]
        before = state = now[host]
        if what == "sends":
            if one["flags"] == "S":
                state = "SYN_SENT"
            if "F" in one["flags"]:
                fin[host] = (one["seq"] + one["length"] + 1) % M
                state = {"ESTABLISHED": "FIN_WAIT_1", "CLOSE_WAIT": "LAST_ACK"}[state]
        else:
            if one["flags"] == "S":
                state = "SYN_RECV"
            elif "S" in one["flags"] or state == "SYN_RECV":
                state = "ESTABLISHED"
            if acked:
                after = {"FIN_WAIT_1": "FIN_WAIT_2", "CLOSING": "TIME_WAIT", "LAST_ACK": "CLOSED"}
                state = after.get(state, state)
            if "F" in one["flags"]:
                after = {
                    "ESTABLISHED": "CLOSE_WAIT",
                    "FIN_WAIT_1": "CLOSING",
                    "FIN_WAIT_2": "TIME_WAIT",
                }
                state = after.get(state, state)
        if state != before:
            now[host] = state
            verb = (
                f"it sends segment {index + 1}"
                if what == "sends"
                else f"segment {index + 1} arrives"
            )
            found[f"{host}, when {verb}"] = state
    return {name: found.get(name) for name in given["states"]}


def LOST(given):
    seen = given["captures"]
    return {
        name: sorted(
            {one["ip_id"] for one in seen[name] if one["from"] == name}
            - {one["ip_id"] for one in seen[OTHER[name]] if one["from"] == name}
        )
        for name in ("client", "server")
    }


def FORGED(given):
    does, expected = [], None
    for one in given["attack"]:
        if one["from"] == "server" and one["flags"] != "R":
            expected = (one["seq"] + space(one["flags"], one["length"])) % M
        elif one["flags"] == "R":
            offset = (one["seq"] - expected) % M
            does.append("resets" if offset == 0 else "challenges" if offset < 60_000 else "drops")
    return does
