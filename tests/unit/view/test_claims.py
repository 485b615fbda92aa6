"""A verdict follows from what both sides did, and a contradiction stops the build."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.view.claims import (
    ClaimFailed,
    checked,
    claim,
    claim_of_engine,
    claim_of_page,
    statements,
)


def syn_is_one_byte(side):
    return side[1].ack == side[0].seq + 1


def never(_side):
    return False


def always(_side):
    return True


def on_the_engine_only(side):
    return side.by == "engine"


def text(side):
    return f"ack {side[1].ack}"


def test_a_statement_that_both_sides_bear_out_holds():
    found = claim("S129", "handshake", said=syn_is_one_byte, shows=text)
    assert found.verdict == "holds"
    assert (found.engine, found.record) == ("ack 1", "ack 1")
    assert found.kernel.startswith("Linux 6.18")


def test_a_statement_that_does_not_hold_gets_the_listed_verdict():
    found = claim("S21", "handshake", said=never, today=always, shows=text)
    assert found.verdict == "imprecise"


def test_a_statement_listed_as_true_must_not_fail():
    with pytest.raises(ClaimFailed, match="S129 is listed as 'holds', but the runs say False"):
        claim("S129", "handshake", said=never, today=always, shows=text)


def test_a_statement_listed_as_imprecise_must_not_hold():
    with pytest.raises(ClaimFailed, match="S21 is listed as 'imprecise', but the runs say True"):
        claim("S21", "handshake", said=always, shows=text)


def test_engine_and_kernel_must_agree():
    with pytest.raises(ClaimFailed, match=r"S129: engine says True, Linux 6\.18\S* says False"):
        claim("S129", "handshake", said=on_the_engine_only, shows=text)


def test_what_is_said_to_be_true_today_must_be_so_on_both_sides():
    with pytest.raises(ClaimFailed, match=r"S21: what is said to be true today is not, on Linux"):
        claim("S21", "handshake", said=never, today=on_the_engine_only, shows=text)


def test_a_statement_that_fails_needs_what_is_true_instead():
    with pytest.raises(ClaimFailed, match="S21 does not hold: say what does"):
        claim("S21", "handshake", said=never, shows=text)


def test_a_page_is_checked_like_a_run():
    assert claim_of_page("S18", said=True, shows="all there").verdict == "holds"
    with pytest.raises(ClaimFailed, match="S18"):
        claim_of_page("S18", said=False, shows="one is missing")


def test_an_unknown_claim_is_a_mistake_in_one_sentence():
    with pytest.raises(UsageError, match=r"No file of statements/ has a claim 'S999'"):
        claim("S999", "handshake", said=always, shows=text)


def test_the_cells_value_carries_the_claims_for_the_page_of_all_of_them():
    shown = checked(claim("S129", "handshake", said=syn_is_one_byte, shows=text))
    assert [one["id"] for one in shown.claims] == ["S129"]
    assert "id='claim-S129'" in shown.html
    assert "S129 (holds)" in shown.text
    assert statements()["S129"].says in shown.text


def test_what_a_claim_prints_is_text_not_markup():
    shown = checked(claim_of_page("S18", said=True, shows="<b>five</b> & more"))
    assert "&lt;b&gt;five&lt;/b&gt; &amp; more" in shown.html


def test_a_statement_that_compares_gets_all_its_runs_of_one_side():
    def opens_later(here, there):
        return here.by == there.by and here.call("accept").time > there.call("accept").time

    found = claim(
        "S129",
        "defer-accept",
        also=({"data_after": 2000},),
        said=opens_later,
        shows=lambda *runs: len(runs),
    )
    assert (found.verdict, found.engine, found.record) == ("holds", "2", "2")


def test_what_no_kernel_here_can_do_is_put_to_the_engine_and_says_why():
    found = claim_of_engine("S129", "handshake", said=syn_is_one_byte, shows=text, because="why")
    assert (found.verdict, found.engine, found.record) == ("holds", "ack 1", "no record: why")
    with pytest.raises(ClaimFailed, match="S21 does not hold: say what does"):
        claim_of_engine("S21", "handshake", said=never, shows=text, because="why")
    with pytest.raises(ClaimFailed, match="S21: what is said to be true today is not"):
        claim_of_engine("S21", "handshake", said=never, today=never, shows=text, because="why")
