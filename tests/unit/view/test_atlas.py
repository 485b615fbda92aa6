"""Every transition has a run that takes it, and links lead to the step where it does."""

from __future__ import annotations

import re

import pytest

from tcpcore.tcp.state import TRANSITIONS
from tcpcore.view.atlas import Atlas, key_of, run_of, taken
from tcpcore.view.shown import MIME


@pytest.mark.parametrize("row", TRANSITIONS, ids=key_of)
def test_every_row_of_the_table_has_a_run_whose_step_takes_it(row):
    found = taken()[key_of(row)]
    step = run_of(found.experiment)["steps"][found.step - 1]
    assert (row.state, row.next) in [(one["from"], one["to"]) for one in step["transitions"]]
    assert step["host"] == found.host


def test_runs_that_are_easy_to_follow_are_preferred():
    assert taken()["SYN_SENT-SYN_ACK"].experiment == ("handshake", ())
    assert max(one.length for one in taken().values()) < 40


def test_every_drawn_arrow_and_every_row_of_the_table_is_a_link_to_a_row():
    atlas = Atlas()
    drawn = re.findall(r"<a class='edge[^']*' href='#([\w-]+):(\d+)'", atlas.html)
    assert len(drawn) == atlas.html.count("class='edge") >= 17
    listed = re.findall(r"<a href='#([\w-]+):(\d+)'", atlas.table)
    assert [key for key, _ in listed] == [key_of(row) for row in TRANSITIONS]
    for key, step in (*drawn, *listed):
        assert atlas.state["rows"][key]["step"] == int(step)
        assert atlas.state["rows"][key]["run"] in atlas.state["runs"]


def test_without_a_page_the_atlas_is_text_and_the_diagram():
    bundle = Atlas()._repr_mimebundle_()
    assert MIME not in bundle
    assert "LAST_ACK → CLOSED on abort" in bundle["text/plain"]
    assert "svg" in bundle["text/html"]
