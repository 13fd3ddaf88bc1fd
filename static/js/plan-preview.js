// The import preview: a line of the document lights up the record it becomes, and the other way round.
// Without this file the same links still jump there and back.
(() => {
  "use strict";

  const lit = new Set();

  function clear() {
    for (const element of lit) element.classList.remove("lit");
    lit.clear();
  }

  function light(root, record) {
    clear();
    for (const element of root.querySelectorAll(`[data-record="${record}"]`)) {
      element.classList.add("lit");
      lit.add(element);
    }
  }

  function show(pane, element) {
    if (!pane || !element) return;
    const box = pane.getBoundingClientRect();
    const own = element.getBoundingClientRect();
    if (own.top < box.top || own.bottom > box.bottom) pane.scrollTop += own.top - box.top - box.height / 3;
  }

  function follow(event, scroll) {
    const root = event.target.closest("[data-plan-preview]");
    const source = event.target.closest("[data-record]");
    if (!root || !source) return;
    const record = source.dataset.record;
    light(root, record);
    if (!scroll) return;
    const panes = root.querySelectorAll(".pane");
    const here = source.closest(".pane");
    for (const pane of panes) {
      if (pane !== here) show(pane, pane.querySelector(`[data-record="${record}"]`));
    }
  }

  document.addEventListener("mouseover", (event) => follow(event, false));
  document.addEventListener("focusin", (event) => follow(event, true));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-plan-preview] a[href^='#']");
    if (!link) return;
    const target = document.getElementById(link.getAttribute("href").slice(1));
    if (!target) return;
    event.preventDefault();
    const source = target.closest("[data-record]") || link;
    light(target.closest("[data-plan-preview]"), source.dataset.record);
    show(target.closest(".pane"), target);
    const focusable = target.matches("a") ? target : target.querySelector("a");
    if (focusable) focusable.focus({ preventScroll: true });
  });
})();
