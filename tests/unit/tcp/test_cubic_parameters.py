"""CUBIC by the parameters of its module, as under /sys/module/tcp_cubic/parameters."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.module import CubicParameters
from tcpcore.sysctl import Sysctls
from tcpcore.tcp.congestion.cubic import Cubic
from tcpcore.tcp.connection import Connection
from tcpcore.units import ms


def connection(cwnd: int, **parameters: int) -> Connection:
    c = Connection("10.0.0.1", 1, "10.0.0.2", 2, Sysctls(), 0)
    for name, value in parameters.items():
        c.sysctl.tcp_cubic.set(name, str(value))
    c.cwnd = cwnd
    return c


def after_a_train(**parameters: int) -> Cubic:
    """A slow start of 30 segments whose ACKs come 1.5 ms apart for 90 ms of 100 ms of delay."""
    c, cubic = connection(30, **parameters), Cubic()
    c.snd_nxt = c.snd_una + 1_000_000
    for number in range(60):
        cubic.on_sample(c, ms(100), number * 1500)
    return cubic


def test_beta_is_what_a_loss_leaves() -> None:
    assert Cubic().ssthresh(connection(100, beta=512)) == 50


@pytest.mark.parametrize(("on", "flat"), [(1, 99 * 1741 // 2048), (0, 99)])
def test_without_fast_convergence_the_curve_is_flat_where_each_loss_was(on: int, flat: int) -> None:
    c, cubic = connection(100, fast_convergence=on), Cubic()
    cubic.ssthresh(c)
    c.cwnd = 99
    cubic.ssthresh(c)
    assert cubic.last_max == flat


@pytest.mark.parametrize("on", [1, 0])
def test_without_friendliness_it_may_be_slower_than_reno(on: int) -> None:
    c, cubic = connection(20, tcp_friendliness=on), Cubic()
    c.ssthresh = c.cwnd = cubic.ssthresh(c)
    for step in range(200):
        cubic.on_ack(c, 1, ms(step))
    assert (c.cwnd > 17) == bool(on)


@pytest.mark.parametrize(("hystart", "ends"), [(0, 14), (1, 0x7FFFFFFF)])
def test_where_slow_start_ends_is_asked_only_without_hystart(hystart: int, ends: int) -> None:
    c = connection(10, hystart=hystart, initial_ssthresh=14)
    Cubic().on_start(c, 0)
    assert c.ssthresh == ends


def test_a_train_of_acks_ends_slow_start_where_hystart_looks_at_trains() -> None:
    assert after_a_train().hystart.found
    assert not after_a_train(hystart=0).hystart.found
    assert not after_a_train(hystart_detect=2).hystart.found
    assert not after_a_train(hystart_ack_delta_us=1500).hystart.found
    assert not after_a_train(hystart_low_window=31).hystart.found


def test_a_longer_delay_ends_slow_start_where_hystart_looks_at_it() -> None:
    for detect, found in ((2, True), (1, False)):
        c = connection(30, hystart_detect=detect, hystart_ack_delta_us=1000)
        c.snd_nxt = c.snd_una + 1_000_000
        cubic = Cubic()
        cubic.on_sample(c, ms(100), 0)
        c.snd_una += 1_000_001  # a round later
        c.snd_nxt += 1_000_001
        for number in range(1, 12):
            cubic.on_sample(c, ms(120), ms(100 + 2 * number))
        assert cubic.hystart.found == found


def test_a_parameter_is_a_whole_number_of_32_bits() -> None:
    parameters = CubicParameters()
    parameters.set("hystart_low_window", "0x20")
    assert parameters.hystart_low_window == 32
    for value in ("many", "", "2147483648"):
        with pytest.raises(UsageError, match="is a number, not"):
            parameters.set("hystart", value)
    with pytest.raises(UsageError, match="can only be read"):
        parameters.set("bic_scale", "40")
    with pytest.raises(UsageError, match="tcp_cubic has no parameter 'delta'"):
        parameters.set("delta", "1")
