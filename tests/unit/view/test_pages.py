"""Figures in HTML, and the files beside them."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from tcpcore.scenarios import registry
from tcpcore.view import web_assets, write_html
from tcpcore.view.document import document, page_state
from tcpcore.view.embed import embedded, figure_html, player_html, plotly_html

ROOT = Path(__file__).resolve().parents[3]


def test_data_cannot_end_the_script_element_that_holds_it() -> None:
    nasty = {"text": "</script><script>alert(1)</script> \u2028 <!--"}
    text = embedded(nasty)
    assert "<" not in text
    assert json.loads(text) == nasty


def test_text_in_a_player_is_escaped() -> None:
    doc = document(registry.run("handshake"), title='<b>&"')
    text = player_html(page_state(doc, name='a"b'))
    assert "<b>" not in re.sub(r"<script.*?</script>", "", text)
    assert 'id="a&quot;b"' in text


def test_a_plotly_figure_keeps_its_place_and_loses_its_template() -> None:
    figure = {
        "data": [],
        "layout": {"title": {"text": "A & B"}, "height": 300, "template": {"x": 1}},
    }
    text = plotly_html(figure)
    assert "min-height:300px" in text
    assert 'aria-label="A &amp; B"' in text
    assert "template" not in text


def test_further_figures_need_a_kind_and_a_text() -> None:
    text = figure_html("comparison", {"rows": []}, "<pre>rows</pre>", label="Engine and kernel")
    assert 'data-figure="comparison"' in text
    assert "<pre>rows</pre>" in text


def test_one_file_holds_everything(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    write_html([document(registry.run("handshake"))], target, title="Run <1>")
    text = target.read_text()
    assert "<title>Run &lt;1&gt;</title>" in text
    assert not re.findall(r"""(?:src|href)=["']?(?!data:)[\w/.]""", text.split("<script>")[0])
    assert '"live":false' in text


def test_the_engines_zip_is_reproducible_and_holds_no_kernel_code(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        web_assets.write_engine(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    names = zipfile.ZipFile(tmp_path / "one.zip").namelist()
    assert "tcpcore/view/document.py" in names
    assert not [name for name in names if re.search(r"/(linux|cli|player|scapy_bridge)\b", name)]


def test_the_folder_of_our_files_is_named_after_their_content(tmp_path: Path) -> None:
    one = web_assets.write_own(tmp_path, "pyodide-1")
    assert web_assets.write_own(tmp_path, "pyodide-1") == one
    assert web_assets.write_own(tmp_path, "pyodide-2") != one
    assert "../pyodide-1/" in (tmp_path / one / "worker.js").read_text()


def test_without_npms_packages_the_pages_are_still_built(tmp_path: Path) -> None:
    assert web_assets.pyodide_folder(tmp_path) == "pyodide"
    assert not web_assets.write_pyodide(tmp_path, tmp_path / "out")
    assert not web_assets.write_mathjax(tmp_path, tmp_path / "mathjax")


@pytest.mark.skipif(
    not (ROOT / "node_modules/pyodide").is_dir(), reason="npm's packages are not here: make web"
)
def test_pyodide_is_trimmed(tmp_path: Path) -> None:
    vendor = ROOT / "node_modules"
    assert web_assets.write_pyodide(vendor, tmp_path / "pyodide")
    trimmed = (tmp_path / "pyodide" / "python_stdlib.zip").stat().st_size
    assert trimmed < 0.7 * (vendor / "pyodide" / "python_stdlib.zip").stat().st_size
    names = zipfile.ZipFile(tmp_path / "pyodide" / "python_stdlib.zip").namelist()
    assert "asyncio/__init__.py" in names or "asyncio/__init__.pyc" in names
    assert not [name for name in names if name.startswith("unittest")]
