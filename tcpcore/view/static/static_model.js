// A model without a kernel: stepping works on the stored document; new parameters are computed by
// Python in a worker of this page, started at the first need and shared by all players.

// A classic script, also inside the bundle: its own address tells where the worker lies.
const HERE = typeof document !== "undefined" && document.currentScript ? document.currentScript.src : "";
const LOADING = "Loading Python into your browser (the first time only, some seconds)…";
const NO_WORKER = "Sliders and ✕ need the page to come from a web server (`make book` starts one); "
  + "stepping works here as it is.";

let worker = null;
let warm = false;
let count = 0;
const waiting = new Map();

function stopWorker(message) {
  worker?.terminate();
  worker = null;
  warm = false;
  for (const { reject } of waiting.values()) reject(new Error(message));
  waiting.clear();
}

/** Ask the worker for a run; resolves to its answer {document, ms, boot} or {refused}. */
function ask(request) {
  if (!worker) {
    worker = new Worker(new URL("worker.js", HERE), { type: "module" });
    worker.onmessage = ({ data }) => {
      const entry = waiting.get(data.id);
      waiting.delete(data.id);
      if (!entry) return;
      if (data.failed) {
        // A worker that could not start is thrown away, so that the next try begins anew.
        stopWorker(data.failed);
        entry.reject(new Error(data.failed));
      } else {
        warm = true;
        entry.resolve(data);
      }
    };
    worker.onerror = (event) => stopWorker(event.message || "the worker did not start");
  }
  return new Promise((resolve, reject) => {
    count += 1;
    waiting.set(count, { resolve, reject });
    worker.postMessage({ id: count, ...request });
  });
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The anywidget model contract over one stored state. */
export class StaticModel {
  constructor(state) {
    this.state = { status: "", drop: [], panels: [], ...state };
    this.stored = { parameters: this.state.parameters, drop: this.state.drop, document: this.state.document };
    this.listeners = new Map();
    this.asked = this.wanted();
    this.busy = false;
    this.wish = null;
  }

  get(key) {
    return this.state[key];
  }

  set(key, value) {
    if (same(this.state[key], value)) return;
    this.state[key] = value;
    for (const listener of this.listeners.get(`change:${key}`) || []) listener();
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) || []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) || []).filter((f) => f !== listener));
  }

  wanted() {
    return { parameters: this.state.parameters, drop: this.state.drop };
  }

  /** Compute what the reader asks for now; while one run is under way, only the newest wish waits. */
  async save_changes() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (!same(this.wanted(), this.asked)) {
        this.asked = this.wanted();
        await this.compute(this.asked);
      }
    } finally {
      this.busy = false;
    }
  }

  async compute(wanted) {
    if (same(wanted, { parameters: this.stored.parameters, drop: this.stored.drop })) {
      this.show(this.stored.document, "");
      return;
    }
    if (location.protocol === "file:") {
      this.giveUp(NO_WORKER);
      return;
    }
    this.set("status", warm ? "Computing…" : LOADING);
    const start = performance.now();
    try {
      const answer = await ask({
        scenario: this.state.scenario, profile: this.state.profile, figures: this.state.figures ?? [], ...wanted,
      });
      if (answer.refused) this.giveUp(answer.refused);
      else {
        const booted = answer.boot ? `; Python took ${(answer.boot / 1000).toFixed(1)} s to load` : "";
        this.show(answer.document, `Computed in your browser in ${answer.ms.toFixed(0)} ms${booted}.`);
        this.last = { ms: answer.ms, total: performance.now() - start };
      }
    } catch (error) {
      this.giveUp(`Python could not be loaded here, so sliders and ✕ cannot answer now: ${error.message}. `
        + "Stepping still works. Move a slider to try again.");
    }
  }

  /** The run on the page stays, and so do its parameters: sliders that lie are worse than none. */
  giveUp(status) {
    const doc = this.state.document;
    const shown = Object.fromEntries(doc.parameters.map((p) => [p.name, p.value]));
    if (same(this.wanted(), this.asked)) {
      this.state.parameters = shown;
      this.state.drop = [...doc.drop];
      this.asked = this.wanted();
      this.emit("change:document");
    }
    this.set("status", status);
  }

  emit(event) {
    for (const listener of this.listeners.get(event) || []) listener();
  }

  show(doc, status) {
    this.state.document = doc;
    if (this.wish !== null) this.state.step = Math.min(this.wish, doc.steps.length);
    this.wish = null;
    this.state.step = Math.min(this.state.step, doc.steps.length);
    this.emit("change:document");
    this.set("status", status);
  }
}
