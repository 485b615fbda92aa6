"""Losses by chance, as on a bad radio link: what they cost, whoever controls the window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.congestion import CONTROLS, RATE, RENO, SIZE, transfer
from tcpcore.scenarios.handshake import RTT
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes

LOSS = Parameter(
    "loss",
    "Losses by chance",
    1.0,
    maximum=10,
    step=0.1,
    unit="%",
    help="of the packets toward the server, each for itself",
)


@scenario(
    "random-loss",
    title="A link that loses by chance",
    question="One in a hundred segments is lost: how much slower is the transfer?",
    parameters=(
        RTT,
        LOSS,
        replace(RATE, default=5),
        replace(SIZE, default=150_000, maximum=20_000_000),
        replace(RENO, maximum=len(CONTROLS) - 1, choices=CONTROLS),
    ),
    until=minutes(60),
)
def random_loss(net: Any, *, rtt: int, loss: float, rate: int, written: int, control: int) -> None:
    """A transfer whose data is lost by chance; ACKs are not."""
    link = transfer(net, rtt=rtt, rate=rate, written=written, control=control)
    link.impair(to=link.ends[1], loss=loss / 100)
