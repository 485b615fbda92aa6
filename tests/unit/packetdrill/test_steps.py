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


def test_what_arrives_when_a_timer_is_due_comes_before_it() -> None:
    script = SERVER + (
        "+0 < S 0:0(0) win 65535 <mss 1000>\n+0 > S. 0:0(0) ack 1 <...>\n"
        "+.1 < . 1:1(0) ack 1 win 65535\n+0 accept(3, ..., ...) = 4\n"
        "+0 setsockopt(4, SOL_TCP, TCP_QUICKACK, [0], 4) = 0\n"
        "+0 < P. 1:101(100) ack 1 win 65535\n"
    )
    late = run_text(script + "+.040 < P. 101:201(100) ack 1 win 65535\n+0 > . 1:1(0) ack 201\n")
    assert late.passed, "the ACK of the first 100 bytes was due at that moment"
