"""Stepping through stored runs: buttons, keys, clicks, links; nothing here needs Python."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.conftest import PLAYERS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", PLAYERS)
def test_every_player_steps_to_its_end_and_back_through_the_same_pictures(
    name: str, open_chapter: Any, player: Any
) -> None:
    shown = player(open_chapter(), name)
    shown.open("step", "segment", "states", "client", "server", "timers", "queues", "counters")
    forward = [shown.signature()]
    for _ in range(shown.steps - 1):
        shown.press("Next step")
        forward.append(shown.signature())
    assert shown.step == shown.steps > 2
    assert len(set(forward)) == len(forward)
    backward = [shown.signature()]
    for _ in range(shown.steps - 1):
        shown.press("Previous step")
        backward.append(shown.signature())
    assert backward[::-1] == forward


def test_the_line_of_why_names_the_host_and_a_paragraph(open_chapter: Any, player: Any) -> None:
    shown = player(open_chapter(), "handshake")
    shown.press("Next step")
    assert "client: connect(" in shown.text(".why")
    assert "RFC 9293 §" in shown.text(".why cite")


def test_after_the_handshake_both_hosts_are_established(open_chapter: Any, player: Any) -> None:
    shown = player(open_chapter(), "handshake")
    shown.press("Last step")
    assert shown.place.locator(".host .state").all_inner_texts() == ["ESTABLISHED", "ESTABLISHED"]


def test_the_panels_show_what_a_click_opens(open_chapter: Any, player: Any) -> None:
    shown = player(open_chapter("#handshake:3"), "handshake")
    shown.open("states", "server", "queues", "timers", "segment")
    assert shown.place.locator(".edge.taken").count() == 1
    assert "SYN_RECV" in shown.text(".panel-server")
    assert "snd.nxt" in shown.text(".panel-server")
    assert "SYN queue on the server: 1 of" in shown.text(".panel-queues")
    assert "fires in" in shown.text(".panel-timers")
    assert "Maximum segment size" in shown.text(".panel-segment")
    assert shown.place.locator(".hex").count() == 1


def test_keys_step_jump_and_play(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    shown = player(page, "handshake")
    shown.place.locator(".ladder").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert shown.step == 3
    page.keyboard.press("ArrowLeft")
    assert shown.step == 2
    page.keyboard.press("End")
    assert shown.step == shown.steps
    page.keyboard.press("Home")
    assert shown.step == 1
    page.keyboard.press(" ")
    shown.place.get_by_role("button", name="Pause").wait_for()
    page.keyboard.press(" ")
    shown.place.get_by_role("button", name="Play").wait_for()


def test_arrow_keys_on_a_slider_move_the_slider_not_the_step(
    open_chapter: Any, player: Any, pages: Any
) -> None:
    page = open_chapter()
    page.context.route("**/worker.js", lambda route: route.abort())
    pages.expected_error = "worker.js"
    shown = player(page, "handshake")
    shown.place.locator("[data-parameter=rtt]").focus()
    page.keyboard.press("ArrowRight")
    assert shown.step == 1


def test_play_runs_to_the_end_and_stops(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    page.clock.install()
    shown = player(page, "handshake")
    shown.press("Play")
    for _ in range(shown.steps):
        page.clock.run_for(1400)
    assert shown.step == shown.steps
    assert shown.place.get_by_role("button", name="Play", exact=True).count() == 1


def test_a_click_on_a_segment_jumps_to_its_sending_and_chooses_it(
    open_chapter: Any, player: Any
) -> None:
    shown = player(open_chapter(), "handshake")
    shown.open("segment")
    shown.choose(2)
    assert shown.step == 4
    assert "ACK seq 1 ack 1" in shown.text(".panel-segment .panel-body")
    assert shown.place.locator(".item.chosen").count() == 1


def test_a_deep_link_opens_its_step_and_a_second_one_follows(
    open_chapter: Any, player: Any
) -> None:
    page = open_chapter("#data-and-close:5")
    assert player(page, "data-and-close").step == 5
    assert player(page, "handshake").step == 1
    page.evaluate("location.hash = '#handshake:3'")
    page.locator("[id=handshake] .tcpcore[data-step='3']").wait_for()
    assert player(page, "data-and-close").step == 5


def test_a_link_to_a_run_that_loses_segments_leaves_the_losses_as_they_are(
    open_chapter: Any, player: Any
) -> None:
    page = open_chapter("#last-ack:17", chapter="chapters/teardown/time-wait.html")
    shown = player(page, "last-ack")
    assert (shown.step, shown.steps) == (17, 29)
    assert "Python" not in shown.text(".status")  # nothing is computed anew
    lost = shown.place.locator(".lost-list").inner_text()
    shown.press("Copy a link to this step")
    shown.place.locator(".status", has_text="link").wait_for()
    assert "drop" not in page.url
    shown.press("Reset")
    assert (shown.step, shown.steps) == (1, 29)
    assert "Python" not in shown.text(".status")
    assert shown.place.locator(".lost-list").inner_text() == lost


def test_the_link_button_puts_the_step_into_the_address(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    shown = player(page, "handshake")
    shown.press("Next step")
    shown.press("Copy a link to this step")
    shown.place.locator(".status", has_text="link").wait_for()
    assert page.url.endswith("#handshake:2")


def test_the_run_copies_as_tcpdump_text_and_downloads_as_pcap(
    open_chapter: Any, player: Any, tmp_path: Any
) -> None:
    page = open_chapter()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = player(page, "handshake")
    shown.press("Copy as tcpdump text")
    shown.place.locator(".status", has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[0].split(" IP ")[1].startswith("10.0.0.1.")
    assert "Flags [S.]" in copied
    with page.expect_download() as download:
        shown.press("Download as pcap")
    saved = tmp_path / "handshake.pcap"
    download.value.save_as(saved)
    from tcpcore.scenarios import registry
    from tcpcore.wire.codec import encode
    from tcpcore.wire.pcap import pcap_bytes

    trace = registry.run("handshake")
    expected = pcap_bytes([(one.sent, encode(one.segment)) for one in trace.segments])
    assert saved.read_bytes() == expected
