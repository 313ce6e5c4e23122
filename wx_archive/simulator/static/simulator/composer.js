// The bottom bar: keyboard/menu toggle, text field, + panel and emoji.

import { el, icon } from "./dom.js";
import { PANEL } from "./actions.js";
import { Menu } from "./menu.js";

const EMOJI = [..."😀😄😊🙂😉😍🤔😅😂😭😴🙏👍👏🤝💪🌹🎉🧧🏮📷📖📜🌟"];

export class Composer {
  /** `on`: text(content), tap(path, button), action(id). */
  constructor(part, on) {
    this.part = part;
    this.on = on;
    this.menu = new Menu(part.menu, on.tap);
    part["menu-toggle"].addEventListener("click", () => this.setMode(this.mode === "menu" ? "text" : "menu", { focus: true }));
    part.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    part.input.addEventListener("keydown", (event) => this.#onkey(event));
    part.input.addEventListener("input", () => this.#showSend());
    part.input.addEventListener("focus", () => this.closePanels());
    part.voice.addEventListener("click", () => on.action("voice"));
    part.plus.addEventListener("click", () => this.#togglePanel("panel", "plus"));
    part.emoji.addEventListener("click", () => this.#togglePanel("emoji-panel", "emoji"));
    this.#fillPanels();
    this.mode = "text";
    this.hadMenu = false;
  }

  destroy() {
    this.menu.destroy();
  }

  drawMenu(menu) {
    const has = this.menu.draw(menu);
    this.part["menu-toggle"].hidden = !has;
    // A menu that appears takes the bar, as in WeChat; unless somebody is in the middle of a sentence.
    const busy = this.part.input.value || this.part.bottom.contains(document.activeElement);
    if (has !== this.hadMenu && !(has && busy)) this.setMode(has ? "menu" : "text");
    this.hadMenu = has;
  }

  setMode(mode, { focus = false } = {}) {
    this.mode = mode;
    this.part.bottom.dataset.mode = mode;
    this.part["menu-toggle"].setAttribute("aria-label", mode === "menu" ? "切换到键盘" : "切换到菜单");
    this.menu.close();
    this.closePanels();
    if (focus && mode === "text") this.part.input.focus();
  }

  #onkey(event) {
    // isComposing: Enter that picks a Chinese word is not Enter that sends.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  async #send() {
    const { input } = this.part;
    const content = input.value.trim();
    if (!content) return;
    input.value = "";
    this.#showSend();
    const sent = await this.on.text(content);
    // What could not be sent is not lost, unless something new has been typed meanwhile.
    if (!sent && !input.value) {
      input.value = content;
      this.#showSend();
    }
  }

  #showSend() {
    const filled = this.part.input.value.trim() !== "";
    this.part.send.hidden = !filled;
    this.part.plus.hidden = filled;
  }

  #fillPanels() {
    this.part.panel.append(...PANEL.map(([id, label, sign]) =>
      el("button.panel-button", { type: "button", testid: `plus-${id}`, onclick: () => { this.closePanels(); this.on.action(id); } },
        el("span.panel-tile", {}, icon(sign)), label)));
    this.part["emoji-panel"].append(...EMOJI.map((emoji) => el("button", { type: "button", onclick: () => this.#insert(emoji) }, emoji)));
  }

  #insert(emoji) {
    const { input } = this.part;
    input.setRangeText(emoji, input.selectionStart, input.selectionEnd, "end");
    this.#showSend();
  }

  #togglePanel(name, button) {
    const open = this.part[name].hidden;
    this.closePanels();
    this.part[name].hidden = !open;
    this.part[button].setAttribute("aria-expanded", String(open));
  }

  closePanels() {
    for (const [name, button] of [["panel", "plus"], ["emoji-panel", "emoji"]]) {
      this.part[name].hidden = true;
      this.part[button].setAttribute("aria-expanded", "false");
    }
  }
}
