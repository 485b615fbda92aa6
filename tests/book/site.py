"""A static web server for tests: gzip like a real one, and a count of what went out."""

from __future__ import annotations

import gzip
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
PACKED = {".zip", ".woff2", ".png"}


@cache
def _body(path: Path, _changed: int) -> bytes:
    data = path.read_bytes()
    return data if path.suffix in PACKED else gzip.compress(data, 6)


class Site:
    """Serves `root` on a free port of this machine while the `with` block runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sent: list[tuple[str, int]] = []
        self.missing: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = unquote(urlsplit(request.path).path).lstrip("/")
        path = (self.root / name).resolve()
        if not path.is_file() or not path.is_relative_to(self.root.resolve()):
            self.missing.append(name)
            request.send_error(404)
            return
        body = _body(path, path.stat().st_mtime_ns)
        request.send_response(200)
        request.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Cache-Control", "max-age=600")
        if path.suffix not in PACKED:
            request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        request.wfile.write(body)
        self.sent.append((name, len(body)))

    @property
    def bytes_sent(self) -> int:
        return sum(size for _, size in self.sent)

    def __enter__(self) -> Site:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
