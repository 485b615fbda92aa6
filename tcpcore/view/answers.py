"""What a page asks Python for in its worker (``static/worker.js``): runs, and verdicts on scripts.

Standard library only: this runs in the reader's browser.
"""

from __future__ import annotations

import json

from tcpcore.view import document


def answer(request: str, data: bytes | None = None) -> str:
    """JSON in, JSON out; `data` is a file that goes with the question.

    ``{"scenario", "profile", "parameters", "drop"}`` as `document.answer`; ``{"script", "name"}``
    gives ``{"result": ...}`` as `script_document.verdict`; ``{"capture", ...}`` and
    ``{"connection"}`` as `capture_answers`.
    """
    asked = json.loads(request)
    if "script" in asked:
        from tcpcore.view.script_document import verdict

        return document.dumps({"result": verdict(asked["script"], asked["name"])})
    if "capture" in asked or "connection" in asked:
        from tcpcore.view import capture_answers

        opened = "capture" in asked
        told = capture_answers.opened(asked, data) if opened else capture_answers.connection(asked)
        return document.dumps(told)
    return document.answer(request)
