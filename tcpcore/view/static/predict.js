// Predictions: the reader's choice stays in this browser and is compared when the answer is opened.

(() => {
  "use strict";

  // A page opened from a disk may have no storage: then the choice lasts as long as the page.
  function remembered(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  }
  function remember(key, value) {
    try { localStorage.setItem(key, value); } catch { /* see above */ }
  }

  function start(box) {
    const key = `tcpcore:${box.id}`;
    const inputs = [...box.querySelectorAll("input")];
    const verdict = box.querySelector(".verdict");
    const details = box.querySelector("details");

    function compare() {
      const chosen = inputs.find((input) => input.checked);
      const right = Boolean(chosen) && chosen.value === box.dataset.right;
      box.classList.toggle("right", details.open && right);
      box.classList.toggle("other", details.open && Boolean(chosen) && !right);
      if (!details.open) return;
      if (!chosen) verdict.textContent = "You made no prediction. The run says:";
      else if (right) verdict.textContent = "You predicted it.";
      else verdict.textContent = `You predicted “${chosen.parentNode.textContent.trim()}”. The run says:`;
    }

    const before = remembered(key);
    for (const input of inputs) {
      if (input.value === before) input.checked = true;
      input.addEventListener("change", () => { remember(key, input.value); compare(); });
    }
    details.addEventListener("toggle", compare);
  }

  function startAll() {
    document.querySelectorAll(".tcpfig.predict").forEach(start);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
