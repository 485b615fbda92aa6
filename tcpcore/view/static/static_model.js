// A model without a kernel: stepping works on the stored document; new parameters are computed by
// Python in a worker of this page.

import { LocalModel, same } from "./local_model.js";
import { ask, hasPython, working } from "./python.js";

const NO_WORKER = "Sliders and ✕ need the page to come from a web server (`make book` starts one); "
  + "stepping works here as it is.";
const NO_SCRIPTS = "A script as long as this one is written on demand, which needs the page to come from a web server.";

/** The anywidget model contract over one stored state. */
export class StaticModel extends LocalModel {
  constructor(state) {
    super({ status: "", drop: [], panels: [], ...state });
    this.stored = {
      parameters: this.state.parameters, drop: this.state.drop, document: this.state.document, scripts: this.state.scripts,
    };
    this.asked = this.wanted();
    this.busy = false;
    this.wish = null;
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
      if (this.state.wants_scripts && !this.state.scripts) await this.writeScripts();
    } finally {
      this.busy = false;
    }
  }

  /** The run on the page as packetdrill scripts (as_script.js). */
  async writeScripts() {
    this.state.wants_scripts = 0;
    if (!hasPython()) {
      this.set("scripts", this.refused(NO_SCRIPTS));
      return;
    }
    this.set("status", working("Writing…"));
    const hosts = this.state.document.hosts.map(({ name }) => name);
    try {
      const { scripts, refused } = await ask({
        scripts_of: { scenario: this.state.scenario, profile: this.state.profile, hosts, ...this.asked },
      });
      this.set("scripts", refused ? this.refused(refused) : scripts);
    } catch (error) {
      this.set("scripts", this.refused(`Python could not be loaded here: ${error.message}.`));
      this.state.scripts = undefined;
    }
  }

  refused(sentence) {
    return Object.fromEntries(this.state.document.hosts.map(({ name }) => [name, { refused: sentence }]));
  }

  async compute(wanted) {
    if (same(wanted, { parameters: this.stored.parameters, drop: this.stored.drop })) {
      this.show(this.stored.document, "");
      return;
    }
    if (!hasPython()) {
      this.giveUp(NO_WORKER);
      return;
    }
    this.set("status", working());
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

  show(doc, status) {
    this.state.document = doc;
    this.state.scripts = doc === this.stored.document ? this.stored.scripts : undefined;
    if (this.wish !== null) this.state.step = Math.min(this.wish, doc.steps.length);
    this.wish = null;
    this.state.step = Math.min(this.state.step, doc.steps.length);
    this.emit("change:document");
    this.set("status", status);
  }
}
