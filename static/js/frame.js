/* The frame: colours, sidebar, menus, toasts, the zone offer and the ruler's view. */
(() => {
  "use strict";
  const root = document.documentElement;
  const YEAR = 31536000;
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR : 0}; samesite=lax${secure}`;
  };

  /* Colours: the form works alone; here it does without a new page. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const choice = event.submitter;
    if (!form.matches("[data-theme-form]") || !choice) return;
    event.preventDefault();
    const theme = choice.value;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    remember("theme", theme === "system" ? "" : theme);
    form.querySelectorAll("[name=theme]").forEach((each) => each.setAttribute("aria-pressed", each === choice));
    const address = form.getAttribute("action");
    if (!address) return;
    const body = new FormData(form);
    body.set("theme", theme);
    fetch(address, { method: "POST", body, redirect: "manual" });
  });

  document.addEventListener("click", (event) => {
    const collapse = event.target.closest("[data-collapse]");
    if (collapse) {
      const closed = root.dataset.sidebar !== "collapsed";
      if (closed) root.dataset.sidebar = "collapsed";
      else delete root.dataset.sidebar;
      remember("sidebar", closed ? "collapsed" : "");
      titles();
    }
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".toast, .notice, .notices")?.remove();
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target) || event.target.closest(".menu-list :is(a, button:not([name=theme]))")) menu.open = false;
    });
  });
  /* A collapsed sidebar shows icons only: their names become titles. */
  const titles = () => {
    const collapsed = root.dataset.sidebar === "collapsed";
    document.querySelectorAll(".sidebar .nav a").forEach((link) => {
      if (collapsed) link.title = link.querySelector(".nav-label").textContent;
      else link.removeAttribute("title");
    });
  };
  titles();
  matchMedia("(min-width: 760px)").addEventListener("change", () => document.getElementById("sidebar")?.hidePopover?.());

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  });
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu[open]")) return;
    document.querySelectorAll("details.menu[open]").forEach((other) => { if (other !== menu && !other.contains(menu)) other.open = false; });
  }, true);

  /* Good news passes by itself, unless somebody is reading or reaching for it; bad news stays. */
  const PASSES_MS = 7000;
  const toasts = document.getElementById("toasts");
  const pass = (toast) => {
    // What offers to take something back stays until it is answered.
    if (!toast.hasAttribute("data-passing") || toast.querySelector("form")) return;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 1500) : toast.remove());
    setTimeout(leave, PASSES_MS);
  };
  toasts?.querySelectorAll(".toast").forEach(pass);
  if (toasts) {
    new MutationObserver((changes) => {
      for (const change of changes) change.addedNodes.forEach((node) => node.matches?.(".toast") && pass(node));
    }).observe(toasts, { childList: true });
  }

  /* The browser's zone is offered once; the server remembers the answer. */
  const offer = document.getElementById("zone-offer");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (offer && here && here !== offer.dataset.zone) {
    offer.querySelectorAll("[data-zone-here]").forEach((spot) => { spot.textContent = here.split("/").pop().replaceAll("_", " "); });
    offer.querySelector("[data-zone-use]").value = here;
    offer.hidden = false;
  }
  document.querySelectorAll("input[data-zone-default]").forEach((input) => { if (!input.value) input.value = here; });

  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    document.querySelectorAll(".search kbd").forEach((key) => { key.textContent = "⌘ K"; });
  }

  /* Today stands in view where the ruler is wider than the screen. */
  const centre = (within) => within.querySelectorAll?.(".ruler-scroll, .gantt-plot").forEach((scroller) => {
    const today = scroller.querySelector(".today, .week.now, .launch-day");
    if (!today || scroller.scrollWidth <= scroller.clientWidth) return;
    const spot = today.getBoundingClientRect();
    const frame = scroller.getBoundingClientRect();
    scroller.scrollLeft += spot.left + spot.width / 2 - frame.left - frame.width / 2;
  });

  /* A column of the calendar that is now comes into view as well. */
  const reveal = (within) => within.querySelectorAll?.(".columns").forEach((columns) => {
    const now = columns.querySelector(".column.now");
    if (now && columns.scrollWidth > columns.clientWidth) columns.scrollLeft = now.offsetLeft - columns.offsetLeft - 16;
  });

  /* What scrolls sideways can be reached and scrolled by keyboard. */
  const reach = () => document.querySelectorAll(".table-wrap, .scroll-x").forEach((box) => {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls === box.hasAttribute("tabindex")) return;
    if (!scrolls) return ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    const heading = box.closest("section, .panel")?.querySelector("h2, h3")?.textContent.trim();
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", heading ? `${heading}, scrolls sideways` : "Scrolls sideways");
  });
  addEventListener("resize", reach);

  /* The section being read is marked in the page's own table of contents. */
  const spy = () => {
    const links = [...document.querySelectorAll('.section-nav a[href^="#"]')];
    if (!links.length) return;
    const seen = new Map();
    const watcher = new IntersectionObserver((entries) => {
      entries.forEach((entry) => seen.set(entry.target.id, entry.isIntersecting));
      const first = links.find((link) => seen.get(decodeURIComponent(link.hash.slice(1))));
      if (!first) return;
      links.forEach((link) => (link === first ? link.setAttribute("aria-current", "location") : link.removeAttribute("aria-current")));
    }, { rootMargin: "-10% 0px -60% 0px" });
    links.forEach((link) => {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section) watcher.observe(section);
    });
  };

  centre(document);
  reveal(document);
  spy();
  reach();
  document.addEventListener("htmx:load", (event) => {
    centre(event.detail.elt);
    reveal(event.detail.elt);
    reach();
  });
})();
