"""Sphinx extension for what the build itself needs; the player's own is `tcpcore.view.sphinxext`.

Two things: the cache of executed chapters is keyed by a hash of the package, because jupyter-cache
looks only at a chapter's own cells; and sphinx-thebe's scripts are left out, because they stand
twice in each page (a JavaScript error) and name a CDN.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What can change the output of a cell: the package (scripts and styles of the page cannot).
SUFFIXES = {".py", ".json", ".csv", ".txt"}


def package_hash() -> str:
    """A short hash of the package's code and data, and of the pinned versions around it."""
    package = ROOT / "tcpcore"
    files = [path for path in package.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    digest = hashlib.sha256()
    for path in [*sorted(files), ROOT / "constraints.txt"]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def key_the_cache(_app: Any, config: Any) -> None:
    """Choose this package's cache, and drop those of earlier states of the package.

    The path is a setting that Sphinx compares with the last build: it reads every page anew when
    the package changed.
    """
    caches = ROOT / "_build" / ".jupyter_cache"
    chosen = caches / package_hash()
    if caches.is_dir():
        for old in caches.iterdir():
            if old != chosen and old.is_dir():
                shutil.rmtree(old)
    chosen.mkdir(parents=True, exist_ok=True)
    config.nb_execution_cache_path = str(chosen)


def drop_thebe(_app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Take sphinx-thebe's scripts out of the page."""
    context["script_files"][:] = [
        script
        for script in context["script_files"]
        if "sphinx-thebe" not in str(getattr(script, "filename", ""))
        and "THEBE_JS_URL" not in (getattr(script, "attributes", {}).get("body") or "")
    ]


def setup(app: Any) -> dict[str, bool]:
    """Connect both to Sphinx."""
    app.connect("config-inited", key_the_cache, priority=100)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
