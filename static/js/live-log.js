/* <live-log src="/agents/ID/stream?after=41"> <div class="log-scroll"> <ol class="log">…</ol> </div> </live-log>
 *
 * Without src it only follows the bottom of what is there. With src, an EventSource: event "log" carries HTML of whole
 * <li class="log-entry"> (made and escaped by the server), its id: is the cursor, event "end" says that nothing more
 * comes. An <li> with the id of one that is there replaces it. The newest line stays in view unless the person has
 * scrolled up; then a button leads back. At most data-keep (2,000) entries stay in the page.
 */
const NEAR_BOTTOM_PX = 48;

class LiveLog extends HTMLElement {
  #source = null;
  #cursor = null;
  #timer = 0;
  #hideTimer = 0;
  #unseen = 0;
  #stop = new AbortController();

  connectedCallback() {
    this.list = this.querySelector(".log");
    this.scroller = this.querySelector(".log-scroll") ?? document.scrollingElement;
    if (!this.list) return;
    const { signal } = this.#stop;
    const scrollTarget = this.scroller === document.scrollingElement ? document : this.scroller;
    this.#addButton();
    scrollTarget.addEventListener("scroll", () => this.#onScroll(), { signal, passive: true });
    document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
    addEventListener("pagehide", () => this.#close(), { signal });
    if (!location.hash) this.toBottom();
    this.#open();
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#close();
  }

  get isAtBottom() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #addButton() {
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "button small log-jump";
    this.button.hidden = true;
    this.button.addEventListener("click", () => this.toBottom());
    this.append(this.button);
  }

  #onScroll() {
    if (!this.isAtBottom) return;
    this.#unseen = 0;
    this.button.hidden = true;
  }

  #onVisibility() {
    clearTimeout(this.#hideTimer);
    if (document.hidden) this.#hideTimer = setTimeout(() => this.#close(), 10_000);
    else if (!this.#source) this.#open();
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    const src = this.getAttribute("src");
    if (!src || document.hidden || this.dataset.state === "ended") return;
    this.#close();
    const url = new URL(src, location.href);
    if (this.#cursor) url.searchParams.set("after", this.#cursor);
    const source = new EventSource(url);
    this.#source = source;
    source.addEventListener("log", (event) => {
      if (event.lastEventId) this.#cursor = event.lastEventId;
      this.#append(event.data);
    });
    source.addEventListener("end", () => {
      this.dataset.state = "ended";
      this.#close();
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) this.#timer = setTimeout(() => this.#open(), 2_000);
    });
  }

  #append(html) {
    const follow = this.isAtBottom;
    const template = document.createElement("template");
    template.innerHTML = html;
    let added = 0;
    for (const entry of [...template.content.children]) {
      const old = entry.id && this.list.querySelector(`#${CSS.escape(entry.id)}`);
      if (old) {
        if (old.querySelector("details[open]")) entry.querySelector("details")?.setAttribute("open", "");
        old.replaceWith(entry);
      } else {
        this.list.append(entry);
        added += 1;
      }
    }
    this.#trim();
    if (follow) this.toBottom();
    else if (added) this.#showUnseen(added);
  }

  #trim() {
    const keep = Number(this.dataset.keep ?? 2_000);
    while (this.list.children.length > keep) this.list.firstElementChild.remove();
  }

  #showUnseen(added) {
    this.#unseen += added;
    this.button.textContent = `↓ ${this.#unseen} newer`;
    this.button.hidden = false;
  }
}

customElements.define("live-log", LiveLog);
