"""The state table: each row can be reached, does what it says, and is the only way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tcpcore
from tcpcore import trace as tracing
from tcpcore.tcp import lifecycle, state
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.state import TRANSITIONS, Transition
from tcpcore.units import minutes, ms, seconds
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment
from tests.notation import Wire
from tests.states import worlds

FLAGS = {"": 0, "SYN": SYN, "SYN+ACK": SYN | ACK, "ACK": ACK, "FIN": FIN | ACK, "RST": RST | ACK}


def _listening(wire: Wire) -> Any:
    return wire.listen()


WORLDS: dict[str, Callable[[Wire], Any]] = {
    state.CLOSED: lambda wire: None,
    state.LISTEN: _listening,
    state.SYN_SENT: worlds.syn_sent,
    state.SYN_RECV: worlds.simultaneous,
    state.ESTABLISHED: worlds.established,
    state.FIN_WAIT_1: worlds.fin_wait_1,
    state.FIN_WAIT_2: worlds.fin_wait_2,
    state.CLOSE_WAIT: worlds.close_wait,
    state.CLOSING: worlds.closing,
    state.LAST_ACK: worlds.last_ack,
    state.TIME_WAIT: worlds.time_wait,
}

# What the peer sends so that, in a state, an event happens: our FIN is number 1, theirs too.
ARRIVALS = {
    (state.LISTEN, state.SYN): "S 0:0(0) win 65535 <mss 1460>",
    (state.SYN_SENT, state.SYN_ACK): "S. 0:0(0) ack 1 win 65535 <mss 1460>",
    (state.SYN_SENT, state.SYN): "S 0:0(0) win 65535 <mss 1460>",
    (state.SYN_SENT, state.RST): "R. 0:0(0) ack 1 win 0",
    (state.SYN_RECV, state.ACK_OF_SYN): ". 1:1(0) ack 1 win 65535",
    (state.ESTABLISHED, state.FIN): "F. 1:1(0) ack 1 win 65535",
    (state.FIN_WAIT_1, state.ACK_OF_FIN): ". 1:1(0) ack 2 win 65535",
    (state.FIN_WAIT_1, state.FIN): "F. 1:1(0) ack 1 win 65535",
    (state.FIN_WAIT_2, state.FIN): "F. 1:1(0) ack 2 win 65535",
    (state.CLOSING, state.ACK_OF_FIN): ". 2:2(0) ack 2 win 65535",
    (state.LAST_ACK, state.ACK_OF_FIN): ". 2:2(0) ack 2 win 65535",
}
THEIR_FIN_CAME = (state.CLOSE_WAIT, state.CLOSING, state.LAST_ACK, state.TIME_WAIT)


def happen(wire: Wire, sock: Any, row: Transition) -> None:
    """Make the row's event happen in its state."""
    if row.event == state.PASSIVE_OPEN:
        wire.listen()
    elif row.event == state.ACTIVE_OPEN:
        wire.socket(8888).connect()
    elif row.event == state.CLOSE:
        sock.close()
    elif row.event == state.ABORT:
        c = sock.connection
        wire.host.call("abort")
        wire.host.transmit(c, c.abort(wire.now))
        wire.net.watch.check()
    elif row.event == state.TIMEOUT:
        time_out(wire, sock, row)
    elif row.event == state.RST and (row.state, row.event) not in ARRIVALS:
        number = 2 if row.state in THEIR_FIN_CAME else 1
        wire << f"R {number}:{number}(0) win 0"
    else:
        wire << ARRIVALS[row.state, row.event]


def time_out(wire: Wire, sock: Any, row: Transition) -> None:
    if row.state in (state.ESTABLISHED, state.CLOSE_WAIT):
        sock.write(10)
    elif row.state == state.FIN_WAIT_2:
        sock.close()  # only an orphan's wait is bounded
    wire.net.go_on(wire.now + minutes(30))


def transitions(wire: Wire) -> list[tuple[str, str]]:
    """Every change of state that the host told of."""
    trace = wire.net.trace
    assert trace is not None
    trace.close()
    return [
        values
        for moment in trace.moments
        for kind, _, _, values in moment.events
        if kind == tracing.STATE
    ]


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.state}-{row.event}")
def test_every_row_can_be_reached_and_its_reply_is_what_goes_out(row: Transition):
    wire = Wire()
    sock = WORLDS[row.state](wire)
    before = len(transitions(wire))
    wire.quiet()
    happen(wire, sock, row)
    found = transitions(wire)[before:]
    assert (row.state, row.next) in found, found
    if row.event == state.TIMEOUT:
        return  # on the way there, retransmissions go out
    if row.state == state.ESTABLISHED and row.event == state.FIN:
        wire.net.go_on(wire.now + ms(4))  # the ACK of a FIN is delayed
    flags = [segment.flags for _, segment in wire.net.desk]
    assert flags == ([FLAGS[row.reply]] if row.reply else []), row


def test_no_two_rows_say_what_one_event_does_in_one_state():
    keys = [(row.state, row.event) for row in TRANSITIONS]
    assert len(keys) == len(set(keys))


def test_every_state_can_be_reached_from_closed_and_can_be_left():
    reached, edge = {state.CLOSED}, {state.CLOSED}
    while edge:
        edge = {row.next for row in TRANSITIONS if row.state in edge} - reached
        reached |= edge
    assert reached == set(state.STATES)
    assert {row.state for row in TRANSITIONS} == set(state.STATES)


def test_rows_name_known_states_events_and_replies_and_an_rfc():
    for row in TRANSITIONS:
        assert {row.state, row.next} <= set(state.STATES)
        assert row.reply in FLAGS
        assert re.fullmatch(r"RFC \d+ §[\d.]+|Linux only", row.rfc), row


def test_rst_and_giving_up_are_possible_in_every_state_that_has_a_peer():
    for name in state.STATES:
        if name in (state.CLOSED, state.LISTEN):
            continue
        assert state.NEXT[name, state.RST].next == state.CLOSED
        assert state.NEXT[name, state.TIMEOUT].next == state.CLOSED


@pytest.mark.interpreted("compiled functions take no other types")
def test_an_event_that_the_table_does_not_know_is_our_bug():
    wire = Wire()
    sock = worlds.established(wire)
    with pytest.raises(lifecycle.EngineBug, match="ACK_OF_FIN in ESTABLISHED"):
        lifecycle.change(sock.connection, state.ACK_OF_FIN, None)  # type: ignore[arg-type]


def test_state_is_assigned_only_where_the_table_is_asked():
    """Beside `lifecycle.change`: a connection and a request start in a state."""
    package = Path(tcpcore.__file__).parent
    found = {}
    for path in [*package.glob("tcp/**/*.py"), *package.glob("host/*.py")]:
        lines = [
            line.strip()
            for line in path.read_text().splitlines()
            if re.search(r"\.state\b[^=!<>]*=(?!=)", line) and "==" not in line.split("=")[0] + "="
        ]
        assigned = [line for line in lines if re.match(r"(old, )?(self|c)\.state(:.*)? = ", line)]
        assigned += [line for line in lines if re.match(r"old, c\.state = ", line)]
        if assigned:
            found[path.name] = sorted(set(assigned))
    assert found == {
        "lifecycle.py": ["old, c.state = c.state, row.next"],
        "request.py": [
            "c.state = state.SYN_RECV",
            "self.state = new",
            "self.state = state.SYN_RECV",
        ],
        "tcb.py": ["self.state = state.CLOSED"],
    }


def test_a_run_tells_of_every_change_in_a_chain_without_a_gap():
    wire = Wire()
    worlds.time_wait(wire)
    wire.silent(seconds(60))
    host = [one for one in transitions(wire) if one != (state.CLOSED, state.LISTEN)]
    assert host == [
        (state.LISTEN, state.SYN_RECV),
        (state.SYN_RECV, state.ESTABLISHED),
        (state.ESTABLISHED, state.FIN_WAIT_1),
        (state.FIN_WAIT_1, state.FIN_WAIT_2),
        (state.FIN_WAIT_2, state.TIME_WAIT),
        (state.TIME_WAIT, state.CLOSED),
    ]


def test_a_segment_for_a_closed_connection_is_dropped_with_a_reason():
    wire = Wire()
    sock = worlds.established(wire)
    c: Connection = sock.connection
    wire << "R 1:1(0) win 0"
    assert c.state == state.CLOSED
    assert c.arrives(Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 5, 5), wire.now) == []
