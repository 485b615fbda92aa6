"""The document that the player reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.units import ms
from tcpcore.view.document import answer, as_text, document, dumps, page_state
from tcpcore.view.packet import Describer
from tcpcore.wire.segment import ACK, Segment

NAMES = registry.names()


@pytest.fixture(scope="module", params=NAMES)
def doc(request: pytest.FixtureRequest) -> dict[str, Any]:
    return document(registry.run(request.param))


def test_a_document_survives_json(doc: dict[str, Any]) -> None:
    assert json.loads(dumps(doc)) == doc


def test_every_reference_leads_somewhere(doc: dict[str, Any]) -> None:
    whys, segments = len(doc["whys"]), len(doc["segments"])
    for step in doc["steps"]:
        assert all(index < whys for index in step["whys"])
        assert all(index < segments for index in step["sent"])
        assert step["segment"] is None or step["segment"] < segments
        assert all(int(host) < len(doc["hosts"]) for host in step["hosts"])
        assert all(move["why"] is None or move["why"] < whys for move in step["transitions"])
    for segment in doc["segments"]:
        assert all(segment[key] is None or segment[key] < whys for key in ("why", "lost_because"))


def test_every_segment_is_sent_in_one_step_and_arrives_in_at_most_one(doc: dict[str, Any]) -> None:
    sent = [index for step in doc["steps"] for index in step["sent"]]
    assert sorted(sent) == list(range(len(doc["segments"])))
    arrivals = [step["segment"] for step in doc["steps"] if step["segment"] is not None]
    delivered = [i for i, one in enumerate(doc["segments"]) if one["arrived"] is not None]
    assert sorted(arrivals) == delivered


def test_steps_are_in_the_order_of_time(doc: dict[str, Any]) -> None:
    times = [step["t"] for step in doc["steps"]]
    assert times == sorted(times)


def test_the_states_of_the_sockets_are_those_that_the_transitions_lead_to(
    doc: dict[str, Any],
) -> None:
    for step in doc["steps"]:
        ends = {move["socket"]: move["to"] for move in step["transitions"]}
        shown = {
            socket["name"]: socket["state"]
            for host in step["hosts"].values()
            for socket in host.get("sockets", [])
        }
        assert all(shown.get(name, "CLOSED") == state for name, state in ends.items())


def test_each_timer_knows_since_when_it_runs(doc: dict[str, Any]) -> None:
    for step in doc["steps"]:
        for host in step["hosts"].values():
            for timer in host.get("timers", []):
                assert timer["set"] <= step["t"] <= timer["deadline"]


def test_labels_name_flags_numbers_and_length() -> None:
    labels = [one["label"] for one in document(registry.run("data-and-close"))["segments"]]
    assert labels[:4] == [
        "SYN seq 0",
        "SYN+ACK seq 0 ack 1",
        "ACK seq 1 ack 1",
        "PSH+ACK seq 1 ack 1 len 100",
    ]


def test_the_reset_that_refuses_a_syn_has_sequence_number_zero() -> None:
    refusal = document(registry.run("connection-refused"))["segments"][1]
    assert (refusal["label"], refusal["kind"]) == ("RST+ACK seq 0 ack 1", "rst")
    assert ["TCP", "Sequence number", "0 (raw 0)"] in refusal["fields"]


def test_the_window_is_told_scaled_after_the_handshake() -> None:
    segments = document(registry.run("handshake"))["segments"]
    windows = [{f[1]: f[2] for f in one["fields"]}["Window"] for one in segments]
    assert windows[0].endswith("bytes")
    assert "×" not in windows[1]
    assert " × 1024 = " in windows[2]


def test_the_fallback_tells_every_step_and_every_loss() -> None:
    doc = document(registry.run("syn-unanswered", {"tcp_syn_retries": 2}))
    text = as_text(doc)
    assert text.count("(lost)") == len(doc["segments"])
    assert "SYN_SENT → CLOSED" in text


def test_the_document_names_the_kernel_and_the_text_does_where_it_is_not_the_books() -> None:
    doc = document(registry.run("tw-recycle-nat"))
    assert doc["profile"] == "linux-4.9"
    assert "As linux-4.9 does it." in as_text(doc).splitlines()[:4]
    assert "linux-" not in as_text(document(registry.run("handshake")))


def test_segments_from_behind_a_shared_address_are_shown_as_the_world_sees_them() -> None:
    first = document(registry.run("tw-recycle-nat"))["segments"][0]
    assert ["IP", "Source address", "203.0.113.1"] in first["fields"]
    assert "IP 203.0.113.1." in first["tcpdump"]


def test_a_network_without_a_scenario_has_a_document_too() -> None:
    net = Network()
    client, server = net.host("left", "10.0.0.1"), net.host("right", "10.0.0.2")
    net.link(client, server, delay=ms(1))

    async def ask(host: Any) -> None:
        await host.socket().connect("10.0.0.2", 9)

    client.spawn(ask)
    doc = document(net.run(), title="Own experiment")
    assert (doc["title"], doc["parameters"], doc["scenario"]) == ("Own experiment", [], "")
    assert page_state(doc, name="own")["name"] == "own"


def test_a_request_of_a_page_is_answered_or_refused_in_a_sentence() -> None:
    wish = {"scenario": "handshake", "profile": "linux-6.18", "parameters": {"rtt": 20}, "drop": []}
    assert json.loads(answer(json.dumps(wish)))["document"]["end"] == 30_000
    wish["parameters"] = {"rtt": 10**9}
    refused = json.loads(answer(json.dumps(wish)))["refused"]
    assert refused.startswith("handshake: rtt takes a number from")


def test_a_forged_syn_inside_the_connection_does_not_start_the_numbers_anew():
    story = document(registry.run("forged-segments", {"kind": 1}))
    labels = [segment["label"] for segment in story["segments"]]
    assert "SYN seq 1101" in labels
    assert labels[-1] == "ACK seq 1001 ack 201"


def test_an_icmp_error_is_a_row_of_its_own_from_the_router_that_says_it() -> None:
    doc = document(registry.run("icmp-unreachable"))
    assert len(doc["segments"]) == 1
    (error,) = doc["icmp"]
    assert (error["from"], error["by"], error["to"]) == (None, "router", 0)
    assert (error["sent"], error["arrived"], error["quotes"]) == (25_000, 50_000, 0)
    assert (error["kind"], error["label"]) == ("icmp", "ICMP host unreachable")
    assert ["ICMP", "Quotes", "SYN seq 0"] in error["fields"]
    assert error["why"] == doc["segments"][0]["lost_because"]
    assert [step["label"] for step in doc["steps"] if step.get("icmp") == 0] == [
        "ICMP host unreachable arrives"
    ]


def test_each_icmp_error_arrives_in_a_step_of_its_own_and_quotes_its_own_segment() -> None:
    doc = document(registry.run("path-mtu"))
    assert [error["quotes"] for error in doc["icmp"]] == [3, 4]
    assert [step["icmp"] for step in doc["steps"] if "icmp" in step] == [0, 1]
    assert {error["label"] for error in doc["icmp"]} == {"ICMP frag needed 1200"}


def rejected() -> dict[str, Any]:
    """The document of a connect() that the server's own firewall refuses."""
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(10))
    server.iptables("-A INPUT -p tcp -j REJECT --reject-with icmp-port-unreachable")

    async def ask(host: Any) -> None:
        await host.socket().connect("10.0.0.2", 9)

    client.spawn(ask)
    return document(net.run(), title="Rejected")


def test_a_host_sends_its_icmp_error_in_a_step() -> None:
    doc = rejected()
    (error,) = doc["icmp"]
    assert (error["from"], error["by"], error["to"], error["quotes"]) == (1, "server", 0, 0)
    assert [step["host"] for step in doc["steps"] if step.get("icmp_sent") == [0]] == [1]


def test_a_step_names_what_arrives_where_the_data_says_it() -> None:
    labels = [step["label"] for step in document(registry.run("tls-flights"))["steps"]]
    assert "517 bytes arrive: ClientHello" in labels
    assert "1324 bytes arrive: ServerHello, Certificate, Finished" in labels
    assert "SYN arrives" in labels
    early = {"tls": 3, "fast_open": True, "earlier_visit": True}
    labels = [step["label"] for step in document(registry.run("tls-flights", early))["steps"]]
    assert "SYN arrives: ClientHello with ticket, GET" in labels


@pytest.mark.parametrize(("data", "text"), [(b"a" * 60, "a" * 60), (b"a" * 61, ""), (b"a\n", "")])
def test_only_a_short_plain_text_names_a_segment(data: bytes, text: str) -> None:
    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 0, payload=data)
    assert Describer().entry(segment).get("text", "") == text
