"""Special to state-machine: the oracle is the engine, and the mutants are what they claim."""

from __future__ import annotations

import random

import pytest

from labs.kit import open_lab
from labs.kit.mutants import Mutant, broken
from tcpcore.tcp import arrival, state

LAB = open_lab("state-machine")
TRUTH, WALKS = LAB.load("truth.py"), LAB.load("walks.py")
SOLUTION = (LAB.folder / "solution.py").read_text()
MUTANTS = LAB.load("mutants.py").MUTANTS


def walks(count, **how):
    for seed in range(count):
        draw = random.Random(seed)
        machine = TRUTH.prepared(draw.randint(0, 2**32 - 1))
        WALKS.walk(machine, draw, **how)
        yield machine


def test_walks_come_through_all_eleven_states():
    seen = set()
    for machine in walks(300, disturbed=0.3, most=14):
        seen |= {result["state"] for _, result in machine.seen}
    assert seen == set(state.STATES)


def test_the_solution_agrees_with_the_engine_on_a_thousand_events():
    lab = LAB.local(SOLUTION)(LAB.instance("anybody"))
    events = 0
    for machine in walks(120, disturbed=0.4, most=14, wrap=True):
        tcb = {"state": "CLOSED"}
        for event, right in machine.seen:
            done = lab.call("step", tcb, event)
            tcb = done["tcb"]
            assert (tcb["state"], done["send"]) == (right["state"], right["send"])
            events += 1
    assert events > 1000


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.rule)
def test_each_broken_rule_is_noticed_by_the_solutions_tests(mutant):
    check = LAB.declared("my tests").run.__globals__
    tests = LAB.local(SOLUTION)(LAB.instance("anybody")).value("TESTS")
    assert check["engine_fails"](tests) is None
    with broken(mutant):
        assert check["engine_fails"](tests) is not None
    assert check["engine_fails"](tests) is None, "the rule holds again"


def test_a_broken_rule_is_mended_even_after_an_error():
    code = arrival._check_reset.__code__
    with pytest.raises(RuntimeError), broken(MUTANTS[0]):
        raise RuntimeError
    assert arrival._check_reset.__code__ is code


def test_a_mutant_whose_words_do_not_stand_there_is_refused():
    with (
        pytest.raises(ValueError, match="stands there 0 times"),
        broken(Mutant("nothing", "tcpcore.tcp.arrival", "no such words", "x")),
    ):
        pass


def test_the_own_machine_can_be_stepped_in_the_player():
    events = [{"do": "listen", "iss": 7}, WALKS.segment("S", 100), WALKS.segment(".", 101, 8)]
    trace = TRUTH.picture(events, TRUTH.play(events))
    player = LAB.player(trace, title="mine")
    moves = [move["to"] for step in player.document["steps"] for move in step["transitions"]]
    assert moves == ["LISTEN", "SYN_RECV", "ESTABLISHED"]
    assert player.live is False
    player.parameters = {"x": 1}
    assert player.document["title"] == "mine", "there is nothing to run again"
