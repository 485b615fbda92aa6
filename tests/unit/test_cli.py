"""The command line: each format, each mistake in one sentence, nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tcpcore import cli
from tcpcore.scenarios import registry
from tcpcore.wire import codec

ROOT = Path(cli.__file__).resolve().parents[1]
Capture = pytest.CaptureFixture[str]


def run(*words: str) -> int:
    """The exit code, also where argparse leaves by itself."""
    try:
        return cli.main(words)
    except SystemExit as end:
        return int(end.code or 0)


def program(*words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tcpcore", *words]
    return subprocess.run(command, capture_output=True, cwd=ROOT, check=False, **more)  # type: ignore[call-overload, no-any-return]


def test_list_names_every_scenario_and_parameter(capsys: Capture):
    assert run("list") == 0
    shown = capsys.readouterr().out
    for name in registry.names():
        assert f"{name}: " in shown
        for parameter in registry.get(name).parameters:
            assert f"{parameter.name} = " in shown


def test_list_and_run_know_which_kernel_a_scenario_is_about(capsys: Capture):
    assert run("list") == 0
    shown = capsys.readouterr().out
    assert "\ntw-recycle-nat: tcp_tw_recycle behind a shared address (linux-4.9)\n" in shown
    assert shown.count("(linux-") == 1
    assert run("run", "tw-recycle-nat", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["profile"] == "linux-4.9"


def test_text_is_tcpdumps(capsys: Capture):
    assert run("run", "handshake", "--set", "rtt=20") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "IP 10.0.0.1." in lines[0]
    assert "Flags [S], seq " in lines[0]
    assert "Flags [S.]" in lines[1]
    assert "Flags [.], ack 1" in lines[2]


def test_json_is_the_players_document(capsys: Capture):
    assert run("run", "handshake", "--format", "json", "--drop", "1") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    assert document["scenario"] == "handshake"
    assert document["drop"] == [1]
    assert document["segments"][1]["fate"] == "lost"


def test_pcap_holds_every_segment(tmp_path: Path):
    target = tmp_path / "out.pcap"
    assert run("run", "data-and-close", "--format", "pcap", "-o", str(target)) == 0
    data = target.read_bytes()
    packets, at = [], 24
    while at < len(data):
        size = int.from_bytes(data[at + 8 : at + 12], sys.byteorder)
        packets.append(codec.decode(data[at + 16 : at + 16 + size]))
        at += 16 + size
    assert packets == [one.segment for one in registry.run("data-and-close").segments]


def test_ss_shows_both_hosts(capsys: Capture):
    assert run("run", "handshake", "--format", "ss") == 0
    shown = capsys.readouterr().out
    assert "client$ ss -tan" in shown
    assert "server$ ss -tan" in shown
    for name in ("LISTEN", "SYN-SENT", "SYN-RECV", "ESTAB"):
        assert name in shown


def test_html_is_one_page(capsys: Capture):
    assert run("run", "handshake", "--format", "html") == 0
    shown = capsys.readouterr().out
    assert shown.lower().startswith("<!doctype html>")
    assert "</html>" in shown


def test_set_profile_drop_and_seed_reach_the_run(capsys: Capture):
    assert run("run", "syn-unanswered", "--profile", "linux-6.4") == 0
    assert len(capsys.readouterr().out.splitlines()) == 7
    assert run("run", "syn-unanswered", "--set", "tcp_syn_retries=1") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run("run", "connection-refused", "--drop", "0") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run("run", "handshake", "--seed", "2") == 0
    assert capsys.readouterr().out


def test_how_calls_failed_is_told_on_standard_error(capsys: Capture):
    assert run("run", "syn-unanswered") == 0
    shown = capsys.readouterr()
    assert "client: connect() failed after 131 s: ETIMEDOUT" in shown.err
    assert "ETIMEDOUT" not in shown.out


@pytest.mark.parametrize(
    "words",
    [
        ["run", "handshak"],
        ["run", "handshake", "--set", "rtt"],
        ["run", "handshake", "--set", "=3"],
        ["run", "handshake", "--set", "rtt=fast"],
        ["run", "handshake", "--set", "rtt=1000000"],
        ["run", "handshake", "--set", "nothing=1"],
        ["run", "handshake", "--set", "tcp_sack=yes"],
        ["run", "handshake", "--profile", "bsd"],
        ["run", "handshake", "--drop", "-1"],
        ["run", "handshake", "-o", "/nonexistent/folder/file"],
        ["run", "handshake", "-o", "/"],
        ["run", "handshake", "--format", "pcap", "-o", "/dev/full"],
        ["explain", "/nonexistent.pcap"],
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(words: list[str], capsys: Capture):
    assert run(*words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1, shown.err
    assert shown.err.startswith(f"tcpcore {words[0]}: ")


@pytest.mark.parametrize(
    "words",
    [[], ["walk"], ["run"], ["run", "handshake", "--format", "gif"], ["run", "x", "--drop", "a"]],
)
def test_unknown_words_show_the_usage_and_exit_code_2(words: list[str], capsys: Capture):
    assert run(*words) == 2
    assert "usage: tcpcore" in capsys.readouterr().err


def test_a_failed_write_leaves_what_was_there(tmp_path: Path):
    target = tmp_path / "kept"
    target.write_bytes(b"before")
    assert run("run", "handshake", "--set", "rtt=oops", "-o", str(target)) == 2
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["kept"]


def test_an_output_file_holds_what_would_have_been_printed(tmp_path: Path, capsys: Capture):
    target = tmp_path / "out.txt"
    assert run("run", "handshake", "-o", str(target)) == 0
    assert capsys.readouterr().out == ""
    assert run("run", "handshake") == 0
    assert target.read_text() == capsys.readouterr().out
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_reader_who_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m tcpcore run data-and-close --format json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, cwd=ROOT, check=False
    )
    assert done.stdout == b'{\n "format'[:10]
    assert done.stderr == b""


def test_a_full_disk_is_one_sentence():
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "tcpcore", "run", "handshake"]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False, text=True
        )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


def test_version(capsys: Capture):
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("tcpcore ")
