"""Initial sequence numbers, timestamp offsets and ephemeral ports."""

from __future__ import annotations

import pytest

from tcpcore.host.secrets import Secrets
from tcpcore.seqnum import distance
from tcpcore.units import seconds
from tests.notation import Wire

ENDS = ("10.0.0.1", 40000, "10.0.0.2", 80)


def test_the_sequence_clock_ticks_every_64_ns():
    secrets = Secrets(bytes(16))
    start = secrets.initial_sequence(ENDS, 0)
    assert distance(start, secrets.initial_sequence(ENDS, seconds(1))) == 15_625_000
    assert distance(start, secrets.initial_sequence(ENDS, 64)) == 1000


def test_each_four_tuple_and_each_host_has_its_own_numbers():
    secrets = Secrets(bytes(16))
    changed = [
        ("10.0.0.3", 40000, "10.0.0.2", 80),
        ("10.0.0.1", 40001, "10.0.0.2", 80),
        ("10.0.0.1", 40000, "10.0.0.3", 80),
        ("10.0.0.1", 40000, "10.0.0.2", 81),
    ]
    numbers = {secrets.initial_sequence(ends, 0) for ends in [ENDS, *changed]}
    assert len(numbers) == 5
    assert Secrets(bytes(15) + b"1").initial_sequence(ENDS, 0) not in numbers
    assert secrets.timestamp_offset(ENDS) != secrets.initial_sequence(ENDS, 0)


def test_the_numbers_wrap_around():
    secrets = Secrets(bytes(16))
    for hour in range(100):
        assert 0 <= secrets.initial_sequence(ENDS, seconds(3600 * hour)) < 2**32


def test_ephemeral_ports_lie_in_the_range_and_even_ones_come_first():
    wire = Wire(ip_local_port_range="40000 40005")
    ports = []
    for _ in range(6):
        sock = wire.socket()
        sock.connect()
        ports.append(sock.raw.port)
    assert sorted(ports) == list(range(40000, 40006))
    assert all(port % 2 == 0 for port in ports[:3])
    sock = wire.socket()
    sock.connect().fails("EADDRNOTAVAIL")
    with pytest.raises(OSError) as caught:
        wire.socket().raw.listen()
    assert caught.value.errno in (98, 99)


def test_a_port_is_free_again_when_its_connection_is_gone():
    wire = Wire(ip_local_port_range="40000 40001", tcp_syn_retries=1)
    first, second = wire.socket(), wire.socket()
    first.connect(port=1)
    second.connect(port=1)
    wire.net.desk.clear()
    wire.net.go_on(seconds(3))
    wire.net.desk.clear()
    wire.socket().connect(port=1).blocks()


def test_timestamps_start_at_a_secret_offset_unless_told_otherwise():
    plain = Wire(tcp_timestamps=2)
    plain.socket().connect()
    stamp = plain.net.desk[0][1].options[2]
    assert stamp[:2] == (8, 0)
    hidden = Wire()
    hidden.socket().connect()
    assert hidden.net.desk[0][1].options[2][1] > 1000
