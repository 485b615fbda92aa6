"""What an outcome says of each step."""

from __future__ import annotations

import pytest

from tcpcore.packetdrill.drill import run_text
from tcpcore.packetdrill.source import ScriptError

SERVER = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 // a socket
+0 bind(3, ..., ...) = 0 /* bound */
+0 listen(3, 1) = 0
"""


def test_a_comment_behind_an_event_is_no_part_of_it() -> None:
    steps = run_text(SERVER).steps
    assert steps[0].text == "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"
    assert steps[1].text == "bind(3, ..., ...) = 0"


def test_a_call_that_does_not_return_fails_in_its_own_line() -> None:
    outcome = run_text(SERVER + "+0...0.1 accept(3, ..., ...) = 4\n+0.2 `true`\n")
    assert [one.verdict for one in outcome.steps] == [
        "passed", "passed", "passed", "failed", "not run",
    ]  # fmt: skip


def test_what_cannot_be_run_tells_how_far_the_script_came() -> None:
    with pytest.raises(ScriptError) as caught:
        run_text(SERVER + "+0 frobnicate(3) = 0\n")
    system, outcome = caught.value.partial
    assert [one.verdict for one in outcome.steps] == ["passed"] * 3 + ["not run"]
    assert system.trace.hosts[0][0] == "host"
