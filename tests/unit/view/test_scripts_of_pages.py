"""Pages ask for scripts that are there, also when only a script changed since the last build."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("sphinx")

from sphinx.application import Sphinx

from tcpcore.view import bundle
from tcpcore.view.embed import MARK


def built(source: Path) -> str:
    """The page of one figure, after a build that may find an earlier one."""
    out = source / "out"
    app = Sphinx(
        str(source), str(source), str(out), str(source / "trees"), "html", status=None, warning=None
    )
    app.build()
    return (out / "index.html").read_text(encoding="utf-8")


def scripts(page: str) -> list[str]:
    return re.findall(r'"(_static/tcpcore/[^"?]+)', page)


def test_a_changed_script_makes_sphinx_write_pages_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "static"
    shutil.copytree(bundle.STATIC, static)
    monkeypatch.setattr(bundle, "STATIC", static)
    source = tmp_path / "book"
    source.mkdir()
    (source / "conf.py").write_text('extensions = ["tcpcore.view.sphinxext"]\n')
    (source / "index.rst").write_text(f"Page\n====\n\n.. raw:: html\n\n   <div {MARK}></div>\n")
    before = scripts(built(source))
    for made in (bundle.page_script, bundle.style_sheet):
        made.cache_clear()
    (static / "player.css").write_text((static / "player.css").read_text() + "\n/* more */\n")
    after = scripts(built(source))
    for made in (bundle.page_script, bundle.style_sheet):
        made.cache_clear()
    assert before
    assert after != before
    assert all((source / "out" / path).is_file() for path in after)
