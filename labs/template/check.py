"""What the checks of LAB-NAME look at."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

import tcpcore  # noqa: E402
from labs.kit import Answer, Instance, Lab, Wrong, agree, quoted  # noqa: E402

lab = Lab(
    __file__,
    title="LAB-TITLE",
    hours=2,
    values=("MINE",),
    personal="my own round trip",
)


@lab.check(
    "round trips",
    points=60,
    rule="connect() returns one round trip after the SYN (RFC 9293 §3.5)",
)
def round_trips(answer: Answer, instance: Instance) -> None:
    """When connect() returns, for 20 round-trip times, against the engine."""
    draw = instance.draw("round trips")
    asked = [[2 * draw.randint(5, 150)] for _ in range(20)]
    for (rtt,), found in zip(asked, answer.each("connected_after", asked), strict=True):
        trace = tcpcore.run("handshake", {"rtt": rtt})
        returned = next(
            time for time, host, call, _ in trace.calls if (host, call) == (0, "connect")
        )
        agree(found, returned // 1000, given=f"rtt={rtt} ms", where="segment 2, the SYN+ACK")


@lab.check(
    "my own round trip",
    points=40,
    rule="the server's accept() returns half a round trip later (RFC 9293 §3.5)",
)
def my_own(answer: Answer, instance: Instance) -> None:
    """When accept() returns on the network of your id."""
    found = answer.value("MINE")
    if not instance.agrees("accept", found):
        rtt = instance.given["rtt"]
        message = f"With rtt={rtt} ms it is not {found!r}.{quoted(found)}"
        raise Wrong(message, where="segment 3, the ACK")


check = lab.notebook
if __name__ == "__main__":
    lab.main()
