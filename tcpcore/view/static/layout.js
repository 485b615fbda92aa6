// Where everything of the ladder stands, top to bottom.  Pure arithmetic: no element is made here.
//
// Time is not to scale when gaps differ much: a SYN that waits 64 s beside one that waits 1 s would
// leave nothing to read.  Equal gaps stay equal, longer ones stay longer, but 64 times as long is
// drawn about four times as high; the axis prints each time, and each squeezed gap its length.

import { stateOf } from "./story.js";

const USUAL_GAP = 46;
const DENSE_GAP = 19;
const ROOM = 420;
const LEAST_GAP = 15;
const MOST_GAP = 86;
const SEND_PITCH = 18;
const ARRIVAL_PITCH = 13;
const LINE = 14;
const LOST_AT = 0.62; // of the way, where nobody says where it was lost

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : 1;
}

/** The order in which things are drawn: every step, and sends or arrivals that belong to no step. */
function rowsOf(doc) {
  const rows = doc.steps.map((step, index) => ({
    t: step.t, order: index, step: index, host: step.host,
    sends: step.sent.filter((s) => doc.segments[s].sent === step.t),
    arrival: step.segment ?? null,
    lines: labelLines(step),
  }));
  const sent = new Set(rows.flatMap((row) => row.sends));
  const arrived = new Set(rows.map((row) => row.arrival));
  doc.segments.forEach((segment, index) => {
    const loose = (t, more) => rows.push({
      t, order: doc.steps.length + index, step: null, sends: [], arrival: null, lines: 0, ...more,
    });
    if (!sent.has(index)) loose(segment.sent, { host: segment.from ?? segment.to, sends: [index] });
    if (segment.arrived !== null && !arrived.has(index)) {
      loose(segment.arrived, { host: segment.to, arrival: index });
    }
  });
  return rows.sort((a, b) => a.t - b.t || a.order - b.order);
}

/** How many lines of text a step has beside its lifeline. */
function labelLines(step) {
  const named = step.kind === "call" || step.kind === "timer" ? 1 : 0;
  return named + (step.transitions.length ? 1 : 0);
}

/** Vertical places: `steps[k]`, `segments[i] = {y1, y2}`, `ticks`, `bands` per host, `height`. */
export function layout(doc, story, { withLabels }) {
  const rows = rowsOf(doc);
  const times = [...new Set(rows.map((row) => row.t))];
  const gaps = times.slice(1).map((t, i) => t - times[i]);
  const usual = median(gaps);
  // The more there is to show, the closer it stands, down to where labels would touch.
  const unit = Math.min(USUAL_GAP, Math.max(DENSE_GAP, ROOM / Math.max(1, gaps.length)));
  const height = (gap) =>
    Math.min(MOST_GAP, Math.max(LEAST_GAP, unit * (gap / usual) ** 0.38));
  // A short exchange gets room to breathe, a long one does not grow without need.
  const stretch = Math.min(1.6, Math.max(1, 300 / (gaps.reduce((sum, g) => sum + height(g), 1))));

  const place = { steps: [], segments: doc.segments.map(() => ({ y1: null, y2: null })) };
  const ticks = [];
  const lastSend = [...doc.hosts, "level"].map(() => -Infinity);
  const lastArrival = [...doc.hosts, "level"].map(() => -Infinity);
  // In a capture a segment is sent and seen at one time: it runs level, and must not touch the last
  // level one, whoever sent it.
  const level = doc.hosts.length;
  const lane = (index, end) => {
    const segment = doc.segments[index];
    return segment.sent === segment.arrived ? level : segment[end] ?? level;
  };
  const labelEnd = doc.hosts.map(() => -Infinity);
  let y = 14;
  let previous = null;
  for (const row of rows) {
    const gap = previous === null ? 0 : row.t - previous.t;
    if (gap > 0) y += height(gap) * stretch;
    else if (previous !== null && previous.host !== row.host) y += 8;
    else if (previous !== null) y += row.lines || row.arrival !== null ? 12 : 0;
    if (withLabels && row.lines) y = Math.max(y, labelEnd[row.host] + 10);
    if (row.arrival !== null) y = Math.max(y, lastArrival[lane(row.arrival, "to")] + ARRIVAL_PITCH);
    if (row.sends.length) y = Math.max(y, lastSend[lane(row.sends[0], "from")] + SEND_PITCH);
    if (row.step !== null) place.steps[row.step] = y;
    if (row.arrival !== null) {
      place.segments[row.arrival].y2 = y;
      lastArrival[lane(row.arrival, "to")] = y;
    }
    if (row.lines) labelEnd[row.host] = y - 7 + row.lines * LINE;
    if (previous === null || row.t !== previous.t) {
      const from = ticks.length ? ticks[ticks.length - 1] : null;
      ticks.push({ t: row.t, y, gap, from: from ? from.y : null, squeezed: gap > 2.5 * usual });
    }
    row.sends.forEach((segment, nth) => {
      if (nth) y += SEND_PITCH;
      place.segments[segment].y1 = y;
      lastSend[lane(segment, "from")] = y;
    });
    previous = row;
  }
  place.reach = reaches(doc);
  finishLost(doc, place);
  place.ticks = ticks;
  place.height = Math.max(y, ...place.segments.map((s) => s.y2)) + 26;
  place.bands = doc.hosts.map((_, host) => bands(doc, story, place, host));
  return place;
}

/** How far each segment comes, as a part of its way: a lost one to where somebody complains of it. */
function reaches(doc) {
  const whole = doc.segments.map((one) => (one.fate === "lost" ? LOST_AT : 1));
  for (const error of doc.segments) {
    if (error.kind !== "icmp" || error.quotes === null || whole[error.quotes] === 1) continue;
    const lost = doc.segments[error.quotes];
    const there = error.sent - lost.sent;
    const through = doc.segments.find((one) => one.kind !== "icmp" && one.arrived !== null
      && one.from === lost.from && one.to === lost.to);
    const part = through ? there / Math.max(1, through.arrived - through.sent) : 0.5;
    whole[error.quotes] = error.from === null ? Math.max(0.3, Math.min(0.7, part)) : 0.9;
  }
  return whole;
}

/** Segments that never arrive go down as steeply as the nearest one that does, the same way. */
function finishLost(doc, place) {
  const arrived = doc.segments.map((segment, i) => i).filter((i) => place.segments[i].y2 !== null);
  doc.segments.forEach((segment, index) => {
    const own = place.segments[index];
    if (own.y2 !== null) return;
    const error = doc.segments.findIndex((one) => one.kind === "icmp" && one.quotes === index);
    if (error >= 0) { // lost where the router stands that says so
      own.y2 = own.y1 + (place.segments[error].y1 - own.y1) / place.reach[index];
      return;
    }
    const alike = arrived.filter((i) => doc.segments[i].from === segment.from);
    const near = alike.sort((a, b) => Math.abs(a - index) - Math.abs(b - index))[0];
    own.y2 = own.y1 + (near === undefined ? 34 : place.segments[near].y2 - place.segments[near].y1);
  });
}

/** The stretches of a lifeline in which the host's principal socket keeps its state. */
function bands(doc, story, place, host) {
  const result = [];
  let current = { state: stateOf(story.states[0][host]), from: 0, step: 0 };
  doc.steps.forEach((step, index) => {
    if (step.host !== host) return;
    const state = stateOf(story.states[index + 1][host]);
    if (state === current.state) return;
    result.push({ ...current, to: place.steps[index] });
    current = { state, from: place.steps[index], step: index + 1 };
  });
  result.push({ ...current, to: place.height });
  return result;
}
