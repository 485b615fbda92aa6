"""The verdict is the gravest fault, and it names the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tcpcore.observe import diagnosis
from tcpcore.observe.diagnosis import Finding
from tcpcore.observe.diagnosis.gravity import RANKS, gravest_first, others
from tcpcore.observe.explain import explain_packets
from tcpcore.units import ms, seconds
from tests.unit.observe.captures import HANDSHAKE, packets

KINDS = [kind for kinds in RANKS for kind in kinds]


def test_every_fault_that_the_finders_can_find_has_its_place() -> None:
    folder = Path(diagnosis.__file__).parent
    found: set[str] = set()
    sources = [path.read_text() for path in folder.glob("*.py") if path.stem != "gravity"]
    for source in sources:
        for call in re.finditer(r'Finding\(\s*"([a-z-]+)"([^\n]*)', source):
            if "fault=False" not in call[2]:
                found.add(call[1])
        found |= set(re.findall(r'kind = "([a-z-]+)"', source))
    assert found - {"captured-twice"} <= set(KINDS)
    assert len(KINDS) == len(set(KINDS))
    assert [kind for kind in KINDS if f'"{kind}"' not in "".join(sources)] == []


def test_the_order_of_the_faults_is_that_of_the_ranks() -> None:
    mixed = [Finding(kind, "", ()) for kind in reversed(KINDS)]
    known = Finding("half-close", "", (), fault=False)
    assert [one.kind for one in gravest_first([known, *mixed])] == [*KINDS, "half-close"]


def test_within_a_rank_the_fault_that_cost_more_time_is_graver() -> None:
    late, slow = Finding("syn-lost", "", (), cost=ms(5)), Finding("timeout", "", (), cost=ms(6))
    assert gravest_first([late, slow]) == [slow, late]
    assert gravest_first([slow._replace(cost=ms(5)), late])[0] == late
    reset = Finding("reset", "", ())
    assert gravest_first([slow, reset]) == [reset, slow], "but no time makes up for a rank"


def test_the_others_are_named_once_each() -> None:
    kinds = ("reset", "loss", "timeout", "loss")
    faults = [Finding(kind, "", ()) for kind in kinds]
    assert others([*faults, Finding("half-close", "", (), fault=False)]) == (
        "losses, retransmission timeouts"
    )
    assert others(faults[:1]) == others([]) == ""


FAULTY = """
> . 1:1001(1000) ack 1 win 502
> . 1:1001(1000) ack 1 win 502
< . 1:1(0) ack 1001 win 502
< R. 1:1(0) ack 1001 win 0
"""


def test_the_verdict_is_the_gravest_fault_and_not_the_first() -> None:
    captured = packets(HANDSHAKE + FAULTY)
    early = captured[0]._replace(time=captured[0].time - seconds(1))
    (connection,) = explain_packets([early, *captured]).connections
    assert connection.verdict == (
        "the server reset the connection: its application aborted it, or closed with data unread; "
        "also a late opening, retransmission timeouts"
    )
    assert [one.kind for one in connection.findings] == ["reset", "syn-lost", "timeout"]


@pytest.mark.parametrize(("waited", "first"), [(seconds(2), "timeout"), (ms(900), "syn-lost")])
def test_of_two_delays_the_longer_is_the_verdict(waited: int, first: str) -> None:
    captured = packets(HANDSHAKE + "\n".join(FAULTY.splitlines()[:4]))
    early = captured[0]._replace(time=captured[0].time - seconds(1))
    late = [one._replace(time=one.time + waited) for one in captured[4:]]
    (connection,) = explain_packets([early, *captured[:4], *late]).connections
    assert connection.findings[0].kind == first
