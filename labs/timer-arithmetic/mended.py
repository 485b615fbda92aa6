"""Task 8: the settings of a student on four small networks; each asks one thing of them."""

from __future__ import annotations

from typing import Any

from labs.kit import BoundedNetwork, Wrong
from tcpcore.errors import UsageError
from tcpcore.units import ms, seconds

SYSCTLS = ("tcp_syn_retries", "tcp_syn_linear_timeouts", "tcp_rto_max_ms")
OPTIONS = ("TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
UNTIL = seconds(3600)
BREAKS = ms(500)
MINUTE = 60_000_000


def judge(mended: Any, wanted: dict[str, int]) -> None:
    """`Wrong` for the first thing that the settings do not reach."""
    for name in (*SYSCTLS, *OPTIONS):
        value = mended.get(name) if isinstance(mended, dict) else None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Wrong(f"{name} is a whole number.", where=f"MENDED[{name!r}]", found=value)
    try:
        _connect(mended, wanted)
        _outage(mended, wanted)
        _dead(mended, wanted)
        _idle(mended, wanted)
    except UsageError as error:
        raise Wrong(str(error), where="MENDED") from None


def world(mended: dict[str, int]) -> tuple[Any, Any, Any, Any]:
    """A client with the student's sysctls, a server, and the link between them."""
    net = BoundedNetwork()
    client = net.host("client", "10.0.0.1", **{name: mended[name] for name in SYSCTLS})
    server = net.host("server", "10.0.0.2")
    return net, client, server, net.link(client, server, delay=ms(20))


def prepared(host: Any, mended: dict[str, int]) -> Any:
    """A socket with the student's options."""
    connection = host.socket().setsockopt("SO_KEEPALIVE", 1)
    for name in OPTIONS:
        if mended[name] or name != "TCP_USER_TIMEOUT":
            connection.setsockopt(name, mended[name])
    return connection


def told(trace: Any, call: str) -> tuple[int, str]:
    """When a call of the client's returned, and what it was told."""
    for time, host, name, result in trace.calls:
        if host == 0 and name == call and result != "ok":
            return time, result
    return UNTIL, "nothing"


def _serve(net: Any, server: Any) -> None:
    async def serve(host: Any) -> None:
        connection = await host.socket().bind(80).listen().accept()
        while await connection.recv(4096):
            pass

    server.spawn(serve)


def _connect(mended: dict[str, int], wanted: dict[str, int]) -> None:
    net, client, server, link = world(mended)
    link.drop(to=server)

    async def connect(host: Any) -> None:
        await prepared(host, {**mended, "TCP_USER_TIMEOUT": 0}).connect("10.0.0.2", 80)

    client.spawn(connect)
    trace = net.run(until=UNTIL)
    time, _ = told(trace, "connect")
    syns = len(trace.segments)
    if time > seconds(wanted["connect_within"]):
        raise Wrong(
            f"connect() to a dead server fails after {time / 1e6:g} s, and must within "
            f"{wanted['connect_within']} s.",
            where=f"the timer after SYN {syns}, at {time / 1e6:g} s",
        )
    if syns < 2:
        raise Wrong("One lost SYN and connect() fails: send at least two.", where="SYN 1, at 0 s")


def _writing(mended: dict[str, int], back: int | None) -> Any:
    net, client, server, link = world(mended)
    _serve(net, server)
    net.after(BREAKS, lambda: link.drop(to=server))
    if back is not None:
        net.after(BREAKS + seconds(back), lambda: link.restore(to=server))

    async def write(host: Any) -> None:
        connection = prepared(host, mended)
        await connection.connect("10.0.0.2", 80)
        await host.sleep(BREAKS)
        await connection.send(bytes(100))
        await connection.recv(1)

    client.spawn(write)
    return net.run(until=seconds(300))


def _outage(mended: dict[str, int], wanted: dict[str, int]) -> None:
    trace = _writing(mended, wanted["outage"])
    time, result = told(trace, "recv")
    last = len(trace.segments)
    if result != "nothing":
        raise Wrong(
            f"The way is broken for {wanted['outage']} s and comes back, and the connection is "
            f"lost all the same ({result} {(time - BREAKS) / 1e6:g} s after the data).",
            where=f"segment {last}, at {trace.segments[-1].sent / 1e6:g} s",
        )


def _dead(mended: dict[str, int], wanted: dict[str, int]) -> None:
    time, _ = told(_writing(mended, None), "recv")
    waited = time - BREAKS
    if waited > seconds(wanted["heard_within"]):
        raise Wrong(
            f"The peer is dead and data waits; the program hears of it "
            f"{'never' if time == UNTIL else f'after {waited / 1e6:g} s'}, and must within "
            f"{wanted['heard_within']} s.",
            where=f"the end of the waiting, {wanted['heard_within']} s after the data",
        )


def _idle(mended: dict[str, int], wanted: dict[str, int]) -> None:
    net, client, server, link = world(mended)
    _serve(net, server)
    net.after(BREAKS, lambda: link.drop(to=server))

    async def wait(host: Any) -> None:
        connection = prepared(host, mended)
        await connection.connect("10.0.0.2", 80)
        await connection.recv(1)

    client.spawn(wait)
    time, result = told(net.run(until=UNTIL), "recv")
    time -= BREAKS
    if time > seconds(wanted["idle_heard_within"]):
        raise Wrong(
            f"The peer dies while nothing is said; the program hears of it after {time / 1e6:g} s "
            f"({result}), and must within {wanted['idle_heard_within']} s.",
            where="the last probe",
        )
    if mended["TCP_KEEPCNT"] < 2:
        raise Wrong("One lost probe must not end it: send at least two.", where="probe 1")
    probes = MINUTE // seconds(max(mended["TCP_KEEPIDLE"], 1))
    if probes > wanted["most_probes"]:
        raise Wrong(
            f"A healthy idle connection costs {probes} probes a minute, and may cost at most "
            f"{wanted['most_probes']}.",
            where=f"the first probe, {mended['TCP_KEEPIDLE']} s after the last word",
        )
