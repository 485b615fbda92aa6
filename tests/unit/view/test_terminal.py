"""Commands typed on a host of the engine at one moment of a run."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.view import shell, shells


def test_a_command_shows_the_host_at_that_moment_and_not_later():
    before = shell("accept-late", "server", "ss -tln", at=0.1)
    after = shell("accept-late", "server", "ss -tln", at=0.2)
    assert "LISTEN 0      2" in str(before)
    assert "LISTEN 1      2" in str(after)


def test_each_command_stands_behind_its_prompt_with_nothing_trailing():
    text = str(shell("accept-queue-overflow", "server", "ss -tan", "nstat", at=2))
    lines = text.splitlines()
    assert lines[0] == "server, 2 s after the start"
    assert [line for line in lines if "$ " in line] == ["server$ ss -tan", "server$ nstat"]
    assert lines == [line.rstrip() for line in lines]


def test_the_page_shows_the_same_text_escaped():
    shown = shell("accept-late", "client", "ss -tan | grep -v '<'", at=0.2)
    assert "grep -v &#x27;&lt;&#x27;" in shown.html


def test_profile_parameters_and_lost_segments_count():
    text = str(shell("syn-unanswered", "client", "sysctl net.ipv4.tcp_syn_linear_timeouts", at=1,
                     profile="linux-6.4"))  # fmt: skip
    assert text.endswith("= 0")
    lost = shell("handshake", "server", "ss -tan state syn-recv", at=0.5, drop=(2,), rtt=20)
    assert "10.0.0.1:" in str(lost)


def test_a_host_that_there_is_not_is_one_sentence():
    with pytest.raises(UsageError, match=r"has no host 'router'; it has client, server\.$"):
        shell("handshake", "router", "ss", at=1)


def test_two_terminals_show_the_engine_and_the_recorded_programs():
    shown = shells("look-around", "server", "ss -tlnp", "netstat -tlnp")
    engine, kernel = shown.text.split("\n\n")
    assert engine.startswith("server, engine\nserver$ ss -tlnp\nState")
    assert kernel.startswith("server, Linux 6.18")
    assert 'users:(("serve"' in engine
    assert 'users:(("python"' in kernel
    assert shown.html.count("terminal") == 2
