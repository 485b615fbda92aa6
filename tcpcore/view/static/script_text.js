// A packetdrill script as text: its colours, and a link that holds it.

const LONGEST = 100_000;
const LONGEST_COLOURED = 20_000;
const LONGEST_LINK = 3_000;

const TOKENS = new RegExp([
  "(?<comment>//[^\\n]*|/\\*[^]*?(?:\\*/|(?![^])))",
  "(?<code>`[^`]*`?|%\\{[^]*?(?:\\}%|(?![^])))",
  '(?<string>"(?:\\\\.|[^"\\\\\\n])*"?)',
  "^[ \\t]*(?<time>[+*]?[\\d.]*(?:~\\+?[\\d.]+)?)(?=[ \\t])[ \\t]*(?<way>[<>](?=[ \\t]))?",
].join("|"), "gm");

/** [kind, start, end] of all that has a colour, in order. */
export function tokens(text) {
  if (text.length > LONGEST_COLOURED) return [];
  const found = [];
  for (const match of text.matchAll(TOKENS)) {
    const { time, way } = match.groups;
    const kind = ["comment", "code", "string"].find((one) => match.groups[one] !== undefined);
    if (kind) found.push([kind, match.index, match.index + match[0].length]);
    const start = match.index + match[0].length - match[0].trimStart().length;
    if (time) found.push(["time", start, start + time.length]);
    if (way) found.push([way === "<" ? "arrives" : "sends", match.index + match[0].lastIndexOf(way), match.index + match[0].length]);
  }
  return found;
}

async function through(bytes, stream, most = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) throw new Error("too long");
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** `#script=...` with the compressed script; null when that is longer than people pass on. */
export async function linkOf(text) {
  const small = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  const letters = btoa(Array.from(small, (byte) => String.fromCharCode(byte)).join(""));
  const link = `#script=${letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  return link.length > LONGEST_LINK ? null : link;
}

/** The script of such a link; an error when it holds none, or one that is too long. */
export async function scriptOf(link) {
  const letters = link.slice("#script=".length).replaceAll("-", "+").replaceAll("_", "/");
  const small = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  const bytes = await through(small, new DecompressionStream("deflate-raw"), LONGEST);
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
