"""The standard record of a run: what is measured of every cell of a sweep.

| column | unit | what |
|---|---|---|
| `completion` | us | from the first data sent to the last acknowledged |
| `bytes` | bytes | of data that were acknowledged, all flows together |
| `goodput` | bit/s | those, over that time |
| `fairness` | | Jain's index of the flows' goodputs, where there are several |
| `segments`, `data_segments` | | sent; with data |
| `retransmissions`, `timeouts` | | data segments sent again; retransmission timers that fired |
| `lost` | | segments that did not arrive, whatever the reason |
| `dropped`, `marked` | | packets that a queue dropped, or marked (ECN) |
| `rtt_min`, `rtt_median`, `rtt_p95`, `rtt_max` | us | from data sent once to its ACK |
| `queue_max` | packets | most that waited before a link |
| `wait_median`, `wait_p95`, `wait_max` | us | how long packets waited in the busiest queue |
| `goodput_NAME`, `rtt_median_NAME` | | the same of what host NAME sends, where several do |

Without a trace only the columns that counters give are there.
"""

from __future__ import annotations

from typing import Any

from tcpcore.host import counters
from tcpcore.net.network import Network
from tcpcore.sweeps.flows import Flow, fairness, flows
from tcpcore.trace import DROPPED, LOST, QueueRecord, Trace


def summary(network: Network) -> dict[str, Any]:
    """The columns of a network that has run."""
    again = _counted(network, counters.RETRANS_SEGS)
    counted = {
        "segments": _counted(network, counters.OUT_SEGS) + again,
        "retransmissions": again,
        "timeouts": _counted(network, counters.TIMEOUTS),
        **_queued(network),
    }
    if network.trace is None:
        return counted
    trace = network.trace
    found = flows(trace)
    goodputs = [flow.goodput for flow in found]
    return {
        "completion": _lasted(found),
        "bytes": sum(flow.acknowledged for flow in found),
        "goodput": _rate(found),
        "fairness": _rounded(fairness(goodputs)),
        "segments": len(trace.segments),
        "data_segments": sum(flow.segments for flow in found),
        "retransmissions": sum(flow.retransmissions for flow in found),
        "timeouts": counted["timeouts"],
        "lost": sum(one.fate == LOST for one in trace.segments),
        "dropped": counted["dropped"],
        "marked": counted["marked"],
        **_percentiles("rtt", sorted(rtt for flow in found for rtt in flow.rtts), least=True),
        **_waits(trace),
        **_of_each_host(trace, found),
    }


def _counted(network: Network, name: str) -> int:
    return sum(host.counters[name] for host in network.hosts)


def _queued(network: Network) -> dict[str, int]:
    pipes = [pipe for link in network.links for pipe in link.pipes.values()]
    return {
        "dropped": sum(pipe.drops for pipe in pipes),
        "marked": sum(pipe.marks for pipe in pipes),
    }


def _lasted(found: list[Flow]) -> int:
    """From the first data of these flows to the last news of any."""
    if not found:
        return 0
    return max(flow.last for flow in found) - min(flow.first for flow in found)


def _rate(found: list[Flow]) -> int:
    """Bits per second of these flows together."""
    lasted = _lasted(found)
    return sum(flow.acknowledged for flow in found) * 8_000_000 // lasted if lasted else 0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _waits(trace: Trace) -> dict[str, int | None]:
    busiest = max(trace.queues, key=_waited, default=None)
    waits = sorted(wait for _, wait in busiest.sojourns()) if busiest is not None else []
    most = [packets for queue in trace.queues for _, packets, _ in queue.lengths()]
    return {"queue_max": max(most, default=0), **_percentiles("wait", waits)}


def _waited(queue: QueueRecord) -> int:
    return sum(stay.left - stay.entered for stay in queue.stays() if stay.fate != DROPPED)


def _percentiles(name: str, values: list[int], least: bool = False) -> dict[str, int | None]:
    """Of sorted values, by the nearest rank; None where there are none."""
    asked = {"min": 0, "median": 50, "p95": 95, "max": 100}
    if not least:
        del asked["min"]
    return {f"{name}_{word}": percentile(values, share) for word, share in asked.items()}


def percentile(values: list[int], percent: int) -> int | None:
    """The value of sorted `values` that so many percent do not exceed (nearest rank)."""
    if not values:
        return None
    return values[max(-(-len(values) * percent // 100) - 1, 0)]


def _of_each_host(trace: Trace, found: list[Flow]) -> dict[str, int | None]:
    senders = sorted({flow.sender for flow in found})
    if len(senders) < 2:
        return {}
    names = {sender: trace.hosts[sender][0] for sender in senders}
    columns: dict[str, int | None] = {}
    for sender, name in names.items():
        own = [flow for flow in found if flow.sender == sender]
        columns[f"goodput_{name}"] = _rate(own)
        columns[f"rtt_median_{name}"] = percentile(sorted(r for f in own for r in f.rtts), 50)
    return columns
