"""What the checks of timer-arithmetic look at: each formula beside the engine's own timers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Wrong, agree, quoted  # noqa: E402

lab = Lab(
    __file__,
    title="Timer arithmetic",
    hours=2,
    values=("MINE", "MENDED"),
    personal="my own host",
    files=("truth.py", "mended.py"),
)
truth = lab.load("truth.py")
CEILINGS = (1000, 3000, 8000, 20_000, 60_000, 120_000)
ROUND_TRIPS = (4, 8, 20, 60, 100, 160, 300)


def told(names: tuple[str, ...], values: tuple[Any, ...]) -> str:
    """The settings of a question."""
    return ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def schedule(found: Any, expected: dict[str, Any], given: str, what: str) -> None:
    """Compare a schedule, first its sendings, then its end."""
    if not isinstance(found, dict) or not {"sent", "over"} <= set(found):
        raise Wrong(
            f"With {given}: a schedule is a dict with 'sent' and 'over'.",
            where="what the function returns",
            expected=expected,
            found=found,
        )
    times = expected["sent"]

    def place(index: int) -> str:
        if index < len(times):
            return f"{what} {index + 1}, at {times[index]} ms"
        return f"after the last {what}, at {times[-1]} ms" if times else f"before any {what}"

    agree(found["sent"], times, given=given, where=place)
    agree(
        found["over"],
        expected["over"],
        given=f"{given}, 'over'",
        where=f"the timer that fires after {what} {len(times)}, at {expected['over']} ms",
    )


@lab.check(
    "SYN schedule",
    points=15,
    rule="tcp_syn_linear_timeouts waits of 1 s come first, then they double; the end comes after "
    "tcp_syn_retries + tcp_syn_linear_timeouts SYNs or after the time of tcp_syn_retries doubling "
    "waits (RFC 6298 §5.5, tcp_write_timeout())",
)
def syn_schedule(answer: Answer, instance: Instance) -> None:
    """When each SYN goes out and when connect() fails, for 150 settings, against the engine."""
    draw = instance.draw("syn")
    settings = [(draw.randint(1, 9), draw.randint(0, 7), draw.choice(CEILINGS)) for _ in range(150)]
    names = ("tcp_syn_retries", "tcp_syn_linear_timeouts", "tcp_rto_max_ms")
    for one, found in zip(settings, answer.each("syn_schedule", settings), strict=True):
        schedule(found, truth.syn(*one), told(names, one), "SYN")


@lab.check(
    "SYN+ACK schedule",
    points=10,
    rule="a request waits 1 s, then twice as long each time, and is forgotten after "
    "tcp_synack_retries retransmissions; it knows no linear waits (reqsk_timer_handler())",
)
def syn_ack_schedule(answer: Answer, instance: Instance) -> None:
    """When each SYN+ACK goes out and when the request is forgotten, for 40 settings."""
    draw = instance.draw("syn-ack")
    settings = [(draw.randint(0, 8), draw.choice(CEILINGS)) for _ in range(40)]
    names = ("tcp_synack_retries", "tcp_rto_max_ms")
    for one, found in zip(settings, answer.each("syn_ack_schedule", settings), strict=True):
        schedule(found, truth.syn_ack(*one), told(names, one), "SYN+ACK")


def silence(
    answer: Answer, instance: Instance, name: str, sysctl: str, ask: Callable[..., Any], what: str
) -> None:
    """Data or a FIN that nobody acknowledges, for 100 settings."""
    draw = instance.draw(name)
    least = 0 if sysctl == "tcp_orphan_retries" else 1
    drawn = [
        (draw.choice(ROUND_TRIPS), draw.randint(least, 16), draw.choice(CEILINGS[1:]))
        for _ in range(100)
    ]
    truths = [ask(*one) for one in drawn]
    settings = [(right["rto"], *one[1:]) for right, one in zip(truths, drawn, strict=True)]
    names = ("the first RTO (ms)", sysctl, "tcp_rto_max_ms")
    for one, right, found in zip(settings, truths, answer.each(name, settings), strict=True):
        schedule(found, right, told(names, one), what)


@lab.check(
    "data schedule",
    points=15,
    rule="tcp_retries2 stands for a time: what so many retransmissions would take from 200 ms on; "
    "it counts from the first time-out, and is looked at when a timer fires "
    "(retransmits_timed_out())",
)
def data_schedule(answer: Answer, instance: Instance) -> None:
    """When data goes out again and when the kernel gives up, for 100 settings."""
    silence(answer, instance, "data_schedule", "tcp_retries2", truth.data, "sending")


@lab.check(
    "orphan schedule",
    points=10,
    rule="a closed socket's FIN is bounded by tcp_orphan_retries, of which 0 means 8 "
    "while the wait is below tcp_rto_max_ms, and none once it is not (tcp_orphan_retries())",
)
def orphan_schedule(answer: Answer, instance: Instance) -> None:
    """When an orphan's FIN goes out again and when it is forgotten, for 100 settings."""
    silence(answer, instance, "orphan_schedule", "tcp_orphan_retries", truth.orphan, "FIN")


@lab.check(
    "keepalive schedule",
    points=15,
    rule="a probe after the idle time, then one each interval; the connection ends one interval "
    "after the last of `count` probes, or, with TCP_USER_TIMEOUT, at the first timer after it "
    "that has seen a probe (tcp_keepalive_timer())",
)
def keepalive_schedule(answer: Answer, instance: Instance) -> None:
    """When probes go out and when the connection is given up, for 100 settings."""
    draw = instance.draw("keepalive")
    drawn = [
        (
            draw.randint(1, 90),
            draw.randint(1, 30),
            draw.randint(1, 9),
            draw.choice([0, 0, 1000 * draw.randint(1, 200)]),
        )
        for _ in range(100)
    ]
    settings = [(1000 * one[0], 1000 * one[1], *one[2:]) for one in drawn]
    names = ("idle", "interval", "count", "user_timeout")
    found = answer.each("keepalive_schedule", settings)
    for one, asked, own in zip(drawn, settings, found, strict=True):
        schedule(own, truth.keepalive(*one), told(names, asked), "probe")


RECORDS: tuple[tuple[str, tuple[Any, ...], str, int, int, str, str], ...] = (
    ("syn_schedule", (6, 4, 120_000), "syn-unanswered", 0, 0, "connect", "SYN"),
    (
        "syn_schedule",
        (3, 1, 120_000),
        "syn-unanswered,tcp_syn_linear_timeouts=1,tcp_syn_retries=3",
        0,
        0,
        "connect",
        "SYN",
    ),
    (
        "syn_schedule",
        (7, 0, 120_000),
        "syn-unanswered,tcp_syn_linear_timeouts=0,tcp_syn_retries=7",
        0,
        0,
        "connect",
        "SYN",
    ),
    ("syn_ack_schedule", (5, 120_000), "synack-unanswered", 1, 0, "", "SYN+ACK"),
    ("data_schedule", (200, 5, 120_000), "data-unanswered,tcp_retries2=5", 0, 4, "recv", "sending"),
    ("data_schedule", (200, 15, 120_000), "data-unanswered", 0, 4, "recv", "sending"),
    (
        "orphan_schedule",
        (202, 3, 120_000),
        "fin-wait-1-stuck,tcp_orphan_retries=3",
        0,
        4,
        "",
        "FIN",
    ),
    ("keepalive_schedule", (3000, 2000, 3, 0), "keepalive", 0, 2, "recv", "probe"),
)
LATE, COARSE = 8, 20


@lab.check(
    "recorded kernel",
    points=10,
    rule="a kernel's timer never fires early, and at most an eighth late: so fine is the slot of "
    "the timer wheel that it lies in (kernel/time/timer.c)",
)
def recorded_kernel(answer: Answer, instance: Instance) -> None:
    """Eight records of a real Linux 6.18 beside the functions' times."""
    for function, arguments, file, sender, skip, call, what in RECORDS:
        found = answer.call(function, *arguments)
        kernel = truth.kernel(file, sender, skip, call)
        given = f"{function}{arguments!r} beside the record {file!r}"
        if not isinstance(found, dict) or not isinstance(found.get("sent"), list):
            raise Wrong(f"{given}: there is no list 'sent'.", where=function, found=found)
        # Data and FINs are compared from the first time-out on: a loss probe came before it.
        begin = 1 if skip == 4 else 0
        sent = found["sent"][begin:]
        if not sent or not all(isinstance(one, int | float) for one in [*sent, found["over"]]):
            raise Wrong(f"{given}: times are numbers.", where=function, found=found)
        times = [one - sent[0] for one in [*sent, found["over"]]]
        seen = [*kernel["sent"], kernel["over"]]
        if len(times) != len(seen):
            raise Wrong(
                f"{given}: {len(times) - 1} times something is sent, the kernel sent "
                f"{len(seen) - 1}.",
                where=f"{what} {min(len(times), len(seen)) + begin}",
                expected=seen,
                found=times,
            )
        for number, (own, real) in enumerate(zip(times, seen, strict=True)):
            if real is not None and not own <= real <= own + own / LATE + COARSE:
                raise Wrong(
                    f"{given}: {own} ms, and the kernel did it at {real} ms.",
                    where=f"{what} {number + 1 + begin}, at {real} ms after the first compared",
                    expected=seen,
                    found=times,
                )


@lab.check(
    "my own host",
    points=10,
    rule="the numbers follow from your host's settings by the rules of tasks 1 to 5; its first RTO "
    "is the round trip plus four times its variation, which is at least 200 ms in all "
    "(RFC 6298 §2.2, tcp_rtt_estimator())",
)
def my_own_host(answer: Answer, instance: Instance) -> None:
    """Seven numbers of the host that your id has been given, against the engine."""
    host = instance.given["host"]
    longest = host["tcp_rto_max_ms"]
    syns = truth.syn(host["tcp_syn_retries"], host["tcp_syn_linear_timeouts"], longest)
    answers = truth.syn_ack(host["tcp_synack_retries"], longest)
    data = truth.data(host["rtt"], host["tcp_retries2"], longest)
    probes = truth.keepalive(host["keep_idle"], host["keep_interval"], host["keep_count"], 0)
    expected = {
        "SYNs sent": len(syns["sent"]),
        "connect() fails after ms": syns["over"],
        "SYN+ACKs sent": len(answers["sent"]),
        "the request is forgotten after ms": answers["over"],
        "data sent again, times": len(data["sent"]) - 1,
        "send fails after ms": data["over"],
        "an idle dead peer is noticed after ms": probes["over"],
    }
    mine = answer.value("MINE")
    if not isinstance(mine, dict):
        raise Wrong("MINE is a dict.", where="MINE", found=mine)
    for name, right in expected.items():
        if mine.get(name) != right:  # the right number stays here
            settings = ", ".join(f"{key}={value}" for key, value in host.items())
            raise Wrong(
                f"{name!r} is not {mine.get(name)!r} on your host ({settings})."
                + quoted(mine.get(name)),
                where=f"MINE[{name!r}]",
            )


@lab.check(
    "mended",
    points=15,
    rule="TCP_USER_TIMEOUT bounds data that waits and probes that stay unanswered, keepalive finds "
    "a dead peer when nothing waits, tcp_syn_retries bounds connect() (tcp(7), RFC 5482)",
)
def mended(answer: Answer, instance: Instance) -> None:
    """Your settings on the engine: a dead server, an outage, a dead peer while idle."""
    lab.load("mended.py").judge(answer.value("MENDED"), instance.given["mend"])


check = lab.notebook
if __name__ == "__main__":
    lab.main()
