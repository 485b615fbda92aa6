"""One experiment seen on both sides: on the engine, and as a real kernel was recorded doing it.

`engine` and `kernel` return an `Exchange` in the same terms, so that one question can be put to
both.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tcpcore import trace as tracing
from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.linux import states, store
from tcpcore.linux.states import Look, Socket
from tcpcore.scenarios import registry
from tcpcore.tcp.state import LISTEN
from tcpcore.trace import Trace
from tcpcore.view.exchange import Called, Exchange, Printed, Seen
from tcpcore.view.packet import Describer, flag_names


def engine(
    scenario: str,
    *,
    drop: tuple[int, ...] = (),
    seed: int = 1,
    profile: str | None = None,
    **parameters: Any,
) -> Exchange:
    """Run the scenario on the engine; `drop` numbers segments to lose, from 0.

    `profile` is the kernel to play, ``linux-6.4``, by default the scenario's own;
    `tcpcore.host.profiles` has them all.
    """
    return of_trace(registry.run(scenario, parameters, profile=profile, drop=drop, seed=seed))


def both(
    scenario: str, *, drop: tuple[int, ...] = (), **parameters: Any
) -> tuple[Exchange, Exchange]:
    """The experiment on the engine, and as the kernel was recorded doing it."""
    return (
        engine(scenario, drop=drop, **parameters),
        kernel(scenario, drop=drop, **parameters),
    )


def of_trace(trace: Trace) -> Exchange:
    """A run of the engine."""
    names = [name for name, _ in trace.hosts]
    zero = trace.segments[0].sent if trace.segments else 0
    packets = [
        (
            s.public,
            s.sent - zero,
            None if s.arrived is None else s.arrived - zero,
            s.sender,
            s.fate,
        )
        for s in trace.segments
    ]
    calls = [
        Called((t - zero) / 1e6, names[h], call, result, trace.moved.get(number))
        for number, (t, h, call, result) in enumerate(trace.calls)
    ]
    defaults = asdict(profiles.sysctls(trace.profile))
    outputs = [Printed((t - zero) / 1e6, names[h], *rest) for t, h, *rest in trace.outputs]
    looks, segments, counters = _looks(trace, zero), _segments(packets, names), _counters(trace)
    return Exchange("engine", segments, calls, looks, names, defaults, counters, outputs)


def kernel(scenario: str, *, drop: tuple[int, ...] = (), **parameters: Any) -> Exchange:
    """The same scenario as a real kernel was recorded; `UsageError` when there is no record."""
    full = registry.get(scenario).check(parameters)
    record = store.find(scenario, full, drop)
    if record is None:
        raise UsageError(f"There is no kernel record of {scenario} with {full}, drop {drop}.")
    names = [host["name"] for host in record.hosts]
    packets = [(s.segment, s.sent, s.arrived, s.sender, s.fate) for s in record.segments]
    calls = [
        Called(c.returned / 1e6, names[c.host], c.call, c.result, c.moved) for c in record.calls
    ]
    outputs = [Printed(o.time / 1e6, names[o.host], o.command, o.text) for o in record.outputs]
    seen = None if drop else states.find(scenario, full)
    looks = seen.looks if seen else []
    by, seen_on_wire = f"Linux {record.kernel}", _segments(packets, names)
    counters = {host["name"]: dict(host.get("counters", {})) for host in record.hosts}
    return Exchange(by, seen_on_wire, calls, looks, names, dict(record.sysctls), counters, outputs)


def _segments(packets: list[tuple[Any, int, int | None, int, str]], names: list[str]) -> list[Seen]:
    describer = Describer()
    seen = []
    for segment, sent, arrived, sender, fate in packets:
        entry = describer.entry(segment)
        seen.append(
            Seen(
                time=sent / 1e6,
                arrived=None if arrived is None else arrived / 1e6,
                host=names[sender],
                flags=flag_names(segment.flags),
                seq=entry["seq"],
                ack=entry["ack"],
                length=entry["length"],
                window=segment.window,
                options=tuple(row[1] for row in entry["options"]),
                lost=fate == tracing.LOST,
                raw_seq=segment.seq,
                raw_ack=segment.ack,
                source=segment.sport,
                destination=segment.dport,
                ttl=segment.ttl,
                text=entry.get("text", ""),
                packet=bytes.fromhex(entry["bytes"]),
            )
        )
    return seen


def _counters(trace: Trace) -> dict[str, dict[str, int]]:
    found: list[dict[str, int]] = [{} for _ in trace.hosts]
    for moment in trace.moments:
        found[moment.host] = moment.sections.get("counters", found[moment.host])
    return {name: found[number] for number, (name, _) in enumerate(trace.hosts)}


def _looks(trace: Trace, zero: int) -> list[Look]:
    known: list[dict[str, Any]] = [{} for _ in trace.hosts]
    looks = []
    for moment in trace.moments:
        sections = known[moment.host]
        sections.update(moment.sections)
        sockets = tuple(_socket(one, sections) for one in sections.get("sockets", ()))
        looks.append(Look(moment.time - zero, moment.host, sockets))
    return looks


def _socket(one: dict[str, Any], sections: dict[str, Any]) -> Socket:
    if one["role"] != "listener":
        local, peer = one["name"].split(" > ")
        return Socket(local, peer, one["state"], one["variables"].get("unread", 0))
    waiting = next(
        len(queue["entries"])
        for queue in sections["queues"]
        if queue["name"] == "accept queue" and queue["socket"] == one["name"]
    )
    return Socket(one["name"], "0.0.0.0:0", LISTEN, waiting)
