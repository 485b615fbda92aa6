"""What the checks of drill-author look at: scripts on a right engine, and on broken ones."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong, share  # noqa: E402
from labs.kit.mutants import broken  # noqa: E402
from tcpcore.errors import UsageError  # noqa: E402
from tcpcore.packetdrill import report  # noqa: E402
from tcpcore.packetdrill.drill import run_text  # noqa: E402
from tcpcore.packetdrill.source import ScriptError, Source  # noqa: E402

lab = Lab(
    __file__,
    title="Drill author",
    hours=4,
    values=("SCRIPTS", "NOTICES"),
    personal="my ten rules",
    files=("mutants.py",),
)
MOST, LINES, LARGEST = 24, 40, 100_000
"""Scripts, lines of a script, and the largest number that one may hold."""
NUMBER = re.compile(r"(?<![\w.])\d+")


def outcome(text: str, number: int) -> Any:
    """What comes of a script; None where it cannot be run to its end."""
    try:
        return run_text(text, f"script {number}")
    except (ScriptError, UsageError):
        return None


def scripts(answer: Answer) -> list[str]:
    """The student's scripts, when they are of a fair size."""
    found = answer.value("SCRIPTS")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise Wrong(f"SCRIPTS is a list of 1 to {MOST} scripts.", where="SCRIPTS")
    for number, text in enumerate(found, 1):
        place = f"script {number}"
        if not isinstance(text, str) or not text.strip():
            raise Wrong("A script is a text.", where=place, found=text)
        if len(text) > 100 * LINES or len(text.strip().splitlines()) > LINES:
            raise Wrong(f"A script has at most {LINES} lines.", where=place)
        large = [one for one in NUMBER.findall(text) if int(one) > LARGEST]
        if large:
            message = f"{large[0]} is too large: {LARGEST} is the largest number here."
            raise Wrong(message, where=place)
    return found


def sound(found: list[str]) -> dict[int, str]:
    """The scripts that pass where all is right, by their numbers: only they can notice anything."""
    results = {number: outcome(text, number) for number, text in enumerate(found, 1)}
    right = {
        n: found[n - 1] for n, result in results.items() if result is not None and result.passed
    }
    if not right:
        raise Wrong("No script passes on the engine as it is.", where="script 1")
    return right


def noticing(right: dict[int, str], name: str) -> list[int]:
    """Which of these scripts fail when that rule is broken."""
    with broken(lab.load("mutants.py").MUTANTS[name]):
        results = {number: outcome(text, number) for number, text in right.items()}
    return [number for number, result in results.items() if result is None or not result.passed]


@lab.check(
    "no false alarm",
    points=20,
    rule="a test that fails where all is right teaches people to ignore it: every script passes on "
    "the engine as it is",
)
def no_false_alarm(answer: Answer, instance: Instance) -> None:
    """Each of your scripts on the engine, with no rule broken."""
    for number, text in enumerate(scripts(answer), 1):
        try:
            result = run_text(text, f"script {number}")
        except (ScriptError, UsageError) as error:
            said = str(error).splitlines()[0]
            raise Wrong(f"This is no script that runs: {said}", where=f"script {number}") from None
        if not result.passed:
            step = next((one for one in result.steps if one.verdict == "failed"), None)
            said = report.text(Source(text, f"script {number}"), result)
            raise Wrong(
                f"A false alarm. {' '.join(said.split())[:400]}",
                where=f"script {number}, line {step.line}: {step.text}" if step else "its end",
            )


@lab.check(
    "my ten rules",
    points=50,
    parts=10,
    rule="a script names what must happen, so that it fails when it does not",
)
def my_ten_rules(answer: Answer, instance: Instance) -> Part | None:
    """Your ten rules, broken one at a time: at least one of your scripts must fail each time."""
    found, rules = sound(scripts(answer)), instance.given["rules"]
    missed = [name for name in rules if not noticing(found, name)]
    if not missed:
        return None
    message = f"Unnoticed: {len(missed)} of {len(rules)} rules; the first: {rules[missed[0]]}."
    if len(missed) == len(rules):
        raise Wrong(message, where=f"rule {missed[0]!r}")
    return Part(len(rules) - len(missed), len(rules), message, f"rule {missed[0]!r}")


@lab.check(
    "who notices what",
    points=15,
    parts=5,
    rule="whoever writes a test knows which fault it is there for",
)
def who_notices_what(answer: Answer, instance: Instance) -> Part | None:
    """For each of your rules, the script that you say notices it."""
    found, rules = sound(scripts(answer)), instance.given["rules"]
    notices = answer.value("NOTICES")
    if not isinstance(notices, dict):
        raise Wrong("NOTICES is a dict.", where="NOTICES", found=notices)
    wrong = {
        f"NOTICES[{name!r}]": unnoticed(notices.get(name), found)
        for name in rules
        if notices.get(name) not in noticing(found, name)
    }
    return share(wrong, len(rules))


def unnoticed(number: Any, right: dict[int, str]) -> str:
    """Why that entry of NOTICES is wrong."""
    if number is None:
        return "No script is named for this rule; rules go by their short names."
    if number not in right:
        return f"There is no script {number!r} that passes; scripts are counted from 1."
    return f"Script {number} passes although the rule is broken."


@lab.check(
    "to the point",
    points=15,
    rule="a script begins with a sentence that says what must hold, and there is none that notices "
    "nothing",
)
def to_the_point(answer: Answer, instance: Instance) -> None:
    """The first line of each script, and whether it is needed for one of your rules."""
    found = sound(scripts(answer))
    useful = {number for name in instance.given["rules"] for number in noticing(found, name)}
    for number, text in found.items():
        first = text.strip().splitlines()[0]
        if not re.fullmatch(r"// \S.{10,}\.", first):
            raise Wrong(
                "The first line is no sentence of the form `// What must hold.`",
                where=f"script {number}",
            )
        if number not in useful:
            message = f"Script {number} notices none of your ten rules: {first[3:]}"
            raise Wrong(message, where=f"script {number}")


def drill(text: str) -> None:
    """In a notebook: run a script on the engine, and print what came of it."""
    try:
        print(report.text(Source(text, "script"), run_text(text)))
    except (ScriptError, UsageError) as error:
        print(error)


check = lab.notebook
if __name__ == "__main__":
    lab.main()
