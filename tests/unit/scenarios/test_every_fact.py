"""Every fact has a test of its own, in virtual time."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.unit.scenarios.facts import FACTS

NAMED = re.compile(r"^def (test_\w*?k\d+_\w*)\(", re.MULTILINE)
NUMBER = re.compile(r"(?<=_)k(\d+)(?=_)")


def named_tests() -> dict[int, list[str]]:
    """The tests of this folder by the facts that their names carry."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for name in NAMED.findall(file.read_text(encoding="utf-8")):
            for number in NUMBER.findall(name):
                found[int(number)].append(name)
    return found


@pytest.mark.parametrize("number", FACTS)
def test_the_fact_has_a_test_with_its_number(number: int):
    assert named_tests()[number], FACTS[number]


def test_no_test_names_a_fact_that_is_none():
    assert set(named_tests()) == set(FACTS) == set(range(1, 42))
