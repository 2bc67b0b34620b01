/* <live-log src="/agents/ID/stream?after=41"> <div class="log-scroll"> <ol class="log">…</ol> </div> </live-log>
 *
 * <live-log data-fetch="/agents/ID/log/" data-after="41" data-topic="agent-log:ID">: the page's one EventSource says that
 * there is more (data-topic, named in the page's data-live too), and data-fetch?after=41 answers the new entries; its
 * header X-Next is the next cursor. Without either it only follows the bottom of what is there. With src, an EventSource: event "log" carries HTML of whole
 * <li class="log-entry"> (made and escaped by the server), its id: is the cursor, event "end" says that nothing more
 * comes. An <li> with the id of one that is there replaces it. The newest line stays in view unless the person has
 * scrolled up; then a button leads back. At most data-keep (2,000) entries stay in the page.
 */
const NEAR_BOTTOM_PX = 48;
const FETCH_PAUSE_MS = 200;

class LiveLog extends HTMLElement {
  #source = null;
  #cursor = null;
  #timer = 0;
  #hideTimer = 0;
  #unseen = 0;
  #missed = false;
  #fetching = false;
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
    if (this.dataset.fetch) document.addEventListener("cw:event", (event) => this.#onEvent(event), { signal });
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

  #onEvent(event) {
    if (event.detail.topic !== this.dataset.topic) return;
    this.#missed = true;
    if (!this.#fetching) this.#fetch();
  }

  /* One request at a time; whatever was announced meanwhile is fetched by the next one. */
  async #fetch() {
    this.#fetching = true;
    try {
      while (this.#missed && this.isConnected) {
        this.#missed = false;
        const response = await fetch(`${this.dataset.fetch}?after=${this.dataset.after ?? 0}`);
        const next = response.headers.get("X-Next");
        if (!response.ok || next === null) break;
        if (next !== this.dataset.after) this.#missed = true;
        this.dataset.after = next;
        this.#append(await response.text());
        await new Promise((resume) => setTimeout(resume, FETCH_PAUSE_MS));
      }
    } catch {
      // The next event tries again.
    } finally {
      this.#fetching = false;
    }
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
