"""The states of real sockets: reading /proc/net/tcp, and what was seen beside the engine."""

from __future__ import annotations

from tcpcore.linux import states
from tcpcore.linux.states import Look, Socket, States
from tcpcore.scenarios import registry

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0200000A:22B8 0100000A:B798 03 00000000:00000000 01:00000062 00000000     0        0 0 1 0
   1: 00000000:22B8 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 4 1 0
"""


def test_the_kernels_table_is_read_listeners_first():
    assert states.parse(TABLE) == (
        Socket("0.0.0.0:8888", "0.0.0.0:0", "LISTEN", 2),
        Socket("10.0.0.2:8888", "10.0.0.1:47000", "SYN_RECV", 0),
    )


def test_states_read_back_as_they_were_written(tmp_path):
    seen = States("handshake", {"rtt": 100}, "6.18.44", "2026-11-21", [Look(5, 1, ())])
    seen.looks.append(Look(9, 0, (Socket("10.0.0.1:5", "10.0.0.2:80", "SYN_SENT", 0),)))
    states.save(seen, tmp_path / "handshake.json")
    assert states.find("handshake", {"rtt": 100}, tmp_path) == seen
    assert states.find("handshake", {"rtt": 20}, tmp_path) is None
    assert states.find("data-and-close", {"rtt": 100}, tmp_path) is None


def test_the_committed_handshake_went_through_the_states_of_the_table():
    seen = states.find("handshake", registry.get("handshake").check({}))
    assert seen is not None
    client = [look.sockets[0].state for look in seen.looks if look.host == 0]
    assert client == ["SYN_SENT", "ESTABLISHED"]
    server = [[one.state for one in look.sockets] for look in seen.looks if look.host == 1]
    assert server == [["LISTEN"], ["LISTEN", "SYN_RECV"], ["LISTEN", "ESTABLISHED"]]


def test_states_of_a_variant_stand_in_a_file_of_its_own():
    seen = states.find("four-way-close", registry.get("four-way-close").check({"server_first": 1}))
    assert seen is not None
    assert "TIME_WAIT" in {
        one.state for look in seen.looks if look.host == 1 for one in look.sockets
    }
    assert "TIME_WAIT" not in {
        one.state for look in seen.looks if look.host == 0 for one in look.sockets
    }
