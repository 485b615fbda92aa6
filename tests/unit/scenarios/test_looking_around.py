"""What the programs print about the engine's hosts, beside what the real ones printed."""

from __future__ import annotations

import re

import pytest

from tcpcore.scenarios.observing import CAPTURE_COMMANDS, SOCKET_COMMANDS
from tcpcore.view.evidence import both
from tests.kernel import views

HOSTS = ("client", "server")
TABLES = [one for one in SOCKET_COMMANDS if one.startswith(("ss", "netstat")) and "i" not in one]
_EPHEMERAL = re.compile(r"(?<=\.)\d{5}(?=[ :])")
_LARGE = re.compile(r"\d{7,}")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("command", TABLES)
def test_tables_of_sockets_are_those_of_the_real_programs(command: str, host: str) -> None:
    engine, kernel = (views.masked(run.printed(command, host)) for run in both("look-around"))
    assert [re.sub(" +", " ", line).strip() for line in engine] == [
        re.sub(" +", " ", line).strip() for line in kernel
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_lsof_is_the_real_one(host: str) -> None:
    for command in ("lsof -nP -iTCP", "lsof -nP -i:8888"):
        engine, kernel = (
            views.masked_lsof(run.printed(command, host)) for run in both("look-around")
        )
        assert engine == kernel


@pytest.mark.parametrize("command", CAPTURE_COMMANDS)
def test_tcpdump_is_the_real_one(command: str) -> None:
    ours, theirs = (
        [
            _LARGE.sub("N", _EPHEMERAL.sub("PORT", line))
            for line in run.printed(command).splitlines()
        ]
        for run in both("look-around")
    )
    assert sorted(ours) == sorted(theirs)


def test_nc_has_three_answers() -> None:
    engine, kernel = both("look-around")
    for words in ("-vz 10.0.0.2 8888", "-vz 10.0.0.2 81", "-vz -w 2 10.0.0.2 8889"):
        assert engine.printed(f"nc {words}") == kernel.printed(f"nc {words}")
