// The ladder: time runs down, each host is a lifeline, each segment an arrow between them.
// Built once per document and width; stepping only changes classes and the line of "now".

import { drawing, duration, element, spoken } from "./dom.js";
import { layout } from "./layout.js";
import { counted, principal, stateOf, subject } from "./story.js";

const WIDE = 430;
const AXIS = 68;
const SIDE = [86, 98];
const BAND = 8;
const LETTER = 6.7; // about the width of one in a label
const OWN_REACH = 280; // how far an arrow to oneself goes where no other lifeline is
// How strongly a state colours its stretch of the lifeline: the stronger, the more is agreed.
const STRENGTH = {
  CLOSED: 0, unseen: 0, LISTEN: 0.25, SYN_SENT: 0.5, SYN_RECV: 0.5, ESTABLISHED: 1, FIN_WAIT_1: 0.6,
  FIN_WAIT_2: 0.6, CLOSE_WAIT: 0.6, CLOSING: 0.6, LAST_ACK: 0.6, TIME_WAIT: 0.3,
};

/** Mounts a ladder; `actions` has choose(segment), go(step), lose(segment), canLose(). */
export function createLadder(actions) {
  const heads = element("div", { class: "hosts" });
  const view = element("div", { class: "ladder", role: "group", tabindex: "0" });
  const node = element("div", { class: "ladder-box" }, heads, view);
  let parts = null;
  let shown = { doc: null, story: null, width: 0 };

  function build(doc, story) {
    const width = Math.max(280, Math.floor(view.clientWidth || node.clientWidth || 560));
    if (shown.doc === doc && shown.width === width) return;
    shown = { doc, story, width };
    parts = draw(doc, story, width, actions);
    view.replaceChildren(parts.svg);
    heads.replaceChildren(...parts.heads);
    heads.classList.toggle("crowded", !parts.wide && parts.x.length > 2);
    const half = parts.wide ? 62 : 6;
    heads.style.paddingLeft = `${parts.x[0] - half}px`;
    heads.style.paddingRight = `${Math.max(0, node.clientWidth - parts.x.at(-1) - half)}px`;
  }

  function update(doc, story, step, chosen) {
    build(doc, story);
    const moment = doc.steps[step - 1];
    doc.segments.forEach((segment, index) => {
      const begun = story.sentIn[index] <= step && story.sentIn[index] > 0;
      const over = segment.fate === "lost" || (story.arrivedIn[index] && story.arrivedIn[index] <= step);
      const item = parts.items[index];
      item.group.classList.toggle("ahead", !begun);
      item.group.classList.toggle("flying", Boolean(begun && !over));
      item.group.classList.toggle("fresh", Boolean(moment && moment.sent.includes(index)));
      item.group.classList.toggle("chosen", index === chosen);
      item.button.setAttribute("tabindex", index === (chosen ?? 0) ? "0" : "-1");
      item.button.setAttribute("aria-pressed", String(index === chosen));
      item.drop?.setAttribute("tabindex", index === chosen ? "0" : "-1");
    });
    parts.marks.forEach((mark, index) => {
      mark.classList.toggle("ahead", index >= step);
      mark.classList.toggle("current", index === step - 1);
    });
    const now = step ? parts.place.steps[step - 1] : 0;
    for (const veil of parts.veils) {
      veil.setAttribute("y", now);
      veil.setAttribute("height", Math.max(0, parts.place.height - now));
    }
    parts.now.setAttribute("transform", `translate(0 ${now})`);
    const hosts = story.states[step];
    hosts.forEach((host, h) => parts.pills[h].set(stateOf(host), principal(host)));
    view.setAttribute("aria-label", describe(doc, step));
    follow(now);
  }

  /** Scroll inside the ladder's own box, never the page, so that "now" stays in sight. */
  function follow(now) {
    const margin = 70;
    const high = view.clientHeight;
    if (now < view.scrollTop + margin || now > view.scrollTop + high - margin) {
      view.scrollTop = Math.max(0, now - high / 2);
    }
  }

  return { node, view, update };
}

function describe(doc, step) {
  const names = doc.hosts.map((host) => host.name).join(" and ");
  const moment = doc.steps[step - 1];
  return `Ladder diagram: ${counted(doc)} between ${names}. Step ${step} of `
    + `${doc.steps.length}${moment ? `, ${doc.hosts[moment.host].name}: ${moment.label}` : ""}. `
    + "The same story stands as text below, under Text.";
}

function draw(doc, story, width, actions) {
  const wide = width >= WIDE;
  const place = layout(doc, story, { withLabels: wide });
  const side = SIDE[width >= 560 ? 1 : 0];
  const x = spread(doc.hosts.length, wide ? [AXIS + side, width - side - 6] : [AXIS + 6, width - 16]);
  const svg = drawing("svg", {
    width, height: place.height, viewBox: `0 0 ${width} ${place.height}`,
    class: wide ? "wide" : "narrow",
  });
  const now = drawing("g", { class: "now" },
    drawing("line", { x1: AXIS - 6, x2: width }),
    drawing("path", { d: `M${AXIS - 12} -5l7 5-7 5z` }));
  svg.append(axis(place), now);
  const lifelines = doc.hosts.map((host, h) => lifeline(place, h, x[h]));
  svg.append(...lifelines.map((line) => line.group));
  const items = doc.segments.map((segment, index) => arrow(doc, place, x, index, actions));
  svg.append(...items.map((item) => item.group));
  const marks = doc.steps.map((step, index) => mark(doc, story, place, x, index, wide, actions));
  svg.append(...marks);
  const pills = doc.hosts.map((host, h) => pill(host, h));
  return {
    svg, now, items, marks, pills, place, wide, x,
    veils: lifelines.map((line) => line.veil), heads: pills.map((p) => p.node),
  };
}

/** Where the lifelines stand: evenly between the outer two, in the order of the hosts. */
function spread(count, [left, right]) {
  const gap = count > 1 ? (right - left) / (count - 1) : 0;
  return Array.from({ length: count }, (_, h) => left + h * gap);
}

function pill(host, h) {
  const state = element("span", { class: "state" });
  const node = element("div", { class: `host host-${h}` },
    element("b", {}, host.name), element("small", {}, host.address), state);
  return {
    node,
    set(name) {
      state.textContent = name;
      state.dataset.state = name;
    },
  };
}

function axis(place) {
  const group = drawing("g", { class: "axis", "aria-hidden": "true" });
  let last = -Infinity;
  for (const tick of place.ticks) {
    if (tick.squeezed && tick.y - tick.from >= 34) {
      const middle = (tick.from + tick.y) / 2;
      group.append(
        drawing("path", { class: "squeeze", d: `M${AXIS - 10} ${middle - 7}l4 3.5-8 4 8 4-4 3.5` }),
        drawing("text", { class: "gap", x: AXIS - 20, y: middle + 4 }, `+${clockFace(tick.gap, tick.gap < 100_000 ? 2 : 3)}`),
      );
    }
    if (tick.y - last < 13) continue;
    last = tick.y;
    group.append(drawing("text", { x: AXIS - 14, y: tick.y + 4 }, clockFace(tick.t)));
  }
  return group;
}

/** A time of the axis in few characters: four digits are enough to find one's way, fewer for a gap. */
function clockFace(us, digits = 4) {
  const [unit, name] = us < 1_000_000 ? [1000, "ms"] : [1_000_000, "s"];
  return us < 1000 ? duration(us) : `${Number((us / unit).toPrecision(digits))} ${name}`;
}

function lifeline(place, h, x) {
  const group = drawing("g", { class: `lifeline host-${h}`, "aria-hidden": "true" },
    drawing("line", { x1: x, x2: x, y1: 0, y2: place.height }));
  group.append(...place.bands[h].map((band) => drawing("rect", {
    class: "band", x: x - BAND / 2, width: BAND, y: band.from,
    height: Math.max(0, band.to - band.from), rx: 2,
    style: `--strength:${STRENGTH[band.state] ?? 0.5}`,
  }, drawing("title", {}, band.state))));
  // What lies ahead of "now" is there, but pale.
  const veil = drawing("rect", { class: "veil", x: x - BAND / 2 - 1, width: BAND + 2 });
  group.append(veil);
  return { group, veil };
}

/** A dot on the lifeline for every step, with what happened beside it where there is room. */
function mark(doc, story, place, x, index, wide, actions) {
  const step = doc.steps[index];
  const h = step.host;
  const y = place.steps[index];
  const group = drawing("g", {
    class: `mark host-${h} mark-${step.kind}`, onclick: () => actions.go(index + 1),
  }, drawing("circle", { cx: x[h], cy: y, r: 4.5 }),
  drawing("title", {}, `Step ${index + 1}: ${step.label}`));
  if (!wide) return group;
  const lines = [];
  if (step.kind === "call" || step.kind === "timer") lines.push(["what", brief(step)]);
  const [before, after] = [story.states[index][h], story.states[index + 1][h]].map(stateOf);
  if (after !== before) lines.push(["becomes", after]);
  const last = h > 0 && h === x.length - 1; // a host alone has its own arrows on the right
  const right = last || (h > 0 && !busyOnTheRight(doc, place, x, h, y));
  lines.forEach(([name, text], nth) => group.append(drawing("text", {
    class: name, x: x[h] + (right ? 10 : -10), y: y + 4 + nth * 14,
    "text-anchor": right ? "start" : "end",
  }, text)));
  return group;
}

/** Whether an arrow leaves a host to its right, or comes from there, at this height. */
function busyOnTheRight(doc, place, x, h, y) {
  return doc.segments.some((segment, number) => {
    const { y1, y2 } = place.segments[number];
    const other = segment.from === h ? segment.to : segment.from;
    const ends = (segment.from === h && Math.abs(y1 - y) < 2) || (segment.to === h && Math.abs(y2 - y) < 2);
    return ends && x[other] > x[h];
  });
}

/** A call's name without its arguments, a timer's without the word: what fits beside a lifeline. */
function brief(step) {
  const text = step.label.replace(/\(.+\)/, "()").replace(/ fires$/, "").replace(/^(.{8,}) timer$/, "$1");
  return text.length > 15 ? `${text.slice(0, 14)}…` : text;
}

/** One segment: its line, head, label and, on its far end, the button that loses it. */
function arrow(doc, place, x, index, actions) {
  const segment = doc.segments[index];
  const { y1, y2 } = place.segments[index];
  const lost = segment.fate === "lost";
  const { direction, from, whole, to, bottom } = way(doc, place, x, index);
  const angle = Math.atan2(bottom - y1, to - from);
  const slope = (angle * 180) / Math.PI + (direction < 0 ? 180 : 0);
  // Above the line and a little nearer to the sender: there it meets neither the arrow that caused
  // this one, which ends where this one starts, nor most arrows that cross it.  Where one comes
  // the other way at the same time, they cross in the middle: nearer still.
  const met = doc.segments.some((other, number) => other.from === segment.to
    && other.to === segment.from && segment.from !== segment.to
    && Math.abs(place.segments[number].y1 - y1) < 12);
  // What a router complains of must not run into that complaint, nor far past the next lifeline.
  const blamed = doc.segments.some((one) => one.quotes === index && one.from === null);
  const room = blamed ? Math.abs(to - from) - 8 : Math.abs(whole - from) + 24;
  const text = blamed || x.length > 2 ? worded(segment, room) : labelOf(segment);
  const half = text.length * 3.05;
  const clear = Math.min(0.5, (text.length * 2.8 + 6) / Math.abs(whole - from)); // of the lifeline
  const middle = Math.abs(whole - from) * Math.max(met ? 0.27 : lost ? 0.36 : 0.44, clear);
  const centre = blamed ? Math.max(half + 6, Math.min(middle, room - half)) : middle;
  const routers = segment.from === null;
  const short = lost && place.reach[index] < 0.5; // its label begins where it does
  const label = drawing("text", {
    class: "label", x: from + direction * (short ? 14 : centre), y: y1,
    "text-anchor": short ? (direction > 0 ? "start" : "end") : "middle",
    transform: `rotate(${slope.toFixed(2)} ${from} ${y1}) translate(0 ${routers ? 13 : -5})`,
  }, text);
  const choose = () => actions.choose(index);
  const button = drawing("g", {
    class: "pick", role: "button", "aria-label": spoken(doc, index), "aria-pressed": "false",
    onclick: choose,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      choose();
    },
  },
  drawing("line", { class: "hit", x1: from, y1, x2: to, y2: bottom }),
  drawing("line", { class: "wire", x1: from, y1, x2: to, y2: bottom, pathLength: 1 }),
  lost ? cross(to, bottom) : head(to, bottom, angle),
  ...(routers ? beside(doc, place, x, index, label) : [label]));
  const drop = actions.canLose() && index < doc.tcp ? dropButton(doc, index, from, whole, y1, y2, actions) : null;
  const group = drawing("g", {
    class: `item kind-${segment.kind}${lost ? " lost" : ""}`
      + `${segment.retransmission ? " again" : ""}${doc.drop.includes(index) ? " by-reader" : ""}`,
  }, button, drop);
  return { group, button, drop };
}

const labelOf = (segment) => segment.label + (segment.retransmission ? " · again" : "");

/** A label in so much room: all of it, else without its numbers, else the flags alone. */
function worded(segment, room) {
  const short = (...parts) => labelOf({ ...segment, label: parts.reduce((text, part) => text.replace(part, ""), segment.label) });
  const numbers = [/ seq \d+/, / ack \d+/];
  const all = [labelOf(segment), short(...numbers), short(...numbers, / len \d+/)];
  return segment.kind === "icmp" ? all[0] : all.find((text) => text.length * 6.1 <= room) ?? all[2];
}

/** From where to where an arrow goes: `whole` is where it would end, `to` where it does. */
function way(doc, place, x, index) {
  const segment = doc.segments[index];
  const { y1, y2 } = place.segments[index];
  const own = segment.to === segment.from; // to itself: shown as an arrow into the open
  const reach = place.reach[index];
  const edge = BAND / 2;
  const start = segment.from === null ? between(doc, place, x, segment) : x[segment.from];
  const direction = own ? 1 : Math.sign(x[segment.to] - start) || 1;
  const from = segment.from === null ? start + direction * 7 : start + direction * (edge + 2);
  const end = own ? from + (x.length > 1 ? (x[1] - x[0]) / 2 : OWN_REACH) : x[segment.to];
  const whole = end - direction * (edge + 3);
  return { direction, from, whole, to: from + (whole - from) * reach, bottom: y1 + (y2 - y1) * reach };
}

/** Where the router stands that sent an ICMP error: where the segment was lost that it is about. */
function between(doc, place, x, error) {
  if (error.quotes !== null) return way(doc, place, x, error.quotes).to;
  const far = error.to ? 0 : Math.min(1, x.length - 1);
  return (x[error.to] + x[far]) / 2;
}

/** The texts of an arrow that a router sends: its name behind it, and the label, where it has room. */
function beside(doc, place, x, index, label) {
  const segment = doc.segments[index];
  const { direction, from, whole } = way(doc, place, x, index);
  const y = place.segments[index].y1;
  const before = doc.segments[index - 1];
  const named = before.by === segment.by && y - place.segments[index - 1].y1 < 40;
  const anchor = { x: from - direction * 16, "text-anchor": direction < 0 ? "start" : "end" };
  const along = Math.abs(whole - from) > LETTER * segment.label.length + 30;
  const name = named ? null : drawing("text", { class: "maker", ...anchor, y: y + (along ? 4 : -9) }, segment.by);
  if (along) return [label, name];
  const room = direction < 0 ? x.at(-1) + 14 - anchor.x : anchor.x - x[0];
  const lines = LETTER * segment.label.length < room ? [segment.label] : halves(segment.label);
  return [...lines.map((line, nth) => drawing("text", { class: "label", ...anchor, y: y + 4 + nth * 13 }, line)), name];
}

/** A text in two lines of about the same length. */
function halves(text) {
  const words = text.split(" ");
  const cuts = words.map((_, at) => [words.slice(0, at).join(" "), words.slice(at).join(" ")]);
  const longer = ([first, second]) => Math.max(first.length, second.length);
  return cuts.reduce((best, cut) => (longer(cut) < longer(best) ? cut : best));
}

function head(x, y, angle) {
  const degrees = ((angle * 180) / Math.PI).toFixed(2);
  return drawing("path", {
    class: "head", d: "M1 0-9-4.5-6.5 0-9 4.5z", transform: `translate(${x} ${y}) rotate(${degrees})`,
  });
}

function cross(x, y) {
  return drawing("path", { class: "cross", d: "M-5-5 5 5M5-5-5 5", transform: `translate(${x} ${y})` });
}

/** The ✕ that loses a segment; on one the reader lost already, the way back. */
function dropButton(doc, index, from, whole, y1, y2, actions) {
  const undo = doc.drop.includes(index);
  const at = 0.8;
  const lose = () => actions.lose(index);
  return drawing("g", {
    class: "drop", role: "button", tabindex: "-1",
    "aria-label": undo ? `Deliver segment ${index} after all` : `Lose segment ${index}`,
    transform: `translate(${from + (whole - from) * at} ${y1 + (y2 - y1) * at})`,
    onclick: lose,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      lose();
    },
  },
  drawing("title", {}, undo ? "Deliver it after all" : "Lose this segment"),
  drawing("circle", { r: 9 }),
  drawing("path", { d: undo ? "M-4 1a4 4 0 1 0 1-3.5M-4-4v3h3" : "M-3.5-3.5l7 7m0-7-7 7" }));
}

/** The segment that a step makes the chosen one. */
export function chosenAt(doc, step) {
  return step ? subject(doc.steps[step - 1]) : null;
}
