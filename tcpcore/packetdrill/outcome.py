"""What came of running a script: each step, and where it failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from tcpcore.packetdrill.match import Difference

PASSED, FAILED, SKIPPED = "passed", "failed", "not run"


@dataclass(slots=True)
class Step:
    """One event of the script: its line, its text, when it happened (us), and how it went."""

    line: int
    text: str
    time: int | None = None
    verdict: str = SKIPPED


@dataclass(slots=True)
class Failure:
    """Why a script failed: where (`offset` into its text), what was expected, what was found.

    `expected` and `found` are in the script's notation; `differences` name the fields.  `sent` is
    when the host sent what was found (us), None where nothing was.
    """

    offset: int
    problem: str
    expected: str = ""
    found: str = ""
    differences: list[Difference] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    sent: int | None = None


class Failed(Exception):
    """Ends a run."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.problem)


@dataclass(slots=True)
class Outcome:
    """A whole run: passed when there is no failure.  `remarks` say what was ignored or printed."""

    steps: list[Step]
    remarks: list[str] = field(default_factory=list)
    failure: Failure | None = None
    time: int = 0

    @property
    def passed(self) -> bool:
        """Whether everything was as the script says."""
        return self.failure is None
