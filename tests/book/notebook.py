"""A notebook that renders a widget: only what anywidget promises, and a page like JupyterLab's."""

from __future__ import annotations

import json
from typing import Any

from tcpcore.view import bundle

_RENDERED = """async ({ source, style, state, other }) => {
  document.body.innerHTML = "<div id=cell></div>";
  document.body.dataset.jpThemeLight = "false";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
  const listeners = {};
  const saved = [];
  const emit = (key) => (listeners[`change:${key}`] || []).slice().forEach((f) => f());
  const model = {
    get: (key) => state[key],
    set: (key, value) => { state[key] = value; emit(key); },
    save_changes: () => saved.push(JSON.parse(JSON.stringify(state))),
    on: (event, f) => { (listeners[event] ||= []).push(f); },
    off: (event, f) => {
      listeners[event] = (listeners[event] || []).filter((g) => g !== f);
    },
  };
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const cell = document.getElementById("cell");
  const undo = widget.render({ model, el: cell });
  const found = await (async () => {STEPS})();
  undo();
  return { ...found, left: Object.values(listeners).flat().length };
}"""


def play(page: Any, module: str, state: dict[str, Any], other: Any, steps: str) -> dict[str, Any]:
    """Render a module's widget with that state, and do the steps; what these return.

    The steps, JavaScript, have `cell`, `model`, `state`, `other` and `saved`, a copy of the state
    for each save_changes().  `left` in the answer counts listeners that outlive the widget.
    """
    given = {
        "source": bundle.widget_module(module),
        "style": bundle.style_sheet(),
        "state": state,
        "other": other,
    }
    found = page.evaluate(_RENDERED.replace("STEPS", steps), json.loads(json.dumps(given)))
    return dict(found)
