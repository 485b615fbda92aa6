"""Tables and figures beside the players: what they show, and their text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.linux.compare import compare
from tcpcore.scenarios import registry
from tcpcore.tcp.state import STATES, TRANSITIONS
from tcpcore.view import comparison
from tcpcore.view.comparison import beside_kernel
from tcpcore.view.diagram import States, allowed
from tcpcore.view.document import document
from tcpcore.view.prediction import predict
from tcpcore.view.queues import Queues
from tcpcore.view.shown import MIME, style_sheet
from tcpcore.view.style import PALETTE


def well_formed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{html.replace('<br>', '<br/>')}</div>")


def test_every_output_carries_html_and_text():
    for shown in (
        Queues("accept-late"),
        States("handshake"),
        beside_kernel("handshake"),
    ):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {MIME, "text/html", "text/plain"}
        assert bundle["text/plain"].strip()
        well_formed(shown.html)


# ---- queues ----------------------------------------------------------------------------------


def test_a_connection_moves_from_queue_to_queue_to_the_application():
    frames = Queues("accept-late", accept_after=1000).frames
    places = [
        [name for name in ("SYN queue", "accept queue", "taken") if frame[name]] for frame in frames
    ]
    assert places == [[], ["SYN queue"], ["accept queue"], ["taken"]]
    assert [frame["time"] for frame in frames] == [0, 50_000, 150_000, 1_000_000]
    assert [frame["what"] for frame in frames] == [
        "listen()", "SYN arrives", "ACK arrives", "accept()",
    ]  # fmt: skip


def test_a_server_that_waits_in_accept_takes_the_connection_at_once():
    frames = Queues("handshake").frames
    assert not any(frame["accept queue"] for frame in frames)
    assert frames[-1]["taken"]


# ---- state diagram ---------------------------------------------------------------------------


def test_the_diagram_shows_every_state_and_the_table_every_transition():
    shown = States()
    assert all(f">{state}</text>" in shown.html for state in STATES)
    assert len(re.findall(r"<tr><td>", shown.html)) == len(TRANSITIONS)
    assert shown.taken == []


def test_a_lit_arrow_leads_to_the_step_that_takes_it():
    names = ("handshake", "data-and-close", "connection-refused", "syn-unanswered")
    steps = {name: document(registry.run(name))["steps"] for name in names}
    links = re.findall(r"href='#([\w-]+):(\d+)' aria-label='(\w+) → (\w+):", States(*names).html)
    assert len(links) >= 12
    for name, step, old, new in links:
        moves = steps[name][int(step) - 1]["transitions"]
        assert (old, new) in [(move["from"], move["to"]) for move in moves]


def test_no_arrow_is_lit_twice_and_unlit_ones_are_no_links():
    html = States("handshake").html
    lit = re.findall(r"aria-label='(\w+ → \w+):", html)
    assert sorted(lit) == sorted(set(lit))
    assert "ESTABLISHED → FIN_WAIT_1" not in lit


@pytest.mark.parametrize(
    ("path", "possible"),
    [
        (["SYN_SENT", "ESTABLISHED"], True),
        (["SYN_RECV", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK"], True),
        (["FIN_WAIT_1", "TIME_WAIT"], True),  # a look from outside may miss FIN_WAIT_2
        (["ESTABLISHED", "SYN_SENT"], False),
        (["LISTEN", "TIME_WAIT"], False),
    ],
)
def test_a_path_of_states_is_possible_or_not(path, possible):
    assert allowed(path) is possible


# ---- engine beside kernel --------------------------------------------------------------------


def test_rows_that_agree_are_marked_as_equal_and_lateness_is_explained():
    shown = beside_kernel("syn-unanswered")
    assert "11 segments and 1 call, the same on both sides" in shown.text
    assert "the kernel comes up to" in shown.text
    assert shown.html.count("title='the same'") == 12
    assert "timer wheel: +" in shown.html
    assert "differs" not in shown.html


def test_rows_that_differ_are_marked_and_counted():
    trace = registry.run("handshake")
    record = store.find("handshake", trace.parameters)
    assert record is not None
    changed = replace(record, segments=record.segments[:2])
    shown = comparison.table(compare(trace, changed))
    assert "1 row differs, marked ≠" in shown.text
    assert shown.html.count("<tr class='differs'>") == 1
    assert "only the engine" in shown.html


def test_without_a_record_there_is_one_sentence():
    with pytest.raises(UsageError, match="no kernel record of handshake"):
        beside_kernel("handshake", rtt=42)


# ---- predictions -----------------------------------------------------------------------------


def test_a_prediction_knows_the_option_that_the_run_bears_out():
    shown = predict("k", "How many?", {"one": 1, "two": 2}, truth=2, because="Count `them`.")
    assert "data-right='1'" in shown.html
    assert shown.html.count("<input type='radio'") == 2
    assert "<code>them</code>" in shown.html
    assert shown.text.endswith("Answer: two. Count `them`.")


def test_a_prediction_that_the_run_does_not_decide_stops_the_build():
    with pytest.raises(ValueError, match="prediction k: 0 options mean 3, not one"):
        predict("k", "How many?", {"one": 1, "two": 2}, truth=3)
    with pytest.raises(ValueError, match="2 options mean 1"):
        predict("k", "How many?", {"one": 1, "uno": 1}, truth=1)


def test_options_are_text_not_markup():
    assert "&lt;b&gt; &amp;" in predict("k", "?", {"<b> &": 1}, truth=1).html


# ---- looks -----------------------------------------------------------------------------------


def test_styles_name_only_colours_of_the_palette_and_cover_dark_pages():
    styles = style_sheet()
    used = set(re.findall(r"var\(--tcp-([a-z]+)\)", styles))
    assert used <= set(PALETTE)
    assert 'html[data-theme="dark"] .tcpfig' in styles


def test_the_application_has_a_column_where_it_takes_a_connection():
    assert "Application" in Queues("accept-late", accept_after=1000).html
    never = Queues("accept-queue-overflow").html
    assert "Application" not in never
    assert never.count("<th ") * (never.count("<tr>") - 1) == never.count("<td>")
