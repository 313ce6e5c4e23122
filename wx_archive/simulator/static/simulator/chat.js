// The log of one phone: order, time stamps, scrolling.

import { drawMessage } from "./bubbles.js";
import { el } from "./dom.js";
import { stamp } from "./clock.js";

const PAUSE = 5 * 60 * 1000;

export class ChatLog {
  #messages = []; // { message, row }, in order of seq
  #shown = "";
  #follow = true; // stay at the newest message
  #size = "";

  constructor({ log, scroll, newBelow }, ctx) {
    this.log = log;
    this.scroll = scroll;
    this.newBelow = newBelow;
    // A picture that arrives late must not push the newest words out of sight.
    this.ctx = { ...ctx, settled: () => this.#follow && this.toEnd() };
    scroll.addEventListener("scroll", () => this.#noteScroll(), { passive: true });
    newBelow.addEventListener("click", () => this.toEnd());
    this.observer = new ResizeObserver(() => this.#follow && this.toEnd());
    this.observer.observe(scroll);
  }

  /** The whole transcript (first look, or after the server was away). Does nothing when nothing changed. */
  replace(messages) {
    const key = JSON.stringify(messages);
    if (key === this.#shown && this.#messages.length === messages.length) return;
    this.#shown = key;
    this.#messages = [];
    this.log.replaceChildren();
    // Screen readers hear what is new, not the whole past.
    this.log.setAttribute("aria-busy", "true");
    this.add(messages, { quiet: true });
    this.log.removeAttribute("aria-busy");
    this.toEnd();
  }

  add(messages, { quiet = false } = {}) {
    const fresh = messages.filter((message) => this.#insert(message, quiet));
    if (!fresh.length) return;
    this.#drawStamps();
    if (quiet) return;
    if (this.#follow || fresh.some((message) => message.from === "me")) this.toEnd();
    else this.newBelow.hidden = false;
  }

  // An answer may come with the request's own reply and by the long poll: shown once, in the server's order.
  #insert(message, quiet) {
    if (this.#messages.some((known) => known.message.seq === message.seq)) return false;
    const row = drawMessage(message, this.ctx);
    row.classList.toggle("row-new", !quiet);
    const next = this.#messages.findIndex((known) => known.message.seq > message.seq);
    const at = next < 0 ? this.#messages.length : next;
    this.log.insertBefore(row, this.#messages[at]?.row || null);
    this.#messages.splice(at, 0, { message, row });
    return true;
  }

  #drawStamps() {
    for (const old of this.log.querySelectorAll(".stamp")) old.remove();
    let last = -Infinity;
    for (const { message, row } of this.#messages) {
      const at = Date.parse(message.at);
      if (at - last > PAUSE) row.before(el("p.stamp", { testid: "stamp" }, stamp(new Date(at))));
      last = at;
    }
  }

  #noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    // A panel that opened or a picture that arrived moves the log too; only a person's scrolling ends the following.
    if (this.#follow && this.#size !== this.#measure()) {
      this.toEnd();
      return;
    }
    this.#follow = scrollHeight - scrollTop - clientHeight < 60;
    if (this.#follow) this.newBelow.hidden = true;
  }

  #measure() {
    return `${this.scroll.scrollHeight} ${this.scroll.clientHeight}`;
  }

  toEnd() {
    this.#follow = true;
    this.newBelow.hidden = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.#size = this.#measure();
  }

  destroy() {
    this.observer.disconnect();
  }
}
