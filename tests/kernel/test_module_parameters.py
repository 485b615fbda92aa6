"""Scripts that set parameters of kernel modules, which belong to the whole machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore.packetdrill.drill import Plan, run_text

pytestmark = pytest.mark.kernel

SEGMENTS = Path("/sys/module/tcp_cubic/parameters/hystart_low_window")
SCRIPT = f"`echo 17 > {SEGMENTS}`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"

need_cubic = pytest.mark.skipif(not SEGMENTS.exists(), reason="this kernel has no tcp_cubic module")


@need_cubic
def test_a_script_s_parameters_of_modules_are_put_back_when_it_is_over() -> None:
    before = SEGMENTS.read_text()
    outcome = run_text(SCRIPT + "+.2 close(3) = 0\n", plan=Plan(backend="kernel", allow_shell=True))
    assert outcome.passed
    assert SEGMENTS.read_text() == before


@need_cubic
def test_they_are_not_set_without_being_allowed() -> None:
    outcome = run_text(SCRIPT, plan=Plan(backend="kernel"))
    assert outcome.remarks == [f"not run: echo 17 > {SEGMENTS} (allow it with --allow-shell)"]
