// The bytes of a packet as a hex dump in which each header has its colour.

import { element } from "./dom.js";

const ROW = 8;

/** Where the IP header, the TCP header and its options end; IPv6 has its own fixed header. */
function borders(bytes) {
  const version = bytes[0] >> 4;
  const ip = version === 6 ? 40 : (bytes[0] & 15) * 4;
  const tcp = ip + 20;
  const options = ip + (bytes[ip + 12] >> 4) * 4;
  return [[ip, "ip"], [tcp, "tcp"], [options, "options"], [bytes.length, "payload"]];
}

/** A table-like block: offset, then eight bytes a row, each run of one header in one span. */
export function hexDump(hex) {
  const bytes = hex.match(/../g).map((pair) => parseInt(pair, 16));
  const parts = borders(bytes);
  const kind = (offset) => parts.find(([end]) => offset < end)?.[1] || "payload";
  const pre = element("pre", { class: "hex", tabindex: "0", role: "group", "aria-label": "Bytes of the packet" });
  for (let at = 0; at < bytes.length; at += ROW) {
    pre.append(element("span", { class: "offset" }, at.toString(16).padStart(4, "0"), "  "));
    for (let i = at; i < Math.min(at + ROW, bytes.length);) {
      const name = kind(i);
      let end = i;
      while (end < Math.min(at + ROW, bytes.length) && kind(end) === name) end += 1;
      const text = bytes.slice(i, end).map((b) => b.toString(16).padStart(2, "0")).join(" ");
      pre.append(element("span", { class: name }, text), " ");
      i = end;
    }
    pre.append("\n");
  }
  const seen = new Set(bytes.map((_, i) => kind(i)));
  const names = { ip: "IP header", tcp: "TCP header", options: "options", payload: "payload" };
  return element("div", { class: "bytes" },
    element("p", {}, element("b", {}, `${bytes.length} bytes: `),
      ...Object.entries(names).filter(([name]) => seen.has(name))
        .map(([name, label]) => element("span", { class: `part ${name}` }, label))),
    pre);
}
