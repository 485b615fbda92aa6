// Words of the glossary: what one means, on hover, focus, or the first tap; Escape closes.
// Without this script the meaning is the link's title, as browsers show it.

(() => {
  "use strict";

  const TERM = "a.glossary-term";
  const box = document.createElement("div");
  box.id = "glossary-meaning";
  box.className = "tcpfig glossary-meaning";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  let current = null;
  let closing = 0;

  function place(link) {
    // The first of the boxes that a link over two lines has.
    const spot = link.getClientRects()[0];
    const width = Math.min(360, document.documentElement.clientWidth - 24);
    box.style.width = `${width}px`;
    const right = document.documentElement.clientWidth - width - 12;
    box.style.left = `${Math.max(12, Math.min(spot.left, right)) + scrollX}px`;
    const above = spot.top - box.offsetHeight - 6;
    const below = spot.bottom + 6;
    box.style.top = `${(below + box.offsetHeight > innerHeight && above > 0 ? above : below) + scrollY}px`;
  }

  function open(link) {
    clearTimeout(closing);
    if (current === link) return;
    close();
    current = link;
    box.textContent = link.dataset.meaning;
    box.hidden = false;
    link.setAttribute("aria-describedby", box.id);
    place(link);
  }

  function close() {
    clearTimeout(closing);
    current?.removeAttribute("aria-describedby");
    current = null;
    box.hidden = true;
  }

  // The pointer may move from the word to its meaning.
  function closeSoon() {
    clearTimeout(closing);
    closing = setTimeout(close, 200);
  }

  function start(link) {
    link.dataset.meaning = link.title;
    link.removeAttribute("title");
    let touched = false;
    link.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch") open(link); });
    link.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") closeSoon(); });
    link.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch" && current !== link; });
    link.addEventListener("focus", () => open(link));
    link.addEventListener("blur", closeSoon);
    link.addEventListener("click", (event) => {
      if (touched) event.preventDefault(); // the first tap explains, the second follows the link
      if (touched) open(link);
      touched = false;
    });
  }

  function startAll() {
    const links = document.querySelectorAll(TERM);
    if (!links.length) return;
    document.body.append(box);
    box.addEventListener("pointerenter", () => clearTimeout(closing));
    box.addEventListener("pointerleave", closeSoon);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    document.addEventListener("pointerdown", (event) => {
      if (current && !event.target.closest?.(`${TERM}, .glossary-meaning`)) close();
    });
    links.forEach(start);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
