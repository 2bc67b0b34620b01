/* The whole product by keyboard. Any link, button or field with data-key="g h" answers to those keys; data-key-label
 * says what it does in the help ("?"), otherwise its own words do.
 *
 *   j / k     next / previous item of the lists on the page ([data-list] [data-item], or .list .row)
 *   /         the element with data-key="/"
 *   Escape    leaves a field, closes an open menu
 * Keys do nothing while a person types, with Ctrl/Alt/Meta, or while a dialog is open; they can be turned off (WCAG 2.1.4).
 */
const OFF = "cw:keys-off";
const SEQUENCE_MS = 1_200;
const dialog = document.getElementById("keys-dialog");
let prefix = "";
let prefixTimer = 0;

const isOff = () => {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
};

const isTyping = (target) =>
  target.isContentEditable || target.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");

const isVisible = (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? true;

function keyed() {
  return [...document.querySelectorAll("[data-key]")].filter((element) => !element.disabled);
}

/* The navigation answers even where it is folded away behind the phone's menu. */
function find(keys) {
  const all = keyed().filter((element) => element.dataset.key === keys);
  return all.find(isVisible) ?? all.find((element) => element.closest(".nav, .sidebar"));
}

function activate(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
    element.focus();
    element.select?.();
  } else element.click();
}

function items() {
  const marked = [...document.querySelectorAll("[data-list] [data-item]")];
  return (marked.length ? marked : [...document.querySelectorAll(".list > .row")]).filter(isVisible);
}

function moveInList(step) {
  const all = items();
  if (!all.length) return false;
  const at = all.findIndex((item) => item.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + step));
  const item = all[next];
  const target = item.matches("a, button") ? item : item.querySelector(".row-title a, a, button, summary") ?? item;
  if (target === item && !item.matches("a, button")) item.tabIndex = -1;
  target.focus({ focusVisible: true });
  item.scrollIntoView({ block: "nearest" });
  return true;
}

function labelOf(element) {
  return element.dataset.keyLabel ?? (element.ariaLabel || element.placeholder || element.textContent).trim().replace(/\s+/g, " ");
}

function keyNames(keys) {
  const holder = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const name = document.createElement("kbd");
    name.className = "kbd";
    name.textContent = key;
    holder.append(name, " ");
  }
  return holder;
}

function fillHelp() {
  const list = dialog.querySelector("[data-key-list]");
  const rows = new Map(keyed().filter((element) => isVisible(element) || element.closest(".nav")).map((e) => [e.dataset.key, labelOf(e)]));
  if (items().length) rows.set("j k", "Next and previous in the list");
  rows.set("Ctrl Enter", "Send the form you are typing in");
  rows.set("Esc", "Leave a field or close what is open");
  list.replaceChildren();
  for (const [keys, label] of rows) {
    const words = document.createElement("dd");
    words.textContent = label;
    list.append(keyNames(keys), words);
  }
  dialog.querySelector("[data-keys-enabled]").checked = !isOff();
}

function openHelp() {
  fillHelp();
  dialog.showModal();
}

function startSequence(key) {
  clearTimeout(prefixTimer);
  prefix = key;
  prefixTimer = setTimeout(() => (prefix = ""), SEQUENCE_MS);
}

function onKey(event) {
  if (event.key === "Escape" && isTyping(event.target) && !document.querySelector("dialog[open]")) {
    event.target.blur();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") || isOff()) return;
  const keys = prefix ? `${prefix} ${event.key}` : event.key;
  clearTimeout(prefixTimer);
  prefix = "";
  const element = find(keys);
  if (element) {
    event.preventDefault();
    activate(element);
  } else if (keys === "j" || keys === "k") {
    if (moveInList(keys === "j" ? 1 : -1)) event.preventDefault();
  } else if (keyed().some((one) => one.dataset.key.startsWith(`${keys} `))) {
    startSequence(keys);
  }
}

/* Other scripts with keys of their own look at data-keys. */
function showState() {
  document.body.dataset.keys = isOff() ? "off" : "on";
}

document.addEventListener("keydown", onKey);
showState();
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-open-keys]") && dialog) openHelp();
});
dialog?.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys-enabled]")) return;
  try {
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "");
  } catch {
    // Storage is forbidden: the choice lasts for nothing, the keys stay on.
  }
  showState();
});
