/* <diff-lines data-comment-url="/reviews/…/comments/new?file=…"> <table class="diff">…</table> </diff-lines>
 *
 * A "+" at the line under the pointer, and a way through the lines by keyboard: n and p go to the next and previous
 * changed line, c comments on it. The form comes from data-comment-url with &line=12&type=added and is put into a
 * <tr class="thread-row"> under the line; Escape in an empty form or [data-cancel] takes it away. A line that has an open form gets no second one.
 * Without scripts the line number may be a link to the same address.
 */
const ROW = "tr.line[data-line]";

class DiffLines extends HTMLElement {
  connectedCallback() {
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "comment-button";
    this.button.textContent = "+";
    this.addEventListener("pointerover", (event) => this.#offer(event.target.closest(ROW)));
    this.addEventListener("pointerleave", () => this.button.matches(":focus") || this.button.remove());
    this.addEventListener("focusin", (event) => this.#offer(event.target.closest(ROW)));
    this.addEventListener("click", (event) => this.#onClick(event));
    this.addEventListener("keydown", (event) => event.key === "Escape" && !event.target.value && this.#cancel(event.target));
  }

  #offer(row) {
    if (!row || !this.dataset.commentUrl || this.button.closest("tr") === row) return;
    this.button.ariaLabel = `Comment on ${row.dataset.type} line ${row.dataset.line}`;
    row.querySelector(".code")?.append(this.button);
  }

  #onClick(event) {
    if (event.target.closest("[data-cancel]")) {
      event.preventDefault();
      this.#cancel(event.target);
      return;
    }
    const number = event.target.closest("td.num a");
    const row = event.target.closest(ROW);
    if (!row || !this.dataset.commentUrl || !(number || event.target === this.button)) return;
    event.preventDefault();
    this.open(row);
  }

  #cancel(element) {
    const form = element.closest(".thread-row.is-new");
    if (!form) return;
    const row = form.previousElementSibling;
    form.remove();
    this.focusLine(row?.closest(ROW));
  }

  focusLine(row) {
    if (!row) return;
    row.tabIndex = -1;
    row.focus({ preventScroll: true, focusVisible: true });
    row.scrollIntoView({ block: "nearest" });
  }

  async open(row) {
    let place = row;
    while (place.nextElementSibling?.classList.contains("thread-row")) {
      place = place.nextElementSibling;
      if (place.classList.contains("is-new")) return place.querySelector("textarea")?.focus();
    }
    const holder = document.createElement("tr");
    holder.className = "thread-row is-new";
    const cell = holder.insertCell();
    cell.colSpan = 3;
    place.after(holder);
    const url = new URL(this.dataset.commentUrl, location.href);
    url.searchParams.set("line", row.dataset.line);
    url.searchParams.set("type", row.dataset.type);
    await window.htmx.ajax("GET", url.pathname + url.search, { target: cell, swap: "innerHTML" });
    if (cell.children.length) cell.querySelector("textarea")?.focus();
    else holder.remove();
  }
}

customElements.define("diff-lines", DiffLines);

function step(direction) {
  const rows = [...document.querySelectorAll(`diff-lines tr.line:is(.added, .removed)`)];
  const at = rows.indexOf(document.activeElement);
  const current = document.activeElement.closest?.(ROW);
  const from = at >= 0 ? at : current ? rows.findIndex((row) => current.compareDocumentPosition(row) & 4) - direction : -1;
  const row = rows[at < 0 && !current ? (direction > 0 ? 0 : rows.length - 1) : from + direction];
  row?.closest("diff-lines").focusLine(row);
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches?.("input, textarea, select")) return;
  if (!document.querySelector("diff-lines") || document.querySelector("dialog[open]")) return;
  if (document.body.dataset.keys === "off") return;
  if (key === "n") step(1);
  else if (key === "p") step(-1);
  else if (key === "c") {
    const row = target.closest?.(`diff-lines ${ROW}`);
    if (row) {
      event.preventDefault();
      row.closest("diff-lines").open(row);
    }
  }
});
