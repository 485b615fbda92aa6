"""One's own congestion control: twenty lines, chosen by name like Linux's."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.sysctl import CONGESTION_CONTROLS
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.congestion.base import CongestionControl
from tcpcore.units import ms
from tests.flight import EngineSide
from tests.notation import Wire
from tests.patterns import PATTERNS


@pytest.fixture(autouse=True)
def forget_what_is_registered() -> Iterator[None]:
    known, names = dict(registry._KNOWN), list(CONGESTION_CONTROLS)
    yield
    registry._KNOWN.clear()
    registry._KNOWN.update(known)
    CONGESTION_CONTROLS[:] = names


def example() -> str:
    """The Reno of the module's docstring."""
    text = Path(__file__).parents[3].joinpath("tcpcore/tcp/congestion/base.py").read_text()
    found = re.search(r"    @registry.*?(?=\n\n    net)", text, re.DOTALL)
    assert found is not None
    return textwrap.dedent(found[0])


def register_example() -> type[CongestionControl]:
    made: dict[str, Any] = {"registry": registry, "CongestionControl": CongestionControl}
    exec(example(), made)
    algorithm: type[CongestionControl] = made["MyReno"]
    return algorithm


def test_reno_takes_twenty_lines():
    assert len([line for line in example().splitlines() if line.strip()]) <= 20


@pytest.mark.parametrize("name", ["growth", "avoidance", "first-lost", "all-lost", "late-loss"])
def test_reno_of_the_docstring_sends_what_linuxs_reno_sends(name: str):
    register_example()
    runs = [EngineSide(PATTERNS[name]).play(PATTERNS[name], one) for one in ("my-reno", "reno")]
    assert [line.text for line in runs[0]] == [line.text for line in runs[1]]


def test_a_sysctl_and_the_socket_option_choose_it():
    register_example()
    wire = Wire(tcp_congestion_control="my-reno")
    assert wire.socket().get("TCP_CONGESTION").rstrip(b"\0") == b"my-reno"
    sock = Wire().socket()
    sock.set("TCP_CONGESTION", b"my-reno")
    assert sock.get("TCP_CONGESTION").rstrip(b"\0") == b"my-reno"


def test_what_it_shows_stands_in_ss():
    register_example()
    wire = Wire(tcp_congestion_control="my-reno")
    wire.accepted()
    assert " my-reno:(to go:10) " in wire.host.sh("ss -ti")


def test_it_is_told_of_samples_time_outs_and_new_starts():
    told = []

    @registry.register
    class Curious(CongestionControl):
        name = "curious"

        def on_start(self, c: Any, now: int) -> None:
            told.append(("start", now))

        def on_sample(self, c: Any, rtt: int, now: int) -> None:
            told.append(("sample", rtt))

        def on_loss_state(self, c: Any, now: int) -> None:
            told.append(("time-out", now))

        def on_restart(self, c: Any, idle: int, now: int) -> None:
            told.append(("restart", idle))

    wire = Wire(tcp_congestion_control="curious", tcp_early_retrans=0)
    sock = wire.connected()
    told.clear()
    wire.silent(ms(500))
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.after(sock.connection.rto) >> "P. 1:101(100) ack 1"
    assert [what for what, _ in told] == ["restart", "time-out"]
    assert told[0] == ("restart", ms(500))


def test_one_that_controls_sets_cwnd_itself_with_every_ack():
    @registry.register
    class Constant(CongestionControl):
        name = "constant"
        controls = True

        def control(self, c: Any, sample: Any, now: int) -> None:
            c.cwnd = 3

    wire = Wire(tcp_congestion_control="constant")
    sock = wire.accepted(peer_options="mss 1000")
    sock.write(20000)
    wire.forget()
    wire << ". 1:1(0) ack 10001 win 65535"
    assert len(wire.net.desk) == 3
    wire.forget()


def test_a_class_may_be_registered_again():
    assert register_example() is not register_example()
    assert CONGESTION_CONTROLS.count("my-reno") == 1


def test_what_cannot_be_registered_is_named_in_a_sentence():
    class Nameless(CongestionControl):
        pass

    class Long(CongestionControl):
        name = "a-name-of-sixteen"

    class Taken(CongestionControl):
        name = "cubic"

    for algorithm, words in (
        (Nameless, 'Nameless needs a line such as name = "mine"'),
        (Long, "at most 15 letters"),
        (Taken, "'cubic' is Linux's"),
        (object, "derived from CongestionControl"),
    ):
        with pytest.raises(UsageError, match=re.escape(words)):
            registry.register(algorithm)  # type: ignore[arg-type]


def test_every_verb_says_when_it_is_called():
    for name, verb in inspect.getmembers(CongestionControl, inspect.isfunction):
        assert inspect.getdoc(verb), name
