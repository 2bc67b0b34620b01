/* Nothing typed is lost: <textarea data-draft-key="comment:phase-7:src/a.py:12"> is kept in localStorage until the server
 * has it. Ctrl+Enter or Cmd+Enter sends the form of any text area.
 *
 * A draft that was sent by a plain form is forgotten on the next page of the app (data-page="app"); an error page or the
 * sign-in page keeps it. With htmx it is forgotten when the answer is not an error. */
const PREFIX = "cw:draft:";
const KEEP_MS = 30 * 24 * 3600 * 1000;
const timers = new WeakMap();

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key));
  } catch {
    return null;
  }
}

function write(key, draft) {
  try {
    if (draft) localStorage.setItem(PREFIX + key, JSON.stringify(draft));
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // Storage is full or forbidden: the text is still on the page.
  }
}

function allKeys() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

const fieldsOf = (root) => [...root.querySelectorAll("[data-draft-key]")];

function save(field) {
  clearTimeout(timers.get(field));
  const changed = field.value.trim() && field.value !== field.defaultValue;
  write(field.dataset.draftKey, changed ? { text: field.value, at: Date.now() } : null);
}

function offerDiscard(field) {
  const note = document.createElement("p");
  note.className = "draft-note";
  note.append("Restored what you had typed.");
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "link-button";
  discard.textContent = "Discard it";
  discard.addEventListener("click", () => {
    field.value = field.defaultValue;
    save(field);
    note.remove();
    field.focus();
  });
  note.append(discard);
  field.after(note);
}

function restore(root) {
  for (const field of fieldsOf(root)) {
    if (field.dataset.draftReady !== undefined) continue;
    field.dataset.draftReady = "";
    const draft = read(field.dataset.draftKey);
    // A value from the server (a form sent back with its errors) is at least as new as the draft.
    if (!draft || draft.text === field.value || field.value.trim()) continue;
    field.value = draft.text;
    field.closest("details")?.setAttribute("open", "");
    offerDiscard(field);
  }
}

function settleSent() {
  const arrived = document.body.dataset.page === "app";
  for (const key of allKeys()) {
    const draft = read(key);
    const old = !draft || Date.now() - draft.at > KEEP_MS;
    if (old || (draft.sent && arrived)) write(key, null);
    else if (draft.sent) write(key, { ...draft, sent: false });
  }
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.dataset?.draftKey) return;
  clearTimeout(timers.get(field));
  timers.set(field, setTimeout(save, 300, field));
});

document.addEventListener("focusout", (event) => event.target.dataset?.draftKey && save(event.target));

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  for (const field of fieldsOf(event.target)) {
    save(field);
    const draft = read(field.dataset.draftKey);
    if (draft) write(field.dataset.draftKey, { ...draft, sent: true });
  }
});

/* Before the answer replaces the form: the new form must not restore what was just sent. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  const form = requestConfig?.elt?.closest?.("form");
  if (!form || requestConfig.verb === "get" || xhr.status >= 400) return;
  for (const field of fieldsOf(form)) {
    clearTimeout(timers.get(field));
    field.defaultValue = field.value;
    write(field.dataset.draftKey, null);
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, xhr } = event.detail;
  const form = elt?.closest?.("form");
  if (!form) return;
  const accepted = successful && xhr.status < 400;
  for (const field of fieldsOf(form)) {
    const draft = read(field.dataset.draftKey);
    if (accepted) {
      write(field.dataset.draftKey, null);
      if (form.dataset.clear !== undefined && form.isConnected) field.value = field.defaultValue = "";
    } else if (draft) write(field.dataset.draftKey, { ...draft, sent: false });
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  if (!event.target.matches?.("textarea, input")) return;
  event.preventDefault();
  event.target.form?.requestSubmit();
});

addEventListener("pagehide", () => fieldsOf(document).forEach((field) => {
  if (field.value !== field.defaultValue && !read(field.dataset.draftKey)?.sent) save(field);
}));
document.addEventListener("htmx:load", (event) => restore(event.detail.elt));
settleSent();
restore(document);
