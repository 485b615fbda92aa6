"""A capture for the page that reads one (``static/capture.js``): rows, then one connection.

The file is read where this runs, in the reader's browser or in a notebook's kernel; it is kept for
the next question.  Standard library only.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import Explanation, cautions, explain_capture, picked
from tcpcore.observe.explained import ExplainedConnection
from tcpcore.observe.tcpdump_text import explain_text
from tcpcore.view.capture_document import to_document

Json = dict[str, Any]

LARGEST = 50_000_000
"""Bytes of a file that a browser can be asked to keep, with all that follows from it."""
MOST_ROWS = 500
MOST_SEGMENTS = 300
"""As many segments as a ladder bears that somebody is to read."""
_MOST_KEPT = 20_000
"""Segments of a file that are kept explained; for others it is read again."""


@dataclass(slots=True)
class _Opened:
    """The file or text that was given last."""

    name: str
    text: str | None
    data: bytes

    def explained(self, connection: int | None = None) -> Explanation:
        """All of it, or all with the segments of one connection; `UsageError`."""
        if self.text is not None:
            return explain_text(self.text, self.name)
        if len(self.data) > LARGEST:
            raise UsageError(
                f"{self.name} has {len(self.data) / 1e6:.0f} MB; this page reads up to "
                f"{LARGEST / 1e6:.0f} MB; `python -m tcpcore explain` reads larger files."
            )
        capture = Capture(self.name, file=io.BytesIO(self.data))
        most = _MOST_KEPT if connection is None else MOST_SEGMENTS
        return explain_capture(capture, connection=connection, most=most)


class Reader:
    """Reads one capture after the other and answers about the last one."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: tuple[_Opened, Explanation] | None = None

    def answer(self, asked: Json, data: bytes | None = None) -> Json:
        """``{"capture", ...}`` as `opened`, ``{"connection"}`` as `connection`."""
        return self.opened(asked, data) if "capture" in asked else self.connection(asked)

    def opened(self, asked: Json, data: bytes | None) -> Json:
        """Read ``{"capture": name}`` with its bytes, or ``{"capture": name, "text": ...}``.

        ``{"rows", "connections", "segments", "packets", "notes"}``; the first connection comes
        along as by `connection`.  ``{"refused": sentence}`` when it cannot be read.
        """
        self._last = None
        file = _Opened(str(asked["capture"]), asked.get("text"), data or b"")
        try:
            explanation = file.explained()
        except UsageError as error:
            return {"refused": _sentence(str(error))}
        self._last = file, explanation
        return {
            "rows": [_row(one, explanation) for one in explanation.connections[:MOST_ROWS]],
            "connections": explanation.count,
            "segments": explanation.segments,
            "packets": explanation.packets,
            "notes": _notes(explanation),
            **self.connection({"connection": 1}),
        }

    def connection(self, asked: Json) -> Json:
        """One connection of the file opened last, by its number from 1.

        ``{"chosen", "verdict", "findings", "document"}``: each finding with the player's steps,
        from 1, that show it; ``{"refused": sentence}`` without a file, or such a connection.
        """
        if self._last is None:
            return {"refused": "No capture is open."}
        file, explanation = self._last
        number = int(asked["connection"])
        try:
            (index,) = picked(explanation, number)
            one = explanation.connections[index]
            if len(one.segments) < min(one.total, MOST_SEGMENTS):
                explanation = file.explained(number)
                one = explanation.connections[index]
        except UsageError as error:
            return {"refused": _sentence(str(error))}
        document = to_document(explanation, index, MOST_SEGMENTS)
        steps = {
            explained.packet.number: step
            for step, explained in enumerate(one.segments[: len(document["steps"])], 1)
        }
        found = [
            {"text": f"{finding.text}.", "steps": [steps[n] for n in finding.packets if n in steps]}
            for finding in one.findings
        ]
        return {"chosen": number, "verdict": one.verdict, "findings": found, "document": document}


def _row(one: ExplainedConnection, explanation: Explanation) -> Json:
    client, server = one.ends
    return {
        "number": one.number,
        "client": client.socket,
        "server": server.socket,
        "verdict": one.verdict,
        "segments": one.total,
        "again": one.again,
        "sent": list(one.bytes),
        "start": one.start - explanation.start,
        "duration": one.end - one.start,
    }


def _notes(explanation: Explanation) -> list[str]:
    notes = [f"{number} × {reason}" for reason, number in explanation.left_out.most_common(5)]
    if notes:
        notes = [f"left out: {'; '.join(notes)}"]
    notes += cautions(explanation)
    if explanation.count > MOST_ROWS:
        notes.append(f"the table shows the first {MOST_ROWS} of {explanation.count} connections")
    return notes


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
