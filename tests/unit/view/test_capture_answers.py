"""What the capture page is told: rows, findings, a player's document, or one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tcpcore.view import capture_answers
from tcpcore.view.answers import answer
from tcpcore.view.capture_page import MIME, SAMPLES, CaptureReader, sample, sample_text


def ask(request: dict[str, object], data: bytes | None = None) -> dict[str, object]:
    told: dict[str, object] = json.loads(answer(json.dumps(request), data))
    return told


def test_a_file_becomes_rows_and_its_first_connection() -> None:
    told = ask({"capture": "a.pcap"}, sample("accept-queue-overflow"))
    assert (told["connections"], told["chosen"]) == (4, 1)
    assert [row["number"] for row in told["rows"]] == [1, 2, 3, 4]
    third = ask({"connection": 3})
    assert third["chosen"] == 3
    assert any("accept queue" in one["text"] for one in third["findings"])
    steps = [step for one in third["findings"] for step in one["steps"]]
    assert steps
    assert max(steps) <= len(third["document"]["steps"])


def test_pasted_text_is_read_like_a_file() -> None:
    told = ask({"capture": "The text", "text": sample_text()})
    assert told["rows"][0]["verdict"].startswith("nothing unusual")
    assert told["segments"] == 14


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "a.pcap is empty; give a pcap or pcapng file, as tcpdump -w writes it."),
        (b"hello", "a.pcap: this is no pcap or pcapng file; give one, as tcpdump -w writes it."),
    ],
)
def test_a_broken_file_is_one_sentence_and_nothing_is_kept(data: bytes, words: str) -> None:
    assert ask({"capture": "a.pcap"}, data) == {"refused": words}
    assert ask({"connection": 1}) == {"refused": "No capture is open."}


def test_a_cut_file_shows_what_is_whole_and_says_where_it_ends() -> None:
    told = ask({"capture": "a.pcap"}, sample("data-and-close")[:-5])
    assert told["rows"]
    assert "the file ends in the middle of packet" in told["notes"][-1]
    assert ask({"connection": 9}) == {"refused": "a.pcap has no connection 9, only 1 to 1."}


def test_a_connection_whose_segments_were_not_kept_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture_answers, "_MOST_KEPT", 2)
    ask({"capture": "a.pcap"}, sample("accept-queue-overflow"))
    third = ask({"connection": 3})
    assert len(third["document"]["steps"]) == 13
    assert any(one["steps"] for one in third["findings"])


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_answers, "LARGEST", 1000)
    told = ask({"capture": "a.pcap"}, sample("data-and-close"))
    assert "explain` reads larger files." in told["refused"]


def test_the_page_has_samples_and_a_text() -> None:
    data, _ = CaptureReader()._repr_mimebundle_()
    assert data[MIME]["kind"] == "capture"
    assert len(data[MIME]["state"]["samples"]) == len(SAMPLES) + 1
    assert "data-and-close.pcap: 1 connection" in data["text/plain"]


def test_in_a_notebook_the_kernel_answers_messages_also_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, other = CaptureReader(), CaptureReader()
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(CaptureReader, "send", lambda _, content: sent.append(content))
    data = sample("accept-queue-overflow")
    reader._handle_custom_msg({"id": 1, "more": True}, [memoryview(data)[:100]])
    assert sent == []
    reader._handle_custom_msg({"id": 1, "request": {"capture": "a.pcap"}}, [memoryview(data)[100:]])
    other._handle_custom_msg({"id": 1, "request": {"connection": 1}}, [])
    reader._handle_custom_msg({"id": 2, "request": {"connection": 3}}, [])
    assert [one["id"] for one in sent] == [1, 1, 2]
    assert sent[0]["answer"]["connections"] == 4
    assert sent[1]["answer"] == {"refused": "No capture is open."}
    assert sent[2]["answer"]["chosen"] == 3
