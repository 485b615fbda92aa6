"""What the checks of server-under-flood look at: honest clients of a server in a siege."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Answer, Instance, Lab, Part, Wrong, quoted, share  # noqa: E402

lab = Lab(
    __file__,
    title="Server under flood",
    hours=4,
    values=("MINE", "NO_COOKIES", "COOKIES", "BURST", "OVERLOAD"),
    personal="my queues",
    files=("world.py",),
)
ENOUGH = 0.95


def told(outcome: Any) -> str:
    """The place of the first failure, and the queues."""
    first = f"{outcome.first_failure:.1f} s" if outcome.first_failure is not None else "nowhere"
    return (
        f"the client of {first}; SYN queue up to {outcome.longest_syn_queue}, accept queue up to "
        f"{outcome.longest_accept_queue}"
    )


def enough(outcome: Any) -> None:
    if outcome.share < ENOUGH:
        reasons = sorted({why for why, _ in outcome.failed})
        raise Wrong(
            f"{outcome.share:.0%} of the honest clients were served ({', '.join(reasons)}).",
            where=told(outcome),
            expected="at least 95 %",
        )


@lab.check(
    "my queues",
    points=16,
    parts=4,
    rule="a half-open request lives until one wait after its last SYN+ACK; the accept queue takes "
    "backlog + 1 (reqsk_timer_handler(), sk_acceptq_is_full())",
)
def my_queues(answer: Answer, instance: Instance) -> Part | None:
    """Four sizes that follow from the numbers of your id."""
    found = answer.value("MINE")
    names = ("lifetime", "half open", "backlog", "last in line")
    if not isinstance(found, dict) or set(found) != set(names):
        raise Wrong(f"MINE has {', '.join(names)}.", where="MINE", found=found)
    wrong = {
        f"MINE[{name!r}]": f"{name!r} is not {found[name]!r}.{quoted(found[name])}"
        for name in names
        if not instance.agrees(name, found[name])
    }
    return share(wrong, len(names))


@lab.check(
    "half-open requests",
    points=16,
    rule="SYN+ACKs go out at 0, 1, 3, 7, ... s, and the request is gone when the next one would be "
    "due (RFC 6298 §5.5, reqsk_timer_handler())",
)
def half_open(answer: Answer, instance: Instance) -> None:
    """How long the SYN queue gets under six floods, against the engine's queue."""
    world, draw = lab.load("world.py"), instance.draw("half open")
    for _ in range(6):
        rate, retries, lasts = draw.randint(20, 60), draw.randint(0, 3), draw.randint(2, 12)
        sysctls = {"tcp_synack_retries": retries, "tcp_syncookies": 0, "somaxconn": 4096}
        siege = world.Siege(flood=rate, clients=1, warm=lasts, lasts=0, patience=0.1)
        given = {**sysctls, "tcp_max_syn_backlog": 4096, "backlog": 4096}
        seen = world.besiege(siege, given, until=lasts).longest_syn_queue
        found = answer.call("syn_queue", rate, retries, lasts)
        if not isinstance(found, int | float) or abs(found - seen) > max(3, seen * 0.06):
            raise Wrong(
                f"{rate} SYNs/s for {lasts} s, tcp_synack_retries={retries}: {found!r}.",
                where=f"{lasts} s after the first SYN",
                expected=f"about {seen}",
                found=found,
            )


@lab.check(
    "without cookies",
    points=18,
    rule="the SYN queue holds as many as the backlog says; forged requests must be gone before it "
    "is full (inet_csk_reqsk_queue_is_full(), tcp_conn_request())",
)
def without_cookies(answer: Answer, instance: Instance) -> None:
    """Your flood, no cookies: at least 95 % of 40 honest clients get their answer."""
    world = lab.load("world.py")
    names = ("backlog", "somaxconn", "tcp_max_syn_backlog", "tcp_synack_retries")
    given = world.settings(answer.value("NO_COOKIES"), "NO_COOKIES", names)
    siege = world.Siege(flood=instance.given["flood"], rtt=instance.given["rtt"], lasts=8)
    enough(world.besiege(siege, {**given, "tcp_syncookies": 0}))


@lab.check(
    "with cookies",
    points=18,
    rule="a cookie needs no place in the queue, and is sent once; what is lost is not sent again "
    "(RFC 4987 §3.6, cookie_v4_init_sequence())",
)
def with_cookies(answer: Answer, instance: Instance) -> None:
    """A flood ten times as strong, 3 % loss: 95 % of 60 clients, without a long queue."""
    world = lab.load("world.py")
    names = ("backlog", "somaxconn", "tcp_syncookies", "tcp_synack_retries")
    given = world.settings(answer.value("COOKIES"), "COOKIES", names)
    if given["backlog"] > 256:
        raise Wrong("A backlog of more than 256 is not needed here.", where="COOKIES['backlog']")
    siege = world.Siege(
        flood=10 * instance.given["flood"], clients=60, warm=3, lasts=6, loss=0.03,
        rtt=instance.given["rtt"],
    )  # fmt: skip
    outcome = world.besiege(siege, given)
    enough(outcome)


@lab.check(
    "a burst",
    points=16,
    rule="listen() is capped by somaxconn, and who finds no room waits for the next SYN+ACK, a "
    "second later (__sys_listen_socket(), tcp_v4_syn_recv_sock())",
)
def a_burst(answer: Answer, instance: Instance) -> None:
    """All honest clients at once, a slow application: nobody waits longer than the application."""
    world = lab.load("world.py")
    given = world.settings(answer.value("BURST"), "BURST", ("backlog", "somaxconn"))
    if max(given.values()) > 2 * instance.given["burst"]:
        raise Wrong("A queue twice as long as the burst is never filled.", where="BURST")
    burst, service = instance.given["burst"], instance.given["service"]
    siege = world.Siege(
        clients=burst, burst=True, warm=0.1, lasts=0, service=service, rtt=instance.given["rtt"],
        patience=10,
    )  # fmt: skip
    outcome = world.besiege(siege, {**given, "tcp_syncookies": 0})
    enough(outcome)
    slowest = max(outcome.served)
    allowed = (burst * service + 4 * instance.given["rtt"]) / 1000 + 0.3
    if slowest > allowed:
        raise Wrong(
            f"The last client waited {slowest:.2f} s; the application needs {burst * service} ms.",
            where=told(outcome),
            expected=f"at most {allowed:.2f} s",
        )


@lab.check(
    "overload",
    points=16,
    rule="a queue longer than the clients' patience is full of clients that have left: work for "
    "them is lost (sk_acceptq_is_full(), tcp_conn_request())",
)
def overload(answer: Answer, instance: Instance) -> None:
    """Twice as many clients as the application can serve, each with a second of patience."""
    world = lab.load("world.py")
    given = world.settings(answer.value("OVERLOAD"), "OVERLOAD", ("backlog", "somaxconn"))
    service, lasts = instance.given["service"], 5
    able = lasts * 1000 // service
    siege = world.Siege(
        clients=2 * able, warm=0.1, lasts=lasts, service=service, rtt=20, patience=1
    )
    outcome = world.besiege(siege, {**given, "tcp_syncookies": 0})
    if len(outcome.served) < 0.65 * able:
        raise Wrong(
            f"{len(outcome.served)} clients were served; the application could do {able}.",
            where=told(outcome),
            expected=f"at least {int(0.65 * able)}",
        )


check = lab.notebook
if __name__ == "__main__":
    lab.main()
