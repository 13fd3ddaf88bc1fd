/* Carrying a card to another day, week or state. What it sends is what the card's "Move to…" sends. */
(() => {
  "use strict";
  const STARTS_AT_PX = 6;
  const HOLD_MS = 350;
  const EDGE_PX = 48;
  let drag = null;

  const live = () => {
    let region = document.getElementById("calendar-live");
    if (!region) {
      region = Object.assign(document.createElement("div"), { id: "calendar-live", className: "visually-hidden" });
      region.setAttribute("aria-live", "polite");
      document.body.append(region);
    }
    return region;
  };
  const fits = (target) => target && (target.dataset.drop === "day" || target.dataset.drop === "week" || target.dataset.drop === (drag.card.dataset.kind || ""));
  const targets = () => document.querySelectorAll("#calendar [data-drop]");

  const begin = (event) => {
    const { card } = drag;
    drag.moving = true;
    card.classList.add("dragged");
    document.documentElement.classList.add("dragging-now");
    drag.ghost = Object.assign(document.createElement("div"), { className: "drag-ghost", textContent: card.querySelector("a.cover").textContent });
    drag.ghost.setAttribute("aria-hidden", "true");
    document.body.append(drag.ghost);
    targets().forEach((target) => target.classList.toggle("may-drop", fits(target)));
    drag.from = card.closest("[data-drop]");
    follow(event);
  };
  const follow = (event) => {
    drag.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 8}px)`;
    const under = document.elementsFromPoint(event.clientX, event.clientY).map((each) => each.closest("[data-drop]")).find((each) => each && fits(each));
    if (under !== drag.over) {
      drag.over?.classList.remove("over");
      drag.over = under;
      under?.classList.add("over");
    }
    if (event.clientY > innerHeight - EDGE_PX) scrollBy(0, 14);
    else if (event.clientY < EDGE_PX) scrollBy(0, -14);
    const columns = drag.card.closest(".columns");
    if (!columns) return;
    const box = columns.getBoundingClientRect();
    if (event.clientX > box.right - EDGE_PX) columns.scrollLeft += 12;
    else if (event.clientX < box.left + EDGE_PX) columns.scrollLeft -= 12;
  };
  const end = () => {
    if (!drag) return;
    clearTimeout(drag.timer);
    drag.card.classList.remove("dragged");
    drag.ghost?.remove();
    document.documentElement.classList.remove("dragging-now");
    targets().forEach((target) => target.classList.remove("may-drop", "over"));
    // The click that follows letting go is not meant for the card's link.
    if (drag.moving) {
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, true), 50);
    }
    drag = null;
  };
  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };

  document.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary || drag) return;
    const card = event.target.closest("#calendar [data-drag]");
    if (!card || event.target.closest("button, form, .move-link, input, label, select")) return;
    drag = { card, x: event.clientX, y: event.clientY, moving: false, touch: event.pointerType === "touch" };
    // A finger that moves at once scrolls; one that rests takes the card.
    if (drag.touch) drag.timer = setTimeout(() => drag && begin(event), HOLD_MS);
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > STARTS_AT_PX;
    if (!drag.moving && drag.touch && far) return end();
    if (!drag.moving && far) begin(event);
    if (drag?.moving) follow(event);
  });
  document.addEventListener("touchmove", (event) => { if (drag?.moving) event.preventDefault(); }, { passive: false });
  document.addEventListener("pointercancel", end);
  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const { card, over, from, moving } = drag;
    end();
    if (!moving || !over || over === from) return;
    const values = { version: card.dataset.version, [over.dataset.drop]: over.dataset.dropValue };
    if (card.dataset.itemVersion) values.item_version = card.dataset.itemVersion;
    htmx.ajax("POST", card.dataset.drag, { source: card, target: "#calendar", swap: "outerHTML", values });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drag?.moving) return;
    event.preventDefault();
    event.stopPropagation();
    end();
    live().textContent = "Nothing was moved.";
  }, true);
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("#calendar [data-drag]")) event.preventDefault(); });
  addEventListener("blur", end);

  /* Selecting: a whole page at once, and how many that are. */
  const recount = () => {
    const form = document.getElementById("bulk-form");
    if (!form) return;
    const boxes = [...document.querySelectorAll("[data-select]")];
    const chosen = boxes.filter((box) => box.checked).length;
    const all = form.querySelector("[data-select-all]")?.checked;
    const page = form.querySelector("[data-select-page]");
    page.checked = boxes.length > 0 && chosen === boxes.length;
    page.indeterminate = chosen > 0 && chosen < boxes.length;
    form.querySelector("[data-selected]").textContent = all ? "" : chosen ? `${chosen} selected` : "";
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-page]")) document.querySelectorAll("[data-select]").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-select-page], [data-select-all], [data-select]")) recount();
  });
})();
