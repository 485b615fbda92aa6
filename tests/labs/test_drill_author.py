"""Special to drill-author: every rule can be noticed, and holds on this machine's kernel, too."""

from __future__ import annotations

import pytest

from labs.kit import Wrong, open_lab
from labs.kit.answer import Local
from labs.kit.lab import module_of
from tcpcore.packetdrill.drill import Plan, run_text
from tcpcore.packetdrill.system import Settings

LAB = open_lab("drill-author")
CHECK = LAB.declared(1).run.__globals__
SOLUTION = module_of(LAB.folder / "solution.py", "lab drill-author solution")
NAMES = list(LAB.load("mutants.py").MUTANTS)
ATTEMPTS = 3
"""A busy machine can hold up the wire: what differs once in three runs is the machine."""


@pytest.mark.parametrize("name", NAMES)
def test_a_script_of_the_solution_notices_the_rule_and_is_silent_again_afterwards(name):
    script = {1: SOLUTION.whole(name)}
    assert CHECK["noticing"](script, name) == [1]
    assert run_text(script[1]).passed


@pytest.mark.kernel
@pytest.mark.parametrize("name", NAMES)
def test_the_rule_holds_on_this_kernel(name):
    plan = Plan("kernel", settings=Settings(tolerance=14_000))
    assert any(run_text(SOLUTION.whole(name), name, plan).passed for _ in range(ATTEMPTS))


@pytest.mark.parametrize(
    ("scripts", "said"),
    [
        ("x", "is a list"),
        ([], "is a list"),
        ([3], "is a text"),
        (["// x.\n" * 50], "at most 40 lines"),
        (["+0 write(4, ..., 1000000000) = 1000000000"], "too large"),
        (["+100000000 < . 1:1(0) ack 1"], "too large"),
    ],
)
def test_scripts_of_an_unfair_size_are_refused(scripts, said):
    answer = Local(f"SCRIPTS = {scripts!r}")
    with pytest.raises(Wrong, match=said):
        CHECK["scripts"](answer)
