// An editor that runs packetdrill scripts: text, verdict, and the player of what happened.
//
// It talks to its host through the anywidget model only, which holds `choices` (scripts to pick
// from, each with its `result`), `script` (what was asked last), `result` (its verdict, with the
// `script` it is about), `name` and `status`.  A model with `stop()` can be stopped; one that is
// `linkable` lives on a page whose address can hold a script.

import { button } from "./controls.js";
import { element, uniqueId } from "./dom.js";
import { copy, save } from "./download.js";
import { LocalModel } from "./local_model.js";
import { render as renderPlayer } from "./player.js";
import { createArea } from "./script_area.js";
import { linkOf } from "./script_text.js";
import { marksOf, verdictParts } from "./verdict.js";

const HELP = "Ctrl+Enter (on a Mac ⌘+Enter) runs the script. Tab leaves the text field for the next control; "
  + "packetdrill needs no tabs.";
const PRIVATE = " Nothing leaves your browser."; // on a page; in a notebook the kernel runs it
const STALE = "The script was edited since; run it again.";
const COPIED = "Copied: a link that holds this script.";
const LONG = "This script is too long for a link; download it instead.";

/** anywidget's entry point: draw the editor of `model` into `el`; returns what undoes it. */
export function render({ model, el }) {
  const drafts = new Map();
  let running = false;
  let undoPlayer = null;
  let playerModel = null;

  const chosen = () => model.get("choices").find((one) => one.name === model.get("name"));
  const edited = () => area.text !== model.get("result").script;

  function run() {
    if (running) return;
    const { text } = area;
    if (text === model.get("result").script) {
      show();
      return;
    }
    running = true;
    model.set("script", text);
    draw();
    say("");
    model.save_changes();
  }

  /** The computing is over, whether a verdict came of it or not. */
  function done() {
    running = false;
    draw();
  }

  /** A verdict has come, or another script was picked: text, marks, sentence and ladder of it. */
  function show() {
    const result = model.get("result");
    running = false;
    if (!edited()) {
      area.mark(marksOf(result));
      if (result.failure?.line) area.show(result.failure.line);
      say(result.summary);
      detail.replaceChildren(...verdictParts(result));
      play(result.document);
    }
    draw();
  }

  function play(doc) {
    player.hidden = !doc;
    if (!doc) return;
    const state = { document: doc, parameters: {}, drop: [], step: model.get("result").verdict === "passed" ? 1 : doc.steps.length, panels: [], status: "", name: model.get("name"), live: false };
    if (playerModel) {
      playerModel.state = state;
      playerModel.emit("change:document");
    } else {
      playerModel = new LocalModel(state);
      undoPlayer = renderPlayer({ model: playerModel, el: player });
    }
  }

  function say(text) {
    if (summary.textContent !== text) summary.textContent = text;
  }

  function draw() {
    const result = model.get("result");
    const stale = edited();
    frame.dataset.state = running ? "running" : stale ? "edited" : result.verdict.replaceAll(" ", "-");
    progress.hidden = !running;
    stopButton.hidden = !running || !model.stop;
    runButton.setAttribute("aria-disabled", String(running));
    below.classList.toggle("stale", stale || running);
    note.textContent = model.get("status") || (stale && !running ? STALE : "");
  }

  function pick(name) {
    drafts.set(model.get("name"), area.text);
    model.set("name", name);
    model.set("status", "");
    const { script } = chosen().result;
    model.set("script", script);
    area.text = drafts.get(name) ?? script;
    model.save_changes();
    show();
  }

  function reset() {
    if (!chosen()) return;
    area.text = chosen().result.script;
    pick(model.get("name"));
    area.focus();
  }

  async function share() {
    const link = await linkOf(area.text);
    if (link === null) {
      note.textContent = LONG;
      return;
    }
    history.replaceState(null, "", link);
    note.textContent = (await copy(location.href)) ? COPIED : "The address above is a link to this script.";
  }

  const helpId = uniqueId("help");
  const selectId = uniqueId("scripts");
  const area = createArea({ changed: draw, run, label: "packetdrill script", describedBy: helpId });
  const select = element("select", { id: selectId, onchange: () => pick(select.value) },
    ...model.get("choices").map((one) => element("option", { value: one.name }, one.title)));
  const runButton = button("Run (Ctrl+Enter)", "play", run, { text: "Run", class: "run" });
  const stopButton = button("Stop", "lose", () => model.stop(), { text: "Stop", class: "stop", hidden: true });
  const progress = element("progress", { "aria-label": "At work", hidden: true });
  const download = () => save(new Blob([area.text], { type: "text/plain" }), `${model.get("name") || "script"}.pkt`);
  const summary = element("p", { class: "summary", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "status", role: "status", "aria-live": "polite" });
  const detail = element("div", { class: "detail" });
  const player = element("div", { class: "ran" });
  const below = element("div", { class: "below" }, detail, player);
  const frame = element("div", { class: "tcpcore tcpcore-drill", role: "group", "aria-label": "packetdrill editor", "data-lm-suppress-shortcuts": "true" },
    element("div", { class: "top" },
      element("div", { class: "pick" }, element("label", { for: selectId }, "Script"), select),
      element("div", { class: "tools" },
        button("Back to the script as it was", "reset", reset),
        button("Copy the script", "copy", async () => { note.textContent = (await copy(area.text)) ? "Copied: the script." : "The browser refused to copy."; }),
        button("Download as .pkt", "save", download),
        model.linkable ? button("Copy a link with this script", "link", share) : null)),
    area.node,
    element("div", { class: "actions" }, runButton, stopButton, progress, element("span", { class: "help", id: helpId }, HELP, model.linkable ? PRIVATE : "")),
    summary, note, below);

  const listeners = { "change:result": show, "change:status": draw, done };
  el.replaceChildren(frame);
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  area.text = model.get("result").script;
  select.value = model.get("name");
  show();
  frame.dataset.ready = "true";

  /** Somebody else brings a script: it is shown, and runs when the reader says so. */
  el.take = (text, words) => {
    area.text = text;
    summary.textContent = "";
    draw();
    note.textContent = words;
  };
  return () => {
    undoPlayer?.();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}
