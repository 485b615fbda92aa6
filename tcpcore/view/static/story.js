// The document as a story: what each host looks like after every step, and which step sent what.
// A step holds only the sections that changed, each of them complete; so the state after step k is
// a fold over the steps before it, and going back is looking it up: rewinding cannot differ.

/** The document with its ICMP errors behind the segments, so that all are drawn and chosen alike. */
export function whole(doc) {
  const tcp = doc.segments.length;
  return {
    ...doc,
    tcp,
    segments: [...doc.segments, ...(doc.icmp || [])],
    steps: doc.steps.map((step) => ({
      ...step,
      segment: step.icmp === undefined ? step.segment : tcp + step.icmp,
      sent: [...step.sent, ...(step.icmp_sent || []).map((index) => tcp + index)],
    })),
  };
}

/** "client", or of an ICMP error the router that made it. */
export function senderOf(doc, segment) {
  return segment.from === null ? segment.by : doc.hosts[segment.from].name;
}

/** The segments in order of time, as [segment, index]: what a capture would hold. */
export function inTime(doc) {
  return doc.segments.map((segment, index) => [segment, index]).sort(([a], [b]) => a.sent - b.sent);
}

/** "12 segments", "1 segment and 2 ICMP errors". */
export function counted(doc) {
  const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const errors = doc.segments.length - doc.tcp;
  return many(doc.tcp, "segment") + (errors ? ` and ${many(errors, "ICMP error")}` : "");
}

const EMPTY = Object.freeze({ sockets: [], timers: [], queues: [], counters: {} });
const UNSEEN = Object.freeze({ ...EMPTY, unseen: true }); // a host that only its packets tell of

/** Step 0 is "before anything happened"; steps 1..count are the document's, in order. */
export function tell(doc) {
  const states = [doc.hosts.map((host) => (host.unseen ? UNSEEN : EMPTY))];
  const sentIn = doc.segments.map(() => 0);
  const arrivedIn = doc.segments.map(() => 0);
  doc.steps.forEach((step, index) => {
    const before = states[index];
    states.push(before.map((host, h) => ({ ...host, ...(step.hosts[h] || {}) })));
    for (const segment of step.sent) sentIn[segment] = index + 1;
    if (step.segment !== null && step.segment !== undefined) arrivedIn[step.segment] = index + 1;
  });
  doc.segments.forEach((segment, index) => {
    if (segment.from !== null) return; // a router has no steps: seen from the next step on
    sentIn[index] = doc.steps.findIndex((step) => step.t >= segment.sent) + 1;
  });
  return { count: doc.steps.length, states, sentIn, arrivedIn };
}

/** The one socket that stands for a host in the ladder: a connection before a listener. */
export function principal(host) {
  const by = (role) => host.sockets.find((socket) => socket.role === role);
  return by("main") || by("request") || by("listener") || host.sockets[0] || null;
}

/** The state of that socket; a socket that is gone is CLOSED, one that nobody saw is "unseen". */
export function stateOf(host) {
  const socket = principal(host);
  if (socket) return socket.state;
  return host.unseen ? "unseen" : "CLOSED";
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
  return inTime(doc).map(([segment]) => segment.tcpdump).join("\n") + "\n";
}
