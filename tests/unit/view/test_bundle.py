"""Joining our JavaScript modules without npm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tcpcore.tcp.state import TRANSITIONS
from tcpcore.view import bundle

MODULES = sorted(bundle.STATIC.glob("*.js"))


def test_no_import_or_export_is_left_but_the_widgets_own() -> None:
    left = re.findall(r"^(?:import|export)\b.*", bundle.widget_module(), re.MULTILINE)
    assert left == ["export default { render: $player.render };"]
    assert not re.findall(r"^(?:import|export)\b", bundle.page_script(), re.MULTILINE)


def test_each_module_stands_once_and_after_all_that_it_uses() -> None:
    seen: list[str] = []
    for line in bundle.page_script().splitlines():
        if started := re.match(r"const \$(\w+) = \(\(\) => \{", line):
            seen.append(started[1])
        elif used := re.match(r"const \{.*\} = \$(\w+);", line):
            assert used[1] in seen[:-1], line
    assert len(seen) == len(set(seen))
    assert seen[-1] == "host"


def test_a_form_outside_the_subset_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.js").write_text('import everything from "./dom.js";\n')
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    with pytest.raises(ValueError, match="does not know this form: import everything"):
        bundle._join("odd")


def test_a_circle_of_imports_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n')
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    with pytest.raises(ValueError, match="a > b > a"):
        bundle._join("a")


def test_the_state_diagram_reads_the_transition_table() -> None:
    found = re.search(r"const TRANSITIONS = (\[.*?\]);\n", bundle.widget_module())
    assert found
    rows = json.loads(found[1])
    assert [(row["from"], row["event"], row["to"]) for row in rows] == [
        (row.state, row.event, row.next) for row in TRANSITIONS
    ]


@pytest.mark.parametrize("path", MODULES, ids=[path.name for path in MODULES])
def test_a_module_is_short_and_needs_nothing_from_elsewhere(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) < 400
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", source)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node.js here; the browser tests run it")
def test_both_bundles_are_well_formed_javascript(tmp_path: Path) -> None:
    (tmp_path / "widget.mjs").write_text(bundle.widget_module())
    (tmp_path / "page.cjs").write_text(bundle.page_script())
    for name in ("widget.mjs", "page.cjs"):
        subprocess.run(["node", "--check", tmp_path / name], check=True, capture_output=True)
