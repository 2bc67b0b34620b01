/* How htmx behaves on our pages: what failed requests say, what a full page as an answer means, and what a swap keeps. */
function toast(text, tone = "red") {
  document.dispatchEvent(new CustomEvent("cw:toast", { detail: { text, tone } }));
}

function messageOf(xhr) {
  if (!xhr.responseText) return "";
  const type = xhr.getResponseHeader("Content-Type") ?? "";
  if (type.includes("json")) {
    try {
      return JSON.parse(xhr.responseText).detail ?? "";
    } catch {
      return "";
    }
  }
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  return page.querySelector("[data-error-message]")?.textContent.trim() ?? "";
}

const isWholePage = (text) => /^\s*<!doctype html/i.test(text);

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt, boosted } = event.detail;
  // A redirect was followed to a whole page (signed out, or a form that ends on another page): go there.
  const selects = elt?.closest?.("[hx-select], [data-hx-select]");
  if (event.detail.shouldSwap && !boosted && !selects && isWholePage(xhr.responseText ?? "")) {
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL || location.href);
    return;
  }
  rememberFolds(event.detail.target);
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const fallback = xhr.status >= 500 ? "The server could not do that. Its log says why." : "That is not possible right now.";
  toast(messageOf(xhr) || fallback);
});

document.addEventListener("htmx:sendError", () => {
  toast("The server cannot be reached. What you typed is kept; try again when it is back.");
});

/* Swapped parts keep what a person had opened: every <details id> stays as it was. */
let folds = new Map();

function rememberFolds(target) {
  folds = new Map([...(target?.querySelectorAll?.("details[id]") ?? [])].map((fold) => [fold.id, fold.open]));
}

document.addEventListener("htmx:afterSwap", () => {
  for (const [id, open] of folds) {
    const fold = document.getElementById(id);
    if (fold && fold.open !== open) fold.open = open;
  }
  folds.clear();
});

/* A plain form that was sent once is not sent twice by an impatient second click. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
  if (form.method !== "post") return;
  if (form.classList.contains("is-sending")) event.preventDefault();
  form.classList.add("is-sending");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.is-sending")) form.classList.remove("is-sending");
});
