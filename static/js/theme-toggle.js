/* <theme-toggle><button>…</button></theme-toggle>: light, dark, or as the system says. The choice is kept in a cookie,
 * so that the server writes data-theme into the page and nothing flashes. */
const YEAR_SECONDS = 31_536_000;

function current() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function choose(theme) {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (theme === system) {
    // Back to what the system says: forget the choice, follow the system again.
    delete document.documentElement.dataset.theme;
    document.cookie = `cw_theme=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  } else {
    document.documentElement.dataset.theme = theme;
    document.cookie = `cw_theme=${theme}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
  }
}

class ThemeToggle extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => choose(current() === "dark" ? "light" : "dark"));
  }
}

customElements.define("theme-toggle", ThemeToggle);
