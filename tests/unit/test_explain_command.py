"""``python -m tcpcore explain``, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tcpcore.cli import main
from tcpcore.wire.codec import encode
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import SYN, Segment
from tests.unit.observe.captures import HANDSHAKE, segments


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "handshake.pcap"
    write_pcap(path, [(n, encode(segment)) for n, segment in enumerate(segments(HANDSHAKE))])
    return path


def test_it_prints_the_explanation(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(capture)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{capture}: 1 connection, 3 TCP segments\n")
    assert "the client asks to open" in out
    assert err == ""


def test_the_help_says_how_to_read_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "--help"])
    told = capsys.readouterr().out
    assert "the gravest fault" in told
    assert "S SYN, F FIN, R RST" in told


def test_it_also_writes_the_player(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = capture.with_suffix(".html")
    assert main(["explain", str(capture), "--html", str(page)]) == 0
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert "the client asks to open" in text
    assert "Connection 1" in capsys.readouterr().out


def test_a_page_holds_only_so_many_connections_and_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, page = tmp_path / "a.pcap", tmp_path / "a.html"
    flood = [Segment("10.0.0.1", 1000 + n, "10.0.0.2", 80, SYN, n, 0, 1) for n in range(60)]
    write_pcap(path, [(n, encode(segment)) for n, segment in enumerate(flood)])
    assert main(["explain", str(path), "--html", str(page)]) == 0
    out, err = capsys.readouterr()
    assert "Connection 60:" in out
    assert err == "The page has the first 50 connections; choose another one with --connection N.\n"
    assert main(["explain", str(path), "--html", str(page), "--connection", "60"]) == 0
    assert "10.0.0.1:1059" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.pcap"], "nothing.pcap: there is no such file"),
        (["."], ". is a directory; give a capture file"),
        (["{capture}", "--connection", "2"], "{capture} has no connection 2, only 1 to 1"),
        (["{capture}", "--interface", "-1"], "--interface counts from 0, not -1."),
        (
            ["{capture}", "--html", "a.html", "--to-pkt", "a.pkt"],
            "--html and --to-pkt exclude each other; ask for one at a time.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    capture: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    words = [word.format(capture=capture) for word in arguments]
    assert main(["explain", *words]) == 2
    expected = f"tcpcore explain: {sentence.format(capture=capture)}\n"
    assert capsys.readouterr() == ("", expected)


def test_a_page_that_cannot_be_written_is_one_sentence(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["explain", str(capture), "--html", str(capture / "a.html")])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_a_capture_comes_through_a_pipe(capture: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tcpcore", "explain", "-"],
        input=capture.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"standard input: 1 connection, 3 TCP segments\n")
    assert done.stderr == b""
