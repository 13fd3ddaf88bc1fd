/* The sheet, the palette, questions before what cannot be undone. */
(() => {
  "use strict";
  const sheet = document.getElementById("sheet");
  const content = document.getElementById("sheet-content");
  const toasts = document.getElementById("toasts");

  // Everything outside of a modal dialog is inert, so the toasts go where people are.
  const show = (dialog) => {
    if (dialog.open) return;
    if (toasts) dialog.append(toasts);
    dialog.showModal();
  };
  document.addEventListener("close", () => {
    const open = [...document.querySelectorAll("dialog[open]")].pop();
    if (toasts) (open || document.body).append(toasts);
  }, true);

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== content || !content.childElementCount) return;
    const title = content.querySelector("#sheet-title, h2");
    if (title?.id) sheet.setAttribute("aria-labelledby", title.id);
    sheet.classList.toggle("wide", Boolean(content.querySelector("[data-wide]")));
    if (sheet.open) return;
    show(sheet);
    content.querySelector("[autofocus], .sheet-body :is(input:not([type=hidden]), select, textarea)")?.focus();
  });
  sheet?.addEventListener("close", () => content.replaceChildren());
  document.addEventListener("sheet:close", () => sheet?.close());

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close]");
    if (close) {
      const dialog = close.closest("dialog");
      if (dialog) {
        event.preventDefault();
        dialog.close();
      }
    }
    // A click on the backdrop lands on the dialog itself, outside of its box.
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside) event.target.close();
    }
    if (event.target.closest("[data-shortcuts]")) showShortcuts();
    const opener = event.target.closest("[data-palette]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey && palette) {
      event.preventDefault();
      openPalette();
    }
  });

  /* Palette: a combobox over links that the server finds. */
  const palette = document.getElementById("palette");
  const input = document.getElementById("palette-q");
  const results = document.getElementById("palette-results");
  const options = () => [...results.querySelectorAll('[role="option"]')];
  const choose = (option) => {
    options().forEach((each) => each.setAttribute("aria-selected", each === option));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  // Results belong to what was typed when they were asked for: Enter waits for those of the last letter.
  let outdated = false;
  let following = false;
  input?.addEventListener("input", () => { outdated = true; following = false; });
  const openPalette = () => {
    if (palette.open) return palette.close();
    following = false;
    show(palette);
    input.select();
    htmx.trigger(input, "portal:open");
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      openPalette();
    }
  });
  palette?.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    const moves = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, PageDown: at + 6, PageUp: at - 6 };
    if (event.key in moves && all.length) {
      event.preventDefault();
      const next = event.key.startsWith("Page") ? Math.max(0, Math.min(all.length - 1, moves[event.key])) : (moves[event.key] + all.length) % all.length;
      choose(all[next]);
    } else if (event.key === "Enter" && event.target === input) {
      event.preventDefault();
      if (outdated) following = true;
      else (all[at] || all[0])?.click();
    }
  });
  results?.addEventListener("mousemove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option.getAttribute("aria-selected") !== "true") choose(option);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== results) return;
    outdated = event.detail.requestConfig.parameters.q !== input.value;
    choose(options()[0]);
    if (following && !outdated) options()[0]?.click();
  });

  /* The shortcuts sheet lists what this page offers: everything that carries data-key. */
  const shortcuts = document.getElementById("shortcuts");
  const showShortcuts = () => {
    if (!shortcuts || shortcuts.open) return;
    const list = shortcuts.querySelector("[data-shortcut-list]");
    list.querySelectorAll("[data-own]").forEach((row) => row.remove());
    const known = new Set();
    document.querySelectorAll("[data-key]").forEach((element) => {
      if (known.has(element.dataset.key)) return;
      known.add(element.dataset.key);
      const row = document.createElement("div");
      row.dataset.own = "";
      const name = document.createElement("dt");
      const label = element.querySelector(".nav-label")?.textContent || element.getAttribute("aria-label") || element.textContent;
      name.textContent = label.trim().replace(/\s+/g, " ");
      const keys = document.createElement("dd");
      element.dataset.key.split(" ").forEach((key, index) => {
        if (index) keys.append(" ");
        keys.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      });
      row.append(name, keys);
      list.append(row);
    });
    show(shortcuts);
  };
  document.addEventListener("portal:shortcuts", showShortcuts);

  /* Questions: hx-confirm and data-confirm on plain forms ask in the product's own dialog. */
  const asking = document.getElementById("confirm");
  const ask = (question, word, proceed) => {
    asking.querySelector("[data-question]").textContent = question;
    const yes = asking.querySelector("[data-yes]");
    yes.textContent = word || "Yes, go on";
    asking.returnValue = "";
    asking.addEventListener("close", () => { if (asking.returnValue === "yes") proceed(); }, { once: true });
    show(asking);
  };
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question || !asking) return;
    event.preventDefault();
    ask(event.detail.question, event.detail.elt.dataset.confirmWord, () => event.detail.issueRequest(true));
  });
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (!question || !asking || event.target.dataset.confirmed) return;
    event.preventDefault();
    const { target, submitter } = event;
    ask(question, submitter?.dataset.confirmWord, () => {
      target.dataset.confirmed = "yes";
      target.requestSubmit(submitter);
      delete target.dataset.confirmed;
    });
  });
})();
