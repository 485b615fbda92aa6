"""Shell in scripts that the engine reads: conditions are taken to hold, chatter is ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore.packetdrill.drill import run_file, run_text
from tcpcore.packetdrill.source import ScriptError

SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
DEFAULTS = """#!/bin/bash
set -e
if [ -f /proc/sys/net/ipv4/tcp_sack ]; then
    sysctl -q net.ipv4.tcp_sack=0
    if test -n "$MORE"; then echo more; fi
else
    sysctl -q net.ipv4.tcp_sack=2222
fi
[[ -d /tmp ]] && sysctl -q net.ipv4.tcp_timestamps=0
"""
OPENS = """`./defaults.sh`
0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <mss 1460,nop,wscale 10>
"""


def test_a_file_of_commands_may_have_conditions_which_are_taken_to_hold(tmp_path: Path) -> None:
    (tmp_path / "defaults.sh").write_text(DEFAULTS)
    script = tmp_path / "script.pkt"
    script.write_text(OPENS)
    outcome = run_file(script)
    assert outcome.passed
    assert outcome.remarks == ["ignored: set -e", "ignored: echo more"]


def test_other_programs_are_not_run() -> None:
    with pytest.raises(ScriptError, match="the shell command 'python3' is not supported"):
        run_text("`if true; then python3 -c 1; fi`\n" + SOCKET)


def test_an_ipv6_address_may_be_written_as_strace_shows_it() -> None:
    place = 'sin6_port = htons(8080), inet_pton(AF_INET6, "::", &sin6_addr), sin6_scope_id = 0'
    bind = "+0 bind(3, {sa_family = AF_INET6, " + place + "}, 28) = 0\n"
    assert run_text("--ip_version=ipv6\n" + SOCKET + bind).passed


def test_inet_pton_names_its_field() -> None:
    with pytest.raises(ScriptError, match="expected inet_pton"):
        run_text(SOCKET + '+0 bind(3, {sa_family = AF_INET6, inet_pton(AF_INET6, "::")}, 28) = 0\n')


LIMITED = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 %{ assert tcpi_snd_ssthresh == 14, tcpi_snd_ssthresh }%
"""
CUBIC = "/sys/module/tcp_cubic/parameters"


@pytest.mark.parametrize(
    "lines",
    [
        f"`echo 0 > {CUBIC}/hystart\necho 14 > {CUBIC}/initial_ssthresh`\n",
        f"`echo 0 | sudo tee {CUBIC}/hystart; echo 14 >{CUBIC}/initial_ssthresh`\n",
        f"`../common/set_sysctls.py {CUBIC}/hystart=0 {CUBIC}/initial_ssthresh=14`\n",
    ],
)
def test_a_script_sets_parameters_of_modules_as_it_sets_sysctls(lines: str) -> None:
    outcome = run_text(lines + LIMITED)
    assert outcome.passed
    assert not outcome.remarks


def test_parameters_of_other_modules_are_ignored() -> None:
    outcome = run_text("`echo 1 > /sys/module/tcp_bbr/parameters/x`\n" + SOCKET)
    assert outcome.remarks == [
        "ignored: /sys/module/tcp_bbr/parameters/x (the engine does not model it)"
    ]


def test_a_value_that_no_parameter_takes_is_the_script_s_fault() -> None:
    with pytest.raises(ScriptError, match="hystart of tcp_cubic is a number, not 'off'"):
        run_text(f"`echo off > {CUBIC}/hystart`\n" + SOCKET)
