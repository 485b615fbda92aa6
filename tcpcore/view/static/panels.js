// Everything that is one click away: a stack of disclosures, each with its gist in its heading.
// Several can stand open at once.  A closed one costs nothing: its content is made when it opens.

import { createChart } from "./chart.js";
import { duration, element, icon } from "./dom.js";
import { hexDump } from "./hex.js";
import { counted, inTime, principal, reasons, senderOf, source, stateOf } from "./story.js";

/** The panels of the first hosts, in their order; a run may have fewer. */
const HOST_PANELS = ["client", "server", "third"];

const empty = (text) => element("p", { class: "none" }, text);

/** The stack; `update(view)` with view = {doc, story, step, chosen}. `opened` gets the open keys. */
export function createPanels({ open, opened, lose, canLose }) {
  const stack = element("div", { class: "panels" });
  const chart = createChart();
  const makers = {
    step: [() => "This step", stepGist, stepBody],
    segment: [() => "Segment", segmentGist, (view) => segmentBody(view, lose, canLose)],
    states: [() => "State diagram", statesGist, (view) => {
      chart.update(view.doc, view.story, view.step);
      return chart.nodes;
    }],
    ...Object.fromEntries(HOST_PANELS.map((key, h) => [key,
      [(doc) => capital(doc.hosts[h].name), (view) => hostGist(view, h), (view) => hostBody(view, h)]])),
    timers: [() => "Timers", timersGist, timersBody],
    queues: [() => "Queues", queuesGist, queuesBody],
    counters: [() => "Counters", countersGist, countersBody],
    text: [() => "Text", (view) => `${counted(view.doc)} as tcpdump prints them`, textBody],
  };
  let view = null;
  const panels = Object.entries(makers).map(([key, [title, gist, body]]) => {
    const heading = element("b", {});
    const short = element("span", { class: "gist" });
    const content = element("div", { class: "panel-body" });
    const node = element("details", { class: `panel panel-${key}`, "data-panel": key, open: open.includes(key) },
      element("summary", {}, heading, short), content);
    const draw = () => {
      if (node.open && view && !node.hidden) content.replaceChildren(...body(view));
    };
    node.addEventListener("toggle", () => {
      draw();
      opened(panels.filter((p) => p.node.open).map((p) => p.key));
    });
    const update = () => {
      node.hidden = HOST_PANELS.indexOf(key) >= view.doc.hosts.length; // some runs have one host
      if (node.hidden) return;
      heading.textContent = title(view.doc);
      short.textContent = gist(view);
      draw();
    };
    return { key, node, update };
  });
  stack.append(...panels.map((p) => p.node));
  return {
    node: stack,
    update(next) {
      view = next;
      for (const panel of panels) panel.update();
    },
    show(keys) {
      for (const panel of panels) panel.node.open = keys.includes(panel.key);
    },
  };
}

function capital(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function stepGist({ doc, step }) {
  const moment = doc.steps[step - 1];
  return moment ? `${doc.hosts[moment.host].name}: ${moment.label}` : "nothing has happened yet";
}

function stepBody({ doc, step }) {
  const moment = doc.steps[step - 1];
  if (!moment) return [empty("Nothing has happened yet.")];
  const items = [
    ...moment.transitions.map((t) => element("li", { class: "becomes" }, `${t.from} → ${t.to}`)),
    ...moment.sent.map((s) => element("li", {}, `sends ${doc.segments[s].label}`)),
    ...moment.notes.map((note) => element("li", { class: "note" }, note)),
  ];
  const whys = reasons(doc, moment).map((why) => element("li", {}, why.text, " ", element("cite", {}, source(why))));
  return [
    element("p", {}, element("b", {}, capital(doc.hosts[moment.host].name)), `, ${duration(moment.t)}: ${moment.label}`),
    items.length ? element("ul", { class: "effects" }, ...items) : null,
    whys.length ? element("ol", { class: "whys" }, ...whys) : null,
  ].filter(Boolean);
}

function segmentGist({ doc, chosen }) {
  if (chosen === null) return "none in this step";
  const segment = doc.segments[chosen];
  return `${chosen < doc.tcp ? `${chosen}: ` : ""}${segment.label}${segment.fate === "lost" ? ", lost" : ""}`;
}

function segmentBody({ doc, chosen }, lose, canLose) {
  if (chosen === null) return [empty("No segment belongs to this step. Click one in the ladder.")];
  const segment = doc.segments[chosen];
  const why = segment.why === null || segment.why === undefined ? null : doc.whys[segment.why];
  // A capture knows one time of a segment, and not where it was by then.
  const travel = segment.arrived - segment.sent;
  const arrived = travel ? `, arrived after ${duration(travel)}` : "";
  const fate = segment.fate === "delivered" ? arrived : `, ${segment.fate}`;
  const lostWhy = doc.whys[segment.lost_because];
  const parts = [
    element("p", {}, element("b", {}, segment.label), ` from ${senderOf(doc, segment)} to `
      + `${doc.hosts[segment.to].name}, sent at ${duration(segment.sent)}${fate}.`),
  ];
  if (segment.retransmission) parts.push(element("p", { class: "again" }, `Retransmission number ${segment.retransmission}.`));
  if (why) parts.push(element("p", { class: "why-of" }, why.text, " ", element("cite", {}, source(why))));
  if (lostWhy) parts.push(element("p", { class: "lost-why" }, lostWhy.text));
  if (canLose() && chosen < doc.tcp) {
    const undo = doc.drop.includes(chosen);
    parts.push(element("button", { type: "button", class: "small", onclick: () => lose(chosen) },
      icon(undo ? "reset" : "lose"), undo ? "Deliver it after all" : "Lose this segment"));
  }
  for (const layer of [...new Set(segment.fields.map((field) => field[0]))]) {
    parts.push(table(["IP", "TCP", "ICMP"].includes(layer) ? `${layer} header` : layer, segment.fields.filter((f) => f[0] === layer).map(([, name, value]) => [name, value])));
  }
  if (segment.options.length) {
    parts.push(element("table", {}, element("caption", {}, "TCP options, in their order"),
      element("tbody", {}, ...segment.options.map(([name, value, meaning]) => element("tr", {},
        element("th", { scope: "row" }, name),
        element("td", {}, element("code", {}, value), meaning ? element("small", {}, meaning) : null))))));
  }
  if (segment.bytes) parts.push(hexDump(segment.bytes));
  return parts;
}

function table(caption, rows) {
  return element("table", {}, element("caption", {}, caption),
    element("tbody", {}, ...rows.map(([name, value]) => element("tr", {},
      element("th", { scope: "row" }, name), element("td", {}, value)))));
}

function statesGist({ doc, story, step }) {
  return story.states[step].map((host, h) => `${doc.hosts[h].name} ${stateOf(host)}`).join(" · ");
}

function hostGist({ story, step }, h) {
  const host = story.states[step][h];
  const socket = principal(host);
  if (!socket) return "no socket";
  const of = (name) => (socket.variables[name] === undefined ? null : `${name} ${text(socket.variables[name])}`);
  return [socket.state, of("snd.una"), of("snd.nxt"), of("rcv.nxt")].filter(Boolean).join(" · ");
}

const text = (value) => (value === null || value === undefined ? "–" : String(value));

function hostBody({ doc, story, step }, h) {
  const now = story.states[step][h];
  const before = story.states[Math.max(0, step - 1)][h];
  if (!now.sockets.length) return [empty(`${capital(doc.hosts[h].name)} has no socket in this step.`)];
  return now.sockets.map((socket) => {
    const old = before.sockets.find((s) => s.name === socket.name) || { state: null, variables: {} };
    const rows = [["state", old.state, socket.state],
      ...Object.keys(socket.variables).map((name) => [name, old.variables[name], socket.variables[name]])];
    return element("table", { class: `socket host-${h}` },
      element("caption", {}, element("code", {}, socket.name), socket.role === "main" ? null : ` ${socket.role}`),
      element("tbody", {}, ...rows.map(([name, was, is]) => variable(name, was, is))));
  });
}

function variable(name, was, is) {
  const changed = was !== undefined && was !== null && text(was) !== text(is);
  return element("tr", { class: changed ? "changed" : null }, element("th", { scope: "row" }, name),
    element("td", {}, changed ? [element("del", {}, text(was)), " → ", element("ins", {}, text(is))] : text(is)));
}

function allTimers({ doc, story, step }) {
  const t = step ? doc.steps[step - 1].t : 0;
  return story.states[step].flatMap((host, h) => host.timers.map((timer) => ({ ...timer, h, left: timer.deadline - t })))
    .sort((a, b) => a.left - b.left);
}

function timersGist(view) {
  const timers = allTimers(view);
  if (!timers.length) return "none running";
  return timers.map((timer) => `${timer.name} in ${duration(timer.left)}`).join(" · ");
}

function timersBody(view) {
  const timers = allTimers(view);
  if (!timers.length) return [empty("No timer is running.")];
  return timers.map((timer) => {
    const whole = Math.max(1, timer.deadline - timer.set);
    const share = Math.max(0, Math.min(1, timer.left / whole));
    return element("div", { class: `timer host-${timer.h}` },
      element("p", {}, element("b", {}, timer.name), ` on the ${view.doc.hosts[timer.h].name}: fires in `
        + `${duration(timer.left)}, at ${duration(timer.deadline)}`),
      element("div", { class: "bar" }, element("span", { style: `width:${(share * 100).toFixed(1)}%` })),
      element("small", {}, element("code", {}, timer.socket)));
  });
}

function allQueues({ story, step }) {
  return story.states[step].flatMap((host, h) => host.queues.map((queue) => ({ ...queue, h })));
}

function queuesGist(view) {
  const queues = allQueues(view);
  return queues.length ? queues.map((q) => `${q.name} ${q.entries.length}/${q.limit}`).join(" · ") : "nobody listens";
}

function queuesBody(view) {
  const queues = allQueues(view);
  if (!queues.length) return [empty("No socket listens, so there is no queue.")];
  return queues.map((queue) => {
    // Places are drawn while they can be counted at a glance; the rest is said in numbers.
    const places = Math.min(queue.limit, 12);
    const slots = Array.from({ length: places }, (_, n) => element("span", { class: n < queue.entries.length ? "slot taken" : "slot" }));
    return element("div", { class: `queue host-${queue.h}` },
      element("p", {}, element("b", {}, queue.name), ` on the ${view.doc.hosts[queue.h].name}: ${queue.entries.length} of ${queue.limit}`),
      element("div", { class: "slots", "aria-hidden": "true" }, ...slots, queue.limit > places ? "…" : null),
      queue.entries.length ? element("ul", {}, ...queue.entries.map((e) => element("li", {}, element("code", {}, e)))) : null);
  });
}

function counterRows({ doc, story, step }) {
  const before = story.states[Math.max(0, step - 1)];
  return story.states[step].flatMap((host, h) => Object.entries(host.counters).map(([name, value]) => ({
    h, host: doc.hosts[h].name, name, value, more: value - (before[h].counters[name] || 0),
  })));
}

function countersGist(view) {
  const grown = counterRows(view).filter((row) => row.more);
  return grown.length ? grown.map((row) => `${row.name} +${row.more}`).join(" · ") : "none changed in this step";
}

function countersBody(view) {
  const rows = counterRows(view);
  if (!rows.length) return [empty("No counter has moved yet.")];
  return view.doc.hosts.map((host, h) => {
    const own = rows.filter((row) => row.h === h);
    return own.length ? element("table", { class: `host-${h}` }, element("caption", {}, `${capital(host.name)}, as nstat shows them`),
      element("tbody", {}, ...own.map((row) => variable(row.name, row.more ? row.value - row.more : null, row.value)))) : null;
  }).filter(Boolean);
}

function textBody({ doc, story, step }) {
  const lines = inTime(doc).map(([segment, index]) => {
    const begun = story.sentIn[index] <= step && story.sentIn[index] > 0;
    return element("span", { class: begun ? "line" : "line ahead" }, segment.tcpdump, "\n");
  });
  return [
    element("pre", { tabindex: "0", role: "group", "aria-label": "Segments as tcpdump prints them" }, ...lines),
    element("p", {}, doc.outcome || ""),
    element("ol", { class: "events", "aria-label": "The ladder as text" }, ...doc.steps.map((moment) => element("li", {},
      `${duration(moment.t)} ${doc.hosts[moment.host].name}: ${moment.label}`
      + moment.sent.map((s) => `; sends ${doc.segments[s].label}${doc.segments[s].fate === "lost" ? " (lost)" : ""}`).join("")
      + moment.notes.map((note) => `; ${note}`).join("")))),
  ];
}
