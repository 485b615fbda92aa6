// Small helpers that every part of the player uses: elements, icons, numbers as text.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** An HTML element; `onclick: f` adds a listener, `null` attributes and children are left out. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function drawing(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

// Drawn, not typed: the media characters of Unicode turn into colourful emoji on some systems.
const ICONS = {
  first: "M5 4v12M16 4 8 10l8 6z",
  previous: "M14 4 6 10l8 6z",
  play: "M6 3.5v13l11-6.5z",
  pause: "M7 4v12M13 4v12",
  next: "M6 4l8 6-8 6z",
  last: "M15 4v12M4 4l8 6-8 6z",
  reset: "M4 4v4h4M4.5 8a6 6 0 1 1-.5 4",
  copy: "M7 7h9v9H7zM4 13V4h9",
  save: "M10 3v9M6 9l4 4 4-4M4 16h12",
  script: "M5 3h7l3 3v11H5zM7.5 9h5M7.5 12h5M7.5 15h3",
  link: "M8 12l4-4M9 6l2-2a3 3 0 0 1 5 5l-2 2M11 14l-2 2a3 3 0 0 1-5-5l2-2",
  help: "M7.5 7.5a2.5 2.5 0 1 1 3.5 2.3c-.8.4-1 .9-1 1.700M10 14.5v.1",
  lose: "M5 5l10 10M15 5 5 15",
};

/** A 20 × 20 icon in the colour of the text around it; the button that holds it has the name. */
export function icon(name) {
  return drawing(
    "svg",
    { viewBox: "0 0 20 20", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" },
    drawing("path", { d: ICONS[name] }),
  );
}

/** A time or duration with the fewest digits that lose nothing: 200 µs, 50 ms, 1.02 s, 131 s. */
export function duration(us) {
  const trim = (number, digits) => String(Number(number.toFixed(digits)));
  if (us === 0) return "0";
  if (Math.abs(us) < 1000) return `${us} µs`;
  if (Math.abs(us) < 1_000_000) return `${trim(us / 1000, 3)} ms`;
  return `${trim(us / 1_000_000, 6)} s`;
}

/** A moment for the step counter: seconds with three digits, six where the third is not enough. */
export function moment(us) {
  return `${(us / 1_000_000).toFixed(us % 1000 ? 6 : 3)} s`;
}

let unique = 0;

/** An id that no other element of the page has. */
export function uniqueId(prefix) {
  unique += 1;
  return `tcpcore-${prefix}-${unique}`;
}

/** What a screen reader says of a segment in one breath. */
export function spoken(doc, index) {
  const segment = doc.segments[index];
  const names = [segment.from === null ? segment.by : doc.hosts[segment.from].name, doc.hosts[segment.to].name];
  const fate = segment.fate === "lost" ? ", lost" : "";
  const again = segment.retransmission ? ` · again, retransmission ${segment.retransmission}` : "";
  const what = segment.kind === "icmp" ? "ICMP error" : `Segment ${index}`;
  return `${what}, ${names[0]} to ${names[1]} at ${duration(segment.sent)}: `
    + `${segment.label}${again}${fate}`;
}
