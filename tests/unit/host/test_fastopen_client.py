"""TCP Fast Open on the client's side: asking for a cookie, data with the SYN, and what may fail."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.units import ms, seconds
from tests.notation import Sock, Wire
from tests.states.conftest import Make
from tests.unit.host.options import get_option, sendto, set_option

COOKIE = "0011223344556677"
ASK = "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 10,FO,nop,nop>"
WITH = f"mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 10,FO {COOKIE},nop,nop"


@pytest.fixture
def plain(make: Make) -> Any:
    """A client without timestamps, SACK and scaling: its SYNs are easier to read."""
    return make(tcp_timestamps=0, tcp_sack=0, tcp_window_scaling=0)


def learn(wire: Any, port: int = 40000, mss: int = 1460) -> Sock:
    """One connection, by which the host comes to know the server's cookie."""
    sock: Sock = wire.socket()
    sock.raw.bind(("10.0.0.2", wire.port)) if not _engine(wire) else sock.raw.bind(wire.port)
    call = sendto(sock, 10, port)
    wire >> "S 0:0(0) <mss 1460,FO,nop,nop>"
    call.blocks()
    wire << f"S. 0:0(0) ack 1 win 65535 <mss {mss},FO {COOKIE},nop,nop>"
    wire >> "P. 1:11(10) ack 1"
    wire << ". 1:1(0) ack 11 win 65535"
    call.returns(10)
    wire << "R. 1:1(0) ack 11 win 0"
    sock.close()
    return sock


def _engine(wire: Any) -> bool:
    return type(wire) is Wire


def client(wire: Any) -> Sock:
    """A socket bound to the port of scripts."""
    sock: Sock = wire.socket()
    if _engine(wire):
        sock.raw.bind(wire.port)
    else:
        sock.raw.bind(("10.0.0.2", wire.port))
    wire.peer = wire.other(wire.peer.port)
    return sock


def another(wire: Any) -> Sock:
    """A socket with any port, for a SYN to look at."""
    wire.peer = wire.other(wire.peer.port)
    sock: Sock = wire.socket()
    return sock


# --- asking --------------------------------------------------------------------------------------


def test_the_first_syn_asks_for_a_cookie_behind_the_other_options(make: Make):
    wire = make()
    sock = client(wire)
    sendto(sock, 10).blocks()
    wire >> ASK


def test_the_data_then_carries_the_last_ack(plain: Any):
    sock = client(plain)
    call = sendto(sock, 10)
    plain >> "S 0:0(0) <mss 1460,FO,nop,nop>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    plain >> "P. 1:11(10) ack 1"
    plain.quiet()
    call.returns(10)


def test_a_connect_with_the_option_asks_too(plain: Any):
    sock = client(plain)
    set_option(sock, "TCP_FASTOPEN_CONNECT", 1)
    call = sock.connect()
    plain >> "S 0:0(0) <mss 1460,FO,nop,nop>"
    plain << f"S. 0:0(0) ack 1 win 65535 <mss 1460,FO {COOKIE},nop,nop>"
    plain >> ". 1:1(0) ack 1"
    call.returns(None)


def test_the_syn_again_asks_for_nothing(plain: Any):
    sock = client(plain)
    sendto(sock, 10)
    plain >> "S 0:0(0) <mss 1460,FO,nop,nop>"
    plain.after(seconds(1)) >> "S 0:0(0) <mss 1460>"


def test_a_server_that_gives_none_is_asked_with_the_experimental_option_and_then_as_before(
    plain: Any,
):
    for asked in ("FO,nop,nop", "FOEXP", "FO,nop,nop"):
        sock = client(plain)
        sendto(sock, 10)
        plain >> f"S 0:0(0) <mss 1460,{asked}>"
        plain << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
        plain >> "P. 1:11(10) ack 1"
        plain << "R. 1:1(0) ack 11 win 0"
        sock.close()


def test_a_cookie_that_nobody_asked_for_is_not_kept(plain: Any):
    sock = client(plain)
    sock.connect()
    plain >> "S 0:0(0) <mss 1460>"
    plain << f"S. 0:0(0) ack 1 win 65535 <mss 1460,FO {COOKIE},nop,nop>"
    plain >> ". 1:1(0) ack 1"
    plain << "R. 1:1(0) ack 1 win 0"
    sock.close()
    sendto(client(plain), 10)
    plain >> "S 0:0(0) <mss 1460,FO,nop,nop>"


@pytest.mark.parametrize("bits", [0, 2])
def test_without_the_client_bit_the_calls_are_refused(make: Make, bits: int):
    wire = make(tcp_fastopen=bits)
    sendto(client(wire), 10).fails("EOPNOTSUPP")
    with pytest.raises(OSError) as caught:
        set_option(wire.socket(), "TCP_FASTOPEN_CONNECT", 1)
    assert caught.value.errno == 95


# --- data with the SYN ---------------------------------------------------------------------------


def test_with_a_cookie_the_syn_carries_data(plain: Any):
    learn(plain)
    sock = client(plain)
    call = sendto(sock, 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    call.blocks()
    plain << "S. 0:0(0) ack 101 win 65535 <mss 1460>"
    plain >> ". 101:101(0) ack 1"
    call.returns(100)
    assert plain.count("TcpExtTCPFastOpenActive") == 1


def test_early_answers_of_the_server_follow_its_syn_ack(plain: Any):
    learn(plain)
    sock = client(plain)
    sendto(sock, 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 101 win 65535 <mss 1460>"
    plain >> ". 101:101(0) ack 1"
    plain << "P. 1:51(50) ack 101 win 65535"
    plain >> ". 101:101(0) ack 51"
    sock.read(50)


@pytest.mark.parametrize(("mss", "fits"), [(1460, 1420), (1000, 960), (9000, 1420)])
def test_forty_bytes_of_the_remembered_mss_stay_free_for_options(plain: Any, mss: int, fits: int):
    learn(plain, mss=mss)
    sendto(client(plain), 2000)
    plain >> f"S 0:{fits}({fits}) <mss 1460,FO {COOKIE},nop,nop>"


def test_what_does_not_fit_follows_the_syn_ack_and_carries_the_ack(plain: Any):
    learn(plain)
    call = sendto(client(plain), 1500)
    plain >> f"S 0:1420(1420) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 1421 win 65535 <mss 1460>"
    plain >> "P. 1421:1501(80) ack 1"
    plain.quiet()
    call.returns(1500)


def test_data_that_the_server_did_not_take_goes_again_with_the_ack(plain: Any):
    learn(plain)
    call = sendto(client(plain), 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460,FO 8899aabbccddeeff,nop,nop>"
    plain >> "P. 1:101(100) ack 1"
    plain.quiet()
    call.returns(100)
    assert plain.count("TcpExtTCPFastOpenActiveFail") == 1
    plain << "R. 1:1(0) ack 101 win 0"
    plain.silent(seconds(0.02))


def test_the_rest_follows_at_once_when_the_data_goes_again(plain: Any):
    learn(plain)
    sendto(client(plain), 1500)
    plain >> f"S 0:1420(1420) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    plain >> "P. 1:1421(1420) ack 1"
    plain >> "P. 1421:1501(80) ack 1"


def test_an_empty_request_for_a_cookie_delays_the_last_ack(plain: Any):
    call = sendto(client(plain), 0)
    plain >> "S 0:0(0) <mss 1460,FO,nop,nop>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    plain.quiet()
    call.returns(0)
    plain.after(ms(200)) >> ". 1:1(0) ack 1"


def test_an_empty_syn_with_a_cookie_is_acknowledged_at_once(plain: Any):
    learn(plain)
    sendto(client(plain), 0)
    plain >> f"S 0:0(0) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    plain >> ". 1:1(0) ack 1"


def test_the_fresh_cookie_is_used_from_then_on(plain: Any):
    learn(plain)
    sock = client(plain)
    sendto(sock, 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460,FO 8899aabbccddeeff,nop,nop>"
    plain >> "P. 1:101(100) ack 1"
    plain << "R. 1:1(0) ack 101 win 0"
    sock.close()
    sendto(client(plain), 100)
    plain >> "S 0:100(100) <mss 1460,FO 8899aabbccddeeff,nop,nop>"


def test_an_acknowledgement_of_a_part_of_the_data_is_enough(plain: Any):
    learn(plain)
    sendto(client(plain), 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 51 win 65535 <mss 1460>"
    plain >> "P. 51:101(50) ack 1"


@pytest.mark.parametrize("ack", [0, 102, 5000])
def test_a_syn_ack_that_acknowledges_what_was_not_sent_is_refused(plain: Any, ack: int):
    learn(plain)
    call = sendto(client(plain), 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << f"S. 0:0(0) ack {ack} win 65535 <mss 1460>"
    plain >> f"R {ack}:{ack}(0) win 0"
    call.blocks()


def test_the_syn_again_has_neither_cookie_nor_data_and_the_data_follows_the_handshake(plain: Any):
    learn(plain)
    sendto(client(plain), 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain.after(seconds(1)) >> "S 0:0(0) <mss 1460>"
    plain << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    plain >> "P. 1:101(100) ack 1"
    plain.quiet()


def test_a_refused_connection_fails_the_call(plain: Any):
    learn(plain)
    call = sendto(client(plain), 100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "R. 0:0(0) ack 101 win 0"
    call.fails("ECONNREFUSED")


# --- without cookies, and without sendto() -------------------------------------------------------


def test_a_client_that_needs_no_cookie_sends_data_at_once(make: Make):
    wire = make(tcp_fastopen=5, tcp_timestamps=0, tcp_sack=0, tcp_window_scaling=0)
    sendto(client(wire), 100)
    wire >> "S 0:100(100) <mss 1460>"


def test_so_does_a_socket_with_the_option(plain: Any):
    sock = client(plain)
    set_option(sock, "TCP_FASTOPEN_NO_COOKIE", 1)
    sendto(sock, 100)
    plain >> "S 0:100(100) <mss 1460>"


def test_connect_returns_at_once_and_the_first_write_opens(plain: Any):
    learn(plain)
    sock = client(plain)
    set_option(sock, "TCP_FASTOPEN_CONNECT", 1)
    assert get_option(sock, "TCP_FASTOPEN_CONNECT") == 1
    sock.connect().returns(None)
    plain.quiet()
    call = sock.write(100)
    plain >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    plain << "S. 0:0(0) ack 101 win 65535 <mss 1460>"
    plain >> ". 101:101(0) ack 1"
    call.returns(100)
    sock.write(10)
    plain >> "P. 101:111(10) ack 1"


def test_reading_before_the_first_write_waits(plain: Any):
    learn(plain)
    sock = client(plain)
    set_option(sock, "TCP_FASTOPEN_CONNECT", 1)
    sock.connect().returns(None)
    sock.reading().blocks()
    plain.quiet()


def test_a_second_connect_waits_for_the_first_write_too(plain: Any):
    learn(plain)
    sock = client(plain)
    set_option(sock, "TCP_FASTOPEN_CONNECT", 1)
    sock.connect().returns(None)
    sock.connect().blocks()
    plain.quiet()


def test_a_socket_that_never_writes_never_opens(plain: Any):
    learn(plain)
    sock = client(plain)
    set_option(sock, "TCP_FASTOPEN_CONNECT", 1)
    sock.connect().returns(None)
    sock.close()
    plain.quiet()


# --- black holes ---------------------------------------------------------------------------------


def swallowed(wire: Any, time_outs: int) -> Sock:
    """A SYN with a cookie request, and so many time-outs."""
    sock = client(wire)
    sendto(sock, 10)
    wire >> "S 0:0(0) <mss 1460,FO,nop,nop>"
    for _ in range(time_outs):
        wire.after(seconds(1)) >> "S 0:0(0) <mss 1460>"
    return sock


PLAIN: dict[str, int] = {"tcp_timestamps": 0, "tcp_sack": 0, "tcp_window_scaling": 0}


@pytest.mark.parametrize(("time_outs", "asks"), [(2, True), (3, False)])
def test_the_third_time_out_pauses_fast_open(make: Make, time_outs: int, asks: bool):
    wire = make(tcp_fastopen_blackhole_timeout_sec=60, **PLAIN)
    swallowed(wire, time_outs)
    sendto(another(wire), 10)
    wire >> ("S 0:0(0) <mss 1460,FO,nop,nop>" if asks else "S 0:0(0) <mss 1460>")
    assert wire.count("TcpExtTCPFastOpenBlackhole") == (0 if asks else 1)
    assert wire.count("TcpExtTCPFastOpenActiveFail") == (0 if asks else 1)


def test_by_default_nothing_is_paused(plain: Any):
    swallowed(plain, 3)
    assert plain.count("TcpExtTCPFastOpenBlackhole") == 0
    assert plain.count("TcpExtTCPFastOpenActiveFail") == 1
    sendto(another(plain), 10)
    plain >> "S 0:0(0) <mss 1460,FO,nop,nop>"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_each_pause_is_twice_as_long(times: int):
    wire = Wire(tcp_fastopen_blackhole_timeout_sec=10, **PLAIN)
    for number in range(times):
        swallowed(wire, 3).close()
        pause = seconds(10 << number)
        wire.silent(pause - 1)
        sock = client(wire)
        sendto(sock, 10)
        wire >> "S 0:0(0) <mss 1460>"
        sock.close()
        wire.silent(1)
    sendto(client(wire), 10)
    wire >> "S 0:0(0) <mss 1460,FO,nop,nop>"


def test_while_paused_a_deferred_connect_opens_at_once():
    wire = Wire(tcp_fastopen_blackhole_timeout_sec=10, **PLAIN)
    learn(wire)
    sock = client(wire)
    sendto(sock, 100)
    wire >> f"S 0:100(100) <mss 1460,FO {COOKIE},nop,nop>"
    for _ in range(3):
        wire.after(seconds(1)) >> "S 0:0(0) <mss 1460>"
    sock.close()
    other = client(wire)
    set_option(other, "TCP_FASTOPEN_CONNECT", 1)
    call = other.connect()
    wire >> "S 0:0(0) <mss 1460>"
    call.blocks()
