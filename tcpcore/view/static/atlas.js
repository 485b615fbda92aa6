// One player for many runs: links to transitions of the state table choose what it shows.

import { StaticModel } from "./static_model.js";
import { render } from "./player.js";

function mark(link, chosen) {
  if (chosen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

/** Draws the player; the answer is a function that shows the run of a row, at a step. */
export function drawAtlas(place, state) {
  const target = document.createElement("div");
  place.prepend(target);
  let leave = null;

  function open(key, step) {
    leave?.();
    target.replaceChildren();
    const run = state.runs[state.rows[key].run];
    const model = new StaticModel({ linkable: true, ...run, name: key, step: Math.min(step, run.document.steps.length) });
    leave = render({ model, el: target });
    for (const link of document.querySelectorAll("a[href^='#']")) {
      if (link.closest(".states, .transitions")) mark(link, link.getAttribute("href").startsWith(`#${key}:`));
    }
  }

  open(state.first, state.rows[state.first].step);
  return open;
}
