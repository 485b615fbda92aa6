"""A page with a player that follows a run while it happens, served to this machine only."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tcpcore.errors import UsageError
from tcpcore.trace import Trace
from tcpcore.view.document import document, dumps
from tcpcore.view.html_page import html_page

TITLE = "The run as it happens"


class LivePage:
    """A small web server on 127.0.0.1; `port` 0 is any free one.  UsageError: the port is taken."""

    def __init__(self, port: int = 0) -> None:
        self._version = 0
        self._document: dict[str, Any] = document(Trace(), title=TITLE)
        self._server = _serve(port, self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def show(self, trace: Trace) -> None:
        """Let the page have the run as it is now."""
        made = document(trace, title=TITLE)
        made["hosts"][0]["unseen"] = True  # the kernel: only its packets are seen
        made["end"] = max((step["t"] for step in made["steps"]), default=0)
        self._document = made
        self._version += 1

    def answer(self, path: str) -> tuple[HTTPStatus, str, str]:
        """Status, content type and text for a request."""
        parts = urlsplit(path)
        if parts.path == "/":
            page = html_page([self._document], title=TITLE, follow="document.json")
            return HTTPStatus.OK, "text/html; charset=utf-8", page
        if parts.path == "/document.json":
            version = self._version
            if parse_qs(parts.query).get("have") == [str(version)]:
                return HTTPStatus.NO_CONTENT, "application/json", ""
            text = dumps({"version": version, "document": self._document})
            return HTTPStatus.OK, "application/json", text
        return HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "Here is only the player, at /.\n"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _serve(port: int, page: LivePage) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = page.answer(self.path)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing: the terminal belongs to the bridged program."""

    try:
        return ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise UsageError(f"Cannot serve the player on port {port}: {error.strerror}.") from None
