/* <relative-time datetime="2026-11-23T07:05:00Z">23 Nov 2026, 07:05</relative-time>: shows "5 min ago", keeps it true,
 * and has the exact local time as its tooltip. The future counts down ("in 12 min"); beyond a week it is a date. */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const WEEK_SECONDS = 7 * 86_400;
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const shown = new Set();

export function describe(date, now = Date.now()) {
  const seconds = Math.round((date - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "now";
  if (size > WEEK_SECONDS) {
    return new Date(date).getFullYear() === new Date(now).getFullYear() ? day.format(date) : dayAndYear.format(date);
  }
  for (const [unit, length] of UNITS) {
    if (size >= length) return relative.format(Math.trunc(seconds / length), unit).replace(".", "");
  }
  return relative.format(seconds, "second").replace(".", "");
}

class RelativeTime extends HTMLElement {
  static observedAttributes = ["datetime"];

  connectedCallback() {
    shown.add(this);
    this.render();
  }

  disconnectedCallback() {
    shown.delete(this);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.render();
  }

  render() {
    const date = new Date(this.getAttribute("datetime"));
    if (Number.isNaN(date.getTime())) return;
    const text = describe(date.getTime());
    if (this.textContent !== text) this.textContent = text;
    this.title = exact.format(date);
  }
}

customElements.define("relative-time", RelativeTime);

setInterval(() => {
  if (!document.hidden) for (const element of shown) element.render();
}, 10_000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const element of shown) element.render();
});
