"""How connections end, as a kernel was measured to end them (K8, K9, K19, K26 to K28)."""

from __future__ import annotations

import pytest

from tcpcore.view.evidence import engine, kernel

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


def end(run):
    """The segments from the first FIN on: who, flags."""
    flags = [(one.host, one.flags) for one in run.segments]
    return flags[[name for _, name in flags].index("FIN+ACK") :]


MERGED = [("client", "FIN+ACK"), ("server", "FIN+ACK"), ("client", "ACK")]
APART = [MERGED[0], ("server", "ACK"), *MERGED[1:]]


@SIDES
@pytest.mark.parametrize(
    ("parameters", "segments"),
    [
        ({}, MERGED),
        ({"pause": 30}, MERGED),
        ({"pause": 100}, APART),
        ({"pause": 500}, APART),
        ({"quick_ack": 1}, MERGED),
        ({"quick_ack": 2}, APART),
        ({"greeting": 0}, MERGED),
        ({"greeting": 0, "pause": 30}, APART),
    ],
    ids=str,
)
def test_k26_three_segments_when_the_server_closes_before_the_delayed_ack(
    side, parameters, segments
):
    assert end(side("delayed-ack-server", **parameters)) == segments


@SIDES
@pytest.mark.parametrize(
    ("parameters", "least", "most"),
    [
        ({}, 0.0499, 0.052),
        ({"size": 1448}, 0.0499, 0.052),
        ({"reads": False}, 0.0899, 0.1),
        ({"reads": False, "size": 1448}, 0.0499, 0.052),
    ],
    ids=str,
)
def test_k27_an_ack_waits_for_a_reader_or_for_more_than_a_segment(side, parameters, least, most):
    run = side("data-without-answer", **parameters)
    assert least <= run[-1].time - run[-2].time <= most
    assert run[-1].ack == 101 + 2 * run[-2].length


@SIDES
def test_k28_shutting_down_the_reading_side_sends_nothing_and_loses_nothing(side):
    run = side("shutdown-read")
    assert [one.flags for one in run.segments if one.host == "client"] == ["SYN", "ACK", "ACK"]
    assert run.outcomes("client", "recv") == [
        "recv: end of file",
        "recv: 1000 bytes",
        "recv: end of file",
    ]


@SIDES
def test_s114_close_of_one_of_two_processes_sends_nothing(side):
    run = side("shared-socket")
    fin = next(one for one in run.segments if one.flags == "FIN+ACK")
    assert run.outcomes("server") == ["accept: ok", "close: ok", "send: ok", "close: ok"]
    assert fin.time >= 0.55
    assert fin.seq == 101


@SIDES
def test_s115_shutdown_by_one_of_two_processes_ends_it_for_both(side):
    run = side("shared-socket", shut=True)
    fin = next(one for one in run.segments if one.flags == "FIN+ACK")
    assert fin.time < 0.26
    assert run.outcomes("server", "send") == ["send: EPIPE"]


END_OF_FILE, RESET, PIPE = "recv: end of file", "ECONNRESET", "send: EPIPE"


@SIDES
@pytest.mark.parametrize("way", [0, 1], ids=["close", "kill"])
@pytest.mark.parametrize("first", [False, True], ids=["read first", "write first"])
def test_k8_after_a_fin_an_rst_is_no_error_of_recv(side, way, first):
    run = side("calls-after-the-end", leaves_by=way, write_first=first)
    later = [END_OF_FILE, END_OF_FILE, PIPE, PIPE]
    later = later[2:] + later[:2] if first else later
    assert run.outcomes("client", "send", "recv") == [END_OF_FILE, "send: ok", *later]


@SIDES
@pytest.mark.parametrize("first", [False, True], ids=["read first", "write first"])
def test_k9_a_reset_is_reported_once(side, first):
    run = side("calls-after-the-end", leaves_by=2, write_first=first)
    later = [f"recv: {RESET}", END_OF_FILE, PIPE, PIPE]
    if first:
        later = [f"send: {RESET}", PIPE, END_OF_FILE, END_OF_FILE]
    assert run.outcomes("client", "send", "recv") == later


@SIDES
def test_k28_data_for_an_end_that_called_close_is_answered_with_rst(side):
    run = side("half-close", whole=True)
    assert [one.flags for one in run.segments if one.host == "client"][-2:] == ["RST", "RST"]
    assert run.outcomes("server", "send") == ["send: ok"]


@SIDES
@pytest.mark.parametrize(
    ("write_at", "told"),
    [
        (900, ["recv: 1000 bytes", END_OF_FILE]),
        (980, [END_OF_FILE]),
        (1100, [END_OF_FILE]),
    ],
)
def test_a_request_that_meets_a_fin_is_sent_and_lost(side, write_at, told):
    run = side("request-meets-fin", write_at=write_at)
    assert run.outcomes("client", "send", "recv") == ["send: ok", *told]
    assert ("RST" in run.flags) == (write_at > 900)
    assert run.count("TcpExtTCPAbortOnData") == (write_at == 980)
