"""One JavaScript file and one style sheet out of our modules, without npm.

A notebook (anywidget) wants one ES module, a page opened from a disk can load classic scripts only.
Our modules keep to a small subset of the language's modules, so that joining them is safe:
``import { a, b } from "./x.js";`` at the start of a line, and ``export function``, ``export async
function``, ``export class`` and ``export const``.  Each module becomes a function of its own, so
names of one never meet those of another.  Anything outside the subset is a `ValueError`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from tcpcore.view.statechart import rows
from tcpcore.view.style import palette_css

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def _source(name: str) -> str:
    if name == "transitions":  # generated: the table has one home, in Python
        return f"export const TRANSITIONS = {json.dumps(rows(), separators=(',', ':'))};\n"
    return (STATIC / f"{name}.js").read_text(encoding="utf-8")


def _module(name: str, source: str) -> str:
    """The module as ``const $name = (() => {...})();``."""
    lines = []
    for match in _IMPORT.finditer(source):
        names = ", ".join(part.strip().replace(" as ", ": ") for part in match[1].split(","))
        lines.append(f"const {{ {names} }} = ${match[2]};\n")
    body = _IMPORT.sub("", source)
    exported = [match[1] for match in _EXPORT.finditer(body)]
    body = _EXPORT.sub("", body)
    if left := _LEFT.search(body):
        raise ValueError(f"{name}.js: the bundler does not know this form: {left[0]}")
    return (
        f"const ${name} = (() => {{\n{''.join(lines)}{body}"
        f"return {{ {', '.join(exported)} }};\n}})();\n"
    )


def _order(name: str, seen: dict[str, str], path: tuple[str, ...] = ()) -> None:
    """Put `name` behind all that it imports into `seen` (module name to source)."""
    if name in path:
        raise ValueError(f"modules import each other in a circle: {' > '.join((*path, name))}")
    if name in seen:
        return
    source = _source(name)
    for match in _IMPORT.finditer(source):
        _order(match[2], seen, (*path, name))
    seen[name] = source


def _join(entry: str) -> str:
    seen: dict[str, str] = {}
    _order(entry, seen)
    return "".join(_module(name, source) for name, source in seen.items())


@cache
def widget_module(name: str = "player") -> str:
    """A figure (``player``, ``editor``) as one ES module with a default export, for anywidget."""
    return f"{_join(name)}export default {{ render: ${name}.render }};\n"


@cache
def page_script() -> str:
    """The player and the host of static pages as one classic script."""
    return f'(() => {{\n"use strict";\n{_join("host")}}})();\n'


@cache
def style_sheet() -> str:
    """The palette, and the rules of the player, the editor and the capture page."""
    names = ("player.css", "editor.css", "capture.css")
    return palette_css() + "".join((STATIC / name).read_text(encoding="utf-8") for name in names)
