"""One student's traces: runs of the engine; the id decides sizes, numbers and endings."""

from __future__ import annotations

import random
from typing import Any

from tcpcore.net.network import Network
from tcpcore.trace import ARRIVAL, DELIVERED, SENT, STATE
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

NAMES = ("client", "server")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ONE_WAY = 20
Row = dict[str, Any]


def flags(segment: Segment) -> str:
    """Flags as tcpdump prints them: ``S``, ``S.``, ``P.``, ``F.``, ``.``."""
    bits = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "."))
    return "".join(letter for bit, letter in bits if segment.flags & bit)


def row(traced: Any, number: int) -> Row:
    """A segment as a line of a capture; numbers are raw, times in ms."""
    segment = traced.segment
    return {
        "n": number,
        "time": round(traced.sent / 1000),
        "from": NAMES[traced.sender],
        "flags": flags(segment),
        "seq": segment.seq,
        "ack": segment.ack,
        "length": len(segment.payload),
        "ip_id": segment.ip_id,
        "ttl": segment.ttl,
    }


class Talk:
    """Two hosts that exchange requests and answers, and close in one of three ways."""

    def __init__(self, draw: random.Random, exchanges: int, ending: str) -> None:
        self.net = Network(seed=draw.randint(1, 10**9))
        self.client = self.net.host("client", "10.0.0.1", tcp_timestamps=0)
        self.server = self.net.host("server", "10.0.0.2", tcp_timestamps=0)
        self.link = self.net.link(self.client, self.server, delay=ms(ONE_WAY))
        self.sizes = [(draw.randint(20, 900), draw.randint(20, 1400)) for _ in range(exchanges)]
        self.ending = ending
        self.port = draw.choice([80, 443, 5432, 6379, 8080])
        self.think = ms(draw.choice([0, 5, 15]))
        self.server.spawn(self._serve)
        self.client.spawn(self._ask)

    async def _serve(self, host: Any) -> None:
        connection = await host.socket().bind(self.port).listen().accept()
        for _, answer in self.sizes:
            if not await connection.recv(65536):
                break
            await host.sleep(self.think)
            await connection.send(bytes(answer))
        if self.ending == "client first":
            await connection.recv(1)
        elif self.ending == "both at once":
            await host.sleep(ms(180 + ONE_WAY))
        else:
            await host.sleep(ms(30))  # so that the FIN is a segment of its own
        await connection.close()

    async def _ask(self, host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", self.port)
        await host.sleep(ms(60))
        for question, _ in self.sizes:
            await connection.send(bytes(question))
            await connection.recv(65536)
            await host.sleep(ms(60))
        if self.ending == "server first":
            await connection.recv(1)
        elif self.ending == "both at once":
            await host.sleep(ms(180 - 60))
        await connection.close()

    def run(self) -> Any:
        return self.net.run(until=seconds(30))


def blanked(draw: random.Random, rows: list[Row]) -> tuple[list[Row], dict[str, Any]]:
    """The rows with ten fields blanked, each to be told from the others; and what stood there."""
    out = [dict(one) for one in rows]
    expected: dict[str, Any] = {}
    whole: set[int | None] = set()  # rows that have a blank, and those that it is told from

    def neighbour(index: int, step: int) -> int | None:
        """The row before or after of the same sender."""
        sender = rows[index]["from"]
        index += step
        while 0 <= index < len(rows):
            if rows[index]["from"] == sender:
                return index
            index += step
        return None

    def hide(field: str, count: int, step: int, fits: Any) -> None:
        for _ in range(count):
            able = [
                i
                for i in range(2, len(rows))
                if i not in whole and neighbour(i, step) not in (None, *whole) and fits(i)
            ]
            index = draw.choice(able)
            expected[f"{field} of {index + 1}"] = rows[index][field]
            out[index][field] = None
            whole.update((index, neighbour(index, step)))

    hide("length", 2, 1, lambda i: rows[i]["length"])
    hide("flags", 1, 1, lambda i: not rows[i]["length"])
    hide("seq", 2, -1, lambda i: True)
    blank = {int(name.split()[-1]) - 1 for name in expected}
    for index in sorted(draw.sample([i for i in range(1, len(rows)) if i not in blank], 5)):
        expected[f"ack of {index + 1}"] = rows[index]["ack"]
        out[index]["ack"] = None
    return out, expected


def shuffled(draw: random.Random, rows: list[Row]) -> tuple[list[Row], list[str]]:
    """The rows without times, in disorder under letters; and the letters in the right order."""
    letters = list(LETTERS[: len(rows)])
    draw.shuffle(letters)
    bare = [
        {"letter": letter, **{k: v for k, v in one.items() if k not in ("n", "time", "ttl")}}
        for letter, one in zip(letters, rows, strict=True)
    ]
    return sorted(bare, key=lambda one: one["letter"]), letters


def states(trace: Any) -> list[tuple[str, str]]:
    """``(question, state)``: which state a host is in after a segment left it or reached it."""
    found: list[tuple[str, str]] = []
    for moment in trace.moments:
        name = NAMES[moment.host]
        sent = [values for kind, _, _, values in moment.events if kind == SENT]
        for kind, subject, _, values in moment.events:
            if kind != STATE or subject.startswith("0.0.0.0") or values[1] == "LISTEN":
                continue
            if moment.kind == ARRIVAL and moment.segment is not None:
                found.append((f"{name}, when segment {moment.segment + 1} arrives", values[1]))
            elif sent:
                found.append((f"{name}, when it sends segment {sent[-1] + 1}", values[1]))
    last = dict(found)  # of two changes in one moment the second counts
    return list(last.items())


def two_captures(draw: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run with losses, captured at both ends; and which segments were lost on which way."""
    talk = Talk(draw, 4, "client first")
    lost = sorted(draw.sample(range(4, 12), 2))
    talk.net.drop_segments(tuple(lost))
    trace = talk.run()
    rows = [row(one, i + 1) for i, one in enumerate(trace.segments)]

    def at(host: int) -> list[Row]:
        seen = []
        for one, content in zip(trace.segments, rows, strict=True):
            own = one.sender == host
            if own or one.fate == DELIVERED:
                time = content["time"] if own else round(one.arrived / 1000)
                seen.append({k: v for k, v in content.items() if k != "n"} | {"time": time})
        return sorted(seen, key=lambda one: one["time"])

    missing = [content for one, content in zip(trace.segments, rows, strict=True)
               if one.fate != DELIVERED]  # fmt: skip
    expected = {
        name: sorted(one["ip_id"] for one in missing if one["from"] == name) for name in NAMES
    }
    return {"client": at(0), "server": at(1)}, expected


def forged(draw: random.Random) -> tuple[list[Row], list[str]]:
    """A run into which somebody sends three RSTs in the server's name; what the client does."""
    talk = Talk(draw, 6, "client first")
    talk.client.sysctl.set("tcp_invalid_ratelimit", 0)  # every challenge is answered
    below, above, inside = -draw.randint(2, 90), draw.randint(200_000, 10**6), draw.randint(1, 3000)
    offsets = [draw.choice([below, above]), inside]  # so "drops" three times is nobody's answer
    draw.shuffle(offsets)
    offsets.append(draw.choice([below, above, inside, 0]))

    def strike(offset: int, ttl: int) -> None:
        c = next(iter(talk.client.endpoints.values()))
        ends = ("10.0.0.2", talk.port, "10.0.0.1", c.local_port)
        seq = (c.rcv_nxt + offset) % 2**32
        talk.server.inject(Segment(*ends, RST, seq, ttl=ttl))

    # Between two exchanges, when nothing is on its way.
    for time, offset in zip((170, 275, 380), offsets, strict=True):
        ttl = draw.choice([49, 52, 57, 244])
        talk.net.after(ms(time), lambda offset=offset, ttl=ttl: strike(offset, ttl))
    trace = talk.run()
    rows = [row(one, i + 1) for i, one in enumerate(trace.segments)]
    does: list[str] = []
    silenced: set[int] = set()
    for moment in trace.moments:
        if moment.segment is None or rows[moment.segment]["flags"] != "R":
            continue
        answers = {values for kind, _, _, values in moment.events if kind == SENT}
        closed = any(kind == STATE for kind, *_ in moment.events)
        does.append("resets" if closed else "challenges" if answers else "drops")
        silenced |= answers
    last = max(one["n"] for one in rows if one["flags"] == "R")
    return [one for one in rows if one["n"] <= last and one["n"] - 1 not in silenced], does


def make(draw: random.Random, student: str) -> dict[str, Any]:
    """Five traces and what is asked of them."""
    first = Talk(draw, 3, draw.choice(["client first", "server first", "both at once"])).run()
    rows = [row(one, i + 1) for i, one in enumerate(first.segments)]
    blanks, fields = blanked(draw, rows)
    second = Talk(draw, 2, draw.choice(["client first", "server first"])).run()
    mixed, order = shuffled(draw, [row(one, i + 1) for i, one in enumerate(second.segments)])
    named = states(first)
    captures, lost = two_captures(draw)
    attack, does = forged(draw)
    return {
        "given": {
            "one_way": ONE_WAY,
            "trace": blanks,
            "blanks": list(fields),
            "shuffled": mixed,
            "states": [question for question, _ in named],
            "captures": captures,
            "attack": attack,
        },
        "expected": {
            **{f"blank {name}": value for name, value in fields.items()},
            "order": order,
            **{f"state {question}": state for question, state in named},
            "lost of client": lost["client"],
            "lost of server": lost["server"],
            "forged": does,
        },
    }
