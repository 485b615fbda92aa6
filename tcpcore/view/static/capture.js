// A page's reader for captures: a file or pasted text becomes a table, a verdict and a player.
//
// Python reads the file: in a worker of this page (`capture_worker.js`), or in a notebook's kernel
// (`capture_widget.js`).

import { button } from "./controls.js";
import { duration, element, icon, uniqueId } from "./dom.js";
import { LocalModel } from "./local_model.js";
import { render as renderPlayer } from "./player.js";

const PASTE = "12:00:00.000000 IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, win 64240, length 0";
const HEADS = ["", "Client", "Server", "Verdict", "Segments", "Again", "Bytes sent", "Begins", "Lasts"];

const brief = (us) => duration(us < 1000 ? us : Math.round(us / 1000) * 1000);

/**
 * Draw it into `place`; `samples` are {name, title, data (base64) or text}, `largest` is in bytes.
 *
 * `reader` asks Python: `ask(request, {bytes, booted})` resolves to the answer, `stop(words)` ends
 * it, `working()`, `failed(error)` and `trouble()` say what there is to say, `note` where files go.
 */
export function drawCapture(place, { samples, largest }, reader) {
  let busy = 0;
  let playerModel = null;

  async function question(request, bytes = null) {
    busy += 1;
    const own = busy;
    const before = status.textContent;
    atWork(true, reader.working());
    try {
      const answer = await reader.ask(request, { bytes, booted: () => say("Reading…") });
      if (own !== busy) return null;
      atWork(false, answer.refused || before);
      return answer.refused ? null : answer;
    } catch (error) {
      if (own === busy) {
        atWork(false, reader.failed(error));
      }
      return null;
    }
  }

  function atWork(yes, words) {
    frame.dataset.state = yes ? "working" : "ready";
    progress.hidden = !yes;
    stop.hidden = !yes;
    say(words);
  }

  function say(text) {
    if (status.textContent !== text) status.textContent = text;
  }

  function clear() {
    result.hidden = true;
    table.replaceChildren();
  }

  async function open(name, request, bytes) {
    clear();
    if (reader.trouble()) {
      say(reader.trouble());
      return;
    }
    const answer = await question({ capture: name, ...request }, bytes);
    if (!answer) return;
    const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
    say(`${name}: ${many(answer.connections, "connection")}, ${many(answer.segments, "TCP segment")}.`);
    notes.replaceChildren(...answer.notes.map((note) => element("li", {}, note)));
    table.replaceChildren(...answer.rows.map(row));
    result.hidden = false;
    show(answer);
  }

  function row(one) {
    const choose = element("button", {
      type: "button", class: "small", "aria-label": `Show connection ${one.number}, ${one.client} to ${one.server}`,
      onclick: async () => {
        const answer = await question({ connection: one.number });
        if (answer) show(answer);
      },
    }, String(one.number));
    const cells = [one.client, one.server, one.verdict, one.segments, one.again || "–",
      `${one.sent[0]} → · ← ${one.sent[1]}`, brief(one.start), brief(one.duration)];
    return element("tr", { "data-connection": one.number }, element("th", { scope: "row" }, choose),
      ...cells.map((cell) => element("td", {}, String(cell))));
  }

  function show(answer) {
    for (const one of table.children) {
      const chosen = one.dataset.connection === String(answer.chosen);
      one.classList.toggle("chosen", chosen);
      one.querySelector("button").setAttribute("aria-pressed", String(chosen));
    }
    verdictTitle.textContent = `Connection ${answer.chosen}${answer.findings.length ? "" : `: ${answer.verdict}`}`;
    verdict.replaceChildren(...answer.findings.map((finding) => element("li", {}, `${finding.text} `,
      ...finding.steps.map((step) => element("button", { type: "button", class: "step", "aria-label": `Step ${step}`, onclick: () => go(step) }, String(step))))));
    const state = { document: answer.document, parameters: {}, drop: [], step: 1, panels: [], status: "", name: "capture", live: false };
    if (playerModel) {
      playerModel.state = state;
      playerModel.emit("change:document");
    } else {
      playerModel = new LocalModel(state);
      renderPlayer({ model: playerModel, el: player });
    }
  }

  function go(step) {
    playerModel.set("step", step);
    player.querySelector(".ladder")?.scrollIntoView({ block: "nearest" });
  }

  async function file(chosen) {
    if (!chosen) return;
    if (chosen.size > largest) {
      clear();
      say(`${chosen.name} has ${Math.round(chosen.size / 1e6)} MB; this page reads up to ${largest / 1e6} MB. `
        + "`python -m tcpcore explain FILE` reads larger ones.");
      return;
    }
    open(chosen.name, {}, new Uint8Array(await chosen.arrayBuffer()));
  }

  function sample({ name, title, data, text }) {
    const act = () => {
      if (text) {
        area.value = text;
        paste.open = true;
        open(name, { text });
      } else open(name, {}, Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
    };
    return element("button", { type: "button", class: "chip", onclick: act }, title);
  }

  const fileId = uniqueId("file");
  const areaId = uniqueId("text");
  const input = element("input", { id: fileId, type: "file", accept: ".pcap,.pcapng,.cap,.dmp,.gz", onchange: () => file(input.files[0]) });
  const area = element("textarea", { id: areaId, rows: 6, spellcheck: "false", wrap: "off", placeholder: PASTE });
  const paste = element("details", { class: "paste" },
    element("summary", {}, "Or paste what tcpdump printed"),
    element("label", { for: areaId }, "Lines of ", element("code", {}, "tcpdump -n tcp")), area,
    button("Read the text", "play", () => open("The text", { text: area.value }), { text: "Read the text" }));
  const status = element("p", { class: "status", role: "status", "aria-live": "polite" });
  const progress = element("progress", { "aria-label": "At work", hidden: true });
  const stop = button("Stop", "lose", () => {
    busy += 1;
    atWork(false, reader.stop());
  }, { text: "Stop", class: "stop", hidden: true });
  const notes = element("ul", { class: "remarks" });
  const table = element("tbody", {});
  const verdictTitle = element("p", { class: "heading" });
  const verdict = element("ul", { class: "findings" });
  const player = element("div", {});
  const result = element("div", { hidden: true }, notes,
    element("div", { class: "rows", tabindex: "0", role: "group", "aria-label": "Connections of the capture" },
      element("table", {}, element("thead", {}, element("tr", {}, ...HEADS.map((head) => (head
        ? element("th", { scope: "col" }, head) : element("td", {}))))), table)),
    verdictTitle, verdict, player);
  const zone = element("div", { class: "zone" }, icon("save"),
    element("label", { for: fileId }, "Drop a capture here, or choose a file"), input);
  const frame = element("div", { class: "tcpcore tcpcore-capture", role: "group", "aria-label": "Capture reader", "data-state": "ready" },
    zone, reader.note ? element("p", { class: "whose" }, reader.note) : null, paste, element("div", { class: "samples" }, "Without one at hand, try: ", ...samples.map(sample)),
    element("div", { class: "actions" }, progress, stop), status, result);

  for (const event of ["dragenter", "dragover", "dragleave", "drop"]) {
    frame.addEventListener(event, (moved) => {
      moved.preventDefault();
      zone.classList.toggle("over", event === "dragenter" || event === "dragover");
      if (event === "drop") file(moved.dataTransfer.files[0]);
    });
  }
  place.prepend(frame);
}
