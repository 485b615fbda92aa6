// A run that is still going on: ask the page's server for it again and again, and show what is new.

const PAUSE = 1000; // milliseconds

/** Keep `model` at the newest state of the run at `url`; whoever looks at the last step stays last. */
export function follow(model, url) {
  let have = -1;
  const look = async () => {
    try {
      const answer = await fetch(`${url}?have=${have}`);
      if (answer.status === 200) {
        const { version, document: doc } = await answer.json();
        const atEnd = have < 0 || model.get("step") >= model.get("document").steps.length;
        have = version;
        model.wish = atEnd ? Math.max(doc.steps.length, 1) : null;
        model.show(doc, `${doc.segments.length} segments so far; the run goes on.`);
      }
    } catch {
      model.set("status", "The run has ended; what it was until then stays here.");
      return;
    }
    setTimeout(look, PAUSE);
  };
  look();
}
