// 「群发」: where the account's administrator confirms what would go to everybody.

import { api } from "./api.js";
import { el } from "./dom.js";

export class Publishing {
  #drawn = "";

  /** `desk` offers refresh() and complain(error). */
  constructor(desk) {
    this.desk = desk;
    this.box = document.getElementById("protection");
    this.list = document.getElementById("waiting");
    this.box.addEventListener("change", () => this.#change(this.box, () => api.switchPublishing({ protection: this.box.checked })));
  }

  async #change(control, act) {
    control.disabled = true;
    try {
      await act();
    } catch (error) {
      this.desk.complain(error);
    }
    control.disabled = false;
    await this.desk.refresh();
  }

  /** New facts from /sim/state. */
  update({ protection, waiting }) {
    if (!this.box.disabled) this.box.checked = protection;
    const key = JSON.stringify(waiting.map((send) => send.msg_id));
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.list.replaceChildren(...waiting.map((send) => this.#waiting(send)));
  }

  #waiting({ msg_id: number, name, until }) {
    const answer = (label, testid, approve) => {
      const button = el("button", { type: "button", testid, onclick: () => this.#change(button, () => api.confirmSend(number, approve)) }, label);
      return button;
    };
    return el("li", { testid: "waiting-send" },
      el("p.waiting-name", {}, `「${name}」要发给全部关注者，${until} 前等管理员确认`),
      el("div.waiting-answers", {}, answer("确认", "send-confirm", true), answer("拒绝", "send-refuse", false)));
  }
}
