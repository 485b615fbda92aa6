// Plotly figures of a notebook on a static page: the library comes from this site, once, and only
// when a figure is about to be seen.

const HERE = typeof document !== "undefined" && document.currentScript ? document.currentScript.src : "";
let library = null;

function addScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    // With RequireJS on the page plotly.js would hide inside it.
    const amd = window.define && window.define.amd;
    if (amd) window.define.amd = undefined;
    script.onload = () => {
      if (amd) window.define.amd = amd;
      resolve(window.Plotly);
    };
    script.onerror = () => reject(new Error("plotly.min.js is not on this site"));
    document.head.append(script);
  });
}

/** In a notebook the kernel has the library: its text comes when somebody wants it. */
function fromKernel(model) {
  return new Promise((resolve, reject) => {
    const arrived = () => {
      const text = model.get("plotly");
      if (!text) return;
      model.off("change:plotly", arrived);
      const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      addScript(address).then(resolve, reject).finally(() => URL.revokeObjectURL(address));
    };
    model.on("change:plotly", arrived);
    model.set("wants_plotly", true);
    model.save_changes();
    arrived();
  });
}

/** Plotly, loaded once for all figures: from this site, or from the kernel behind `model`. */
export function loadPlotly(model = null) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  library ||= HERE ? addScript(new URL("plotly.min.js", HERE).href) : fromKernel(model);
  library.catch(() => { library = null; });
  return library;
}

/** The page's own colours, so that a figure follows light and dark. */
function skin(place) {
  const style = getComputedStyle(place);
  const grid = style.getPropertyValue("--tcp-line").trim() || "#ccc";
  const ink = style.getPropertyValue("--tcp-ink").trim() || "#222";
  const clear = "rgba(0,0,0,0)";
  return {
    paper_bgcolor: clear, plot_bgcolor: clear, "font.color": ink,
    "xaxis.gridcolor": grid, "yaxis.gridcolor": grid, "xaxis.zerolinecolor": grid, "yaxis.zerolinecolor": grid,
  };
}

async function draw(place, figure) {
  const Plotly = await loadPlotly();
  const target = document.createElement("div");
  place.append(target);
  await Plotly.newPlot(target, figure.data, figure.layout, { responsive: true, displaylogo: false, ...figure.config });
  if (figure.frames?.length) await Plotly.addFrames(target, figure.frames);
  const paint = () => Plotly.relayout(target, skin(place));
  await paint();
  new MutationObserver(paint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  place.dataset.ready = "true";
}

/** Draw `figure` into `place` when it comes near the window. */
export function drawPlotly(place, figure) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    draw(place, figure).catch((error) => {
      const note = document.createElement("p");
      note.textContent = `This figure could not be drawn: ${error.message}.`;
      place.append(note);
    });
  }, { rootMargin: "400px" });
  watcher.observe(place);
}
