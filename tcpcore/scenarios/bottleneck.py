"""Flows that share one slow link: who gets how much of it, and how long its queue makes them wait.

Two hosts, `first` and `second`, reach `server` through one router, whose link to the server is the
slow one.  No kernel's record stands beside these: which packet finds the queue full is a matter of
microseconds, and no real machine does that twice in the same way.  What lasts, shares and waits and
not segments, is what `tcpcore.sweep` measures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from tcpcore.net.red import AVERAGE_PACKET
from tcpcore.scenarios.handshake import PORT, RTT
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.tcp.congestion import registry as congestion
from tcpcore.units import mbit, minutes, ms, seconds

FIRST, SECOND, ROUTER, SERVER = "10.0.1.1", "10.0.2.1", "10.0.9.1", "10.0.3.1"
SLOW_LINK = 1
"""One-way delay of the slow link, in ms; the rest of each round trip is on the way to it."""
BUFFER = 1 << 18
"""SO_SNDBUF and SO_RCVBUF of bulk flows, in bytes; the kernel doubles them."""
WRITE = 4 * 1448
QUESTION, PAUSE = 100, 200
"""Bytes that the small exchange sends, and ms between one answer and the next question."""

CONTROLS = tuple(congestion.LINUX)
DROP_TAIL, RED, CODEL, FQ_CODEL = range(4)
DISCIPLINES = ("drop-tail", "red", "codel", "fq_codel")
PACKET = 1500
"""Bytes of a full packet, in which a queue's size is given."""


def control(name: str, label: str, default: str) -> Parameter:
    """A flow's congestion control, by its name."""
    return Parameter(
        name,
        label,
        CONTROLS.index(default),
        maximum=len(CONTROLS) - 1,
        help="TCP_CONGESTION",
        choices=CONTROLS,
    )


RATE = Parameter(
    "rate", "Rate of the slow link", 2, minimum=1, maximum=10, unit="Mbit/s", help="both ways"
)
QUEUE = Parameter(
    "queue",
    "Room in its queue",
    20,
    minimum=2,
    maximum=200,
    step=1,
    unit="packets",
    help="who finds it full is dropped, whatever the discipline",
)
DISCIPLINE = Parameter(
    "discipline",
    "Queue discipline",
    DROP_TAIL,
    maximum=len(DISCIPLINES) - 1,
    help="who is dropped when: the last, some early, or the one that has waited too long",
    choices=DISCIPLINES,
)
ECN = Parameter("ecn", "ECN", False, help="on: queues other than drop-tail mark and do not drop")
LOSS = Parameter(
    "loss",
    "Packets lost by chance",
    1,
    minimum=0.1,
    maximum=10,
    step=0.1,
    unit="%",
    help="on the way to the server",
)
LASTS = Parameter(
    "lasts", "The flows send for", 5, minimum=1, maximum=20, unit="s", help="then they close"
)
RTT_FIRST = replace(
    RTT, name="rtt_first", label="Round trip of the first", default=40, minimum=4, maximum=200
)
RTT_SECOND = replace(RTT_FIRST, name="rtt_second", label="Round trip of the second")
RTT_BOTH = replace(RTT_FIRST, name="rtt", label="Round-trip time")


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The slow link's rate in Mbit/s, its queue in packets, and the queue's discipline."""

    rate: float
    queue: int
    discipline: int = DROP_TAIL
    ecn: bool = False

    @property
    def words(self) -> str:
        """What `tc` calls the queue; RED keeps its average between a sixth and half of it."""
        ecn = " ecn" if self.ecn else " noecn"
        size = self.queue * PACKET
        least = max(size // 6, AVERAGE_PACKET)
        return {
            DROP_TAIL: f"pfifo limit {self.queue}",
            RED: f"red limit {size} min {least} max {size // 2} probability 0.1" + ecn,
            CODEL: f"codel limit {self.queue}" + ecn,
            FQ_CODEL: f"fq_codel limit {self.queue}" + ecn,
        }[self.discipline]

    def build(self, net: Any, rtts: tuple[float, ...]) -> tuple[list[Any], Any]:
        """The hosts that send, as far away as `rtts` (ms) say, and the server."""
        sysctls = {"tcp_ecn": 1} if self.ecn else {}
        ends = zip(("first", "second"), (FIRST, SECOND), strict=True)
        hosts = [net.host(*end, **sysctls) for end, _ in zip(ends, rtts, strict=False)]
        server = net.host("server", SERVER)
        router = net.router("router", ROUTER)
        for host, rtt in zip(hosts, rtts, strict=True):
            net.link(host, router, delay=ms(rtt / 2 - SLOW_LINK))
        delay, rate = ms(SLOW_LINK), mbit(self.rate)
        net.link(router, server, delay=delay, rate=rate, queue=self.words)
        return hosts, server


def serve(server: Any, bulk: int = PORT, small: int = PORT + 1) -> None:
    """Read everything on one port; answer each question on the next one."""

    async def read(host: Any) -> None:
        listener = host.socket().bind(bulk)
        listener.setsockopt("SO_RCVBUF", BUFFER)
        listener.listen(16)
        while True:
            host.spawn(reader_of(await listener.accept()))

    def reader_of(connection: Any) -> Any:
        async def sink(host: Any) -> None:
            while await connection.recv(65536):
                pass
            await connection.close()

        return sink

    async def answer(host: Any) -> None:
        connection = await host.socket().bind(small).listen(16).accept()
        while data := await connection.recv(65536):
            await connection.send(data)
        await connection.close()

    server.spawn(read)
    server.spawn(answer)


def bulk_flow(net: Any, host: Any, algorithm: str, starts: int, lasts: int) -> None:
    """From `starts` on the host sends as fast as it may, until `lasts`; both in us."""

    async def push(host: Any) -> None:
        await host.sleep(starts)
        connection = host.socket()
        connection.setsockopt("SO_SNDBUF", BUFFER)
        connection.setsockopt("TCP_NOTSENT_LOWAT", 2 * WRITE)
        connection.setsockopt("TCP_CONGESTION", algorithm.encode())
        await connection.connect(SERVER, PORT)
        while not over:
            await connection.send(bytes(WRITE))
        await connection.close()

    over: list[bool] = []
    net.after(lasts, lambda: over.append(True))
    host.spawn(push)


def two_flows(
    net: Any, bottleneck: Bottleneck, rtts: tuple[int, int], controls: tuple[int, int], lasts: int
) -> None:
    """Two bulk flows; the second one begins a moment later, by chance within a fifth of a second.

    Two flows that begin at one instant stay in step for ever, and the queue drops always the same
    one's packets (Floyd and Jacobson 1992 call it phase effects).
    """
    hosts, server = bottleneck.build(net, rtts)
    serve(server)
    starts = (0, random.Random(f"{net.seed}:starts").randrange(ms(200)))
    for host, algorithm, start in zip(hosts, controls, starts, strict=True):
        bulk_flow(net, host, CONTROLS[algorithm], start, seconds(lasts))


@scenario(
    "two-flows-fairness",
    title="Two flows share a link",
    question="Does each of two flows get half of the link?",
    parameters=(
        control("first", "The first flow's control", "reno"),
        control("second", "The second flow's control", "reno"),
        RTT_FIRST,
        RTT_SECOND,
        RATE,
        QUEUE,
        DISCIPLINE,
        ECN,
        LASTS,
    ),
    until=minutes(3),
    recorded=False,
)
def two_flows_fairness(
    net: Any,
    *,
    first: int,
    second: int,
    rtt_first: int,
    rtt_second: int,
    rate: int,
    queue: int,
    discipline: int,
    ecn: bool,
    lasts: int,
) -> None:
    """Two bulk flows, each with its own congestion control and its own way to the slow link."""
    bottleneck = Bottleneck(rate, queue, discipline, ecn)
    two_flows(net, bottleneck, (rtt_first, rtt_second), (first, second), lasts)


@scenario(
    "bufferbloat",
    title="A queue that is always full",
    question="Why does a small question take a second while somebody uploads?",
    parameters=(
        RTT_BOTH,
        RATE,
        replace(QUEUE, default=100),
        DISCIPLINE,
        ECN,
        control("control", "The upload's control", "cubic"),
        LASTS,
    ),
    until=minutes(3),
    recorded=False,
)
def bufferbloat(
    net: Any,
    *,
    rtt: int,
    rate: int,
    queue: int,
    discipline: int,
    ecn: bool,
    control: int,
    lasts: int,
) -> None:
    """The first host uploads; the second one asks something small again and again."""
    (first, second), server = Bottleneck(rate, queue, discipline, ecn).build(net, (rtt, rtt))
    serve(server)
    bulk_flow(net, first, CONTROLS[control], 0, seconds(lasts))
    over: list[bool] = []
    net.after(seconds(lasts), lambda: over.append(True))

    async def ask(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT + 1)
        while not over:
            await connection.send(bytes(QUESTION))
            await connection.recv(QUESTION)
            await host.sleep(ms(PAUSE))
        await connection.close()

    second.spawn(ask)


@scenario(
    "ecn",
    title="Marked and not dropped",
    question="Can a queue say that it is too long without losing anything?",
    parameters=(
        RTT_BOTH,
        RATE,
        replace(QUEUE, default=60),
        replace(DISCIPLINE, default=CODEL),
        replace(ECN, default=True),
        control("control", "Congestion control", "reno"),
        replace(LASTS, default=4),
    ),
    until=minutes(3),
    recorded=False,
)
def ecn(
    net: Any,
    *,
    rtt: int,
    rate: int,
    queue: int,
    discipline: int,
    ecn: bool,
    control: int,
    lasts: int,
) -> None:
    """One bulk flow through a queue that marks packets, or drops them where nobody speaks ECN."""
    hosts, server = Bottleneck(rate, queue, discipline, ecn).build(net, (rtt,))
    serve(server)
    bulk_flow(net, hosts[0], CONTROLS[control], 0, seconds(lasts))


@scenario(
    "loss-and-throughput",
    title="So much loss, so much speed",
    question="How fast can a flow be when the path loses a packet now and then?",
    parameters=(
        RTT_BOTH,
        replace(LOSS, default=1),
        control("control", "Congestion control", "reno"),
        replace(LASTS, default=2, maximum=400),
    ),
    until=minutes(10),
    recorded=False,
)
def loss_and_throughput(net: Any, *, rtt: int, loss: float, control: int, lasts: int) -> None:
    """One bulk flow on a path that is never full; chance loses its packets, and no ACKs."""
    first, server = net.host("first", FIRST), net.host("server", SERVER)
    link = net.link(first, server, delay=ms(rtt / 2), rate=mbit(200))
    link.impair(to=server, loss=loss / 100)
    serve(server)
    bulk_flow(net, first, CONTROLS[control], 0, seconds(lasts))


@scenario(
    "bbr-vs-cubic",
    title="BBR beside CUBIC",
    question="Who wins when one flow waits for losses and the other one measures?",
    parameters=(
        RTT_FIRST,
        RTT_SECOND,
        RATE,
        replace(QUEUE, default=40),
        DISCIPLINE,
        replace(LASTS, default=10),
    ),
    until=minutes(3),
    recorded=False,
)
def bbr_vs_cubic(
    net: Any,
    *,
    rtt_first: int,
    rtt_second: int,
    rate: int,
    queue: int,
    discipline: int,
    lasts: int,
) -> None:
    """The first flow's control is CUBIC, the second one's BBR; the queue's size decides."""
    controls = (CONTROLS.index("cubic"), CONTROLS.index("bbr"))
    bottleneck = Bottleneck(rate, queue, discipline)
    two_flows(net, bottleneck, (rtt_first, rtt_second), controls, lasts)
