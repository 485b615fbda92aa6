"""What can be counted in an exchange: tries of a segment, sockets in a state."""

from __future__ import annotations

import pytest

from tcpcore.view.evidence import engine, kernel

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


@SIDES
def test_tries_counts_the_segments_of_each_connection(side):
    run = side("syn-flood")
    assert run.tries("SYN+ACK") == [6, 6, 6, 6, 3, 3, 3, 3, 3, 1]
    assert run.tries("FIN") == []


@SIDES
def test_most_counts_the_sockets_that_are_in_a_state_together(side):
    run = side("syn-flood")
    assert run.most("server", "SYN_RECV") == 9
    assert run.most("server", "TIME_WAIT") == 0
