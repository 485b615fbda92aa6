// The capture reader in a notebook: the kernel reads the file, asked by the widget's messages.

import { drawCapture } from "./capture.js";

const NOTE = "Here the kernel of this notebook reads it, on the machine where Jupyter runs; nothing of it is saved with the notebook.";
const STOPPED = "Stopped waiting; what the kernel still answers is thrown away.";
const PART = 4_000_000; // bytes; a Jupyter server refuses messages of more than 10 MB

/** For anywidget: draws it, and gives back what takes it away. */
export function render({ model, el }) {
  const waiting = new Map();
  let count = 0;

  function hear({ id, answer }) {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  }

  function ask(request, { bytes }) {
    count += 1;
    const id = count;
    let rest = bytes || new Uint8Array();
    for (; rest.length > PART; rest = rest.subarray(PART)) {
      model.send({ id, more: true }, undefined, [rest.slice(0, PART).buffer]);
    }
    model.send({ id, request }, undefined, rest.length ? [rest.slice().buffer] : []);
    return new Promise((resolve) => waiting.set(id, resolve));
  }

  function stop() {
    waiting.clear();
    return STOPPED;
  }

  const reader = {
    note: NOTE, ask, stop, trouble: () => "", working: () => "Reading…", failed: (error) => `${error.message}.`,
  };
  model.on("msg:custom", hear);
  el.replaceChildren();
  drawCapture(el, { samples: model.get("samples"), largest: model.get("largest") }, reader);
  el.firstChild.dataset.lmSuppressShortcuts = "true";
  return () => model.off("msg:custom", hear);
}
