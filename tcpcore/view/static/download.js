// What leaves the player: a pcap file, text on the clipboard, a link to a step.

import { inTime } from "./story.js";

const PCAP_MAGIC = 0xa1b2c3d4;
const RAW_IP = 101;
const SNAPLEN = 262_144;

/** A classic pcap file (link type raw IP, microseconds) of every packet as it left its host. */
export function pcap(doc) {
  const packets = inTime(doc).filter(([s]) => s.bytes).map(([s]) => [s.sent, s.bytes.match(/../g)]);
  const size = packets.reduce((sum, [, bytes]) => sum + 16 + bytes.length, 24);
  const view = new DataView(new ArrayBuffer(size));
  let at = 0;
  const put32 = (...values) => values.forEach((value) => {
    view.setUint32(at, value, true);
    at += 4;
  });
  put32(PCAP_MAGIC);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  at = 8;
  put32(0, 0, SNAPLEN, RAW_IP);
  for (const [sent, bytes] of packets) {
    put32(Math.floor(sent / 1_000_000), sent % 1_000_000, bytes.length, bytes.length);
    for (const pair of bytes) {
      view.setUint8(at, parseInt(pair, 16));
      at += 1;
    }
  }
  return new Blob([view.buffer], { type: "application/vnd.tcpdump.pcap" });
}

/** Hand a file to the browser under a name. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Copy text; true when it worked. Without the clipboard API (http, file://) the old way is tried. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/**
 * `#handshake:5`, followed by what differs from the page: `?rtt=200&drop=0,2`; `drop=` where the
 * page loses segments (`lost`) and this run none.
 */
export function linkTo(name, step, parameters, drop, lost = []) {
  const more = new URLSearchParams(Object.entries(parameters).map(([key, value]) => [key, String(value)]));
  if (drop.join() !== lost.join()) more.set("drop", drop.join(","));
  const query = more.toString().replace(/%2C/g, ",");
  return `#${name}:${step}${query ? `?${query}` : ""}`;
}

/** The parts of such a link, or null when `hash` is none; `drop` is null: as on the page. */
export function readLink(hash) {
  const match = /^#([\w-]+):(\d+)(?:\?(.*))?$/.exec(hash);
  if (!match) return null;
  const query = new URLSearchParams(match[3] || "");
  const drop = query.has("drop")
    ? query.get("drop").split(",").filter((text) => /^\d+$/.test(text)).map(Number)
    : null;
  query.delete("drop");
  return { name: match[1], step: Number(match[2]), parameters: Object.fromEntries(query), drop };
}
