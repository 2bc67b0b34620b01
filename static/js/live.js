/* Live pages: one EventSource for the whole page, and a refetch of the parts that an event concerns.
 *
 *   <div id="phase-7" data-live="phase:7 initiative:3" hx-get="/phases/7/card" hx-trigger="refresh" hx-swap="outerHTML">
 *
 * An event of a topic triggers "refresh" on every element that names it in data-live. Events are coalesced for 150 ms.
 * A part in which a person is typing, or has chosen something, waits until they are done. Hidden tabs hold no connection (browsers
 * allow six to one host); when shown again they resume after the last event, so nothing is missed.
 */
const COALESCE_MS = 150;
const HIDDEN_GRACE_MS = 10_000;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

let source = null;
let subscribed = "";
let cursor = document.body.dataset.eventCursor ?? null;
let failures = 0;
let retryTimer = 0;
let hideTimer = 0;
let flushTimer = 0;
const changed = new Set();

const topicsOf = (element) => (element.dataset.live ?? "").split(/\s+/).filter(Boolean);

function wantedTopics() {
  const all = [...document.querySelectorAll("[data-live]")].flatMap(topicsOf);
  return [...new Set(all)].sort();
}

function showState(state, text) {
  for (const element of document.querySelectorAll("[data-live-status]")) {
    if (element.dataset.state === state) continue;
    element.dataset.state = state;
    element.textContent = text;
  }
}

function isDirty(field) {
  // What js/drafts.js keeps comes back after the swap; data-live-ignore marks fields that save themselves.
  if (field.dataset.draftKey !== undefined || field.dataset.liveIgnore !== undefined) return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.type !== "hidden" && field.value !== field.defaultValue;
  const chosen = [...field.options].some((option) => option.defaultSelected);
  return chosen ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.selectedIndex > 0;
}

function isBeingEdited(element) {
  const active = document.activeElement;
  const typing = active !== element && element.contains(active) && active.matches("input, textarea, select, [contenteditable]");
  if (typing || element.querySelector("dialog[open], form.htmx-request")) return true;
  return [...element.querySelectorAll("textarea, input, select")].some(isDirty);
}

function flush() {
  flushTimer = 0;
  const topics = new Set(changed);
  changed.clear();
  for (const element of document.querySelectorAll("[data-live][hx-get]")) {
    if (!topics.has("*") && !topicsOf(element).some((topic) => topics.has(topic))) continue;
    // A part inside another one that is refreshed comes back with it.
    const outer = element.parentElement?.closest("[data-live][hx-get]");
    if (outer && topicsOf(outer).some((topic) => topics.has(topic)) && !isBeingEdited(outer)) continue;
    if (isBeingEdited(element)) element.dataset.stale = "";
    else window.htmx?.trigger(element, "refresh");
  }
}

function note(topic) {
  changed.add(topic);
  flushTimer ||= setTimeout(flush, COALESCE_MS);
}

function close() {
  source?.close();
  source = null;
  clearTimeout(retryTimer);
}

function open() {
  close();
  const topics = wantedTopics();
  subscribed = topics.join(",");
  if (!topics.length || document.hidden) return;
  const query = new URLSearchParams({ topics: subscribed });
  if (cursor !== null) query.set("after", cursor);
  source = new EventSource(`/events?${query}`);
  source.addEventListener("open", () => {
    failures = 0;
    showState("open", "Live");
  });
  source.addEventListener("error", () => {
    showState("waiting", "Reconnecting");
    // The browser retries a lost connection by itself (with Last-Event-ID); a refused one it gives up.
    if (source?.readyState === EventSource.CLOSED) {
      retryTimer = setTimeout(open, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    }
  });
  source.addEventListener("resync", (event) => {
    if (event.lastEventId) cursor = event.lastEventId;
    note("*");
  });
  for (const topic of topics) {
    source.addEventListener(topic.replaceAll(":", "-"), (event) => {
      if (event.lastEventId) cursor = event.lastEventId;
      note(topic);
      let detail = {};
      try {
        detail = JSON.parse(event.data);
      } catch {
        // The topic alone says enough.
      }
      document.dispatchEvent(new CustomEvent("cw:event", { detail: { ...detail, topic } }));
    });
  }
}

function resubscribe() {
  if (wantedTopics().join(",") !== subscribed) open();
}

function retryStale() {
  for (const element of document.querySelectorAll("[data-stale]")) {
    if (isBeingEdited(element)) continue;
    delete element.dataset.stale;
    window.htmx?.trigger(element, "refresh");
  }
}

/* A button that is exchanged between press and release never gets its click: what is pressed waits for its refresh. */
let pressed = null;
document.addEventListener("pointerdown", (event) => (pressed = event.target), true);
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => setTimeout(() => ((pressed = null), retryStale())), true);
}
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (!pressed || requestConfig?.verb !== "get" || !target?.matches?.("[data-live]") || !target.contains(pressed)) return;
  event.detail.shouldSwap = false;
  target.dataset.stale = "";
});

document.addEventListener("visibilitychange", () => {
  clearTimeout(hideTimer);
  if (document.hidden) hideTimer = setTimeout(close, HIDDEN_GRACE_MS);
  else if (!source) open();
});
document.addEventListener("focusout", () => setTimeout(retryStale, COALESCE_MS));
document.addEventListener("htmx:load", () => setTimeout(resubscribe));
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && open());
open();
