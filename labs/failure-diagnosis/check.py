"""What the checks of failure-diagnosis look at: causes, runs that show them again, and an alarm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong, share  # noqa: E402
from tcpcore.errors import UsageError  # noqa: E402

lab = Lab(
    __file__,
    title="Failure diagnosis",
    hours=3,
    values=("CAUSES", "PROOF"),
    imports=("tcpcore",),
    personal="causes",
    files=("cases.py",),
    lines=0,
)
ALARMS = (
    "accept queue full",
    "application never closes",
    "path drops large packets",
    "closed with data unread",
    "line went dark",
    "nobody listens",
)
HEALTHY = ("handshake", "data-and-close", "three-segment-close", "byte-stream")
FINE = "fine"


def entries(answer: Answer, instance: Instance, name: str) -> dict[str, Any]:
    """A dict of the answer with something for each ticket."""
    found = answer.value(name)
    letters = list(instance.given["tickets"])
    if not isinstance(found, dict) or not set(found) <= set(letters):
        raise Wrong(f"{name} has an entry for each of A to H.", where=name, found=found)
    return {letter: found.get(letter) for letter in letters}


@lab.check(
    "causes",
    points=40,
    parts=8,
    rule="a capture and the counters of both ends leave room for one cause (RFC 9293 §3.10, the "
    "counters of net/ipv4/proc.c)",
)
def causes(answer: Answer, instance: Instance) -> Part | None:
    """The cause of each of your eight tickets."""
    found = entries(answer, instance, "CAUSES")
    wrong = {}
    for letter, cause in found.items():
        place = f"CAUSES[{letter!r}]"
        if cause not in instance.given["causes"]:
            wrong[place] = f"Ticket {letter}: {cause!r} is not in the list of causes."
        elif not instance.agrees(f"cause {letter}", cause):
            lines = len(instance.given["tickets"][letter]["tcpdump"])
            wrong[place] = f"Ticket {letter} ({lines} lines) is not a case of {cause!r}."
    return share(wrong, len(found))


@lab.check(
    "made again",
    points=40,
    parts=8,
    rule="who has found the cause can make it happen: the same capture, line by line "
    "(registry.run() is deterministic)",
)
def made_again(answer: Answer, instance: Instance) -> Part | None:
    """A run for each ticket whose capture is the ticket's."""
    cases = lab.load("cases.py")
    found = entries(answer, instance, "PROOF")
    wrong = {}
    for letter, proof in found.items():
        place = f"PROOF[{letter!r}]"
        ticket = instance.given["tickets"][letter]
        if not isinstance(proof, dict) or set(proof) != {"scenario", "settings"}:
            wrong[place] = f"Ticket {letter}: a proof has a scenario and its settings."
            continue
        try:
            trace = cases.run(str(proof["scenario"]), dict(proof["settings"]))
        except (UsageError, TypeError, ValueError) as error:
            wrong[place] = f"Ticket {letter}: {error}"
            continue
        names = [name for name, _ in trace.hosts]
        if ticket["captured on"] not in names:
            wrong[place] = f"Ticket {letter}: that run has no {ticket['captured on']}."
            continue
        lines = cases.capture(trace, names.index(ticket["captured on"]))
        if lines != ticket["tcpdump"]:
            pairs = zip(lines, ticket["tcpdump"], strict=False)
            line = next((n for n, (a, b) in enumerate(pairs, 1) if a != b), len(lines) + 1)
            wrong[place] = f"Ticket {letter}: line {line} of your run's capture is another one."
    return share(wrong, len(found))


@lab.check(
    "the alarm",
    points=20,
    rule="counters tell without a capture: TcpExtListenOverflows, TcpExtTCPAbortOnClose, "
    "TcpExtTCPAbortOnTimeout, TcpAttemptFails (net/ipv4/proc.c)",
)
def the_alarm(answer: Answer, instance: Instance) -> None:
    """Your alarm() on fresh runs: six causes, and healthy connections that must raise none."""
    cases, draw = lab.load("cases.py"), instance.draw("alarm")
    runs = [(cause, *cases.CASES[cause][:2]) for cause in ALARMS]
    runs += [(FINE, name, lambda _: {}) for name in HEALTHY]
    draw.shuffle(runs)
    for cause, scenario, settings in runs:
        chosen = settings(draw)
        end = cases.snapshot(cases.run(scenario, chosen))
        found = answer.call("alarm", end)
        if found != cause:
            raise Wrong(
                f"alarm() says {found!r}.",
                where=f"a run of {scenario} with {chosen}: {end}",
                expected=cause,
                found=found,
            )


check = lab.notebook
if __name__ == "__main__":
    lab.main()
