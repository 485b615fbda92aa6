// On paper nothing can be opened: answers, solutions and judged claims are printed open.

(() => {
  "use strict";

  const FOLDED = ".tcpfig details:not(.rows), details.sd-dropdown";
  let opened = [];

  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(FOLDED)].filter((one) => !one.open);
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    opened = [];
  });
})();
