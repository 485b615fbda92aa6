// The parts that take input: the scenario's sliders, the list of lost segments, the transport bar.

import { element, icon, moment, uniqueId } from "./dom.js";

/** A button with an icon and a name; `text` shows the name beside the icon. */
export function button(name, picture, onclick, { text = "", ...attributes } = {}) {
  return element("button", { type: "button", "aria-label": name, title: name, onclick, ...attributes },
    icon(picture), text ? element("span", {}, text) : null);
}

/** One control per parameter; `changed(name, value)` is called while a slider moves. */
export function createSliders(changed) {
  const node = element("div", { class: "sliders" });
  let rows = new Map();
  let shape = "";

  function update(parameters) {
    const next = JSON.stringify(parameters.map((p) => [p.name, p.minimum, p.maximum, p.step]));
    if (next !== shape) {
      shape = next;
      rows = new Map(parameters.map((p) => [p.name, row(p, changed)]));
      node.replaceChildren(...[...rows.values()].map((r) => r.node));
      node.hidden = rows.size === 0;
    }
    for (const p of parameters) rows.get(p.name).set(p.value);
  }

  return { node, update };
}

function row(parameter, changed) {
  const id = uniqueId("parameter");
  const bool = parameter.kind === "bool";
  const input = element("input", {
    id, type: bool ? "checkbox" : "range", min: parameter.minimum, max: parameter.maximum,
    step: parameter.step, "data-parameter": parameter.name, title: parameter.help || null,
  });
  const output = element("output", { for: id });
  const read = () => (bool ? input.checked : Number(input.value));
  const tell = (value) => {
    const unit = parameter.unit ? ` ${parameter.unit}` : "";
    const number = parameter.choices?.[value] ?? `${value}${unit}`;
    output.textContent = bool ? (value ? "on" : "off") : number;
    if (!bool) input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    tell(read());
    changed(parameter.name, read());
  });
  return {
    node: element("div", { class: bool ? "slider bool" : "slider" },
      element("label", { for: id }, parameter.label), input, output),
    set(value) {
      if (bool) input.checked = Boolean(value);
      else input.value = value;
      tell(value);
    },
  };
}

/** The segments that the reader lost, each with its way back. */
export function createLostList(undo, undoAll) {
  const node = element("div", { class: "lost-list", hidden: true });
  return {
    node,
    update(doc, drop) {
      node.hidden = drop.length === 0;
      const chips = drop.map((index) => {
        const segment = doc.segments[index];
        const what = segment && segment.fate === "lost" ? `${index}: ${segment.label}` : `${index}: no longer sent`;
        return element("button", {
          type: "button", class: "chip", "data-lost": index, title: "Deliver it after all",
          onclick: () => undo(index),
        }, `Segment ${what}`, icon("reset"));
      });
      node.replaceChildren(element("span", {}, "You lost:"), ...chips,
        ...(drop.length > 1 ? [element("button", { type: "button", class: "chip", onclick: undoAll }, "all back")] : []));
    },
  };
}

/** First, back, play, on, last, and the position; `go(step)`, `play()`. */
export function createTransport({ go, play }) {
  const position = element("input", { type: "range", min: 1, step: 1, class: "position", "aria-label": "Step" });
  const where = element("span", { class: "where" });
  let at = 0;
  let count = 0;
  const first = button("First step", "first", () => go(1));
  const previous = button("Previous step", "previous", () => go(at - 1));
  const playing = button("Play", "play", play, { class: "play" });
  const next = button("Next step", "next", () => go(at + 1));
  const last = button("Last step", "last", () => go(count));
  position.addEventListener("input", () => go(Number(position.value)));
  return {
    node: element("div", { class: "transport" },
      element("div", { class: "buttons" }, first, previous, playing, next, last), position, where),
    update(doc, step, isPlaying) {
      at = step;
      count = doc.steps.length;
      position.min = Math.min(1, count);
      position.max = count;
      position.value = step;
      const time = step ? moment(doc.steps[step - 1].t) : "0.000 s";
      where.textContent = `step ${step} of ${count} · ${time}`;
      position.setAttribute("aria-valuetext", where.textContent);
      // Not `disabled`: a button that dies under the finger loses the keyboard's place on the page.
      first.setAttribute("aria-disabled", String(step <= 1));
      previous.setAttribute("aria-disabled", String(step <= 1));
      next.setAttribute("aria-disabled", String(step >= count));
      last.setAttribute("aria-disabled", String(step >= count));
      const name = isPlaying ? "Pause" : "Play";
      playing.setAttribute("aria-label", name);
      playing.title = name;
      playing.replaceChildren(icon(isPlaying ? "pause" : "play"));
    },
  };
}
