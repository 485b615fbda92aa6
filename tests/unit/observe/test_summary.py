"""A capture at a glance: how connections ended, and what is worth a sentence."""

from __future__ import annotations

import pytest

from tcpcore.observe.explain import explain_packets
from tcpcore.observe.summary import Finding, ending, findings, summaries
from tests.unit.observe.captures import HANDSHAKE, packets

DATA = "> P. 1:101(100) ack 1 win 502\n< . 1:1(0) ack 101 win 500\n"
CLOSE = """> F. 101:101(0) ack 1 win 502
< F. 1:1(0) ack 102 win 500
> . 102:102(0) ack 2 win 502
"""


def told(script: str) -> list[Finding]:
    (connection,) = explain_packets(packets(script)).connections
    return findings(connection)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (HANDSHAKE + DATA + CLOSE, "closed by both"),
        (HANDSHAKE + DATA, "still open"),
        (HANDSHAKE + "> F. 1:1(0) ack 1 win 502\n< . 1:1(0) ack 2 win 500\n",
         "closed by the client only"),
        (HANDSHAKE + "< R 1:1(0) win 0\n", "reset by the server"),
        ("> S 0:0(0) win 64240\n< R. 0:0(0) ack 1 win 0\n", "refused"),
        ("> S 0:0(0) win 64240\n> S 0:0(0) win 64240\n", "never answered"),
        ("> S 0:0(0) win 64240\n< S. 0:0(0) ack 1 win 1\n", "never opened"),
    ],
)  # fmt: skip
def test_how_a_connection_ended(script: str, words: str) -> None:
    (connection,) = explain_packets(packets(script)).connections
    assert ending(connection) == words
    assert findings(connection)[0].text.startswith(words.removesuffix(" only"))


def test_a_row_counts_each_byte_once() -> None:
    twice = DATA.splitlines()[0] + "\n" + DATA
    (row,) = summaries(explain_packets(packets(HANDSHAKE + twice + CLOSE)))
    assert (row.sent, row.again, row.segments) == ((100, 0), 1, 9)
    assert (row.start, row.duration) == (0, 8000)


def test_a_syn_ack_again_after_the_third_segment_points_to_the_accept_queue() -> None:
    again = "< S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n"
    found = told(HANDSHAKE + again)
    (one,) = [one for one in found if "accept queue" in one.text]
    assert one.segments == (2, 3)
    assert not [one for one in told(HANDSHAKE) if "accept queue" in one.text]


def test_a_closed_window_is_told_with_its_length_and_segments() -> None:
    closed = "< . 1:1(0) ack 101 win 0\n"
    found = told(HANDSHAKE + "> P. 1:101(100) ack 1 win 502\n" + closed + DATA.split("\n")[1])
    assert Finding("the server's window was closed for 0.001 s", (4, 5)) in found
    (open_end,) = [
        one
        for one in told(HANDSHAKE + "> P. 1:101(100) ack 1 win 502\n" + closed)
        if "window" in one.text
    ]
    assert open_end.text.endswith("and to the end of the capture")
