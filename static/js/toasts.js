/* Toasts: those in the page (Django's messages, hx-swap-oob) and those that scripts ask for with the event "cw:toast"
 * (detail: text, tone). They leave after a while unless data-keep, the pointer or the focus is on them. */
const STAY_MS = 6_000;

const box = () => document.getElementById("toasts");

function leave(toast) {
  toast.classList.add("is-leaving");
  setTimeout(() => toast.remove(), 200);
}

function schedule(toast) {
  if (toast.dataset.scheduled !== undefined) return;
  toast.dataset.scheduled = "";
  if (toast.dataset.keep !== undefined) return;
  let timer = setTimeout(leave, STAY_MS, toast);
  const hold = () => clearTimeout(timer);
  const resume = () => {
    clearTimeout(timer);
    timer = setTimeout(leave, STAY_MS / 2, toast);
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", resume);
  toast.addEventListener("focusout", resume);
}

export function show(text, tone = "neutral") {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  toast.dataset.tone = tone;
  if (tone === "red") toast.dataset.keep = "";
  const words = document.createElement("span");
  words.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet icon-only small";
  button.dataset.dismiss = "";
  button.ariaLabel = "Dismiss";
  button.textContent = "×";
  toast.append(words, button);
  box()?.append(toast);
}

document.addEventListener("cw:toast", (event) => show(event.detail.text, event.detail.tone));
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-dismiss]");
  if (button) leave(button.closest("[data-toast]"));
});

const container = box();
if (container) {
  const scheduleAll = () => container.querySelectorAll("[data-toast]").forEach(schedule);
  new MutationObserver(scheduleAll).observe(container, { childList: true });
  scheduleAll();
}
