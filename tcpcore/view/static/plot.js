// Figures of a run: what Python's `view.drawings` says, drawn with Plotly; a line shows where the
// reader stands in the run, and a click goes there.  Each figure says the same in words below it.

import { element } from "./dom.js";
import { loadPlotly } from "./plotly_figure.js";

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset", showTips: false };
const HEIGHT = { sequence: 360 };

/** The figures of a player; `choose(segment)` and `goTo(time)` answer a click. */
export function createFigures({ model, choose, goTo }) {
  const node = element("div", { class: "plots", hidden: true });
  let plots = [];
  return {
    node,
    show(figures) {
      node.hidden = !figures?.length;
      if (!figures?.length) return;
      if (plots.length !== figures.length) {
        plots.forEach((plot) => plot.stop());
        plots = figures.map(() => createPlot({ model, choose, goTo }));
        node.replaceChildren(...plots.map((plot) => plot.node));
      }
      figures.forEach((figure, i) => plots[i].show(figure));
    },
    mark(time) {
      plots.forEach((plot) => plot.mark(time));
    },
    stop() {
      plots.forEach((plot) => plot.stop());
    },
  };
}

/** One figure: its node, `show(figure)`, `mark(time)` and `stop()`. */
export function createPlot({ model = null, choose = null, goTo = null } = {}) {
  const canvas = element("div", { class: "canvas", "aria-hidden": "true" });
  const title = element("b");
  const words = element("span");
  const node = element("figure", { class: "plot", tabindex: "0" },
    canvas, element("figcaption", {}, title, " ", words));
  let figure = null;
  let time = null;
  let Plotly = null;
  let width = 0;
  let stopped = false;

  async function draw() {
    if (!Plotly || !figure || !node.isConnected) return;
    width = canvas.clientWidth;
    await Plotly.react(canvas, traces(figure, node), layout(figure, node, time, width), CONFIG);
    node.dataset.drawn = (Number(node.dataset.drawn) || 0) + 1;
    if (canvas.dataset.linked) return;
    canvas.dataset.linked = "true";
    canvas.on("plotly_click", clicked);
  }

  function clicked({ points }) {
    const point = points?.find((p) => Number.isInteger(p.customdata)) || points?.[0];
    if (!point) return;
    if (Number.isInteger(point.customdata) && choose) choose(point.customdata);
    else if (goTo) goTo(Math.round(point.x * 1e6));
  }

  // The library is a megabyte: it comes when a figure is about to be seen.
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    loadPlotly(model).then((library) => {
      Plotly = library;
      return draw();
    }).catch((error) => {
      canvas.textContent = `This figure could not be drawn: ${error.message}.`;
    });
  }, { rootMargin: "400px" });
  // Not before the ladder above has its height: a figure that is not there yet is near the top.
  requestAnimationFrame(() => requestAnimationFrame(() => stopped || watcher.observe(node)));
  const themes = new MutationObserver(draw);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", draw);
  const sizes = new ResizeObserver(() => {
    if (canvas.clientWidth !== width) draw();
  });
  sizes.observe(canvas);

  return {
    node,
    show(fresh) {
      figure = fresh;
      title.textContent = `${fresh.title}.`;
      words.textContent = fresh.text;
      node.dataset.kind = fresh.kind;
      node.setAttribute("aria-label", fresh.title);
      canvas.style.minHeight = `${HEIGHT[fresh.kind] || 280}px`;
      draw();
    },
    mark(now) {
      if (now === time) return;
      time = now;
      node.dataset.time = now ?? "";
      if (Plotly && figure && canvas.dataset.linked) {
        Plotly.relayout(canvas, { shapes: cursor(figure, node, time) });
      }
    },
    stop() {
      stopped = true;
      watcher.disconnect();
      figure = null;
      themes.disconnect();
      sizes.disconnect();
      dark.removeEventListener("change", draw);
      if (Plotly) Plotly.purge(canvas);
    },
  };
}

const color = (place, name) => getComputedStyle(place).getPropertyValue(`--tcp-${name}`).trim() || "#777";
const seconds = (list) => list.map((us) => us / 1e6);

function traces(figure, place) {
  return figure.marks.map((mark) => {
    const paint = color(place, mark.color);
    const common = {
      type: "scatter", name: mark.name,
      hovertemplate: `${mark.name} %{y:,}<br>%{x:.3f} s<extra></extra>`,
    };
    if (mark.shape === "bars") return { ...common, ...bars(mark), mode: "lines", line: { color: paint, width: 3 } };
    const points = { x: seconds(mark.x), y: mark.y, customdata: mark.segment };
    if (mark.shape === "dots") return { ...common, ...points, mode: "markers", marker: { color: paint, size: 5 } };
    const line = { color: paint, width: 2, dash: mark.dash ? "dash" : "solid" };
    if (mark.shape === "steps") line.shape = "hv";
    return { ...common, ...points, mode: "lines", line };
  });
}

/** Each bar as a line of its own within one trace: thousands of shapes would take seconds. */
function bars(mark) {
  const x = [];
  const y = [];
  const customdata = [];
  mark.x.forEach((us, i) => {
    x.push(us / 1e6, us / 1e6, null);
    y.push(mark.y[i], mark.z[i], null);
    customdata.push(mark.segment[i], mark.segment[i], null);
  });
  return { x, y, customdata };
}

function cursor(figure, place, time) {
  if (time === null || time === undefined || time > figure.end * 1.02) return [];
  const x = time / 1e6;
  return [{ type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: color(place, "ink"), width: 1.5 } }];
}

function layout(figure, place, time, width) {
  const grid = color(place, "line");
  const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, automargin: true, fixedrange: false };
  const coarse = matchMedia("(pointer: coarse)").matches;
  const end = figure.end / 1e6 || 1;
  return {
    width, height: HEIGHT[figure.kind] || 280,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: color(place, "ink"), size: 12, family: getComputedStyle(place).fontFamily },
    hovermode: "closest", hoverdistance: -1, dragmode: coarse ? false : "zoom",
    hoverlabel: { bgcolor: color(place, "panel"), bordercolor: grid, font: { color: color(place, "ink") } },
    showlegend: figure.marks.length > 1,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } },
    xaxis: { ...axis, ticksuffix: " s", nticks: width < 420 ? 5 : 9, range: [-0.02 * end, end * 1.02] },
    yaxis: {
      ...axis, title: { text: figure.unit, standoff: 6 }, rangemode: "tozero",
      ...(figure.top ? { range: [0, figure.top] } : {}),
    },
    shapes: cursor(figure, place, time),
  };
}

/** A figure by itself on a static page. */
export function mountPlot(place, state) {
  const plot = createPlot();
  const target = element("div", { class: "tcpcore-plot" }, plot.node);
  place.prepend(target);
  plot.show(state.figure);
}

/** anywidget's entry point: a figure by itself in a notebook. */
export function render({ model, el }) {
  const plot = createPlot({ model });
  el.replaceChildren(element("div", { class: "tcpcore" }, element("div", { class: "tcpcore-plot" }, plot.node)));
  const fresh = () => plot.show(model.get("figure"));
  model.on("change:figure", fresh);
  fresh();
  return () => {
    model.off("change:figure", fresh);
    plot.stop();
  };
}
