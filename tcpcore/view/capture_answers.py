"""A capture for the page that reads one (``static/capture.js``): rows, then one connection.

The file is read where this runs, in the reader's browser; it is kept for the next question.
Standard library only.
"""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import Explanation, explain_capture, picked
from tcpcore.observe.summary import findings, summaries
from tcpcore.observe.tcpdump_text import explain_text
from tcpcore.view.capture_document import to_document

Json = dict[str, Any]

LARGEST = 50_000_000
"""Bytes of a file that a browser can be asked to keep, with all that follows from it."""
MOST_ROWS = 500
MOST_SEGMENTS = 300
"""As many segments as a ladder bears that somebody is to read."""

_opened: list[Explanation] = []


def opened(asked: Json, data: bytes | None) -> Json:
    """Read a capture: ``{"capture": name}`` with its bytes, or ``{"capture": name, "text": ...}``.

    ``{"rows", "connections", "segments", "packets", "notes"}``: a row is a `summary.Summary`; the
    first connection comes along as by `connection`.  ``{"refused": sentence}`` when it cannot be
    read.
    """
    _opened.clear()
    try:
        explanation = _explained(str(asked["capture"]), asked.get("text"), data)
    except UsageError as error:
        return {"refused": _sentence(str(error))}
    _opened.append(explanation)
    rows = summaries(explanation)
    return {
        "rows": [asdict(row) for row in rows[:MOST_ROWS]],
        "connections": len(rows),
        "segments": explanation.segments,
        "packets": explanation.packets,
        "notes": _notes(explanation, len(rows)),
        **connection({"connection": 1}),
    }


def _explained(name: str, text: str | None, data: bytes | None) -> Explanation:
    if text is not None:
        return explain_text(text, name)
    data = data or b""
    if len(data) > LARGEST:
        size = f"{len(data) / 1e6:.0f} MB"
        raise UsageError(
            f"{name} has {size}; this page reads up to {LARGEST / 1e6:.0f} MB; "
            "`python -m tcpcore explain` reads larger files."
        )
    return explain_capture(Capture(name, io.BytesIO(data)))


def _notes(explanation: Explanation, count: int) -> list[str]:
    notes = [f"{number} × {reason}" for reason, number in explanation.left_out.most_common(5)]
    if notes:
        notes = [f"left out: {'; '.join(notes)}"]
    if explanation.trouble:
        notes.append(explanation.trouble)
    if count > MOST_ROWS:
        notes.append(f"the table shows the first {MOST_ROWS} of {count} connections")
    return notes


def connection(asked: Json) -> Json:
    """One connection of the file opened last, by its number from 1.

    ``{"chosen", "findings", "document"}``: the findings with the player's steps, from 1, that
    show each; ``{"refused": sentence}`` without a file, or without such a connection.
    """
    if not _opened:
        return {"refused": "No capture is open."}
    explanation = _opened[0]
    try:
        (index,) = picked(explanation, int(asked["connection"]))
    except UsageError as error:
        return {"refused": _sentence(str(error))}
    document = to_document(explanation, index, MOST_SEGMENTS)
    shown = len(document["steps"])
    found = [
        {
            "text": one.text,
            "steps": [number + 1 for number in one.segments if number < shown][:12],
            "more": max(0, len(one.segments) - 12),
        }
        for one in findings(explanation.connections[index])
    ]
    return {"chosen": index + 1, "findings": found, "document": document}


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
