// Python in the page: Pyodide and our engine, both from this site, in a module worker.
// It runs the same functions as a notebook's kernel and gives back the same documents.

import { loadPyodide } from "../pyodide/pyodide.mjs";

const HERE = new URL(".", import.meta.url);

let run = null;
let booting = null;

async function boot() {
  const start = performance.now();
  const [python, archive] = await Promise.all([
    loadPyodide({ indexURL: new URL("../pyodide/", HERE).href }),
    fetch(new URL("tcpcore.zip", HERE)).then((answer) => {
      if (!answer.ok) throw new Error(`tcpcore.zip: ${answer.status}`);
      return answer.arrayBuffer();
    }),
  ]);
  python.unpackArchive(archive, "zip", { extractDir: "/lib/tcpcore" });
  run = python.runPython(`
import sys
sys.path.insert(0, "/lib/tcpcore")
from tcpcore.view.answers import answer
lambda request, data: answer(request, None if data is None else data.to_bytes())
`);
  return performance.now() - start;
}

self.onmessage = async ({ data }) => {
  const { id, request, bytes } = data;
  try {
    const cold = !booting;
    booting ||= boot();
    const took = await booting;
    self.postMessage({ id, booted: true });
    const start = performance.now();
    const answer = JSON.parse(run(JSON.stringify(request), bytes ?? undefined));
    self.postMessage({ id, ...answer, ms: performance.now() - start, boot: cold ? took : 0 });
  } catch (error) {
    booting = run ? booting : null;
    const lines = String(error.message || error).trim().split("\n");
    self.postMessage({ id, failed: lines[lines.length - 1] });
  }
};
