// A text field for scripts: line numbers, colours, and a mark at each line that was run.
//
// A mirror behind the field shows the same text in colours; the field's own letters are
// transparent.  Tab is left to the browser: it leads on to the next control.

import { element } from "./dom.js";
import { tokens } from "./script_text.js";

const FEWEST = 8;
const MOST = 26;
const MANY = 400; // more lines than this are drawn plainly: thousands of elements make typing slow
const GLYPHS = { passed: "✓", failed: "✗", refused: "!", "not run": "·" };

/** The field; `changed(text)` is called when the reader edits, `run()` on Ctrl+Enter. */
export function createArea({ changed, run, label, describedBy }) {
  let marks = new Map(); // line to {verdict, from, to}
  let soon = 0;
  const numbers = element("div", { class: "numbers" });
  const mirror = element("div", { class: "mirror", "aria-hidden": "true" });
  const area = element("textarea", {
    class: "script", spellcheck: "false", autocomplete: "off", autocapitalize: "off", wrap: "off",
    "aria-label": label, "aria-describedby": describedBy,
    oninput: () => {
      marks = new Map();
      soon ||= requestAnimationFrame(draw);
      changed(area.value);
    },
    onscroll: follow,
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        run();
      }
      event.stopPropagation();
    },
  });

  function follow() {
    mirror.scrollTop = area.scrollTop;
    mirror.scrollLeft = area.scrollLeft;
    numbers.style.transform = `translateY(${-area.scrollTop}px)`;
  }

  function draw() {
    cancelAnimationFrame(soon);
    soon = 0;
    const lines = area.value.split("\n");
    area.rows = Math.max(FEWEST, Math.min(MOST, lines.length + 1));
    numbers.replaceChildren(...(lines.length > MANY ? plainNumbers(lines, marks) : lines.map((_, index) => {
      const verdict = marks.get(index + 1)?.verdict;
      return element("div", { class: verdict ? `number ${verdict.replace(" ", "-")}` : "number" },
        `${index + 1} `, element("span", { class: "glyph" }, GLYPHS[verdict] || ""));
    })));
    mirror.replaceChildren(...(lines.length > MANY ? plain(lines, marks) : coloured(area.value, lines, marks)));
    follow();
  }

  return {
    node: element("div", { class: "editor" },
      element("div", { class: "gutter", "aria-hidden": "true" }, numbers),
      element("div", { class: "code" }, mirror, area)),
    get text() {
      return area.value;
    },
    set text(value) {
      area.value = value;
      marks = new Map();
      draw();
    },
    mark(next) {
      marks = next;
      draw();
    },
    focus: () => area.focus(),
    show(line) {
      const height = area.scrollHeight / Math.max(1, area.value.split("\n").length);
      const top = (line - 1) * height;
      if (top < area.scrollTop || top > area.scrollTop + area.clientHeight - 2 * height) area.scrollTop = top - area.clientHeight / 2;
      follow();
    },
  };
}

function plainNumbers(lines, marks) {
  return [lines.map((_, index) => `${index + 1} ${GLYPHS[marks.get(index + 1)?.verdict] || " "}`).join("\n")];
}

/** The mirror of a long text: no colours, but the line that failed. */
function plain(lines, marks) {
  const wrong = [...marks].find(([, mark]) => mark.from !== undefined);
  if (!wrong) return [lines.join("\n")];
  const [number, mark] = wrong;
  const at = number - 1;
  return [
    element("div", {}, at ? lines.slice(0, at).join("\n") : null),
    element("div", { class: `line ${mark.verdict}` }, lines[at].slice(0, mark.from),
      element("span", { class: "wrong" }, lines[at].slice(mark.from, mark.to)), lines[at].slice(mark.to)),
    element("div", {}, lines.slice(number).join("\n")),
  ];
}

/** The mirror's lines: coloured text, a tint by verdict, an underline below what is wrong. */
function coloured(text, lines, marks) {
  const found = tokens(text);
  let next = 0;
  let start = 0;
  return lines.map((line, index) => {
    const end = start + line.length;
    const node = element("div", { class: "line" });
    const mark = marks.get(index + 1);
    if (mark) node.classList.add(mark.verdict.replace(" ", "-"));
    const edges = new Set([start, end]);
    const own = [];
    for (let at = next; at < found.length && found[at][1] < end; at += 1) {
      const [kind, from, to] = found[at];
      own.push([kind, Math.max(from, start), Math.min(to, end)]);
      if (to <= end) next = at + 1;
    }
    if (mark?.to > mark?.from) own.push(["wrong", start + mark.from, start + mark.to]);
    for (const [, from, to] of own) edges.add(from).add(to);
    const cuts = [...edges].filter((at) => at >= start && at <= end).sort((a, b) => a - b);
    for (let cut = 0; cut + 1 < cuts.length; cut += 1) {
      const kinds = own.filter(([, from, to]) => from <= cuts[cut] && cuts[cut + 1] <= to).map(([kind]) => kind);
      const part = text.slice(cuts[cut], cuts[cut + 1]);
      node.append(kinds.length ? element("span", { class: kinds.join(" ") }, part) : part);
    }
    if (!line) node.append("\u200b"); // an empty line has a height, too
    start = end + 1;
    return node;
  });
}
