// What came of a script, below its text: the sentence, the packet that differs, every line.

import { duration, element } from "./dom.js";

const WORDS = { passed: "passed", failed: "failed", "not run": "not reached" };

/** Text with its differing parts marked. */
function marked(text, spans) {
  const code = element("code", {});
  let at = 0;
  for (const [from, to] of spans || []) {
    code.append(text.slice(at, from), element("mark", {}, text.slice(from, to)));
    at = to;
  }
  code.append(text.slice(at));
  return code;
}

function compared(failure) {
  const row = (word) => (failure[word] ? [element("dt", {}, word), element("dd", {}, marked(failure[word], failure[`${word}_marks`]))] : []);
  const rows = [...row("expected"), ...row("found")];
  return rows.length ? element("dl", { class: "compared" }, ...rows) : null;
}

function pre(text, label) {
  return element("pre", { tabindex: "0", role: "group", "aria-label": label }, text);
}

function everyLine(lines) {
  if (!lines.length) return null;
  const count = (verdict) => lines.filter((one) => one.verdict === verdict).length;
  const gist = Object.entries(WORDS).filter(([verdict]) => count(verdict)).map(([verdict, word]) => `${count(verdict)} ${word}`);
  return element("details", { class: "panel every-line" },
    element("summary", {}, element("b", {}, "Line by line"), element("span", { class: "gist" }, gist.join(" · "))),
    element("div", { class: "panel-body" }, element("table", {},
      element("caption", {}, "Each line that was run, when, and how it went"),
      element("tbody", {}, ...lines.map((one) => element("tr", { class: one.verdict.replace(" ", "-") },
        element("th", { scope: "row" }, String(one.line)),
        element("td", {}, element("code", {}, one.text)),
        element("td", {}, one.time === null ? "–" : duration(one.time)),
        element("td", {}, WORDS[one.verdict])))))));
}

/** The parts below the summary; none for what the reader has not run. */
export function verdictParts(result) {
  const { failure } = result;
  return [
    failure ? compared(failure) : null,
    failure?.caret && !failure.expected ? pre(failure.caret, "The place in the script") : null,
    result.story.length ? element("details", { class: "panel story", open: true },
      element("summary", {}, element("b", {}, "The host at that moment")),
      element("div", { class: "panel-body" }, pre(result.story.join("\n"), "Sockets, timers and reasons of the host"))) : null,
    result.remarks.length ? element("ul", { class: "remarks" }, ...result.remarks.map((one) => element("li", {}, one))) : null,
    everyLine(result.lines),
  ].filter(Boolean);
}

/** Line to its mark in the editor: the verdict, and the columns of what is wrong. */
export function marksOf(result) {
  const marks = new Map(result.lines.map((one) => [one.line, { verdict: one.verdict }]));
  const { failure } = result;
  if (!failure?.line) return marks;
  const line = result.script.split("\n")[failure.line - 1] || "";
  const verdict = result.verdict === "failed" ? "failed" : "refused";
  let from = failure.column - 1;
  let to = from + (/^\S+/.exec(line.slice(from))?.[0].length || 1);
  const wrong = (failure.expected_marks || []).map(([a, b]) => failure.expected.slice(a, b)).find((part) => line.includes(part));
  if (wrong) {
    from = line.lastIndexOf(wrong);
    to = from + wrong.length;
  }
  marks.set(failure.line, { verdict, from, to });
  return marks;
}
