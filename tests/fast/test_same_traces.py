"""The compiled engine does what the other one does, to the byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fast.digests import GROUPS, SCRIPTS
from tests.pairs import hostile
from tools import fast

pytestmark = pytest.mark.compiled
CONVERSATIONS = 60
"""Over networks that lose, double, damage and reorder."""


def plans() -> list[Any]:
    """Conversations that hypothesis makes."""
    found: list[Any] = []

    @seed(1)
    @settings(
        max_examples=CONVERSATIONS,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(hostile.plans(False), hostile.plans(True), hostile.networks)
    def make(client: Any, server: Any, network: Any) -> None:
        found.append((client, server, network))

    make()
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the compiled engine and the other one printed, side by side."""
    planned: Path = tmp_path_factory.mktemp("fast") / "plans.json"
    planned.write_text(json.dumps(plans()))
    program = ("-m", "tests.fast.digests", str(planned))
    plain = {**os.environ, "PYTHONPATH": str(fast.ROOT)}
    pythons = [(str(fast.FOLDER / "python"), dict(os.environ)), (sys.executable, plain)]
    runs = [
        subprocess.Popen(
            [python, *program], cwd=fast.ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for python, environment in pythons
    ]
    compiled, interpreted = (json.loads(run.communicate()[0]) for run in runs)
    return compiled, interpreted


def test_one_of_the_two_engines_is_compiled(told: Any) -> None:
    compiled, interpreted = (one["engine"] for one in told)
    assert compiled.startswith(str(fast.FOLDER))
    assert not compiled.endswith(".py")
    assert interpreted == str(fast.ROOT / "tcpcore" / "tcp" / "prediction.py")


@pytest.mark.parametrize("group", GROUPS)
def test_both_do_the_same(told: Any, group: str) -> None:
    compiled, interpreted = (one[group] for one in told)
    assert list(compiled) == list(interpreted)
    assert not [name for name, digest in compiled.items() if digest != interpreted[name]]


def test_nothing_was_left_out(told: Any) -> None:
    compiled, _ = told
    assert len(compiled["scripts"]) == len(SCRIPTS)
    assert len(compiled["conversations"]) >= CONVERSATIONS
