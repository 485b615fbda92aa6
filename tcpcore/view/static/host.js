// The host of a static page: it gives every figure on it a model, as a notebook's kernel would.
// Further kinds of figure register here by name; `data-figure` on the element chooses one.

import { drawAtlas } from "./atlas.js";
import { drawCapture } from "./capture.js";
import { captureWorker } from "./capture_worker.js";
import { render as renderEditor } from "./editor.js";
import { mountPlot } from "./plot.js";
import { drawPlotly } from "./plotly_figure.js";
import { ScriptModel } from "./script_model.js";
import { scriptOf } from "./script_text.js";
import { StaticModel } from "./static_model.js";
import { readLink } from "./download.js";
import { follow } from "./follow.js";
import { render } from "./player.js";

const FIGURES = new Map();
const players = new Map();
let atlas = null; // of a page has at most one
let editor = null; // the first of a page takes the scripts of links

/** Make a kind of figure known: `mount(element, state)` draws it; the state is the JSON in it. */
export function register(name, mount) {
  FIGURES.set(name, mount);
}

register("player", (place, state) => {
  const name = state.name;
  const model = new StaticModel({ linkable: true, ...state });
  const target = document.createElement("div");
  place.prepend(target);
  render({ model, el: target });
  if (!players.has(name)) players.set(name, { model, place });
  if (state.follow) follow(model, state.follow);
});

register("plotly", drawPlotly);
register("plot", mountPlot);
register("capture", (place, state) => drawCapture(place, state, captureWorker));
register("atlas", (place, state) => { atlas = { place, open: drawAtlas(place, state), rows: state.rows }; });

register("drill", (place, state) => {
  const target = document.createElement("div");
  place.prepend(target);
  renderEditor({ model: new ScriptModel(state), el: target });
  editor ||= target;
});

/** `#script=...`: the script lies in the address; it is shown, and the reader decides to run it. */
async function takeScript(link) {
  try {
    editor.take(await scriptOf(link), "This script came with the link. Read it, then run it.");
  } catch {
    editor.take("", "The link holds no script that can be read; ask for it again, or pick one above.");
  }
  editor.scrollIntoView({ block: "start" });
}

/** What an address says; one that is no UTF-8 as it stands. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `#handshake:5?rtt=200` brings that player into sight, at that step, with these parameters. */
function followLink() {
  if (editor && location.hash.startsWith("#script=")) {
    takeScript(location.hash);
    return;
  }
  const link = readLink(decoded(location.hash));
  if (link && atlas && Object.hasOwn(atlas.rows, link.name)) {
    atlas.open(link.name, link.step);
    atlas.place.scrollIntoView({ block: "start" });
    return;
  }
  const player = link && players.get(link.name);
  if (!player) return;
  const { model, place } = player;
  const known = new Map(model.get("document").parameters.map((p) => [p.name, p]));
  const wanted = { ...model.get("parameters") };
  for (const [name, text] of Object.entries(link.parameters)) {
    if (known.has(name)) wanted[name] = known.get(name).kind === "bool" ? text === "true" : Number(text);
  }
  model.set("parameters", wanted);
  model.set("drop", link.drop ?? model.stored.drop);
  model.set("step", Math.max(1, Math.min(link.step, model.get("document").steps.length)));
  // A step that only the recomputed run has is reached when that run is there.
  model.wish = Math.max(1, link.step);
  model.save_changes();
  place.scrollIntoView({ block: "start" });
}

function mountAll() {
  for (const place of document.querySelectorAll("[data-figure]:not([data-mounted])")) {
    const mount = FIGURES.get(place.dataset.figure);
    if (!mount) continue;
    place.dataset.mounted = "true";
    const state = JSON.parse(place.querySelector("script[type='application/json']").textContent);
    mount(place, state);
    // A player has its own text alternative; on paper, where nothing steps, this one is printed.
    const text = place.querySelector(".tcpcore-fallback");
    if (place.dataset.figure === "player") text.classList.add("for-print");
    else text?.remove();
  }
  followLink();
  window.addEventListener("hashchange", followLink);
  // A link to where the address already points changes no hash; the reader still wants to go there.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) followLink();
  });
  document.documentElement.dataset.tcpcore = "ready";
}

if (typeof document !== "undefined" && document.querySelector("[data-figure]")) mountAll();
