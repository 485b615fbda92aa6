"""Time series of a run, and the figures drawn from them: data and words."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import mbit, ms
from tcpcore.view import drawings, flows
from tcpcore.view.document import answer, as_text, document


def of(name: str, **parameters: object) -> flows.Series:
    return flows.of(registry.run(name, parameters))[0]


# --- series --------------------------------------------------------------------------------------


def test_cwnd_and_what_is_in_flight_are_the_senders_moment_by_moment() -> None:
    found = of("fast-retransmit")
    assert found.cwnd[0] == (0, 10)
    assert max(value for _, value in found.cwnd) == 21
    assert found.ssthresh[0] == (0, None)
    assert found.ssthresh[-1][1] == 14
    assert [state for _, state in found.ca_state] == ["Open", "Disorder", "Recovery", "Open"]
    assert all(a[0] < b[0] for a, b in pairwise(found.in_flight))
    # The FIN counts as a segment.
    assert found.in_flight[-1][1] == 0


def test_segments_are_told_apart_by_what_became_of_them() -> None:
    found = of("fast-retransmit", holes=2)
    lost = [one for one in found.segments if one.lost]
    again = [one for one in found.segments if one.again]
    assert [(one.seq, one.end) for one in lost] == [(15929, 17377), (17377, 18825)]
    assert [(one.seq, one.end) for one in again] == [(15929, 17377), (17377, 18825)]
    assert sum(one.end - one.seq for one in found.segments if not one.again) == 60_000


def test_each_byte_is_delivered_once() -> None:
    assert of("spurious-rto", tcp_frto=0, tcp_timestamps=0).delivered[-1][1] == 60_000


def test_a_segment_sent_twice_gives_no_round_trip() -> None:
    found = of("rto-backoff")
    assert max(us for _, us in found.rtt) < ms(200)
    dark = [time for time, _ in found.rtt if ms(400) < time < ms(2700)]
    assert dark == []


def test_of_a_sack_block_only_what_is_new_is_news() -> None:
    found = of("fast-retransmit")
    news = found.news_of_sacks()
    assert all(end - start <= 2 * 1448 for _, start, end, _ in news)
    assert sum(end - start for _, start, end, _ in news) == max(
        end for _, _, end, _ in found.sacks
    ) - min(start for _, start, _, _ in found.sacks)


def test_the_window_edge_is_what_the_peer_has_allowed() -> None:
    found = of("flow-control-vs-congestion-control", buffer=4096)
    assert max(one.end for one in found.segments) <= max(edge for _, edge in found.edge)
    assert found.rwnd[0] == (100020, 2896)


def two_flows() -> Trace:
    net = Network()
    first, second = net.host("first", "10.0.0.1"), net.host("second", "10.0.0.3")
    server = net.host("server", "10.0.0.2")
    for host in (first, second):
        net.link(host, server, delay=ms(5), rate=mbit(10))

    def sender(size: int):  # type: ignore[no-untyped-def]
        async def write(host: Host) -> None:
            connection = host.socket()
            await connection.connect("10.0.0.2", 80)
            await connection.send(bytes(size))
            await connection.close()

        return write

    async def serve(host: Host) -> None:
        listener = host.socket().bind(80).listen(2)

        async def read(_: Host) -> None:
            connection = await listener.accept()
            while await connection.recv(65536):
                pass
            await connection.close()

        host.spawn(read)
        await read(host)

    server.spawn(serve)
    first.spawn(sender(20_000))
    second.spawn(sender(40_000))
    return net.run()


def test_of_several_connections_the_one_that_sends_most_comes_first() -> None:
    trace = two_flows()
    assert [flow.host for flow in flows.of(trace)] == [1, 0]
    assert [flow.host for flow in flows.of(trace, "first")] == [0]
    (figure,) = drawings.figures(trace, ["cwnd"])
    assert [mark["name"] for mark in figure["marks"]] == ["cwnd, second", "cwnd, first"]


def test_a_host_that_is_not_there_and_a_run_without_data_are_told() -> None:
    with pytest.raises(UsageError, match="no host 'nobody'"):
        flows.of(registry.run("fast-retransmit"), "nobody")
    with pytest.raises(UsageError, match="nothing to draw"):
        flows.of(registry.run("handshake"))


def test_a_rate_is_what_arrived_in_each_window() -> None:
    points = [(5, 100), (9, 200), (25, 700)]
    assert flows.rate(points, 10) == [(10, 160_000_000), (20, 0), (30, 400_000_000)]
    assert flows.rate([], 10) == []


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=4000), st.integers(10, 300))
def test_thinning_keeps_ends_and_extremes(values: list[int], most: int) -> None:
    points = list(enumerate(values))
    thin = flows.thin(points, most)
    assert len(thin) <= max(most + 4, 12)
    assert (thin[0], thin[-1]) == (points[0], points[-1])
    assert max(v for _, v in thin) == max(values)
    assert min(v for _, v in thin) == min(values)
    assert [t for t, _ in thin] == sorted({t for t, _ in thin})


# --- drawings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", drawings.KINDS)
def test_every_figure_is_told_in_words_and_has_something_to_draw(kind: str) -> None:
    (figure,) = drawings.figures(registry.run("fast-retransmit"), [kind])
    assert figure["kind"] == kind
    assert figure["text"].endswith(".")
    assert figure["marks"]
    for mark in figure["marks"]:
        assert len(mark["x"]) == len(mark["y"]) > 0
        assert max(mark["x"]) <= figure["end"]


def test_the_words_are_computed_from_the_data() -> None:
    sequence, cwnd = drawings.figures(registry.run("fast-retransmit"), ["sequence", "cwnd"])
    assert "sends 60,000 bytes in 43 segments" in sequence["text"]
    assert "1 sent again: 15929:17377 at 0.306 s" in sequence["text"]
    assert "cwnd is 10 segments at first, 21 at most" in cwnd["text"]
    (calm,) = drawings.figures(registry.run("fast-retransmit", {"lost": 0}), ["sequence"])
    assert "lost" not in calm["text"]


def test_points_of_segments_lead_to_segments_of_the_trace() -> None:
    trace = registry.run("fast-retransmit")
    (figure,) = drawings.figures(trace, ["sequence"])
    marks = {mark["name"]: mark for mark in figure["marks"]}
    (lost,) = marks["lost"]["segment"]
    assert trace.segments[lost].fate == "lost"
    assert all(trace.segments[i].sender == 1 for i in marks["SACK"]["segment"])


def test_an_unknown_kind_is_one_sentence_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no figure 'speed'; the kinds are sequence, cwnd"):
        drawings.figures(registry.run("handshake"), ["speed"])


def test_a_run_that_sends_no_data_gives_an_empty_figure_and_says_so() -> None:
    (figure,) = drawings.figures(registry.run("handshake"), ["cwnd"])
    assert (figure["marks"], figure["text"]) == ([], "No data is sent in this run.")


def test_a_figure_can_be_cut() -> None:
    (figure,) = drawings.figures(registry.run("fast-retransmit"), ["sequence"])
    short = drawings.cut(figure, ms(250))
    assert short["end"] == ms(250)
    assert "sent again" not in [mark["name"] for mark in short["marks"]]


def test_a_document_has_the_figures_that_are_asked_for_and_tells_them_in_its_text() -> None:
    trace = registry.run("fast-retransmit")
    assert "figures" not in document(trace)
    doc = document(trace, figures=("cwnd",))
    assert [figure["kind"] for figure in doc["figures"]] == ["cwnd"]
    assert "Congestion window: cwnd is 10 segments at first" in as_text(doc)


def test_a_page_that_asks_for_a_run_gets_its_figures_anew() -> None:
    asked = {
        "scenario": "fast-retransmit", "profile": "linux-6.18", "parameters": {"lost": 0},
        "drop": [], "figures": ["sequence"],
    }  # fmt: skip
    (figure,) = json.loads(answer(json.dumps(asked)))["document"]["figures"]
    assert "lost" not in [mark["name"] for mark in figure["marks"]]


def test_a_long_run_still_is_a_light_figure() -> None:
    trace = registry.run("congestion-avoidance", {"written": 600_000, "rtt": 200})
    kinds = drawings.figures(trace, drawings.KINDS)
    assert len(json.dumps(kinds, separators=(",", ":"))) < 120_000
