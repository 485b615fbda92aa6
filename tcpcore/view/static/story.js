// The document as a story: what each host looks like after every step, and which step sent what.
// A step holds only the sections that changed, each of them complete; so the state after step k is
// a fold over the steps before it, and going back is looking it up: rewinding cannot differ.

const EMPTY = Object.freeze({ sockets: [], timers: [], queues: [], counters: {} });

/** Step 0 is "before anything happened"; steps 1..count are the document's, in order. */
export function tell(doc) {
  const states = [doc.hosts.map(() => EMPTY)];
  const sentIn = doc.segments.map(() => 0);
  const arrivedIn = doc.segments.map(() => 0);
  doc.steps.forEach((step, index) => {
    const before = states[index];
    states.push(before.map((host, h) => ({ ...host, ...(step.hosts[h] || {}) })));
    for (const segment of step.sent) sentIn[segment] = index + 1;
    if (step.segment !== null && step.segment !== undefined) arrivedIn[step.segment] = index + 1;
  });
  return { count: doc.steps.length, states, sentIn, arrivedIn };
}

/** The one socket that stands for a host in the ladder: a connection before a listener. */
export function principal(host) {
  const by = (role) => host.sockets.find((socket) => socket.role === role);
  return by("main") || by("request") || by("listener") || host.sockets[0] || null;
}

/** The state of that socket; a socket that is gone is CLOSED. */
export function stateOf(host) {
  const socket = principal(host);
  return socket ? socket.state : "CLOSED";
}

/** The segment a step is about: the one that arrived, else the first one sent, else none. */
export function subject(step) {
  if (!step) return null;
  if (step.segment !== null && step.segment !== undefined) return step.segment;
  return step.sent.length ? step.sent[0] : null;
}

/** The reasons of a step that are worth a line: the first one decides, the others follow. */
export function reasons(doc, step) {
  return step ? step.whys.map((index) => doc.whys[index]) : [];
}

/** "RFC 9293 §3.5 · tcp_connect()", or an empty text. */
export function source(why) {
  return why ? [why.rfc, why.kernel].filter(Boolean).join(" · ") : "";
}

/** The text of every segment as tcpdump prints it, one per line. */
export function tcpdumpText(doc) {
  return doc.segments.map((segment) => segment.tcpdump).join("\n") + "\n";
}
