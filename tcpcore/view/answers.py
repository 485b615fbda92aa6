"""What a page asks Python for in its worker (``static/worker.js``): runs, and verdicts on scripts.

Standard library only: this runs in the reader's browser.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tcpcore.errors import UsageError
from tcpcore.view import document

if TYPE_CHECKING:
    from tcpcore.view.capture_answers import Reader


def answer(request: str, data: bytes | None = None) -> str:
    """JSON in, JSON out; `data` is a file that goes with the question.

    ``{"scenario", "profile", "parameters", "drop"}`` as `document.answer`; ``{"script", "name"}``
    gives ``{"result": ...}`` as `script_document.verdict`; ``{"scripts_of": run}`` gives
    ``{"scripts": ...}`` as `host_scripts.scripts_of`; ``{"capture", ...}`` and
    ``{"connection"}`` as `capture_answers.Reader`.
    """
    asked = json.loads(request)
    if "script" in asked:
        from tcpcore.view.script_document import verdict

        return document.dumps({"result": verdict(asked["script"], asked["name"])})
    if "scripts_of" in asked:
        return document.dumps(_scripts(asked["scripts_of"]))
    if "capture" in asked or "connection" in asked:
        return document.dumps(_capture_reader().answer(asked, data))
    return document.answer(request)


def _scripts(run: dict[str, Any]) -> dict[str, Any]:
    from tcpcore.view.host_scripts import scripts_of

    try:
        how = run["parameters"], run["profile"], tuple(run["drop"])
        return {"scripts": scripts_of(run["scenario"], run["hosts"], *how)}
    except UsageError as error:
        return {"refused": str(error)}


@cache
def _capture_reader() -> Reader:
    """One for the page: it keeps the file between questions."""
    from tcpcore.view.capture_answers import Reader

    return Reader()
