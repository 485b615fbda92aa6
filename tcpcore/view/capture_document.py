"""An explained capture as the player's document: one step per segment, states as far as known.

Sent and arrived are both the time of capture: the wire does not say when a segment reached the
other end.  Everything else is as in `document`.
"""

from __future__ import annotations

import copy
import itertools
from typing import Any

from tcpcore.observe.explain import Explanation, picked
from tcpcore.observe.explained import Explained, ExplainedConnection
from tcpcore.trace import DELIVERED, LOST, Trace, TracedSegment
from tcpcore.view.document import document
from tcpcore.why import Why
from tcpcore.wire.segment import Segment

Json = dict[str, Any]

MOST_CONNECTIONS = 50
"""As many players as one page bears."""
_MOST_SEGMENTS = 2_000
_MOST_BYTES = 4_000_000
_MOST_PAYLOAD = 65_000


def to_document(explanation: Explanation, index: int, limit: int = _MOST_SEGMENTS) -> Json:
    """The document of connection `index` (from 0): at most its first `limit` segments and 4 MB.

    Times count from its first segment.  The bytes of each segment are those captured.
    """
    connection = explanation.connections[index]
    shown = _first(connection.segments, limit)
    client, server = connection.ends
    trace = _trace(connection, shown)
    notes = list(connection.notes)
    if len(shown) < connection.total:
        notes.append(f"only the first {len(shown)} of {connection.total} segments are on this page")
    doc = document(
        trace,
        title=f"{client.socket} and {server.socket}",
        question=" ".join(_sentence(note) for note in (connection.verdict, *notes)),
    )
    for entry, explained in zip(doc["segments"], shown, strict=True):
        _as_captured(entry, explained)
    doc["outcome"] = _sentence(shown[-1].meaning)
    doc["steps"] = _steps(doc, connection, shown)
    return doc


def to_documents(explanation: Explanation, connection: int | None = None) -> list[Json]:
    """The documents of all connections, or of one (from 1); at most `MOST_CONNECTIONS`.

    UsageError when there is no such connection.
    """
    connections = explanation.connections
    shown = (i for i in picked(explanation, connection) if connections[i].segments)
    wanted = itertools.islice(shown, MOST_CONNECTIONS)
    return [to_document(explanation, index) for index in wanted]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _first(segments: list[Explained], limit: int) -> list[Explained]:
    """As many as a page can hold, at least one."""
    size = 0
    for count, explained in enumerate(segments[:limit]):
        size += len(explained.packet.data)
        if size > _MOST_BYTES and count:
            return segments[:count]
    return segments[:limit]


def _trace(connection: ExplainedConnection, shown: list[Explained]) -> Trace:
    trace = Trace()
    trace.hosts = [(end.name, end.address) for end in connection.ends]
    now = 0
    for explained in shown:
        now = max(now, explained.time - shown[0].time)  # merged captures may step back
        sender = explained.sender
        traced = TracedSegment(_encodable(explained.packet.segment), sender, 1 - sender, now)
        traced.arrived = now
        traced.fate = LOST if explained.packet.damaged else DELIVERED
        traced.why = Why("wire", explained.meaning)()
        traced.retransmission = explained.retransmission
        trace.segments.append(traced)
    trace.end = now
    return trace


def _encodable(segment: Segment) -> Segment:
    """The segment, shortened when it is larger than IP allows (before the card cuts it)."""
    if len(segment.payload) <= _MOST_PAYLOAD:
        return segment
    short = copy.copy(segment)
    short.payload = segment.payload[:_MOST_PAYLOAD]
    return short


def _as_captured(entry: Json, explained: Explained) -> None:
    """Show what the capture has, where `document` built the packet anew."""
    packet = explained.packet
    size = len(packet.segment.payload)
    entry["bytes"] = packet.data.hex()
    entry["seq"], entry["ack"], entry["length"] = explained.seq, explained.ack, size
    rebuilt = ["Checksum", "Total length"]
    if packet.missing:
        rebuilt.append("Payload")
    rows = [row for row in entry["fields"] if row[1] not in rebuilt]
    if packet.missing:
        rows.append(["TCP", "Payload", f"{size} bytes, {size - packet.missing} of them captured"])
    if packet.cut:
        rows = [row for row in rows if row[1] != "Header length"]
        rows.append(["TCP", "Options", f"{packet.cut} bytes of them were not captured"])
    rows.append(["Capture", "Packet number", str(packet.number)])
    entry["fields"] = rows


def _steps(doc: Json, connection: ExplainedConnection, shown: list[Explained]) -> list[Json]:
    both = connection.ends, connection.ends[::-1]
    names = [f"{here.socket} > {there.socket}" for here, there in both]
    steps: list[Json] = []
    before: list[Json | None] = [None, None]
    for index, explained in enumerate(shown):
        sockets = [_socket(explained, end, names[end]) for end in range(2)]
        changed = {end for end, _, _ in explained.changes}
        entry = doc["segments"][index]
        transitions = [
            {"socket": names[end], "from": old, "to": new, "why": entry["why"]}
            for end, old, new in explained.changes
        ]
        steps.append(
            {
                "t": entry["sent"],
                "host": changed.pop() if len(changed) == 1 else explained.sender,
                "kind": "arrival",
                "label": entry["label"].split(" ")[0],
                "segment": index,
                "sent": [index],
                "whys": [entry["why"]],
                "notes": [],
                "transitions": transitions,
                "hosts": {
                    str(end): {"sockets": [sockets[end]]}
                    for end in range(2)
                    if sockets[end] != before[end]
                },
            }
        )
        before = list(sockets)
    return steps


def _socket(explained: Explained, end: int, name: str) -> Json:
    state = explained.states[end]
    return {
        "name": name,
        "state": state,
        "role": "listener" if state == "LISTEN" else "main",
        "variables": explained.variables[end],
    }
