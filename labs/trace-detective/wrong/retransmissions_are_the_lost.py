# caught by: two captures
# mistake: reports the retransmissions themselves as lost, not what they repeat
# like: solution.py


def LOST(given):
    found = {}
    for name in ("client", "server"):
        seen, again = set(), []
        for one in given["captures"][name]:
            if one["from"] == name and one["length"]:
                if one["seq"] in seen:
                    again.append(one["ip_id"])
                seen.add(one["seq"])
        found[name] = again + [1]
    return found
