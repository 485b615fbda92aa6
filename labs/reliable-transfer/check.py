"""What the checks of reliable-transfer look at: an endpoint alone, then against the engine."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Thing, Wrong, agree  # noqa: E402
from labs.kit.command import find_answer  # noqa: E402
from labs.kit.instance import DEMO  # noqa: E402
from tcpcore.host import profiles  # noqa: E402
from tcpcore.tcp import rtt  # noqa: E402
from tcpcore.tcp.connection import Connection  # noqa: E402

lab = Lab(
    __file__,
    title="Reliable transfer",
    hours=8,
    values=("MINE",),
    personal="my round trips",
    files=("world.py", "kernel.py"),
)
world = lab.load("world.py")
SIZE = 20_000
WINDOW = 60_000


def text(draw: random.Random, size: int) -> bytes:
    """Bytes that no two places share by chance."""
    return draw.randbytes(size)


def endpoint(answer: Answer) -> Callable[[int], Thing]:
    """Makes fresh endpoints of the student's."""
    return lambda window: answer.object("Endpoint", world.SEGMENT_SIZE, window)


def by_the_rfc(samples: list[int]) -> list[int]:
    """The RTO after each sample, in ms: the engine's own, as RFC 6298 has it."""
    settings = profiles.sysctls("rfc9293")
    c = Connection("10.0.0.1", 1, "10.0.0.2", 2, settings, 0, 0, 1460)
    found = []
    for one in samples:
        rtt.sample(c, 1000 * one)
        found.append(c.rto // 1000)
    return found


def near(found: Any, samples: list[int], name: str) -> None:
    """Whether RTOs are right to the millisecond (integer arithmetic rounds)."""
    right = by_the_rfc(samples)
    if not isinstance(found, list) or not all(isinstance(one, int | float) for one in found):
        raise Wrong(f"{name} is a list of numbers.", where=name, found=found)
    agree(len(found), len(right), given=f"{len(samples)} samples", where=name)
    for number, (own, real) in enumerate(zip(found, right, strict=True), 1):
        if abs(own - real) > 2:
            raise Wrong(
                f"With samples {samples[:number]}: the RTO is not {own} ms.",
                where=f"sample {number}, {samples[number - 1]} ms",
            )


@lab.check(
    "reassembly",
    points=15,
    rule="the program gets each byte once and in order, and ack names the next one that is missing "
    "(RFC 9293 §3.4, §3.10.7.4)",
)
def reassembly(answer: Answer, instance: Instance) -> None:
    """Twenty texts in pieces that come out of order, twice, and overlapping."""
    draw = instance.draw("reassembly")
    for _ in range(20):
        data = text(draw, draw.randint(500, 4000))
        cuts = sorted({0, len(data), *(draw.randint(1, len(data)) for _ in range(6))})
        pieces = [(a, data[a : b + draw.choice([0, 0, 30])]) for a, b in pairwise(cuts)]
        pieces += draw.sample(pieces, 2)
        draw.shuffle(pieces)
        _feed(endpoint(answer)(WINDOW), data, pieces)


def _feed(thing: Thing, data: bytes, pieces: list[tuple[int, bytes]]) -> None:
    have, heard = [False] * len(data), b""
    for number, (seq, piece) in enumerate(pieces, 1):
        row = {"seq": seq, "ack": 0, "window": WINDOW, "data": piece, "sack": []}
        found = thing.call("arrives", row, 10 * number)
        have[seq : seq + len(piece)] = [True] * len(piece)
        expected = next((i for i, one in enumerate(have) if not one), len(data))
        place = f"segment {number} of {len(pieces)}: bytes {seq} to {seq + len(piece)}"
        if not isinstance(found, dict) or not isinstance(found.get("data"), bytes):
            raise Wrong("arrives() gives {'send', 'deadline', 'data'}.", where=place, found=found)
        heard += found["data"]
        if heard != data[:expected]:
            message = f"The program has {len(heard)} bytes and should have the first {expected}."
            raise Wrong(message, where=place)
        send = found.get("send")
        acks = [one.get("ack") for one in send if isinstance(one, dict)] if send else []
        if not acks or acks[-1] != expected:
            raise Wrong(f"The ACK is {acks or 'missing'}, not {expected}.", where=place)


@lab.check(
    "retransmission timer",
    points=10,
    rule="SRTT and RTTVAR follow each sample, the RTO is SRTT + 4 RTTVAR and at least 1 s "
    "(RFC 6298 §2)",
)
def retransmission_timer(answer: Answer, instance: Instance) -> None:
    """The RTO after each of ten samples, for 30 series."""
    draw = instance.draw("rto")
    series = []
    for _ in range(30):
        base = draw.randint(10, 2000)
        series.append([[base + draw.randint(0, base) for _ in range(10)]])
    for (samples,), found in zip(series, answer.each("rto_after", series), strict=True):
        near(found, samples, "rto_after()")


@lab.check(
    "my round trips",
    points=10,
    rule="the same for the round trips of your id (RFC 6298 §2)",
)
def my_round_trips(answer: Answer, instance: Instance) -> None:
    """The RTO after each of the eight samples that your id has been given."""
    near(answer.value("MINE"), instance.given["samples"], "MINE")


def hostile(loss: float, reorder: float, duplicate: float) -> Any:
    """Both ways of a link get bad once the connection is open."""
    return lambda link, *_: link.impair(loss=loss, reorder=reorder, duplicate=duplicate)


@lab.check(
    "download",
    points=15,
    rule="whatever the network does, what the program gets is what was sent (RFC 9293 §3.4)",
)
def download(answer: Answer, instance: Instance) -> None:
    """The engine sends 20,000 bytes through loss, overtaking and copies, twice."""
    draw = instance.draw("download")
    for _ in range(2):
        data = text(draw, SIZE)
        seed = draw.randint(1, 10**6)
        seen = world.download(endpoint(answer), data, seed, 120_000, hostile(0.03, 0.1, 0.05))
        if bytes(seen.heard) != data:
            _differs(bytes(seen.heard), data, "your program")


def _differs(found: bytes, data: bytes, who: str) -> None:
    """`Wrong` with the first byte at which two texts part."""
    first = next((i for i, (a, b) in enumerate(zip(found, data, strict=False)) if a != b), None)
    if first is None:
        message = f"{who} has {len(found)} bytes of {len(data)} when time is over."
        raise Wrong(message, where=f"byte {min(len(found), len(data))}")
    raise Wrong(f"{who} has another byte than was sent.", where=f"byte {first}")


def sent(answer: Answer, data: bytes, until: int, seed: int = 1, **how: Any) -> tuple[Any, int]:
    """Let the endpoint send, and be sure that all arrives; the world, and when it had."""
    seen, got, done = world.upload(endpoint(answer), data, seed, until, **how)
    if got != data:
        _differs(got, data, "the peer's program")
    return seen, done - seen.open_at


OUTAGE = 12_000


def outage(link: Any, peer: Any, you: Any) -> None:
    """Nothing reaches the peer for twelve seconds."""
    link.drop(to=peer)
    you.network.after(1000 * OUTAGE, lambda: link.restore(to=peer))


@lab.check(
    "upload",
    points=20,
    rule="what is not acknowledged is sent again until it is, and each time-out is twice the one "
    "before (RFC 6298 §5.4, §5.5)",
)
def upload(answer: Answer, instance: Instance) -> None:
    """Your endpoint sends 20,000 bytes through loss, overtaking and copies, then an outage."""
    draw = instance.draw("upload")
    for _ in range(2):
        data, seed = text(draw, SIZE), draw.randint(1, 10**6)
        sent(answer, data, 300_000, seed, prepare=hostile(0.05, 0.1, 0.05))
    seen, _ = sent(answer, text(draw, SIZE), 300_000, prepare=outage)
    tries = [time for time, seq, _ in seen.sent if seq == 0 and time < OUTAGE]
    if len(tries) > 5:
        raise Wrong(
            f"In {OUTAGE} ms of silence the first byte goes out {len(tries)} times: each wait is "
            "twice the one before.",
            where=f"the sending at {tries[5]} ms",
        )


def lose(*numbers: int) -> Any:
    """Lose the student's data segments with these numbers (from 0); the ACK came before them."""
    return lambda link, peer, you: link.drop(to=peer, numbers=[one + 2 for one in numbers])


@lab.check(
    "fast retransmit",
    points=10,
    rule="three duplicate ACKs are as good as a time-out, and much sooner (RFC 5681 §3.2)",
)
def fast_retransmit(answer: Answer, instance: Instance) -> None:
    """One of ten segments is lost: it is sent again before any timer of 1 s can fire."""
    draw = instance.draw("fast")
    number = draw.randint(1, 5)
    seen, took = sent(answer, text(draw, 10_000), 60_000, prepare=lose(number))
    if took > 900:
        again = next((one for one in seen.sent[10:]), None)
        raise Wrong(
            f"All had arrived after {took} ms; a round trip takes 100 ms.",
            where=f"the second sending of segment {number + 1}, at {again and again[0]} ms",
        )


@lab.check(
    "selective",
    points=10,
    rule="what the peer says that it has is not sent again (RFC 2018 §5, RFC 6675)",
)
def selective(answer: Answer, instance: Instance) -> None:
    """Three of ten segments are lost, and nothing else is sent twice."""
    draw = instance.draw("selective")
    lost = sorted(draw.sample(range(7), 3))
    seen, took = sent(answer, text(draw, 10_000), 120_000, prepare=lose(*lost))
    wasted = [one for one in seen.sent[10:] if one[1] // 1000 not in lost]
    if wasted:
        time, seq, _ = wasted[0]
        raise Wrong(
            f"Lost were segments {[one + 1 for one in lost]}; {len(wasted)} others went out again.",
            where=f"byte {seq}, sent again at {time} ms",
        )
    if took > 2500:
        raise Wrong(f"It took {took} ms.", where=f"segment {lost[1] + 1}, the second one lost")


@lab.check(
    "persist",
    points=10,
    rule="a shut window is probed, since the news that it is open again may be lost "
    "(RFC 9293 §3.8.6.1)",
)
def persist(answer: Answer, instance: Instance) -> None:
    """The peer's program reads only after 5 s, and the ACKs that tell of it are lost."""
    draw = instance.draw("persist")
    size = 30_000

    def calm(link: Any, peer: Any, you: Any) -> None:
        net = you.network
        net.after(4_800_000, lambda: link.impair(to=you, loss=1.0))
        net.after(5_900_000, lambda: link.impair(to=you, loss=0.0))

    small = {"tcp_rmem": (4096, 16384, 16384)}
    _, took = sent(answer, text(draw, size), 120_000, prepare=calm, reads_at=5000, **small)
    if took > 60_000:
        raise Wrong(f"It took {took} ms.", where="the end of the shut window, after 5000 ms")


def show(answer: str = "") -> Any:
    """In a notebook: your endpoint sends ten segments, one is lost; the run in the player."""
    path = find_answer(lab, answer)
    try:
        own = lab.local(path.read_text(encoding="utf-8"), path.name)(lab.instance(DEMO))
        seen, _, _ = world.upload(endpoint(own), bytes(10_000), 1, 20_000, prepare=lose(3))
    except Wrong as error:
        print(error.message)
        return None
    return lab.player(seen.net.trace, title="My own endpoint, and one lost segment", name="mine")


check = lab.notebook
if __name__ == "__main__":
    lab.main()
