"""The shell of files of settings: what would run, with its variables filled in; nothing is run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.packetdrill.drill import run_file, run_text
from tcpcore.packetdrill.shell_text import ShellError, ShellText
from tcpcore.packetdrill.shell_words import Words
from tcpcore.packetdrill.source import ScriptError

SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"


def commands(text: str, printed: str | None = None) -> list[str]:
    return list(ShellText(Words(lambda _: printed)).commands(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a "4096 540000 $((15*1024*1024))"', ['a "4096 540000 15728640"']),
        ("K=1024; a $((4 * K)) $(( $K / 3 ))", ["a 4096 341"]),
        ("X=1 Y=2\na $X ${Y} ${Z:-3} '$X' \\$X", ["a 1 2 3 '$X' \\$X"]),
        ('X=1\na "it\'s $X; b" # not c; d\n# e', ['a "it\'s 1; b"']),
        ("export X=up; X+=on; a $X", ["a upon"]),
        ("a \\\n  b > /dev/null 2>&1; c 2>/dev/null &", ["a    b", "c"]),
        ("for i in 1 2 3; do a $i; done", ["a 1", "a 2", "a 3"]),
        ("for i in 1 2\ndo\n for j in x\n do\n a $i$j\n done\ndone", ["a 1x", "a 2x"]),
        ("set_it() { a $1=$2; return 0; b; }\nset_it x 1; set_it y 2", ["a x=1", "a y=2"]),
        ("function f {\n a $#\n}\nf p q r", ["a 3"]),
        ("a; exit 0; b", ["a"]),
        ("{ a; b; } && c", ["a", "b", "c"]),
    ],
)  # fmt: skip
def test_what_would_run_is_told_with_everything_filled_in(text: str, expected: list[str]) -> None:
    assert commands(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if [ -f /etc/x ]; then a; else b; fi", ["a"]),
        ("if [ ! -f /etc/x ]; then a; else b; fi", ["b"]),
        ("if ! a; then b; exit 1; fi; c", ["a", "c"]),
        ("if [ $UNKNOWN = 3 ]; then a; fi", ["a"]),
        ("X=2; if [ $X -ge 3 ]; then a; elif [ $X = 2 ]; then b; else c; fi", ["b"]),
        ("X=4; if [[ $X -ge 3 ]]; then a; elif [ $X = 2 ]; then b; else c; fi", ["a"]),
        ("X=; [ -z \"$X\" ] && a || b", ["a"]),
        ("X=y; [ -z \"$X\" ] && a || b", ["b"]),
        ("a || b; c", ["a", "c"]),
        ("false && a; true && b; false || c", ["b", "c"]),
        ("if [ $(id -u) -ne 0 ]; then a; exit 1; fi; b", ["a", "b"]),
    ],
)  # fmt: skip
def test_conditions_are_decided_where_they_are_known_and_hold_else(
    text: str, expected: list[str]
) -> None:
    assert commands(text) == expected


def test_output_that_is_known_is_filled_in() -> None:
    assert commands("a $(cat /proc/x) `sysctl -n y`", printed="7") == ["a 7 7"]
    assert commands("a $(cat /proc/x)") == ["a "]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("while true; do a; done", "'while' of the shell"),
        ("if true; then a", "'elif' or 'else' or 'fi' where 'its end' stands"),
        ("a; done", "'done' where no block is open"),
        ("for ((i=0; i<3; i++)); do a; done", "only 'for NAME in WORDS' is known"),
        ("f() { f; }; f", "more than 20 blocks"),
        ("if true; then " * 30, "more than 20 blocks"),
        ("for i in 1 2 3 4 5 6 7 8 9 10; do " * 5 + "a;" + "done;" * 5, "more than 10000 commands"),
    ],
)
def test_what_is_too_much_is_said(text: str, problem: str) -> None:
    with pytest.raises(ShellError, match=problem.replace("(", r"\(")):
        commands(text)


PARTS = [
    *"aX1 \n;&|$(){}[]'\"`\\#=!<>", "if ", "then ", "fi", "do ", "done", "for X in ", "$((", "))",
    "f() {", "&&", "||", "elif ",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence(parts: list[str]) -> None:
    with suppress(ShellError, UsageError):
        commands("".join(parts))


@pytest.mark.parametrize(
    "piece", ['"$()', '"$(', "$((", "$((1+", "'", "${", "`", "\\", "{ ", "f() "]
)
def test_long_text_that_never_ends_is_refused_at_once(piece: str) -> None:
    began = perf_counter()
    with suppress(ShellError, UsageError):
        commands(piece * 3_000)
    assert perf_counter() - began < 20


def test_a_file_of_settings_counts_sets_and_loops(tmp_path: Path) -> None:
    (tmp_path / "defaults.sh").write_text(
        "#!/bin/bash\n"
        'sysctl -q net.ipv4.tcp_rmem="4096 540000 $((15*1024*1024))"\n'
        "for name in tcp_timestamps tcp_sack; do\n"
        "  echo $1 | sudo tee /proc/sys/net/ipv4/$name > /dev/null\n"
        "done\n"
        "if [ $(sysctl -n net.ipv4.tcp_sack) -eq 0 ]; then sysctl -w net.ipv4.tcp_ecn=1; fi\n"
        "exit 0\n"
    )
    script = tmp_path / "script.pkt"
    script.write_text(
        "`./defaults.sh 0`\n"
        "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
        "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n"
        "+0 > SEW 0:0(0) <mss 1460,nop,wscale 8>\n"
    )
    outcome = run_file(script)
    assert outcome.passed, outcome
    assert outcome.remarks == []


def test_a_loop_without_an_end_is_not_supported_and_a_sum_of_letters_is_wrong() -> None:
    with pytest.raises(ScriptError, match="'while' of the shell is not supported"):
        run_text("`while true; do sysctl -q net.ipv4.tcp_sack=0; done`\n" + SOCKET)
    with pytest.raises(ScriptError, match=r"this shell sum is none: \$\(\(1 \+\)\)"):
        run_text("`sysctl -q net.ipv4.tcp_sack=$((1 +))`\n" + SOCKET)
