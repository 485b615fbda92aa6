"""What the checks of congestion-control look at: decisions one by one, then whole transfers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong, agree, quoted, share  # noqa: E402

lab = Lab(
    __file__,
    title="Congestion control",
    hours=8,
    values=("MINE",),
    personal="my path",
    files=("world.py", "leaderboard.py"),
)
LINE = 1_000_000
"""No threshold yet: slow start goes on."""


def grown(thing: Any, cwnd: int, ssthresh: int, acks: list[tuple[int, int]]) -> list[int]:
    """Cwnd after each of these ACKs: (segments, time in µs)."""
    world = lab.load("world.py")
    found = []
    for acked, now in acks:
        cwnd = world.segments(thing.call("on_ack", cwnd, ssthresh, acked, now), "on_ack", now)
        found.append(cwnd)
    return found


@lab.check(
    "my path",
    points=10,
    parts=5,
    rule="a path holds rate times round-trip time, and its queue; what is more gets lost "
    "(RFC 5681 §3.1, RFC 9438 §4.2: K is the cube root of (W_max - cwnd) / C)",
)
def my_path(answer: Answer, instance: Instance) -> Part | None:
    """The windows of your own path, by arithmetic."""
    found = answer.value("MINE")
    names = ("bdp", "w_max", "reno ssthresh", "cubic ssthresh", "k")
    if not isinstance(found, dict) or set(found) != set(names):
        raise Wrong(f"MINE has {', '.join(names)}.", where="MINE", found=found)
    wrong = {
        f"MINE[{name!r}]": f"{name} is not {found[name]!r} on this path.{quoted(found[name])}"
        for name in names
        if not instance.agrees(name, found[name])
    }
    return share(wrong, len(names))


@lab.check(
    "slow start",
    points=12,
    rule="below ssthresh cwnd grows by what was acknowledged, and not beyond ssthresh "
    "(RFC 5681 §3.1, tcp_slow_start())",
)
def slow_start(answer: Answer, instance: Instance) -> None:
    """Reno below its threshold: ACKs for one, two and many segments, up to ssthresh."""
    draw = instance.draw("slow start")
    for _ in range(20):
        cwnd, ssthresh = draw.randint(2, 20), draw.randint(40, 200)
        acks, at, expected, now = [], cwnd, [], 0
        while at < ssthresh:
            acked = min(draw.choice([1, 2, 2, 4]), ssthresh - at)
            at, now = at + acked, now + draw.randint(100, 9000)
            acks.append((acked, now))
            expected.append(at)
        found = grown(answer.object("Reno"), cwnd, ssthresh, acks)
        agree(
            found, expected, given=f"cwnd={cwnd}, ssthresh={ssthresh}",
            where=lambda i: f"ACK {i + 1}",
        )  # fmt: skip


@lab.check(
    "one segment a round trip",
    points=14,
    rule="from ssthresh on cwnd grows by one for each cwnd of segments acknowledged "
    "(RFC 5681 §3.1, tcp_cong_avoid_ai())",
)
def avoidance(answer: Answer, instance: Instance) -> None:
    """Reno above its threshold: cwnd at the end of each of 30 round trips."""
    draw = instance.draw("avoidance")
    for each in (1, 2):
        start = 2 * draw.randint(5, 20)
        thing, cwnd, now = answer.object("Reno"), start, 0
        for trip in range(1, 31):
            left, window = cwnd, cwnd
            while left > 0:
                acked = min(each, left)
                left, now = left - acked, now + 1000
                cwnd = grown(thing, cwnd, start, [(acked, now)])[0]
            if not window <= cwnd <= window + 1 or abs(cwnd - start - trip) > 1:
                raise Wrong(
                    f"After {trip} round trips from cwnd={start} it is {cwnd}.",
                    where=f"round trip {trip}, ACKs for {each} segments",
                    expected=start + trip,
                    found=cwnd,
                )


@lab.check(
    "after a loss",
    points=12,
    rule="Reno halves, CUBIC keeps 0.7, neither goes below two segments (RFC 5681 §3.1 (4), "
    "RFC 9438 §4.6)",
)
def after_a_loss(answer: Answer, instance: Instance) -> None:
    """The new ssthresh of both, for 40 windows."""
    draw = instance.draw("loss")
    for cwnd in [2, 3, 4, *(draw.randint(5, 2000) for _ in range(37))]:
        for name, kept in (("Reno", 0.5), ("Cubic", 0.7)):
            found = answer.object(name).call("on_loss", cwnd, 0)
            expected = max(int(cwnd * kept), 2)
            if not isinstance(found, int) or abs(found - expected) > (cwnd > 20):
                raise Wrong(
                    f"{name} with cwnd={cwnd}: {found!r}.", where=f"{name}.on_loss({cwnd})",
                    expected=expected, found=found,
                )  # fmt: skip


@lab.check(
    "the curve",
    points=18,
    rule="W(t) = C (t - K)^3 + W_max with C = 0.4, and K the cube root of (W_max - cwnd) / C "
    "(RFC 9438 §4.2)",
)
def the_curve(answer: Answer, instance: Instance) -> None:
    """CUBIC after a loss, through its plateau and beyond, where it is faster than Reno."""
    world = lab.load("world.py")
    draw = instance.draw("curve")
    for w_max, rtt in ((draw.randint(200, 400), 0.2), (draw.randint(600, 1200), 0.1)):
        thing = answer.object("Cubic")
        thing.call("on_rtt", int(rtt * 1e6), 0)
        cwnd = ssthresh = world.segments(thing.call("on_loss", w_max, 0), "on_loss", 0)
        k = ((w_max - cwnd) / 0.4) ** (1 / 3)
        now, begun = 0, 0
        while (now - begun) / 1e6 < 1.6 * k:
            for _ in range(10):
                now += int(rtt * 1e5)
                acked = max(cwnd // 10, 1)
                cwnd = grown(thing, cwnd, ssthresh, [(acked, now)])[0]
            t = (now - begun) / 1e6
            ahead = 0.4 * (t + rtt - k) ** 3 + w_max
            behind = 0.4 * (t - rtt - k) ** 3 + w_max
            if not behind - 3 <= cwnd <= ahead + 3:
                raise Wrong(
                    f"{t:.1f} s after a loss at {w_max} segments cwnd is {cwnd}.",
                    where=f"{t:.1f} s after the loss, K = {k:.1f} s",
                    expected=round(0.4 * (t - k) ** 3 + w_max),
                    found=cwnd,
                )


@lab.check(
    "on the wire",
    points=14,
    rule="with the same decisions a transfer takes the same time (RFC 5681, RFC 9438)",
)
def on_the_wire(answer: Answer, instance: Instance) -> None:
    """Transfers with losses beside Linux's reno and cubic: not more than a tenth slower."""
    world, draw = lab.load("world.py"), instance.draw("wire")
    path = world.Path(10, 2 * draw.randint(15, 30), 40)
    drop = (draw.randint(30, 60), draw.randint(200, 260))
    for name, linux in (("Reno", "reno"), ("Cubic", "cubic")):
        [theirs] = world.run(path, [answer.object(name)], size=700_000, drop=drop)
        [ours] = world.run(path, [linux], size=700_000, drop=drop)
        place = f"{name} on {path}"
        if theirs.done is None:
            raise Wrong("The transfer was not done after 30 s.", where=place)
        if theirs.done > 1.1 * ours.done:
            raise Wrong(
                f"{name} took {theirs.done / 1e6:.2f} s; Linux's takes {ours.done / 1e6:.2f} s.",
                where=f"{place}; losses at {[round(t / 1e6, 2) for t in theirs.losses[:4]]} s",
            )


@lab.check(
    "fairness",
    points=10,
    rule="flows of the same kind share a bottleneck evenly (Jain's index; RFC 9438 §5.2)",
)
def fairness(answer: Answer, instance: Instance) -> None:
    """Your CUBIC beside Linux's CUBIC on one bottleneck for 20 s: Jain's index at least 0.9."""
    world, draw = lab.load("world.py"), instance.draw("fair")
    path = world.Path(4, 2 * draw.randint(10, 20), 60, early=True)
    flows = world.run(path, [answer.object("Cubic"), "cubic"], lasts=20)
    shares = [flow.delivered for flow in flows]
    index = world.jain(shares)
    if index < 0.9:
        raise Wrong(
            f"Your CUBIC got {shares[0]} bytes, Linux's {shares[1]}: Jain's index is {index:.2f}.",
            where=f"{path}; your losses at {[round(t / 1e6, 1) for t in flows[0].losses[:4]]} s",
        )


@lab.check(
    "a short queue",
    points=10,
    rule="a sender that watches the round-trip time can fill a path without filling its queue "
    "(RFC 8257 §1, Vegas, BBR)",
)
def short_queue(answer: Answer, instance: Instance) -> None:
    """Your own algorithm before a deep queue: 85 % of the path used, a quarter of the delay."""
    world, draw = lab.load("world.py"), instance.draw("best")
    path = world.Path(4, 2 * draw.randint(15, 30), 100)
    [best] = world.run(path, [answer.object("Best")], lasts=10)
    used = best.delivered * 8 / (path.rate * 1e6 * 10)
    late = sorted(best.rtts[len(best.rtts) // 4 :])
    middle = late[len(late) // 2] / 1000 if late else 0.0
    full = path.rtt + path.queue * 1500 * 8 / path.rate / 1000
    place = f"{path}; a full queue means {full:.0f} ms"
    if used < 0.85:
        raise Wrong(f"Only {used:.0%} of the path is used.", where=place)
    if middle > path.rtt + (full - path.rtt) / 4:
        raise Wrong(f"The median round trip is {middle:.0f} ms.", where=place)


check = lab.notebook
if __name__ == "__main__":
    lab.main()
