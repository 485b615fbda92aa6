// The state diagram: every transition of the table, where both hosts stand, and the arrow just taken.

import { drawing, element } from "./dom.js";
import { TRANSITIONS } from "./transitions.js";
import { stateOf } from "./story.js";

// Places of the states on the sheet: opening at the top, closing below, the side that closes first
// on the left.
const PLACES = {
  CLOSED: [170, 18], LISTEN: [62, 68], SYN_SENT: [278, 68], SYN_RECV: [62, 124],
  ESTABLISHED: [170, 172], FIN_WAIT_1: [62, 220], CLOSE_WAIT: [278, 220],
  CLOSING: [170, 252], FIN_WAIT_2: [62, 290], LAST_ACK: [278, 290], TIME_WAIT: [170, 326],
};
const SIZE = [340, 350];
const BOX = [88, 24];
// The two ways home run along the margins; a straight line would cross half the sheet.
const MARGINS = {
  "TIME_WAIT CLOSED": "M126 326H14Q6 326 6 318V26Q6 18 14 18H123",
  "LAST_ACK CLOSED": "M322 290H326Q334 290 334 282V26Q334 18 326 18H217",
};

/** The sheet and `update(doc, story, step)`. */
export function createChart() {
  const svg = drawing("svg", { viewBox: `0 0 ${SIZE[0]} ${SIZE[1]}`, class: "chart", role: "img" });
  const caption = element("p", { class: "taken" });
  const edges = new Map();
  for (const row of TRANSITIONS) {
    const key = `${row.from} ${row.to}`;
    if (!edges.has(key)) edges.set(key, { rows: [], node: edge(row.from, row.to) });
    edges.get(key).rows.push(row);
  }
  for (const { rows, node } of edges.values()) {
    if (rows.every(isExit)) node.setAttribute("class", "edge exit");
  }
  const overlay = drawing("g");
  const boxes = Object.fromEntries(Object.keys(PLACES).map((name) => [name, box(name)]));
  svg.append(...[...edges.values()].map((e) => e.node), overlay,
    ...Object.values(boxes).map((b) => b.group));

  function update(doc, story, step) {
    const moment = doc.steps[step - 1];
    const taken = moment ? moment.transitions : [];
    overlay.replaceChildren(...taken.filter((move) => PLACES[move.from] && PLACES[move.to]).map((move) => {
      // Drawn again on top, rather than moved there: the sheet below never changes.
      const arrow = edge(move.from, move.to);
      arrow.setAttribute("class", `edge taken host-${moment.host}`);
      return arrow;
    }));
    const states = story.states[step].map(stateOf);
    for (const [name, { group, badges }] of Object.entries(boxes)) {
      const here = states.map((state, h) => state === name && h);
      group.setAttribute("class", ["node", ...here.map((h) => (h === false ? "" : `host-${h}`)),
        here.length > 1 && here.every((h) => h !== false) ? "both" : ""].filter(Boolean).join(" "));
      badges.forEach((badge, h) => badge.classList.toggle("here", Number.isInteger(here[h])));
    }
    svg.setAttribute("aria-label", "State diagram: "
      + doc.hosts.map((host, h) => `${host.name} is in ${states[h]}`).join(", "));
    caption.replaceChildren(...captions(doc, moment, edges));
  }

  return { nodes: [svg, legend(), caption], update };
}

/** Resets, aborts and timeouts lead from everywhere to CLOSED: shown only when one is taken. */
function isExit(row) {
  return row.to === "CLOSED" && row.from !== "TIME_WAIT" && ["RST", "ABORT", "TIMEOUT"].includes(row.event);
}

function legend() {
  return element("p", { class: "legend", "aria-hidden": "true" },
    element("span", { class: "key host-0" }, "client"), element("span", { class: "key host-1" }, "server"));
}

function captions(doc, moment, edges) {
  const moves = moment ? moment.transitions : [];
  if (!moves.length) return ["No state changes in this step."];
  return moves.map((move) => {
    const rows = edges.get(`${move.from} ${move.to}`)?.rows || [];
    const why = move.why === null || move.why === undefined ? null : doc.whys[move.why];
    const events = rows.length === 1 ? ` on ${eventText(rows[0])}` : "";
    const note = rows.length === 1 && rows[0].note ? ` (${rows[0].note})` : "";
    const rfc = rows.length ? rows[0].rfc : why?.rfc;
    return element("span", { class: `move host-${moment.host}` },
      element("b", {}, doc.hosts[moment.host].name), ` ${move.from} → ${move.to}${events}${note}`,
      rfc ? element("cite", {}, ` ${rfc}`) : null);
  });
}

function eventText(row) {
  const event = row.event.toLowerCase().replace(/_/g, " ")
    .replace(/\b(syn|ack|fin|rst)\b/g, (word) => word.toUpperCase()).replace("SYN ACK", "SYN+ACK");
  return row.reply ? `${event}, sends ${row.reply}` : event;
}

function box(name) {
  const [x, y] = PLACES[name];
  const badges = [-1, 1].map((side, h) => drawing("g", { class: `badge host-${h}` },
    drawing("circle", { cx: side * (BOX[0] / 2), cy: -9, r: 7.5 }),
    drawing("text", { x: side * (BOX[0] / 2), y: -5.5 }, "CS"[h])));
  const group = drawing("g", { class: "node", transform: `translate(${x} ${y})` },
    drawing("rect", { x: -BOX[0] / 2, y: -BOX[1] / 2, width: BOX[0], height: BOX[1], rx: 6 }),
    drawing("text", { y: 4 }, name), ...badges);
  return { group, badges };
}

/** Where the straight line from a box's centre toward a point leaves the box. */
function border([x, y], [tx, ty], gap) {
  const [dx, dy] = [tx - x, ty - y];
  const scale = Math.min((BOX[0] / 2 + gap) / Math.abs(dx || 1e-9), (BOX[1] / 2 + gap) / Math.abs(dy || 1e-9));
  return [x + dx * scale, y + dy * scale];
}

function edge(from, to) {
  const margin = MARGINS[`${from} ${to}`];
  if (margin) return edgeNode(margin, margin.includes("M126") ? [126, 18] : [214, 18], margin.includes("M126") ? 0 : 180);
  const [a, b] = [PLACES[from], PLACES[to]];
  const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
  // Where two states lead to each other, each arrow keeps to its own side.
  const both = TRANSITIONS.some((row) => row.from === to && row.to === from);
  const aside = both ? 5 : 0;
  const shift = ([x, y]) => [x - Math.sin(angle) * aside, y + Math.cos(angle) * aside];
  const start = shift(border(a, b, 1));
  const end = shift(border(b, a, 3));
  return edgeNode(`M${start}L${end}`, end, (angle * 180) / Math.PI);
}

function edgeNode(path, end, degrees) {
  return drawing("g", { class: "edge" },
    drawing("path", { class: "line", d: path }),
    drawing("path", { class: "tip", d: "M1 0-7-4v8z", transform: `translate(${end}) rotate(${degrees.toFixed(1)})` }));
}
