"""The capture reader of the built book: `CaptureReader()` in a cell, ``capture.js`` on a page.

It works on pages only, where a browser holds file and Python; in a notebook, `observe.explain`
reads files directly.
"""

from __future__ import annotations

import base64
import io
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import explain_capture
from tcpcore.observe.explain_text import format_text
from tcpcore.observe.tcpdump import Printer
from tcpcore.scenarios import registry
from tcpcore.units import SECOND
from tcpcore.view.capture_answers import LARGEST
from tcpcore.wire.pcap import pcap_bytes

MIME = "application/vnd.tcpcore.figure+json"
SAMPLES = {
    "data-and-close": "A request, a response, a close",
    "accept-queue-overflow": "A full accept queue",
    "zero-window": "A window that stays closed",
    "syn-unanswered": "Nobody answers",
}
"""Recorded scenarios that a reader can try, and their titles."""
TEXT_SAMPLE = "late-segment"
_FIRST = 1_767_225_600 * SECOND  # 2026-01-01, when the samples are said to begin


class CaptureReader:
    """A place for a capture file or for tcpdump's text, with samples to try."""

    def __init__(self) -> None:
        samples: list[dict[str, str]] = [
            {
                "name": f"{name}.pcap",
                "title": title,
                "data": base64.b64encode(sample(name)).decode(),
            }
            for name, title in SAMPLES.items()
        ]
        samples.append(
            {"name": "The text", "title": "Text: a segment that is late", "text": sample_text()}
        )
        self.state = {"samples": samples, "largest": LARGEST}
        first = next(iter(SAMPLES))
        self.text = (
            "Without JavaScript this page reads nothing. `python -m tcpcore explain FILE` prints, "
            f"for {first}.pcap:\n\n{explained(first)}"
        )

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        figure = {
            "kind": "capture",
            "state": self.state,
            "text": self.text,
            "label": "A reader for captures",
        }
        return {MIME: figure, "text/plain": self.text}


def sample(scenario: str) -> bytes:
    """A kernel's record of a scenario, with its defaults, as a capture file."""
    record = store.find(scenario, registry.get(scenario).check({}))
    if record is None:
        raise UsageError(f"There is no kernel record of {scenario}.")
    return pcap_bytes((_FIRST + one.sent, one.packet) for one in record.segments)


def sample_text() -> str:
    """What tcpdump prints of the engine's run of a scenario."""
    printer = Printer()
    trace = registry.run(TEXT_SAMPLE)
    lines = [printer.line(one.public, 12 * 3600 * SECOND + one.sent) for one in trace.segments]
    return "\n".join(lines) + "\n"


def explained(scenario: str) -> str:
    """The sample as ``python -m tcpcore explain`` prints it."""
    name = f"{scenario}.pcap"
    return format_text(explain_capture(Capture(name, file=io.BytesIO(sample(scenario)))))
