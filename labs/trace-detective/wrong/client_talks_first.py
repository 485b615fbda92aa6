# caught by: order of sending
# mistake: puts all of the client's segments before the server's that they answer
# like: solution.py


def ORDER(given):
    rows = sorted(given["shuffled"], key=lambda one: one["ip_id"])
    sides = [[one["letter"] for one in rows if one["from"] == name] for name in OTHER]
    longest = max(map(len, sides))
    pairs = [side[i] for i in range(longest) for side in sides if i < len(side)]
    return pairs[1:] + pairs[:1]
