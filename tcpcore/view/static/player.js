// The player of one run.  One module for every host: a notebook's kernel, a static page, a static
// page with Python in a worker.  It talks to its host only through the anywidget model:
// get, set, save_changes, on, off.
//
// The model holds `document` (the run, made by Python), `parameters` and `drop` (what the reader
// asks for), `step`, `status` (one line from whoever computes), `panels` (those that stand open), `name` (deep links),
// `live` (somebody can recompute), `linkable` (the page's address can hold a step) and `scripts` (see as_script.js).

import { createScripts } from "./as_script.js";
import { button, createLostList, createSliders, createTransport } from "./controls.js";
import { element } from "./dom.js";
import { copy, linkTo, pcap, save } from "./download.js";
import { chosenAt, createLadder } from "./ladder.js";
import { createPanels } from "./panels.js";
import { createFigures } from "./plot.js";
import { principal, reasons, source, tcpdumpText, tell, whole } from "./story.js";

const PLAY_PAUSE = 1300;
const DRAG_PAUSE = 60;
const KEYS = "Keys: ← and → step, Home and End jump, Space plays, Delete loses the chosen segment. "
  + "Click a segment to choose it; ✕ on it loses it and computes the run again.";

/** anywidget's entry point: draw the player of `model` into `el`; returns what undoes it. */
export function render({ model, el }) {
  let doc = whole(model.get("document"));
  let story = tell(doc);
  let chosen = null;
  let timer = null;
  let pending = null;

  const clamp = (step) => Math.max(Math.min(1, story.count), Math.min(story.count, step || 0));
  const step = () => clamp(model.get("step"));
  const live = () => Boolean(model.get("live"));

  function put(values) {
    for (const [key, value] of Object.entries(values)) model.set(key, value);
    model.save_changes();
  }

  function go(target) {
    const next = clamp(target);
    chosen = chosenAt(doc, next);
    if (next !== model.get("step")) put({ step: next });
    else draw();
  }

  function choose(index) {
    stop();
    const sent = story.sentIn[index];
    if (sent && sent !== step()) put({ step: sent });
    chosen = index;
    draw();
  }

  function lose(index) {
    const drop = model.get("drop");
    const next = drop.includes(index) ? drop.filter((i) => i !== index) : [...drop, index].sort((a, b) => a - b);
    put({ drop: next });
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    draw();
  }

  function play() {
    if (timer) return stop();
    if (step() >= story.count) go(1);
    timer = setInterval(() => {
      if (step() >= story.count || !box.isConnected) return stop();
      return go(step() + 1);
    }, PLAY_PAUSE);
    return draw();
  }

  function slide(name, value) {
    pending = { ...(pending || model.get("parameters")), [name]: value };
    clearTimeout(slide.later);
    // A drag fires dozens of events; the last one within a blink is the one that counts.
    slide.later = setTimeout(() => {
      const parameters = pending;
      pending = null;
      put({ parameters });
    }, DRAG_PAUSE);
  }

  function reset() {
    stop();
    // Back to what the page shows; in a notebook, to the scenario's own defaults.
    const { parameters = defaults(doc), drop = [] } = model.stored ?? {};
    put({ parameters, drop, step: clamp(1), status: "" });
    go(1);
  }

  function say(text) {
    status.textContent = text;
  }

  async function copyText() {
    say((await copy(tcpdumpText(doc))) ? "Copied: the segments as tcpdump prints them." : "The browser refused to copy.");
  }

  async function copyLink() {
    const link = linkTo(model.get("name"), step(), changedFrom(doc), model.get("drop"), model.stored?.drop);
    history.replaceState(null, "", link);
    say((await copy(location.href)) ? "Copied: a link to this step." : "The address above is a link to this step.");
  }

  const title = element("strong", { class: "title" });
  const question = element("span", { class: "question" });
  const kernel = element("span", { class: "kernel", title: "The kernel whose ways this run follows" });
  const help = element("p", { class: "help", hidden: true }, KEYS);
  const helpButton = button("Keyboard and mouse", "help", () => {
    help.hidden = !help.hidden;
    helpButton.setAttribute("aria-expanded", String(!help.hidden));
  }, { "aria-expanded": "false" });
  const resetButton = button("Reset", "reset", reset);
  const asScript = createScripts({ model, say });
  const tools = element("div", { class: "tools" },
    resetButton, button("Copy as tcpdump text", "copy", copyText),
    asScript.node, button("Download as pcap", "save", () => save(pcap(doc), `${model.get("name") || doc.scenario || "tcp"}.pcap`)),
    model.get("linkable") ? button("Copy a link to this step", "link", copyLink) : null, helpButton);
  const sliders = createSliders(slide);
  const lostList = createLostList(lose, () => put({ drop: [] }));
  const figures = createFigures({ model, choose, goTo: (time) => { stop(); go(stepAt(doc, time)); } });
  const ladder = createLadder({ choose, go, lose, canLose: live });
  const transport = createTransport({ go: (target) => { stop(); go(target); }, play });
  const why = element("div", { class: "why", role: "status", "aria-live": "polite" });
  const status = element("div", { class: "status", role: "status" });
  const panels = createPanels({
    open: model.get("panels") || [], opened: (keys) => put({ panels: keys }), lose, canLose: live,
  });
  const box = element("div", { class: "tcpcore-player", role: "group", onkeydown: onKey },
    element("div", { class: "top" }, element("div", { class: "titles" }, title, question, " ", kernel), tools),
    asScript.row, help, sliders.node, lostList.node,
    element("div", { class: "stage" },
      element("div", { class: "left" }, ladder.node, transport.node, why, status), panels.node),
    figures.node);
  const frame = element("div", { class: "tcpcore" }, box);

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const busy = event.target.closest("input, textarea, select, pre");
    const presses = event.target.closest("button, summary, a, [role=button]");
    const moves = { ArrowLeft: () => go(step() - 1), ArrowRight: () => go(step() + 1), Home: () => go(1), End: () => go(story.count) };
    let act = busy ? null : moves[event.key];
    if (act) stop();
    if (event.key === " " && !busy && !presses) act = play;
    if (event.key === "Delete" && !busy && chosen !== null && chosen < doc.tcp && live()) act = () => lose(chosen);
    if (!act) return;
    event.preventDefault();
    // In a notebook the same keys move between cells.
    event.stopPropagation();
    act();
  }

  function draw() {
    const at = step();
    const view = { doc, story, step: at, chosen };
    ladder.update(doc, story, at, chosen);
    transport.update(doc, at, timer !== null);
    panels.update(view);
    figures.mark(at ? doc.steps[at - 1].t : null);
    const line = whyLine(doc, story, at);
    // Writing the same words again would make a screen reader repeat them.
    if (line.textContent !== why.textContent) why.replaceChildren(...line.childNodes);
    frame.dataset.step = at;
    frame.dataset.steps = story.count;
  }

  function fresh() {
    doc = whole(model.get("document"));
    story = tell(doc);
    chosen = chosenAt(doc, step());
    title.textContent = doc.title;
    question.textContent = doc.question || "";
    kernel.textContent = (doc.profile || "").replace("linux-", "Linux ").replace("rfc", "RFC ");
    kernel.hidden = !doc.profile;
    box.setAttribute("aria-label", `Player: ${doc.title}`);
    if (!pending) sliders.update(live() || doc.parameters.length ? doc.parameters : []);
    lostList.update(doc, doc.drop);
    figures.show(doc.figures);
    resetButton.hidden = !live();
    asScript.update(doc);
    frame.dataset.document = (Number(frame.dataset.document) || 0) + 1;
    if (ladder.node.isConnected) draw();
  }

  const onStep = () => {
    chosen = chosenAt(doc, step());
    draw();
  };
  const onStatus = () => say(model.get("status") || "");
  const onOpen = () => panels.show(model.get("panels") || []);
  const listeners = {
    "change:document": fresh, "change:step": onStep, "change:status": onStatus, "change:panels": onOpen,
  };
  el.replaceChildren(frame);
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  fresh();
  onStatus();
  // The ladder is drawn in real pixels, so that its text keeps its size; a new width is a new ladder.
  const observer = new ResizeObserver(() => draw());
  observer.observe(ladder.view);
  return () => {
    observer.disconnect();
    figures.stop();
    clearInterval(timer);
    clearTimeout(slide.later);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

/** The step that is nearest in time; of several, the first. */
function stepAt(doc, time) {
  let best = 0;
  doc.steps.forEach((step, i) => {
    if (Math.abs(step.t - time) < Math.abs(doc.steps[best].t - time)) best = i;
  });
  return best + 1;
}

function defaults(doc) {
  return Object.fromEntries(doc.parameters.map((p) => [p.name, p.default]));
}

/** The parameters that do not stand at their default. */
function changedFrom(doc) {
  return Object.fromEntries(doc.parameters.filter((p) => p.value !== p.default).map((p) => [p.name, p.value]));
}

/** What a step without a reason changed: "snd.una 1 → 101". */
function changes(story, at, h) {
  const before = principal(story.states[at - 1][h]);
  const after = principal(story.states[at][h]);
  if (!before || !after || before.name !== after.name) return "";
  return Object.entries(after.variables)
    .filter(([name, value]) => value !== null && before.variables[name] !== value)
    .map(([name, value]) => `${name} ${before.variables[name] ?? "–"} → ${value}`).slice(0, 3).join(", ");
}

/** Who did what, the deciding reason and its source; what the application noticed. */
function whyLine(doc, story, at) {
  const moment = doc.steps[at - 1];
  const line = element("div");
  if (!moment) return line;
  const why = reasons(doc, moment)[0];
  const effect = why ? "" : changes(story, at, moment.host);
  const name = doc.hosts[moment.host].name;
  line.append(element("b", { class: `host-${moment.host}` }, `${name}: ${moment.label}. `));
  if (effect) line.append(`${effect}. `);
  if (why) line.append(element("span", {}, why.text), " ", element("cite", {}, source(why)));
  for (const note of moment.notes) line.append(" ", element("em", { class: "note" }, `${note}.`));
  return line;
}
