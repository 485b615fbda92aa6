// The run as a packetdrill script: one button, and then one for each host, whose part is copied.
//
// The model holds `scripts` ({host: {script} or {refused}}) of the run on the page, or nothing;
// then `wants_scripts` asks whoever computes for them.

import { button } from "./controls.js";
import { element, uniqueId } from "./dom.js";
import { copy } from "./download.js";

const PATIENCE = 60_000;
const OFFER = "A packetdrill script of this run, as one host saw it: run it with ";

/** Whether anybody can write one: a run that is no scenario has programs that nobody knows. */
function possible(model, doc) {
  return Boolean(doc.scenario) && Boolean(model.get("live") || model.get("scripts"));
}

/** The scripts of the run on the page; an error when nobody writes them. */
function scripts(model) {
  const known = model.get("scripts");
  if (known && Object.keys(known).length) return Promise.resolve(known);
  return new Promise((resolve, reject) => {
    const done = () => {
      const found = model.get("scripts");
      if (!found || !Object.keys(found).length) return;
      model.off("change:scripts", done);
      clearTimeout(late);
      resolve(found);
    };
    const late = setTimeout(() => {
      model.off("change:scripts", done);
      reject(new Error(model.get("status") || "No script came."));
    }, PATIENCE);
    model.on("change:scripts", done);
    model.set("wants_scripts", (Number(model.get("wants_scripts")) || 0) + 1);
    model.save_changes();
  });
}

/** `node` is the button, `row` what it opens; `update(doc)` after each run; `say` tells the reader. */
export function createScripts({ model, say }) {
  const id = uniqueId("scripts");
  const hosts = element("span", { class: "hosts" });
  const row = element("div", { class: "scripts", id, hidden: true },
    element("span", {}, OFFER, element("code", {}, "python -m tcpcore drill"), "."), hosts);
  const node = button("Copy as packetdrill script", "script", () => {
    row.hidden = !row.hidden;
    node.setAttribute("aria-expanded", String(!row.hidden));
  }, { "aria-expanded": "false", "aria-controls": id });

  async function give(host) {
    try {
      const found = (await scripts(model))[host];
      if (!found || found.refused) {
        say(found ? found.refused : `There is no script of ${host}.`);
        return;
      }
      const lines = found.script.trimEnd().split("\n").length;
      say((await copy(found.script)) ? `Copied: ${host}'s part as a packetdrill script of ${lines} lines.`
        : "The browser refused to copy.");
    } catch (error) {
      say(error.message);
    }
  }

  function update(doc) {
    node.hidden = !possible(model, doc);
    if (node.hidden) row.hidden = true;
    hosts.replaceChildren(...doc.hosts.map(({ name }) => button(
      `Copy ${name}'s part`, "copy", () => give(name), { text: name })));
  }

  return { node, row, update };
}
