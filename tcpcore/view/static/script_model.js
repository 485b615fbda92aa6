// A model for the editor on a static page: Python in a worker runs what it asks for.

import { LocalModel } from "./local_model.js";
import { ask, hasPython, stopPython, working } from "./python.js";

const NO_WORKER = "Running a script needs the page to come from a web server (`make book` starts one). "
  + "The scripts that came with the page show the verdicts of its build.";
const STOPPED = "Stopped. Edit the script, or run it again.";
const LONG = 8_000;

/** Holds `script` (what was asked last), `result` (its verdict) and `status` (one line). */
export class ScriptModel extends LocalModel {
  constructor(state) {
    const { result } = state.choices.find((one) => one.name === state.name);
    super({ status: "", script: result.script, result, ...state });
    this.linkable = true;
    this.running = 0;
  }

  async save_changes() {
    const { script } = this.state;
    const known = [this.state, ...this.state.choices].find((one) => one.result.script === script);
    if (known) {
      this.set("result", known.result);
      return;
    }
    if (!hasPython()) {
      this.set("status", NO_WORKER);
      this.emit("done");
      return;
    }
    this.running += 1;
    const own = this.running;
    this.set("status", working("Running…"));
    const later = setTimeout(() => this.set("status", "Still running. Stop ends it."), LONG);
    try {
      const booted = () => this.set("status", "Running…");
      const { result, ms } = await ask({ script, name: this.state.name }, { booted });
      if (own !== this.running) return;
      this.set("status", `Computed in your browser in ${ms.toFixed(0)} ms.`);
      this.set("result", result);
    } catch (error) {
      if (own !== this.running) return;
      this.set("status", error.atWork ? `The engine failed at this script, which it should not: ${error.message}.`
        : `Python could not be loaded here: ${error.message}. Run the script to try again.`);
    } finally {
      clearTimeout(later);
      if (own === this.running) this.emit("done");
    }
  }

  stop() {
    this.running += 1;
    stopPython(STOPPED);
    this.set("status", STOPPED);
    this.emit("done");
  }
}
