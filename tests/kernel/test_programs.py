"""The stand-alone programs of the chapters, on this kernel, in a namespace of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpcore.linux.namespace import Namespace, read_counters, write_sysctl

pytestmark = pytest.mark.kernel

FOLDER = Path(__file__).resolve().parents[2] / "chapters" / "programs"
PROGRAMS = sorted(FOLDER.glob("*.py"))
PATIENCE = 60
"""Seconds: a busy machine starts programs slowly."""
ATTEMPTS = 3
"""A busy machine may close later than the program wanted to."""


class Terminals:
    """Programs of the chapters, started in one namespace."""

    def __init__(self) -> None:
        self.namespace = Namespace()
        self.started: list[subprocess.Popen[str]] = []

    def start(self, name: str, *words: str) -> subprocess.Popen[str]:
        """Start the program and go on."""
        process = self.namespace.call(_popen, name, words)
        self.started.append(process)
        return process

    def run(self, name: str, *words: str) -> str:
        """What the program prints; it must end well."""
        process = self.start(name, *words)
        out, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        return out

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()
        self.namespace.close()


def _popen(name: str, words: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(FOLDER / f"{name}.py"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def say(process: subprocess.Popen[str]) -> str:
    """The next line that the program prints."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.fixture
def terminals() -> Iterator[Terminals]:
    found = Terminals()
    yield found
    found.close()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_each_program_explains_itself(path: Path, terminals: Terminals) -> None:
    assert "usage:" in terminals.run(path.stem, "--help")


# --- delayed_ack ----------------------------------------------------------------------------------


def times(lines: str) -> list[tuple[int, int]]:
    """``(acknowledged after, answered after)`` of each message, in ms."""
    found = re.findall(r"acknowledged after (\d+) ms, answered after (\d+) ms", lines)
    return [(int(one), int(other)) for one, other in found]


def test_the_last_ack_waits_40_ms_for_an_answer_that_does_not_come(terminals: Terminals) -> None:
    server = terminals.start("delayed_ack", "serve")
    assert say(server) == "waiting on port 8888\n"
    first, second, third = times(terminals.run("delayed_ack", "ask"))
    assert first[1] < 30
    assert second[1] < 30
    assert 38 <= third[0] < 80
    assert third[1] >= 100
    assert server.wait(timeout=PATIENCE) == 0


def test_with_quick_ack_no_ack_waits(terminals: Terminals) -> None:
    server = terminals.start("delayed_ack", "serve", "--quick-ack")
    say(server)
    third = times(terminals.run("delayed_ack", "ask"))[2]
    assert third[0] < 30
    assert third[1] >= 100


def test_without_a_server_the_client_says_so_in_one_sentence(terminals: Terminals) -> None:
    client = terminals.start("delayed_ack", "ask", "--port", "9")
    _, errors = client.communicate(timeout=PATIENCE)
    assert client.returncode == 1
    assert errors == "port 9 of this machine: Connection refused\n"


# --- fast_open ------------------------------------------------------------------------------------


def ask_both(terminals: Terminals, server: list[str], client: list[str]) -> list[str]:
    """How both questions went, as the client's kernel says; the server's must say the same."""
    terminals.namespace.call(write_sysctl, "net.ipv4.tcp_fastopen", "3")
    serving = terminals.start("fast_open", "server", *server)
    assert say(serving) == "waiting on port 8888\n"
    lines = terminals.run("fast_open", "client", *client).splitlines()
    found = [line.partition(": ")[2] for line in lines]
    assert [say(serving) for _ in found] == [f"12 bytes, {one}\n" for one in found]
    return found


def test_the_second_question_goes_with_the_syn(terminals: Terminals) -> None:
    assert ask_both(terminals, [], []) == ["after the handshake", "with the SYN"]


@pytest.mark.parametrize("plain", [(["--plain"], []), ([], ["--plain"])])
def test_both_ends_must_use_fast_open(plain: tuple[list[str], list[str]], terminals: Terminals):
    assert ask_both(terminals, *plain) == ["after the handshake"] * 2


def test_without_a_server_the_fast_client_says_so(terminals: Terminals) -> None:
    client = terminals.start("fast_open", "client", "--port", "9")
    _, errors = client.communicate(timeout=PATIENCE)
    assert (client.returncode, errors) == (1, "port 9 of 127.0.0.1: Connection refused\n")


# --- three_or_four --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text", "segments"),
    [
        ([], "hello", 8),
        (["--quick-ack"], "hello", 9),
        (["--pause", "20"], "hello", 8),
        (["--pause", "200"], "hello", 9),
        (["--pause", "20"], "", 7),
    ],
    ids=["at once", "quick ACK", "20 ms later", "200 ms later", "20 ms later, no data"],
)
def test_who_closes_within_the_delayed_ack_saves_a_segment(
    options: list[str], text: str, segments: int
) -> None:
    """Three open, a greeting and its ACK, and three or four close."""
    for _ in range(ATTEMPTS):
        if greeted(options, text) == segments:
            return
    pytest.fail("the server's host sent another number of segments")


def greeted(options: list[str], text: str) -> int:
    """How many segments a greeting takes with a server that was started so."""
    terminals = Terminals()
    try:
        server = terminals.start("three_or_four", "serve", *options)
        assert say(server) == "waiting on port 8888\n"
        terminals.run("three_or_four", "greet", "--text", text)
        out, _ = server.communicate(timeout=PATIENCE)
        assert out.splitlines() == [
            *([f"recv(): {len(text)} bytes"] if text else []),
            "recv(): end of file",
        ]
        return terminals.namespace.call(read_counters)["TcpOutSegs"]
    finally:
        terminals.close()


def test_without_a_server_the_greeting_fails_in_one_sentence(terminals: Terminals) -> None:
    client = terminals.start("three_or_four", "greet", "--port", "9")
    _, errors = client.communicate(timeout=PATIENCE)
    assert (client.returncode, errors) == (1, "port 9: Connection refused\n")


# --- bind_without_listen, self_connect ------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "is_it", "result"),
    [([], "does not listen", "Connection refused"), (["--listen"], "listens", "connected")],
)
def test_a_bound_port_refuses_until_it_listens(
    options: list[str], is_it: str, result: str, terminals: Terminals
) -> None:
    server = terminals.start("bind_without_listen", *options)
    assert say(server) == f"port 8888 is taken, and {is_it}\n"
    assert terminals.run("bind_without_listen", "--ask").startswith(f"{result} after ")


def test_a_port_that_is_taken_is_said_in_one_sentence(terminals: Terminals) -> None:
    say(terminals.start("bind_without_listen", "--listen"))
    second = terminals.start("bind_without_listen")
    _, errors = second.communicate(timeout=PATIENCE)
    assert (second.returncode, errors) == (1, "port 8888: Address already in use\n")


def test_a_socket_hears_itself(terminals: Terminals) -> None:
    assert terminals.run("self_connect") == "('127.0.0.1', 34567) hears: Hello, myself!\n"


def test_a_client_that_never_gives_up_meets_itself(terminals: Terminals) -> None:
    said = terminals.run("self_connect", "--by-chance", "34568")
    assert re.fullmatch(r"try \d+: connected to itself\n", said)


def test_a_port_outside_the_range_of_clients_is_always_refused(terminals: Terminals) -> None:
    said = terminals.run("self_connect", "--by-chance", "8888", "--tries", "500")
    assert said == "500 tries, all refused\n"
