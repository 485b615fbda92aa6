"""What the checks of close-it-right look at: each mended program against the right other side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong, quoted, share  # noqa: E402
from tcpcore.units import mbit, seconds  # noqa: E402

lab = Lab(
    __file__,
    title="Close it right",
    hours=3,
    values=("SYMPTOMS",),
    personal="symptoms",
    files=("pairs.py", "world.py"),
)


def lines(instance: Instance, number: int) -> list[tuple[int, int | None]]:
    """Three lines for a pair: round-trip time in ms, rate in bit/s."""
    draw = instance.draw(f"pair {number}")
    return [
        (2 * draw.randint(5, 50), None),
        (2 * draw.randint(100, 200), None),
        (2 * draw.randint(5, 50), mbit(0.5)),
    ]


def played(answer: Answer, instance: Instance, number: int) -> list[Any]:
    """The pair on three lines, the answer's program on its side."""
    pairs, world = lab.load("pairs.py"), lab.load("world.py")
    mended = answer.program(f"{pairs.PAIRS[number]}_{number}")
    other = {"server": "client", "client": "server"}[pairs.PAIRS[number]]
    right = getattr(pairs, f"{other}_{number}")
    serve, ask = (mended, right) if other == "client" else (right, mended)
    return [world.Run(serve, ask, rtt, rate=rate) for rtt, rate in lines(instance, number)]


def last(run: Any) -> str:
    """The last segment of a run, as a place."""
    count = len(run.trace.segments)
    place: str = run.segment(count) if count else "no segment at all"
    return place


def no_reset(run: Any) -> None:
    if run.resets:
        raise Wrong(
            "Somebody answers with RST.", where=run.segment(run.resets[0]), found=run.symptoms()
        )


def all_bytes(run: Any, number: int) -> None:
    expected = lab.load("pairs.py").EXPECTED[number]
    if run.got(0) != expected:
        message = f"The client got {run.got(0)} bytes of {expected}."
        raise Wrong(message, where=last(run), found=run.symptoms())


def client_done(run: Any) -> None:
    if not run.asking.exited:
        raise Wrong("The client waits for ever.", where=last(run), found=run.symptoms())
    failed = [f"{call}: {result}" for call, result in run.calls(0) if result != "ok"]
    if failed:
        raise Wrong(f"A call of the client failed: {failed[0]}.", where=last(run))


def nothing_left(run: Any) -> None:
    """No socket of either host is anywhere but in TIME_WAIT."""
    for host in (run.client, run.server):
        left = [state for state in run.states(host) if state != "TIME_WAIT"]
        if left:
            message = f"The {host.name} still has a socket in {left[0]} after 40 s."
            raise Wrong(message, where=last(run), found=run.symptoms())


@lab.check(
    "symptoms",
    points=16,
    parts=6,
    rule="what a host's sockets, calls and RSTs show points to one cause each (RFC 9293 §3.6, "
    "tcp_close())",
)
def symptoms(answer: Answer, instance: Instance) -> Part | None:
    """Which pair an operator saw, from six lists of symptoms made with your id."""
    found = answer.value("SYMPTOMS")
    letters = list(instance.given["symptoms"])
    if not isinstance(found, dict) or set(found) != set(letters):
        raise Wrong("SYMPTOMS has one number for each of A to F.", where="SYMPTOMS", found=found)
    wrong = {
        f"SYMPTOMS[{one!r}]": f"Pair {found[one]!r} would not look like {one}.{quoted(found[one])}"
        for one in letters
        if not instance.agrees(f"symptom {one}", found[one])
    }
    return share(wrong, len(letters))


@lab.check(
    "the lost answer",
    points=12,
    rule="close() with unread data sends RST, and RST may overtake what the peer has not read "
    "(RFC 9293 §3.10.4, tcp_close())",
)
def lost_answer(answer: Answer, instance: Instance) -> None:
    """Pair 1 on three lines: the client reads the whole answer and sees no RST."""
    for run in played(answer, instance, 1):
        no_reset(run)
        all_bytes(run, 1)
        client_done(run)


@lab.check(
    "each waits for the other",
    points=12,
    rule="the end of a direction is told by FIN, and shutdown() sends it without giving up the "
    "other direction (RFC 9293 §3.6)",
)
def both_wait(answer: Answer, instance: Instance) -> None:
    """Pair 2 on three lines: the client gets its answer, and both sockets close."""
    for run in played(answer, instance, 2):
        client_done(run)
        all_bytes(run, 2)
        no_reset(run)
        nothing_left(run)


@lab.check(
    "half of the answer",
    points=12,
    rule="TCP is a stream of bytes: recv() returns what is there, not what one send() wrote "
    "(RFC 9293 §3.9.1.3, tcp_recvmsg())",
)
def half(answer: Answer, instance: Instance) -> None:
    """Pair 3 on three lines: all 20,000 bytes are read before the client closes."""
    for run in played(answer, instance, 3):
        client_done(run)
        all_bytes(run, 3)
        no_reset(run)


@lab.check(
    "the leak",
    points=12,
    rule="a socket stays in CLOSE_WAIT until its application closes it, and nothing times it out "
    "(RFC 9293 §3.6, tcp_fin())",
)
def leak(answer: Answer, instance: Instance) -> None:
    """Pair 4 on three lines: five clients are served, and no socket is left behind."""
    for run in played(answer, instance, 4):
        client_done(run)
        all_bytes(run, 4)
        no_reset(run)
        nothing_left(run)
        if run.serving.exited:
            raise Wrong("The server has ended; it should wait for the next.", where=last(run))


@lab.check(
    "the client that leaves",
    points=12,
    rule="writing to a connection that was reset fails with EPIPE or ECONNRESET, which an "
    "application has to expect (tcp_sendmsg(), sk_stream_error())",
)
def client_leaves(answer: Answer, instance: Instance) -> None:
    """Pair 5 on three lines: the second client gets everything although the first one left."""
    for run in played(answer, instance, 5):
        all_bytes(run, 5)
        client_done(run)
        if run.serving.exited:
            raise Wrong("The server has ended.", where=last(run), found=run.symptoms())


@lab.check(
    "the child's socket",
    points=12,
    rule="the FIN goes out when the last process that holds the socket closes it (fork(2), fput())",
)
def childs_socket(answer: Answer, instance: Instance) -> None:
    """Pair 6 on three lines: the client sees the end, and the parent goes on accepting."""
    for run in played(answer, instance, 6):
        all_bytes(run, 6)
        client_done(run)
        no_reset(run)
        if run.serving.exited:
            raise Wrong("The parent has ended.", where=last(run))
        if not run.server.listeners:
            raise Wrong("Nobody listens any more.", where="the next client's SYN")
        nothing_left(run)


@lab.check(
    "started again",
    points=12,
    rule="bind() to a port with connections in TIME_WAIT needs SO_REUSEADDR (inet_csk_get_port())",
)
def started_again(answer: Answer, instance: Instance) -> None:
    """A server with a connection in TIME_WAIT is killed and started again on its port."""
    world, pairs = lab.load("world.py"), lab.load("pairs.py")
    serve = answer.program("server_7")
    for rtt, _ in lines(instance, 7)[:2]:
        run = world.Run(serve, pairs.client_7, rtt, until=2)
        all_of = run.got(0)
        if "TIME_WAIT" not in run.states(run.server):
            message = "Keep who closes first: nothing on the server's port is in TIME_WAIT."
            raise Wrong(message, where=last(run), found=run.symptoms())
        run.serving.kill()
        again = run.server.spawn(serve, "server, again")
        run.net.after(seconds(0.5), lambda run=run: run.client.spawn(pairs.client_7, "second"))
        run.net.run(seconds(6))
        if again.exited:
            message = "The second server ended at once: bind() failed."
            raise Wrong(message, where="bind() of the second start", found=run.calls(1)[-1])
        if (all_of, run.got(0)) != (200, 400):
            message = f"Before and after the restart the client got {all_of} and "
            message += f"{run.got(0) - all_of} bytes; 200 each are right."
            raise Wrong(message, where=last(run))


check = lab.notebook
if __name__ == "__main__":
    lab.main()
