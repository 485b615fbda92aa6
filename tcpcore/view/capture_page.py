"""The capture reader: `CaptureReader()` in a cell, ``capture.js`` on a page and in a notebook.

On a page of the built book a worker of the browser reads the file; in a notebook the kernel does,
asked by messages of the widget (``capture_widget.js``).
"""

from __future__ import annotations

import base64
import io
from typing import Any

import anywidget
import traitlets

from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import explain_capture
from tcpcore.observe.explain_text import format_text
from tcpcore.observe.tcpdump import Printer
from tcpcore.scenarios import registry
from tcpcore.units import SECOND
from tcpcore.view import bundle
from tcpcore.view.capture_answers import LARGEST, Reader
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


class CaptureReader(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types
    """A place for a capture file or for tcpdump's text, with samples to try.

    A question is a message ``{"id", "request"}`` whose buffers are the file, perhaps after others
    ``{"id", "more": true}`` with its first parts; the answer is one with the same id (`Reader`).
    Nothing of it becomes part of the notebook.
    """

    _esm = bundle.widget_module("capture_widget")
    _css = bundle.style_sheet()

    samples: Any = traitlets.List(read_only=True).tag(sync=True)
    largest = traitlets.Int(LARGEST, read_only=True).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
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
        self.set_trait("samples", samples)
        self._reader = Reader()
        self._parts: list[bytes] = []
        self.on_msg(self._heard)
        first = next(iter(SAMPLES))
        self.text = (
            "Without JavaScript this page reads nothing. `python -m tcpcore explain FILE` prints, "
            f"for {first}.pcap:\n\n{explained(first)}"
        )

    def __repr__(self) -> str:
        return self.text

    def _heard(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        self._parts += [bytes(part) for part in buffers]
        if content.get("more"):
            return
        data, self._parts = b"".join(self._parts), []
        self.send({"id": content["id"], "answer": self._reader.answer(content["request"], data)})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget for notebooks, the samples for pages, text for everything else."""
        answer = super()._repr_mimebundle_(**kwargs)
        data, metadata = answer if isinstance(answer, tuple) else (answer or {}, {})
        state = {"samples": self.samples, "largest": self.largest}
        figure = {
            "kind": "capture",
            "state": state,
            "text": self.text,
            "label": "A reader for captures",
        }
        return {**data, "text/plain": self.text, MIME: figure}, metadata


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
