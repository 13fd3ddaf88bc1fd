/* Announcements inside a product's page: banner, dialog, note and list. See docs/widget.md.
   Nothing here may break the page it stands on: no global but LaunchPortal, no style outside its own shadow. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (window.LaunchPortal || !window.CSSStyleSheet || !("adoptedStyleSheets" in Document.prototype)) return;

  const STYLE = `
:host { all: initial; color-scheme: light dark; }
:host([data-theme=light]) { color-scheme: light; } :host([data-theme=dark]) { color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.banner, .toast, dialog, .panel, .opener {
  font: 14px/20px var(--launchportal-font, system-ui, sans-serif);
  color: #1a1d29; color: light-dark(#1a1d29, #f1f0ec); background: #fff; background: light-dark(#fff, #23262f);
  border: 1px solid light-dark(#d8d6d1, #454a57); border-radius: 10px;
}
.banner, .toasts, .panel, .opener { position: fixed; z-index: 2147483000; }
.banner, .toast, .panel { box-shadow: 0 8px 28px rgb(0 0 0 / .18); }
.banner { inset: 8px 8px auto; display: flex; gap: 8px 16px; align-items: start; flex-wrap: wrap;
  padding: 12px 16px; border-inline-start: 4px solid var(--launchportal-accent, light-dark(#2348c7, #9db4ff)); }
.banner .words { flex: 1 1 300px; }
.toasts { inset: auto 16px 16px auto; display: grid; gap: 8px; inline-size: min(360px, calc(100vw - 32px)); }
.toast, dialog, .entry { padding: 16px; }
dialog { margin: auto; inline-size: min(520px, calc(100vw - 32px)); max-block-size: 80vh; overflow: auto; padding: 24px; }
dialog::backdrop { background: rgb(10 12 20 / .5); }
.opener { inset: auto auto 16px 16px; padding: 8px 14px; cursor: pointer; font-weight: 600; }
.count { margin-inline-start: 8px; padding: 1px 7px; border-radius: 9px; font-size: 12px;
  color: #fff; background: #b3261e; }
.panel { inset: auto auto 64px 16px; inline-size: min(380px, calc(100vw - 32px)); max-block-size: 70vh; overflow: auto; }
.entry + .entry { border-block-start: 1px solid light-dark(#e6e4df, #3a3f4b); }
h2 { margin: 0 0 4px; font: inherit; font-weight: 600; } dialog h2 { font-size: 20px; line-height: 28px; }
.panel > h2 { padding: 12px 16px; margin: 0; border-block-end: 1px solid light-dark(#e6e4df, #3a3f4b); }
.body > :first-child { margin-block-start: 0; } .body > :last-child { margin-block-end: 0; }
.body a { color: light-dark(#2348c7, #9db4ff); }
.acts { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 12px; } .banner .acts { margin: 0; }
.act, .close { font: inherit; font-weight: 500; padding: 6px 12px; border-radius: 6px; cursor: pointer; text-decoration: none; }
.act { border: 1px solid transparent; color: #fff; color: light-dark(#fff, #14161d); background: #2348c7;
  background: var(--launchportal-accent, light-dark(#2348c7, #9db4ff)); }
.close { color: inherit; background: none; border: 1px solid light-dark(#8d8a84, #7d8393); }
:focus-visible { outline: 2px solid light-dark(#2348c7, #9db4ff); outline-offset: 2px; }
@media (prefers-reduced-motion: no-preference) {
  .banner, .toast, dialog[open], .panel { animation: in .16s ease-out; }
  @keyframes in { from { opacity: 0; transform: translateY(6px); } }
}`;

  const base = new URL(script ? script.src : location.href).origin;
  const LONGEST_WAIT = 600000;
  const LONGEST_ANSWER = 15000;
  const MOST_TOASTS = 3;
  const now = () => new Date().toISOString();
  let options = {};
  let identity = "";
  let running = 0; // rises with each start and stop, so that what was asked before is not heard any more
  let entries = [];
  let root, host, banner, toasts, dialog, opener, panel, list;
  let waiting = 0;
  let failures = 0;
  let asked = 0;
  let flushing = 0;
  let told = "";
  const queue = new Map();
  const gone = new Set();
  const seen = new Set();

  const make = (tag, css, text) => {
    const element = document.createElement(tag);
    if (css) element.className = css;
    if (text) element.textContent = text;
    return element;
  };

  // Pages may ask for trusted types; who refuses our policy gets the words without their looks.
  let policy = { createHTML: (html) => html };
  try {
    if (window.trustedTypes) policy = trustedTypes.createPolicy("launch-portal", policy);
  } catch { /* createHTML's plain text will be refused below */ }
  const fill = (element, entry) => {
    try {
      element.innerHTML = policy.createHTML(entry.html); // sanitised by the portal
    } catch {
      element.textContent = entry.body;
    }
  };

  const build = () => {
    host = make("div");
    host.dataset.launchportal = "";
    if (options.theme) host.dataset.theme = options.theme;
    root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    banner = make("section", "banner");
    banner.setAttribute("aria-label", options.labelBanner);
    toasts = make("div", "toasts");
    toasts.setAttribute("role", "status");
    toasts.setAttribute("aria-live", "polite");
    dialog = make("dialog");
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      dismiss(dialog.entry);
    });
    dialog.addEventListener("keydown", keepInside);
    opener = make("button", "opener");
    opener.type = "button";
    opener.setAttribute("aria-expanded", "false");
    opener.addEventListener("click", () => show(panel.hidden));
    panel = make("section", "panel");
    panel.setAttribute("aria-label", options.labelNews);
    panel.tabIndex = -1;
    list = make("div");
    panel.append(make("h2", "", options.labelNews), list);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") show(false);
    });
    banner.hidden = opener.hidden = panel.hidden = true;
    root.append(banner, toasts, opener, panel, dialog);
    document.body.append(host);
  };

  // A dialog keeps the page inert by itself; this keeps Tab from leaving for the browser's own bar.
  const keepInside = (event) => {
    if (event.key !== "Tab") return;
    const stops = [...dialog.querySelectorAll("a[href], button")];
    const last = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (root.activeElement !== last) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  };

  const draw = (into, entry) => {
    const words = make("div", "words");
    const title = make("h2", "", entry.title);
    title.id = `title-${entry.id}`;
    const body = make("div", "body");
    body.lang = title.lang = entry.language;
    fill(body, entry);
    words.append(title, body);
    const acts = make("div", "acts");
    if (entry.action_url) {
      const act = make("a", "act", entry.action_label);
      act.href = entry.action_url;
      act.addEventListener("click", () => {
        note(entry, { clicked_at: now() });
        // It did what it was for; the list is for looking things up again.
        if (entry.form !== "list") setTimeout(() => dismiss(entry));
        flush();
      });
      acts.append(act);
    }
    const close = make("button", "close", options.labelClose);
    close.type = "button";
    close.setAttribute("aria-label", `${options.labelClose}: ${entry.title}`);
    close.addEventListener("click", () => dismiss(entry));
    acts.append(close);
    into.replaceChildren(words, acts);
    into.entry = entry;
    return into;
  };

  const same = (one, other) => one && other && one.id === other.id && one.version === other.version && one.language === other.language;
  const of = (form) => entries.filter((entry) => entry.form === form);

  const render = () => {
    const [first] = of("banner");
    if (!same(banner.entry, first)) {
      banner.hidden = !first;
      if (first) draw(banner, first);
      else banner.entry = null;
    }
    if (first) look(first);

    const notes = of("toast").slice(0, MOST_TOASTS);
    [...toasts.children].forEach((each) => notes.some((entry) => same(entry, each.entry)) || each.remove());
    notes.forEach((entry) => {
      if (![...toasts.children].some((each) => same(each.entry, entry))) toasts.append(draw(make("div", "toast"), entry));
      look(entry);
    });

    const [front] = of("modal");
    if (!same(dialog.entry, front)) {
      if (dialog.open) dialog.close();
      dialog.entry = null;
      if (front) {
        draw(dialog, front);
        dialog.setAttribute("aria-labelledby", `title-${front.id}`);
        dialog.showModal();
      }
    }
    if (front) look(front);

    const news = of("list");
    const unread = news.filter((entry) => !entry.shown_count && !seen.has(entry.id)).length;
    if (![...list.children].every((each, place) => same(each.entry, news[place])) || list.children.length !== news.length) {
      list.replaceChildren(...news.map((entry) => draw(make("article", "entry"), entry)));
    }
    opener.hidden = !news.length || options.launcher === "none";
    opener.replaceChildren(options.labelNews, ...(unread ? [make("span", "count", String(unread))] : []));
    if (!news.length) panel.hidden = true;
    if (!panel.hidden) news.forEach(look);
    if (told !== String(unread)) {
      told = String(unread);
      document.dispatchEvent(new CustomEvent("launchportal:count", { detail: unread }));
    }
  };

  const show = (open) => {
    if (!root || panel.hidden !== open) return;
    panel.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    render();
    (open ? panel : opener).focus();
    if (open) render(); // what was unread has been seen now
  };

  // Each page that shows it counts once, and only while somebody can see the page.
  const look = (entry) => {
    if (seen.has(entry.id) || document.hidden) return;
    seen.add(entry.id);
    note(entry, { first_seen_at: now(), last_seen_at: now(), shown_count: entry.shown_count + 1 });
  };

  const dismiss = (entry) => {
    if (!entry || gone.has(entry.id)) return;
    gone.add(entry.id);
    const inside = root.activeElement;
    entries = entries.filter((each) => each.id !== entry.id);
    note(entry, { dismissed_at: now() });
    render();
    if (inside && !panel.hidden && entry.form === "list") panel.focus();
    flush();
  };

  const note = (entry, facts) => {
    queue.set(entry.id, { ...queue.get(entry.id), announcement: entry.id, ...facts });
    flushing = flushing || setTimeout(flush, 1000);
  };

  const ask = async (path, more) => {
    if (!identity) identity = (await options.identity()) || "";
    return fetch(`${base}/api/v1/announcements/${path}`, {
      ...more,
      credentials: "omit",
      signal: AbortSignal.timeout?.(LONGEST_ANSWER),
      headers: { ...(more.body ? { "Content-Type": "application/json" } : {}), "X-Launch-Identity": identity },
    });
  };

  const flush = async () => {
    clearTimeout(flushing);
    flushing = 0;
    const rows = [...queue.values()];
    if (!rows.length) return;
    queue.clear();
    try {
      const answer = await ask(`receipts?key=${encodeURIComponent(options.key)}`, {
        method: "POST", keepalive: true, body: JSON.stringify({ receipts: rows }),
      });
      if (answer.status === 401) identity = "";
      // What the portal does not take now (5xx, 401) it may take later; what it refuses it will refuse again.
      if (answer.status >= 500 || answer.status === 401) throw answer;
    } catch {
      rows.forEach((row) => queue.set(row.announcement, { ...row, ...queue.get(row.announcement) }));
      if (running % 2) flushing = flushing || setTimeout(flush, pause(failures + 2));
    }
  };

  const pause = (times) => Math.min(options.poll * 2 ** times, LONGEST_WAIT) * (0.9 + Math.random() / 5);

  const poll = async () => {
    clearTimeout(waiting);
    const round = running;
    if (document.hidden) return; // comes back when somebody looks
    asked = Date.now();
    try {
      const query = new URLSearchParams({ key: options.key });
      if (options.surface) query.set("surface", options.surface);
      if (options.language) query.set("language", options.language);
      if (seen.size) query.set("showing", entries.map((entry) => entry.id).filter((id) => seen.has(id)).join());
      const answer = await ask(`feed?${query}`, {});
      if (!answer.ok) {
        if (answer.status === 401) identity = "";
        const problem = await answer.json().catch(() => ({}));
        throw new Error(problem.detail || `status ${answer.status}`);
      }
      const found = await answer.json();
      if (round !== running) return;
      failures = 0;
      entries = found.announcements.filter((entry) => !gone.has(entry.id));
      render();
    } catch (error) {
      failures += 1;
      if (failures === 1) console.warn(`Launch portal: ${error.message}`);
    }
    if (round === running) waiting = setTimeout(poll, pause(failures));
  };

  const woken = () => {
    if (document.hidden) flush();
    else if (running % 2 && Date.now() - asked > options.poll) poll();
    else if (root) render();
  };

  const start = (given) => {
    stop();
    const text = given.identity;
    options = { labelClose: "Close", labelNews: "What is new", labelBanner: "Announcement", ...given };
    options.poll = Math.max(Number(given.poll) || 60, 2) * 1000;
    options.identity = typeof text === "function" ? text : given.identityUrl
      ? async () => (await fetch(given.identityUrl, { credentials: "same-origin" })).text()
      : async () => text;
    identity = "";
    failures = 0;
    running += 1;
    build();
    document.addEventListener("visibilitychange", woken);
    poll();
  };

  const stop = () => {
    if (!(running % 2)) return;
    running += 1;
    clearTimeout(waiting);
    flush();
    document.removeEventListener("visibilitychange", woken);
    host.remove();
    root = null;
    entries = [];
    told = "";
    seen.clear();
  };

  window.LaunchPortal = { start, stop, refresh: () => running % 2 && poll(), open: () => show(true) };
  const data = script ? { ...script.dataset } : {};
  if (!data.key) return;
  if (document.readyState !== "loading") start(data);
  else document.addEventListener("DOMContentLoaded", () => start(data));
})();
