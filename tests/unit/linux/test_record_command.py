"""``tcpcore record``: what it makes of its words, without touching a kernel."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux import record, store
from tcpcore.scenarios import registry

WITHOUT_ROOT = """
import os, sys
from tcpcore import cli
from tcpcore.linux import namespace, record, world
from tcpcore.scenarios import registry
registry.names()  # this and the next line load all it needs, while we may still read it
cli._parser().parse_args(["record", "handshake"])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(cli.main(["record", "handshake"]))
"""


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    record.add_arguments(parser)
    return parser.parse_args(words)


def titles(*words: str) -> list[str]:
    return [job.title for job in record._jobs(parse(*words))]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "name a scenario"),
        (("no-such-scenario",), "Unknown scenario 'no-such-scenario'"),
        (("handshake", "--set", "rtt"), "--set takes NAME=VALUE, not 'rtt'"),
        (("handshake", "--set", "rtt=0"), "rtt takes a number from 2 to 400 ms"),
        (("handshake", "--set", "colour=3"), "handshake has no parameter 'colour'"),
        (("handshake", "-o", "/no/such/folder/x.json"), "there is no folder /no/such/folder"),
        (("handshake", "--all"), "--all records every scenario"),
        (("--all", "-o", "/no/such/folder"), "-o names a folder"),
    ],
)
def test_a_mistake_in_the_words_is_one_sentence(words: tuple[str, ...], expected: str):
    with pytest.raises(UsageError) as caught:
        record.main(parse(*words))
    assert str(caught.value).startswith(expected) or expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_root_the_command_says_so_in_one_sentence_and_exits_1(root: Path):
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_ROOT], cwd=root, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "tcpcore record: recording the kernel needs root for network namespaces: "
        "run it again with sudo.\n"
    )


def test_a_record_is_named_by_what_was_set_and_lost():
    assert titles("handshake") == ["handshake"]
    assert titles("handshake", "--set", "rtt=100") == ["handshake"]  # the default
    assert titles("handshake", "--set", "rtt=20", "--drop", "1") == ["handshake,rtt=20,drop=1"]


def test_all_means_every_scenario_and_every_variant_in_the_packages_folder():
    jobs = record._jobs(parse("--all"))
    assert {job.scenario for job in jobs} == set(record.recordable())
    assert {job.path for job in jobs if not job.states} == set(store.FOLDER.glob("*.json"))
    assert {job.path for job in jobs if job.states} == set(store.STATES.glob("*.json"))
    assert len({job.path for job in jobs}) == len(jobs)


def test_what_shows_another_kernel_is_left_out_and_all_says_so(capsys: pytest.CaptureFixture[str]):
    recorded = {name for name in registry.names() if registry.get(name).recorded}
    left_out = recorded - set(record.recordable())
    assert left_out == {"tw-recycle-nat"}
    record._jobs(parse("--all"))
    said = capsys.readouterr().err
    assert said == "tw-recycle-nat is left out: it shows what linux-4.9 did.\n"


def test_asked_for_by_name_it_is_refused_in_one_sentence():
    with pytest.raises(
        UsageError, match=r"^tw-recycle-nat shows what linux-4.9 did; this is Linux"
    ):
        record.main(parse("tw-recycle-nat"))


def test_a_kernel_plays_the_scenarios_about_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(record.platform, "release", lambda: "4.9.337-generic")
    assert record.recordable() == [n for n in registry.names() if registry.get(n).recorded]


def test_a_scenario_whose_queue_is_never_the_same_twice_is_refused_in_one_sentence():
    with pytest.raises(UsageError, match=r"^bufferbloat has no record: its queue is never"):
        record.main(parse("bufferbloat"))


def test_the_tick_rate_is_a_number_or_unknown():
    assert record.kernel_hz() in (None, 100, 250, 300, 1000)
