// Python in a worker of this page, started at the first need and shared by all figures.

// A classic script, also inside the bundle: its own address tells where the worker lies.
const HERE = typeof document !== "undefined" && document.currentScript ? document.currentScript.src : "";
const LOADING = "Loading Python into your browser (the first time only, some seconds)…";

let worker = null;
let warm = false;
let count = 0;
const waiting = new Map();

/** What to say while it works: the first time it has to be loaded. */
export function working(then = "Computing…") {
  return warm ? then : LOADING;
}

/** Whether this page can have a worker at all; one that was opened from a disk cannot. */
export function hasPython() {
  return location.protocol !== "file:";
}

/** End it, whatever it does; those who wait are told `message`. The next question starts it anew. */
export function stopPython(message) {
  worker?.terminate();
  worker = null;
  warm = false;
  for (const { reject } of waiting.values()) reject(new Error(message));
  waiting.clear();
}

function hear({ data }) {
  const entry = waiting.get(data.id);
  if (!entry) return;
  if (data.booted) {
    warm = true;
    entry.booted?.();
    return;
  }
  waiting.delete(data.id);
  if (!data.failed) {
    entry.resolve(data);
    return;
  }
  // A worker that failed is thrown away, so that the next try begins anew.
  const error = new Error(data.failed);
  error.atWork = warm;
  stopPython(data.failed);
  entry.reject(error);
}

/**
 * Ask for a run; resolves to what Python answers, with its `ms` and, the first time, `boot`.
 * `bytes` go along with the question; `booted` is called when Python is there and begins.
 */
export function ask(request, { bytes = null, booted = null } = {}) {
  if (!worker) {
    worker = new Worker(new URL("worker.js", HERE), { type: "module" });
    worker.onmessage = hear;
    worker.onerror = (event) => stopPython(event.message || "the worker did not start");
  }
  return new Promise((resolve, reject) => {
    count += 1;
    waiting.set(count, { resolve, reject, booted });
    worker.postMessage({ id: count, request, bytes });
  });
}
