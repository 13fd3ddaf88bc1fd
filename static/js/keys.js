/* Shortcuts: a key, or two in a row, on anything that carries data-key; j and k walk through rows. */
(() => {
  "use strict";
  const PAUSE_MS = 1200;
  const ROWS = ".rows a.cover, .rows .row-title a, .card a.cover, .table tbody th a";
  let before = "";
  let timer = 0;
  const enabled = () => localStorage.getItem("keys") !== "off";
  const typing = (element) => element.isContentEditable || element.matches("input:not([type=checkbox], [type=radio]), textarea, select");

  const step = (direction) => {
    const links = [...document.querySelectorAll(ROWS)].filter((link) => link.checkVisibility?.() ?? true);
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (direction > 0 ? 0 : links.length - 1) : Math.max(0, Math.min(links.length - 1, at + direction));
    links[next].focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !enabled()) return;
    if (typing(event.target) || document.querySelector("dialog[open]") || event.key.length !== 1) return;
    const key = event.key;
    const pair = before ? `${before} ${key}` : key;
    clearTimeout(timer);
    const wanted = [pair, key].find((each) => document.querySelector(`[data-key="${CSS.escape(each)}"]`));
    before = "";
    if (wanted) {
      event.preventDefault();
      document.querySelector(`[data-key="${CSS.escape(wanted)}"]`).click();
    } else if (key === "?") {
      document.dispatchEvent(new Event("portal:shortcuts"));
    } else if (key === "/") {
      event.preventDefault();
      document.querySelector("[data-filter-input], [data-palette]")?.[document.querySelector("[data-filter-input]") ? "focus" : "click"]();
    } else if (key === "j" || key === "k") {
      step(key === "j" ? 1 : -1);
    } else {
      before = key;
      timer = setTimeout(() => { before = ""; }, PAUSE_MS);
    }
  });

  document.querySelectorAll("[data-keys-switch]").forEach((box) => {
    box.checked = enabled();
    box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
  });
})();
