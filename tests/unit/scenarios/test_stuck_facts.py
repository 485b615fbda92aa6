"""One rule that eats FINs puts the two ends into four different states."""

from __future__ import annotations

import pytest

from tcpcore.view.evidence import Exchange, engine, kernel

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


@SIDES
def test_the_client_that_closes_first_is_stuck_in_fin_wait_1_and_the_server_knows_nothing(side):
    run: Exchange = side("fins-filtered")
    assert run.states("client")[-1] == "FIN_WAIT_1"
    assert run.states("server")[-1] == "ESTABLISHED"
    assert "FIN-WAIT-1" in run.printed("ss -tano", "client")


@SIDES
def test_after_the_servers_close_it_waits_in_fin_wait_2_and_the_client_in_last_ack(side):
    run: Exchange = side("fins-filtered", server_first=True)
    assert run.states("client")[-1] == "LAST_ACK"
    assert run.states("server")[-1] == "FIN_WAIT_2"
    since, until = run.stay("server", "FIN_WAIT_2")
    assert until is not None
    assert 60 <= until - since < 63
    since, until = run.stay("client", "LAST_ACK")
    assert until is not None
    assert 102 < until - since < 110
