"""What a stranger's segments do: RFC 5961 on engine and kernel (K10)."""

from __future__ import annotations

import pytest

from tcpcore.view.evidence import engine, kernel

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


@SIDES
@pytest.mark.parametrize(
    ("kind", "offset", "answer", "read"),
    [
        (0, 0, [], "recv: ECONNRESET"),
        (0, 1000, ["ACK"], "recv: 100 bytes"),
        (0, 100_000, [], "recv: 100 bytes"),
        (1, 0, ["ACK"], "recv: 100 bytes"),
        (1, 1000, ["ACK"], "recv: 100 bytes"),
        (1, 100_000, ["ACK"], "recv: 100 bytes"),
        (2, 1000, ["ACK"], "recv: 100 bytes"),
        (2, 100_000, ["ACK"], "recv: 100 bytes"),
    ],
)
def test_k10_only_an_exact_rst_ends_a_connection_and_a_syn_never(side, kind, offset, answer, read):
    run = side("forged-segments", kind=kind, offset=offset)
    assert run.between(1.01, 2).flags == answer
    assert run.outcomes("server")[-1] == read


@SIDES
@pytest.mark.parametrize(
    ("ack_offset", "read"),
    [(500, [100, 100]), (0, [100, 20, 80]), (-500, [100, 20, 80]), (-100_000, [100, 100])],
)
def test_forged_data_needs_an_acceptable_acknowledgment(side, ack_offset, read):
    run = side("forged-segments", kind=2, offset=0, ack_offset=ack_offset)
    assert run.moved("recv", "server") == read


@SIDES
@pytest.mark.parametrize(("limit", "sent"), [(500, 2), (0, 10)])
def test_challenge_acks_are_rate_limited_and_counted(side, limit, sent):
    run = side("forged-segments", count=10, tcp_invalid_ratelimit=limit)
    assert run.count("TcpExtTCPChallengeACK") == sent
    assert run.count("TcpExtTCPACKSkippedChallenge") == 10 - sent


@SIDES
@pytest.mark.parametrize(("limit", "acks"), [(500, 3), (0, 21)])
def test_two_ends_that_disagree_answer_each_other_as_the_limit_allows(side, limit, acks):
    run = side("forged-segments", kind=2, offset=0, tcp_invalid_ratelimit=limit)
    assert acks - 1 <= run.between(1.01, 2.1).flags.count("ACK") <= acks
