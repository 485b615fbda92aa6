"""What the checks of trace-detective look at: each deduction beside the run that made the trace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong  # noqa: E402

lab = Lab(
    __file__,
    title="Trace detective",
    hours=2,
    values=("BLANKS", "ORDER", "STATES", "LOST", "FORGED"),
    personal="blanked fields",
)
SPACE = 2**32
OTHER = {"client": "server", "server": "client"}
STATE_NAMES = (
    *("CLOSED", "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"),
    *("CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"),
)
RULES = {
    "seq": "seq is the number of the first byte; SYN and FIN take one number each (RFC 9293 §3.4)",
    "ack": "ack is the next number that the sender expects, from all that has reached it by then "
    "(RFC 9293 §3.4)",
    "length": "the sender's next seq, or the other side's next ack, tells how many bytes it had",
    "flags": "every segment but the first has ACK; SYN and FIN take a number, pure ACKs none "
    "(RFC 9293 §3.1)",
}


def table(answer: Answer, name: str, keys: list[str]) -> dict[str, Any]:
    """A dict of the answer with exactly these keys."""
    found = answer.value(name)
    if not isinstance(found, dict):
        raise Wrong(f"{name} is a dict.", where=name, found=found)
    missing = [key for key in keys if found.get(key) is None]
    if missing:
        raise Wrong(f"{name} has nothing for {missing[0]!r}.", where=f"{name}[{missing[0]!r}]")
    return found


def misspelt(kind: str, key: str, value: Any) -> str | None:
    """What is wrong with the way a value is written, whatever it means."""
    if kind == "state":
        known = value in STATE_NAMES
        return None if known else f"States are written as here: {', '.join(STATE_NAMES)}"
    if key.startswith("flags"):
        known = isinstance(value, str) and set(value) <= set("SFRP.")
        return None if known else "Flags are written as in the other lines: 'S.', 'P.', '.', 'F.'"
    return "A number stands without quotes" if isinstance(value, str) else None


def judged(
    instance: Instance, found: dict[str, Any], keys: list[str], kind: str, rule: Any, place: Any
) -> Part | None:
    """The share of right entries, and the first wrong one."""
    wrong = [key for key in keys if not instance.agrees(f"{kind} {key}", found[key])]
    if not wrong:
        return None
    first, right = wrong[0], len(keys) - len(wrong)
    message = (
        f"{first!r} is not {found[first]!r}. {misspelt(kind, first, found[first]) or rule(first)}."
    )
    if right == 0:
        raise Wrong(message, where=place(first))
    return Part(right, len(keys), message, place(first))


@lab.check(
    "blanked fields",
    points=30,
    parts=10,
    rule="numbers count bytes, SYN and FIN count as one, ack names the next byte expected "
    "(RFC 9293 §3.4)",
)
def blanked_fields(answer: Answer, instance: Instance) -> Part | None:
    """Ten fields of a trace that belongs to your id, each to be told from the others."""
    keys = instance.given["blanks"]
    found = table(answer, "BLANKS", keys)

    def rule(key: str) -> str:
        return RULES[key.split()[0]]

    def place(key: str) -> str:
        field, _, number = key.split()
        time = instance.given["trace"][int(number) - 1]["time"]
        return f"segment {number}, at {time} ms: its {field}"

    return judged(instance, found, keys, "blank", rule, place)


@lab.check(
    "order of sending",
    points=20,
    rule="a host numbers its packets one by one, and nobody acknowledges what was not sent "
    "(RFC 9293 §3.4, inet_sk_id in __ip_select_ident())",
)
def order_of_sending(answer: Answer, instance: Instance) -> None:
    """A conversation without times, put into the order in which its segments were sent."""
    rows = {one["letter"]: one for one in instance.given["shuffled"]}
    order = answer.value("ORDER")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(rows):
        raise Wrong("ORDER is a list with each letter once.", where="ORDER", found=order)
    last: dict[str, Any] = {}
    for number, letter in enumerate(order, 1):
        one = rows[letter]
        place = f"place {number}: segment {letter!r} of the {one['from']}, flags {one['flags']}"
        before, other = last.get(one["from"]), last.get(OTHER[one["from"]])
        if before is not None and (one["ip_id"] - before["ip_id"]) % 2**16 > 2**15:
            message = f"{letter!r} has an earlier ip_id than {before['letter']!r} of the same host."
            raise Wrong(message, where=place)
        if "." in one["flags"]:
            end = None if other is None else other["end"]
            if end is None or (end - one["ack"]) % SPACE >= SPACE // 2:
                message = f"{letter!r} acknowledges what has not been sent by then."
                raise Wrong(message, where=place)
        used = one["length"] + ("S" in one["flags"]) + ("F" in one["flags"])
        last[one["from"]] = {**one, "end": (one["seq"] + used) % SPACE}
    if not instance.agrees("order", order):
        raise Wrong(
            "Nothing contradicts itself, but somebody answers later than a host would: what has "
            "arrived is acknowledged before something new is said.",
            where="a pure ACK that stands too late",
        )


@lab.check(
    "states",
    points=20,
    parts=4,
    rule="a host changes its state when it sends or receives SYN and FIN, and when its own is "
    "acknowledged (RFC 9293 §3.3.2)",
)
def states(answer: Answer, instance: Instance) -> Part | None:
    """The state of a host after each segment that changes it, in the trace of task 1."""
    keys = instance.given["states"]
    found = table(answer, "STATES", keys)

    def rule(key: str) -> str:
        return "Follow the arrows of the state diagram from the state before"

    return judged(instance, found, keys, "state", rule, lambda key: key)


@lab.check(
    "two captures",
    points=15,
    rule="a retransmission is a packet of its own, with its own ip_id: what one end sent and the "
    "other never saw was lost",
)
def two_captures(answer: Answer, instance: Instance) -> None:
    """Which packets were lost on the way, from captures made at both ends."""
    found = answer.value("LOST")
    for name in ("client", "server"):
        own = found.get(name) if isinstance(found, dict) else None
        if not isinstance(own, list) or not all(isinstance(one, int) for one in own):
            raise Wrong("LOST has a list of ip_ids for each sender.", where=f"LOST[{name!r}]")
        if not instance.agrees(f"lost of {name}", sorted(own)):
            seen = instance.given["captures"][OTHER[name]]
            arrived = [one for one in own if one in [two["ip_id"] for two in seen]]
            message = f"Packets of the {name} that were lost are not {sorted(own)}."
            if arrived:
                message = f"Packet {arrived[0]} of the {name} did arrive."
            raise Wrong(message, where=f"the capture at the {OTHER[name]}, packets of the {name}")


@lab.check(
    "forged resets",
    points=15,
    rule="an RST resets only at exactly rcv.nxt; elsewhere in the window it is challenged, outside "
    "it is dropped (RFC 5961 §3.2)",
)
def forged_resets(answer: Answer, instance: Instance) -> None:
    """What the client does with three RSTs that somebody sends in the server's name."""
    found = answer.value("FORGED")
    resets = [one for one in instance.given["attack"] if one["flags"] == "R"]
    words = ("resets", "challenges", "drops")
    if not isinstance(found, list) or len(found) != len(resets) or set(found) - set(words):
        raise Wrong(
            f"FORGED is a list of {len(resets)} words of {', '.join(words)}.",
            where="FORGED",
            found=found,
        )
    if not instance.agrees("forged", found):
        places = ", ".join(f"segment {one['n']} (seq {one['seq']})" for one in resets)
        raise Wrong(f"It is not {found}.", where=f"one of {places}")


check = lab.notebook
if __name__ == "__main__":
    lab.main()
