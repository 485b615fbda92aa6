"""The path of the lab, and flows over it whose congestion control is the student's or Linux's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labs.kit import BoundedNetwork, Wrong
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.congestion.base import CongestionControl
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import SECOND, mbit, ms, seconds

PACKET = 1500
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Path:
    """A bottleneck: rate in Mbit/s, round-trip time in ms, packets that its queue holds.

    `early`: the queue is RED, which loses by chance before it is full: flows do not lose in step.
    """

    rate: float
    rtt: int
    queue: int
    early: bool = False

    @property
    def bdp(self) -> int:
        """Packets that the path itself holds: rate times round-trip time."""
        return int(self.rate * 1e6 * self.rtt / 1e3 / 8 / PACKET)

    def __str__(self) -> str:
        return f"{self.rate:g} Mbit/s, {self.rtt} ms, a queue of {self.queue} packets"


@dataclass(slots=True)
class Flow:
    """What one flow did: bytes delivered, when it was done (µs; None: not), cwnd after each ACK."""

    delivered: int = 0
    done: int | None = None
    curve: list[tuple[int, int]] = field(default_factory=list)
    losses: list[int] = field(default_factory=list)
    rtts: list[int] = field(default_factory=list)


class Theirs(CongestionControl):
    """A congestion control whose decisions an object of the answer makes."""

    def __init__(self, thing: Any, flow: Flow) -> None:
        self._thing = thing
        self._flow = flow

    def on_ack(self, c: Tcb, acked: int, now: int) -> None:
        """Ask for the new cwnd."""
        found = self._thing.call("on_ack", c.cwnd, c.ssthresh, acked, now)
        c.cwnd = segments(found, "on_ack", now)
        self._flow.curve.append((now, c.cwnd))

    def ssthresh(self, c: Tcb) -> int:
        """Ask for the new threshold."""
        now = self._flow.curve[-1][0] if self._flow.curve else 0
        self._flow.losses.append(now)
        return max(2, segments(self._thing.call("on_loss", c.cwnd, now), "on_loss", now))

    def on_sample(self, c: Tcb, rtt: int, now: int) -> None:
        """Tell about a round-trip time."""
        self._flow.rtts.append(rtt)
        self._thing.call("on_rtt", rtt, now)


def segments(value: Any, name: str, now: int) -> int:
    """A window as the answer gives it: a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST:
        raise Wrong(
            f"{name}() gives a whole number of segments, from 1 to {LARGEST:,}.",
            where=f"{name}() at {now / SECOND:g} s",
            found=value,
        )
    return value


def logged(kind: type[CongestionControl], flow: Flow) -> type[CongestionControl]:
    """Linux's own algorithm, with its curve written down."""

    class Logged(kind):  # type: ignore[misc,valid-type]
        def on_ack(self, c: Tcb, acked: int, now: int) -> None:
            super().on_ack(c, acked, now)
            flow.curve.append((now, c.cwnd))

        def ssthresh(self, c: Tcb) -> int:
            flow.losses.append(flow.curve[-1][0] if flow.curve else 0)
            return int(super().ssthresh(c))

        def on_sample(self, c: Tcb, rtt: int, now: int) -> None:
            flow.rtts.append(rtt)
            super().on_sample(c, rtt, now)

    return Logged


def _made(who: Any, flow: Flow, number: int) -> str:
    """Register what decides for a flow; the name by which its socket chooses it."""
    name = f"flow{number}"
    base = logged(type(registry.create(who)), flow) if isinstance(who, str) else Theirs

    class Chosen(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            if isinstance(who, str):
                super().__init__()
            else:
                super().__init__(who, flow)

    Chosen.name = name
    registry.register(Chosen)
    return name


def run(
    path: Path,
    deciders: list[Any],
    *,
    size: int | None = None,
    lasts: float = 30,
    drop: tuple[int, ...] = (),
) -> list[Flow]:
    """Bulk flows side by side, one for each decider: Linux's name, or an object of the answer.

    Each sends `size` bytes, or as much as it can for `lasts` seconds; `drop` are data packets that
    the path loses (by number).
    """
    flows = [Flow() for _ in deciders]
    net = _net(path, drop, traced=False)
    for number, (who, flow) in enumerate(zip(deciders, flows, strict=True)):
        _start(*net.hosts, _made(who, flow, number), flow, number, size)
    net.run(seconds(lasts))
    return flows


def steps(path: Path, who: Any, size: int = 60_000, drop: tuple[int, ...] = ()) -> Any:
    """The trace of a short transfer, for the player."""
    net = _net(path, drop, traced=True)
    flow = Flow()
    _start(*net.hosts, _made(who, flow, 0), flow, 0, size)
    return net.run(seconds(30))


def _net(path: Path, drop: tuple[int, ...], *, traced: bool) -> BoundedNetwork:
    """Sender and receiver with large buffers, and the path between them."""
    net = BoundedNetwork(1, traced=traced, events=2_000_000)
    left, right = net.host("sender", "10.0.0.1"), net.host("receiver", "10.0.0.2")
    queue: int | str = path.queue
    if path.early:
        room = path.queue * PACKET
        queue = (
            f"red limit {room} min {room // 6} max {room // 2} avpkt {PACKET} "
            f"burst {path.queue // 4} probability 0.05 bandwidth {path.rate}mbit"
        )
    link = net.link(left, right, delay=ms(path.rtt / 2), rate=mbit(path.rate), queue=queue)
    if drop:
        link.drop(to=right, numbers=drop)
    for host in (left, right):
        host.sysctl.set("tcp_rmem", "4096 6291456 6291456")
        host.sysctl.set("tcp_wmem", "4096 4194304 4194304")
    return net


def _start(left: Any, right: Any, name: str, flow: Flow, number: int, size: int | None) -> None:
    async def receive(host: Any) -> None:
        connection = await host.socket().bind(9000 + number).listen(1).accept()
        while data := await connection.recv(1 << 20):
            flow.delivered += len(data)
            if size is not None and flow.delivered >= size:
                flow.done = host.now

    async def send(host: Any) -> None:
        socket = host.socket().setsockopt("TCP_CONGESTION", name)
        await socket.connect("10.0.0.2", 9000 + number)
        left_over = size if size is not None else 1 << 40
        while left_over > 0:
            left_over -= await socket.send(bytes(min(left_over, 1 << 17)))
        await socket.close()

    right.spawn(receive)
    left.spawn(send)


def jain(shares: list[int]) -> float:
    """Jain's fairness index: 1 when all are equal, 1/n when one has everything."""
    squares = len(shares) * sum(share * share for share in shares)
    return sum(shares) ** 2 / squares if squares else 0.0
