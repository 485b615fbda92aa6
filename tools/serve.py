"""Serve the built book on this machine, and print the address."""

from __future__ import annotations

import argparse
import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.progress import ROOT, say, stop

BOOK = ROOT / "_build" / "html"
TRIES = 50


class Handler(SimpleHTTPRequestHandler):
    """Static files, quietly; names the types that browsers insist on."""

    extensions_map = {  # noqa: RUF012 - the base class declares it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".json": "application/json",
        ".wasm": "application/wasm",
        ".woff2": "font/woff2",
    }

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # a rebuilt page shows at once
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """No line per request."""


def open_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on `port`, or on the next free one; only reachable from this machine."""
    for candidate in range(port, min(port + TRIES, 65_536)):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), partial(Handler, directory=folder))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    stop(f"no free port from {port} on; choose another with `make book PORT=...`.")


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--folder", type=Path, default=BOOK, help="built pages; default: the book")
    asked = parser.parse_args()
    wanted = asked.port
    if not 0 < wanted < 65_536:
        stop(f"PORT={wanted} is no port; choose one from 1 to 65535.")
    if not (asked.folder / "index.html").is_file():
        where = asked.folder.relative_to(ROOT) if asked.folder == BOOK else asked.folder
        stop(f"there is no built book in {where}; run `make build` first.")
    with open_server(asked.folder, wanted) as server:
        port = server.server_port
        if port != wanted:
            say(f"Port {wanted} is taken, so this is port {port}.")
        say(f"The book is at http://localhost:{port}/   (Ctrl-C ends)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")


if __name__ == "__main__":
    main()
