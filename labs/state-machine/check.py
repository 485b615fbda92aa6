"""What the checks of state-machine look at: step() beside the engine, event by event."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong  # noqa: E402
from labs.kit.answer import constant  # noqa: E402
from labs.kit.command import find_answer  # noqa: E402
from labs.kit.instance import DEMO  # noqa: E402
from labs.kit.mutants import broken  # noqa: E402

lab = Lab(
    __file__,
    title="The state machine",
    hours=6,
    values=("MINE", "TESTS"),
    personal="my own walk",
    files=("truth.py", "walks.py", "mutants.py"),
)
truth, walks = lab.load("truth.py"), lab.load("walks.py")
TOP = 2**32 - 1
TESTS, EVENTS = 60, 30
"""How many tests a student may write, and events in each."""


def told(event: dict[str, Any]) -> str:
    """An event for people."""
    if event["do"] != "segment":
        return f"{event['do']}()" if event["do"] != "wait" else "60 s pass"
    numbers = f"seq {event['seq']}, ack {event['ack']}, {event['length']} bytes"
    return f"a segment with flags {event['flags'] or 'none'!r}, {numbers}"


def follow(answer: Answer, walk: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Let step() take the events of a walk; `Wrong` at the first one where it leaves the engine."""
    tcb: Any = {"state": "CLOSED"}
    passed: list[str] = []
    for number, (event, right) in enumerate(walk, 1):
        before = tcb["state"]
        found = answer.call("step", tcb, event)
        place = f"event {number}, in {before}: {told(event)}"
        if not isinstance(found, dict) or not isinstance(found.get("tcb"), dict):
            raise Wrong("step() gives {'tcb': {...}, 'send': [...]}.", where=place, found=found)
        tcb = found["tcb"]
        own = {"state": tcb.get("state"), "send": found.get("send")}
        if own != right:
            what = "the state is" if own["state"] != right["state"] else "what is sent is"
            key = "state" if own["state"] != right["state"] else "send"
            raise Wrong(
                f"After {' · '.join(passed) or 'nothing'}: {what} {own[key]!r}, and should be "
                f"{right[key]!r}.",
                where=place,
                expected=right,
                found=own,
            )
        passed.append(f"{told(event)} → {tcb['state']}")


def walked(
    answer: Answer,
    instance: Instance,
    purpose: str,
    count: int,
    most: int,
    *,
    wrap: bool = False,
    **how: Any,
) -> None:
    """So many walks of one kind."""
    draw = instance.draw(purpose)
    for _ in range(count):
        iss = TOP - draw.randint(0, 3) if wrap else draw.randint(2**30, 2**31 - 2**29)
        machine = truth.prepared(iss)
        walks.walk(machine, draw, most=most, wrap=wrap, **how)
        follow(answer, machine.seen)


@lab.check(
    "opening",
    points=15,
    rule="from CLOSED, LISTEN and SYN_SENT to ESTABLISHED, and RSTs to whoever has no business "
    "there (RFC 9293 §3.10.7.1 to §3.10.7.3)",
)
def opening(answer: Answer, instance: Instance) -> None:
    """Forty openings, active, passive and simultaneous, with strangers' segments between."""
    kinds = ("old", "syn", "rst", "no ack")
    walked(answer, instance, "opening", 40, 5, disturbed=0.35, kinds=kinds)


@lab.check(
    "closing",
    points=15,
    rule="a FIN is sent, received and acknowledged, in any order; whoever closes first, or both, "
    "pass through TIME_WAIT (RFC 9293 §3.6)",
)
def closing(answer: Answer, instance: Instance) -> None:
    """Twenty-five whole connections to their end, closed first by either side or by both."""
    walked(answer, instance, "closing", 25, 12, disturbed=0.0)


@lab.check(
    "acceptability",
    points=15,
    rule="what lies outside the window is answered with an ACK and thrown away, what carries no "
    "ACK is dropped (RFC 9293 §3.10.7.4, first and fifth check)",
)
def acceptability(answer: Answer, instance: Instance) -> None:
    """Fifteen connections disturbed by old segments, far ones, and some without ACK."""
    kinds = ("old", "far", "no ack")
    walked(answer, instance, "acceptability", 15, 11, disturbed=0.4, kinds=kinds)


@lab.check(
    "RFC 5961",
    points=20,
    rule="an RST is believed at exactly rcv.nxt and challenged elsewhere in the window; a SYN is "
    "challenged; so is an ACK of what was never sent (RFC 5961 §3.2, §4.2, §5.2)",
)
def rfc_5961(answer: Answer, instance: Instance) -> None:
    """Twenty connections that somebody attacks with RSTs, SYNs and ACKs."""
    kinds = ("rst", "rst inside", "rst outside", "syn", "unsent")
    walked(answer, instance, "rfc 5961", 20, 9, disturbed=0.4, kinds=kinds)


@lab.check(
    "long walks",
    points=10,
    rule="sequence numbers are compared on a circle of 2**32 (RFC 9293 §3.4), in every state",
)
def long_walks(answer: Answer, instance: Instance) -> None:
    """Twenty long walks with everything, the numbers near the end of the circle."""
    walked(answer, instance, "long", 20, 14, disturbed=0.3, wrap=True)


@lab.check(
    "my own walk",
    points=10,
    rule="the state follows from the events, one after the other (RFC 9293 §3.3.2)",
)
def my_own_walk(answer: Answer, instance: Instance) -> None:
    """The state after each event of the walk that your id has been given."""
    walk, mine = instance.given["walk"], answer.value("MINE")
    if not isinstance(mine, list) or len(mine) != len(walk):
        raise Wrong(f"MINE is a list of {len(walk)} states.", where="MINE", found=mine)
    if not instance.agrees("states", mine):
        raise Wrong("At least one of the states is another.", where="MINE", found=mine)


def engine_fails(tests: list[dict[str, Any]]) -> tuple[int, int, Any, Any] | None:
    """The first test and event at which the engine does something else; None: all pass."""
    for number, test in enumerate(tests, 1):
        for step, (found, wanted) in enumerate(
            zip(truth.play(test["events"]), test["expect"], strict=True), 1
        ):
            if wanted is not None and {key: found[key] for key in wanted} != wanted:
                return number, step, wanted, found
    return None


def fair(tests: Any) -> list[dict[str, Any]]:
    """The student's tests, when they have the form that was agreed on."""
    if not isinstance(tests, list) or not 1 <= len(tests) <= TESTS:
        raise Wrong(f"TESTS is a list of 1 to {TESTS} tests.", where="TESTS", found=tests)
    for number, test in enumerate(tests, 1):
        events = test.get("events") if isinstance(test, dict) else None
        expect = test.get("expect") if isinstance(test, dict) else None
        if (
            not isinstance(events, list)
            or not isinstance(expect, list)
            or not 1 <= len(events) == len(expect) <= EVENTS
            or not all(_is_event(one) for one in events)
            or not all(
                one is None or (isinstance(one, dict) and set(one) <= {"state", "send"})
                for one in expect
            )
        ):
            form = "{'events': [...], 'expect': [{'state': ..., 'send': [...]} or None, ...]}"
            raise Wrong(f"A test is {form}, both lists of one length.", where=f"test {number}")
    return tests


def _is_event(one: Any) -> bool:
    if not isinstance(one, dict):
        return False
    if one.get("do") in ("listen", "connect"):
        return isinstance(one.get("iss"), int)
    if one.get("do") == "segment":
        numbers = [one.get("seq"), one.get("ack", 0), one.get("length", 0)]
        whole = all(isinstance(n, int) and 0 <= n <= TOP for n in numbers)
        flags = one.get("flags")
        return whole and numbers[2] <= 1460 and isinstance(flags, str) and set(flags) <= set("SFR.")
    return one.get("do") in ("close", "wait")


@lab.check(
    "my tests",
    points=15,
    parts=10,
    rule="a test says what must happen: it passes where the rule holds and fails where it does not",
)
def my_tests(answer: Answer, instance: Instance) -> Part | None:
    """Your own tests on the engine: none fails as it is, and ten broken rules are noticed."""
    tests = fair(answer.value("TESTS"))
    alarm = engine_fails(tests)
    if alarm is not None:
        number, step, wanted, found = alarm
        raise Wrong(
            f"Test {number} fails on an engine that is right: a false alarm.",
            where=f"test {number}, event {step}: {told(tests[number - 1]['events'][step - 1])}",
            expected=found,
            found=wanted,
        )
    missed = []
    for mutant in lab.load("mutants.py").MUTANTS:
        with broken(mutant):
            if engine_fails(tests) is None:
                missed.append(mutant.rule)
    if not missed:
        return None
    of = len(lab.load("mutants.py").MUTANTS)
    message = f"Unnoticed: {len(missed)} of {of} broken rules, the first of them: {missed[0]}."
    if len(missed) == of:
        raise Wrong(message, where="all tests")
    return Part(of - len(missed), of, message, "no test fails when this rule is broken")


def show(student: str = "", answer: str = "") -> Any:
    """In a notebook: your step() on your own walk, in the player; or what keeps it from running."""
    path = find_answer(lab, answer)
    source = path.read_text(encoding="utf-8")
    instance = lab.instance(student or str(constant(source, "ID") or DEMO))
    walk, tcb, results = instance.given["walk"], {"state": "CLOSED"}, []
    try:
        own = lab.local(source, path.name)(instance)
        for event in walk:
            done = own.call("step", tcb, event)
            tcb = done["tcb"]
            results.append({"state": tcb["state"], "send": done["send"]})
        trace = truth.picture(walk, results)
    except Wrong as error:
        print(error.message)
        return None
    except (TypeError, KeyError, ValueError, IndexError) as error:
        print(f"step() gives something that cannot be drawn ({type(error).__name__}: {error}).")
        return None
    return lab.player(trace, title="My own state machine", name="mine")


check = lab.notebook
if __name__ == "__main__":
    lab.main()
