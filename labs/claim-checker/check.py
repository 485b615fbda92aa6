"""What the checks of claim-checker look at: experiments, numbers, verdicts, sources."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong, quoted, share  # noqa: E402
from tcpcore.errors import UsageError  # noqa: E402
from tcpcore.scenarios import registry  # noqa: E402

lab = Lab(
    __file__,
    title="Claim checker",
    hours=4,
    values=("CHECKED", "KERNEL", "OWN"),
    imports=("tcpcore",),
    personal="verdicts",
    files=("claims.py",),
    lines=0,
)


def column(answer: Answer, instance: Instance, field: str) -> dict[str, Any]:
    """One field of all five claims."""
    found = answer.value("CHECKED")
    letters = list(instance.given["claims"])
    if not isinstance(found, dict) or set(found) != set(letters):
        raise Wrong("CHECKED has an entry for each of A to E.", where="CHECKED", found=found)
    for letter in letters:
        if not isinstance(found[letter], dict) or found[letter].get(field) is None:
            place = f"CHECKED[{letter!r}][{field!r}]"
            raise Wrong(f"Claim {letter} has no {field!r}.", where=place)
    return {letter: found[letter][field] for letter in letters}


def judged(answer: Answer, instance: Instance, field: str, why: str) -> Part | None:
    """The share of claims in which a field is right."""
    found = column(answer, instance, field)
    wrong = {
        f"claim {x}: {instance.given['claims'][x]['says']}": (
            f"Claim {x}: {field} is not {value!r}. {why}"
            + (quoted(value) if field in ("measured", "rfc") else "")
        )
        for x, value in found.items()
        if not instance.agrees(f"{field} {x}", value)
    }
    return share(wrong, len(found))


@lab.check(
    "the experiment",
    points=20,
    parts=5,
    rule="a claim is tested by a run in which what it says could turn out false (the settings it "
    "names, and nobody else's; see `python -m tcpcore list`)",
)
def experiment(answer: Answer, instance: Instance) -> Part | None:
    """The scenario that puts each of your five claims to the test."""
    return judged(answer, instance, "scenario", "Which scenario has the settings of the claim?")


@lab.check(
    "the number",
    points=20,
    parts=5,
    rule="count in the run what the claim counts: retransmissions are one less than sendings "
    "(RFC 6298 §5)",
)
def number(answer: Answer, instance: Instance) -> Part | None:
    """What the engine does under the settings of each claim."""
    return judged(answer, instance, "measured", "Run it and count.")


@lab.check(
    "verdicts",
    points=20,
    parts=5,
    rule="a claim holds when its number is the measured one, and only then (RFC 9293 §1 and what "
    "Linux makes of it)",
)
def verdicts(answer: Answer, instance: Instance) -> Part | None:
    """Which of your five claims hold."""
    return judged(answer, instance, "holds", "Compare the claim's number with the run's.")


@lab.check(
    "sources",
    points=10,
    parts=5,
    rule="retransmission timers: RFC 6298; queues and states: RFC 9293; keepalive: RFC 1122 "
    "§4.2.3.6",
)
def sources(answer: Answer, instance: Instance) -> Part | None:
    """The RFC behind each claim."""
    return judged(answer, instance, "rfc", "Which RFC sets this timer or this limit?")


@lab.check(
    "the real kernel",
    points=15,
    rule="a kernel's timers fire late and never early (call_timer_fn(), the timer wheel), so its "
    "record is the measure",
)
def the_real_kernel(answer: Answer, instance: Instance) -> None:
    """When the recorded kernel's client sent its last segment."""
    found = answer.value("KERNEL")
    record = instance.given["record"]
    if not isinstance(found, int | float) or isinstance(found, bool):
        raise Wrong("KERNEL is a number of seconds.", where="KERNEL", found=found)
    if not instance.agrees("kernel", round(float(found), 1)):
        raise Wrong(
            f"The kernel did not send its last segment at {found} s.",
            where=f"the record of {record['scenario']} with {record['settings']}",
            found=found,
        )


@lab.check(
    "a claim of your own",
    points=15,
    rule="who corrects a claim has run it (registry.run() with these settings), and says what "
    "people believe instead",
)
def own(answer: Answer, instance: Instance) -> None:
    """A claim that sounds right and is wrong, with the run that shows it."""
    claims, found = lab.load("claims.py"), answer.value("OWN")
    names = ("says", "scenario", "settings", "quantity", "claimed", "measured")
    if not isinstance(found, dict) or set(found) != set(names):
        raise Wrong(f"OWN has {', '.join(names)}.", where="OWN", found=found)
    if not isinstance(found["says"], str) or len(found["says"]) < 30:
        raise Wrong("Your claim is a whole sentence.", where="OWN['says']")
    if found["quantity"] not in claims.QUANTITIES:
        known = ", ".join(claims.QUANTITIES)
        raise Wrong(f"A quantity is one of {known}.", where="OWN['quantity']")
    if not isinstance(found["settings"], dict) or not found["settings"]:
        raise Wrong("At least one setting is not the default.", where="OWN['settings']")
    try:
        chosen = registry.get(str(found["scenario"]))
        values = chosen.check(found["settings"])
        real = claims.measured(chosen.name, found["settings"], found["quantity"])
    except UsageError as error:
        raise Wrong(str(error), where="OWN") from None
    except StopIteration:
        raise Wrong("No call fails in that run.", where="OWN['quantity']") from None
    if values == chosen.check({}):
        raise Wrong("These settings are the defaults.", where="OWN['settings']")
    asked = {instance.given["record"]["scenario"]}
    if chosen.name in asked:
        raise Wrong(f"{chosen.name} is taken by your tasks already.", where="OWN['scenario']")
    if found["measured"] != real:
        raise Wrong("The run shows another number.", where="OWN['measured']", expected=real,
                    found=found["measured"])  # fmt: skip
    if found["claimed"] == real:
        raise Wrong("Your claim is true: choose one that people get wrong.", where="OWN['claimed']")


check = lab.notebook
if __name__ == "__main__":
    lab.main()
