"""The editor as a widget: `Drill("simultaneous_close")` in a notebook, or on the built page.

It is an ordinary ipywidget: `script` is the text that was asked for last, `result` its verdict as
`script_document.verdict` gives it; setting `script` runs it.  On a built page the same module runs
scripts in a worker (``static/script_model.js``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from tcpcore.errors import UsageError
from tcpcore.packetdrill import examples
from tcpcore.view import bundle
from tcpcore.view.script_document import as_text, verdict

MIME = "application/vnd.tcpcore.figure+json"


class Drill(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types
    """Runs packetdrill scripts on the engine and shows verdict and ladder.

    Each of `scripts` is the name of an example (`tcpcore.packetdrill.examples`), the path of a
    ``.pkt`` file, or a script itself (anything with a line's end); the reader picks one, or types
    another.  Without any, all examples are there.  `UsageError` for what is none of these.
    """

    _esm = bundle.widget_module("editor")
    _css = bundle.style_sheet()

    choices: Any = traitlets.List(read_only=True).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    script = traitlets.Unicode().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)

    def __init__(self, *scripts: str | Path) -> None:
        picked = [_named(one) for one in scripts or examples.names()]
        results = [verdict(text, name) for name, text in picked]
        super().__init__()
        rows = [
            {"name": one["name"], "title": examples.title(one["name"]), "result": one}
            for one in results
        ]
        with self.hold_trait_notifications():
            self.set_trait("choices", rows)
            self.name = results[0]["name"]
            self.result = results[0]
            self.script = results[0]["script"]

    @traitlets.observe("script")
    def _run(self, _change: Any) -> None:
        if self.result.get("script") != self.script:
            self.result = verdict(self.script, self.name)

    def __repr__(self) -> str:
        return as_text(self.script, self.result)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget for notebooks, the stored verdicts for pages, text for everything else."""
        answer = super()._repr_mimebundle_(**kwargs)
        data, metadata = answer if isinstance(answer, tuple) else (answer or {}, {})
        results = [one["result"] for one in self.choices]
        text = "\n\n\n".join(as_text(one["script"], one) for one in results)
        state = {"choices": self.choices, "name": self.name}
        figure = {"kind": "drill", "state": state, "text": text, "label": "packetdrill scripts"}
        return {**data, "text/plain": text, MIME: figure}, metadata


def _named(script: str | Path) -> tuple[str, str]:
    """A name for a script, and its text."""
    if isinstance(script, str) and "\n" in script:
        return "script", script
    path = Path(script)
    if path.suffix == ".pkt":
        try:
            return path.stem, path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}.") from None
    return str(script), examples.read(str(script))
