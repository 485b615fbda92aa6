"""The rules that `python -m tests.mutants` breaks can still be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.__main__ import broken
from tests.mutants.rules import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_the_words_of_the_rule_stand_once_in_the_code(mutant: Mutant, root: Path):
    whole = (root / "tcpcore" / mutant.file).read_text(encoding="utf-8")
    changed = broken(mutant, whole)
    assert changed != whole
    compile(changed, mutant.file, "exec")


def test_no_rule_is_there_twice():
    assert len({mutant.rule for mutant in MUTANTS}) == len(MUTANTS)
