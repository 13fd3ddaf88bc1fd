/* What every htmx request shares: CSRF, ETags of polled parts, the loading bar, failures, where focus goes. */
(() => {
  "use strict";
  const LOADING_AFTER_MS = 150;
  const etags = new Map();
  const polled = (element) => element.hasAttribute("data-poll");
  const readAt = new WeakMap();

  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, verb, path, elt } = event.detail;
    if (verb !== "get") headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
    // htmx sends no If-None-Match by itself, so a 304 would never come.
    else if (polled(elt) && etags.has(path)) headers["If-None-Match"] = etags.get(path);
  });

  // Nobody looks at a hidden page: its polled parts rest, and catch up when it is shown again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.querySelectorAll("[data-poll]").forEach((part) => htmx.trigger(part, "portal:refresh"));
  });

  let running = 0;
  let timer = 0;
  const bar = () => document.getElementById("loading");
  const started = () => {
    running += 1;
    if (running === 1) timer = setTimeout(() => bar()?.classList.add("shown"), LOADING_AFTER_MS);
  };
  const ended = () => {
    running = Math.max(0, running - 1);
    if (running) return;
    clearTimeout(timer);
    bar()?.classList.remove("shown");
  };

  let origin = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (polled(elt)) {
      if (document.hidden) event.preventDefault();
      return;
    }
    const focused = document.activeElement;
    origin = { id: focused?.id, key: focused?.closest("[data-focus-key]")?.dataset.focusKey };
    target?.setAttribute("aria-busy", "true");
    if (elt.matches("form")) elt.setAttribute("aria-busy", "true");
    started();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, target } = event.detail;
    if (polled(elt)) return;
    target?.removeAttribute("aria-busy");
    elt.removeAttribute("aria-busy");
    ended();
  });

  // A form is sent once: the second press of an impatient hand would do the same again. On the window, so that
  // whoever asks first ("Remove it?") has been heard.
  const SENT_FOR_MS = 10000;
  window.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, SENT_FOR_MS);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  // A refusal that swaps nothing still brings a message out of band.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, elt, requestConfig } = event.detail;
    if (xhr.status >= 400 && xhr.getResponseHeader("HX-Reswap")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    if (!polled(elt)) return;
    fresh(elt);
    if (xhr.status === 200) {
      const tag = xhr.getResponseHeader("ETag");
      if (tag) etags.set(requestConfig.path, tag);
    }
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (polled(event.detail.elt) && event.detail.xhr.status === 304) fresh(event.detail.elt);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt;
    if (!(part instanceof Element) || polled(event.detail.requestConfig?.elt || part)) return;
    if (event.detail.xhr?.status === 422) {
      const wrong = part.querySelector('[aria-invalid="true"]') || part.querySelector(".form-errors");
      if (wrong) {
        if (!wrong.matches("input, select, textarea")) wrong.tabIndex = -1;
        wrong.focus();
        return;
      }
    }
    const wanted = part.matches("[autofocus]") ? part : part.querySelector("[autofocus]");
    if (wanted) return wanted.focus();
    // What came by itself, with the page, takes the focus from nobody.
    if (!event.detail.requestConfig?.triggeringEvent) return;
    if (document.activeElement && document.activeElement !== document.body) return;
    const key = origin?.key && `[data-focus-key="${CSS.escape(origin.key)}"]`;
    const back = (origin?.id && document.getElementById(origin.id)) || (key && document.querySelector(key));
    const spot = back || part.querySelector("[data-focus]") || (part.isConnected ? part : null);
    if (!spot) return;
    const inner = spot.matches("a, button, input, select, textarea, summary") ? spot : spot.querySelector("a, button, summary");
    const goal = inner || spot;
    if (!inner) goal.tabIndex = -1;
    goal.focus({ preventScroll: true });
  });

  /* Failures: a toast with what happened, the request's id and a way to try again; stale for polled parts. */
  const words = {
    0: "The portal could not be reached. What you see is as it was.",
    401: "Your session has ended. Sign in again to go on.",
    403: "Your role does not allow this.",
    404: "This is not there any more.",
    413: "That is too large to send.",
    429: "That was too quick. Wait a moment and try again.",
  };
  const failed = (event) => {
    const { elt, xhr, requestConfig } = event.detail;
    if (polled(elt)) return stale(elt);
    const template = document.getElementById("failure-toast");
    if (!template) return;
    const toast = template.content.firstElementChild.cloneNode(true);
    const text = toast.querySelector(".toast-text");
    text.textContent = words[xhr?.status || 0] || "Something went wrong, and nothing was changed.";
    const id = xhr?.getResponseHeader?.("X-Request-ID");
    if (id) {
      const small = document.createElement("small");
      small.textContent = `Request ${id}`;
      text.append(small);
    }
    if (!xhr || !xhr.status || xhr.status >= 500 || xhr.status === 429) {
      const retry = document.createElement("button");
      retry.type = "button";
      retry.className = "btn small";
      retry.textContent = "Try again";
      retry.addEventListener("click", () => {
        toast.remove();
        if (elt.matches("form")) elt.requestSubmit(requestConfig?.triggeringEvent?.submitter || undefined);
        else if (elt.matches("a, button")) elt.click();
        else htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt, target: requestConfig.target });
      });
      toast.insertBefore(retry, toast.lastElementChild);
    }
    document.getElementById("toasts").append(toast);
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:timeout", failed);

  const stale = (part) => {
    part.toggleAttribute("data-stale", true);
    if (part.querySelector(":scope > .stale")) return;
    const template = document.getElementById("stale-bar");
    if (!template) return;
    const strip = template.content.firstElementChild.cloneNode(true);
    const at = readAt.get(part) || performance.timeOrigin;
    strip.querySelector("time").textContent = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    strip.querySelector("button").addEventListener("click", () => htmx.trigger(part, "portal:refresh"));
    part.prepend(strip);
  };
  const fresh = (part) => {
    readAt.set(part, Date.now());
    part.removeAttribute("data-stale");
    part.querySelector(":scope > .stale")?.remove();
  };
})();
