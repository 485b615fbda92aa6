// Asks Python in a worker of this page to read a capture.  Nothing is sent anywhere.

import { ask, hasPython, stopPython, working } from "./python.js";

const NO_WORKER = "Reading a capture needs the page to come from a web server (`make book` starts one). "
  + "Without one, `python -m tcpcore explain FILE` prints the same.";
const STOPPED = "Stopped. Nothing is kept of the file.";

/** What `drawCapture` asks on a page. */
export const captureWorker = {
  note: "",
  ask,
  trouble: () => (hasPython() ? "" : NO_WORKER),
  working: () => working("Reading…"),
  failed: (error) => (error.atWork ? `This capture was too much for the page: ${error.message}.`
    : `Python could not be loaded here: ${error.message}. Try again.`),
  stop() {
    stopPython(STOPPED);
    return STOPPED;
  },
};
