// The desk: keeps the state, sets up the chosen phone, and knows rail and inspector.

import { Connection, api } from "./api.js";
import { setServerTime } from "./clock.js";
import { sleep } from "./dom.js";
import { Inspector } from "./inspector.js";
import { Phone } from "./phone.js";
import { Publishing } from "./publishing.js";
import { Troubles } from "./troubles.js";

const STATE_EVERY_MS = 3000;
const NAMES = ["李大爷", "王老师", "小学生乐乐", "研究员周明", "退休工人老陈", "返乡青年小赵"];

const byId = (id) => document.getElementById(id);

class Desk {
  state = null;
  phones = new Map(); // openid -> Phone on the desk; one for now, the layout has room for more
  connection = new Connection();
  #wanted = new URLSearchParams(location.hash.slice(1)).get("phone");
  #refreshing = null;

  constructor() {
    this.select = byId("phone-select");
    this.select.addEventListener("change", () => this.choose(this.select.value));
    byId("phone-add").addEventListener("click", () => this.#addPhone());
    byId("rail-close").addEventListener("click", () => this.toggleTools(false));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.toggleTools(false));
    document.addEventListener("visibilitychange", () => !document.hidden && this.refresh());
    this.connection.addEventListener("change", () => this.#showConnection());
    this.inspector = new Inspector(this);
    this.troubles = new Troubles(this);
    this.publishing = new Publishing(this);
    this.narrow = matchMedia("(max-width: 719px), (max-height: 479px)");
    this.narrow.addEventListener("change", () => this.#placeTrays());
    setInterval(() => this.phones.forEach((phone) => phone.tick()), 5000);
  }

  async run() {
    for (;;) {
      await this.refresh();
      await sleep(document.hidden ? STATE_EVERY_MS * 3 : STATE_EVERY_MS);
    }
  }

  /** Fetches the state; calls that come while one is under way share the next one. */
  refresh() {
    if (!this.#refreshing) {
      this.#refreshing = this.#fetchState().finally(() => { this.#refreshing = null; });
      return this.#refreshing;
    }
    return this.#refreshing.then(() => this.#refreshing || this.refresh());
  }

  async #fetchState() {
    try {
      const state = await api.state();
      setServerTime(state.now);
      this.state = state;
      this.#apply();
      this.troubles.update(state);
      this.publishing.update(state.publishing);
      this.connection.report("state", true);
    } catch (error) {
      if (error.name === "TypeError") console.error(error);
      this.connection.report("state", false);
      byId("stations-wait").textContent = "连接断开，正在重试…";
    }
  }

  #apply() {
    const { phones, account, menu } = this.state;
    if (!phones.length) return;
    const chosen = phones.find((phone) => phone.openid === this.#wanted) || phones[0];
    if (chosen.openid !== this.#wanted) this.#remember(chosen.openid);
    this.#fillSelect(phones, chosen.openid);
    for (const [openid, phone] of this.phones) {
      if (openid === chosen.openid) continue;
      phone.destroy();
      this.phones.delete(openid);
      if (!phones.some((known) => known.openid === openid)) this.inspector.clear();
    }
    if (!this.phones.has(chosen.openid)) this.#setUp(chosen, account);
    this.phones.get(chosen.openid).update(chosen, account, menu);
  }

  #setUp(info, account) {
    byId("stations-wait").hidden = true;
    const phone = new Phone(byId("station-template"), info, account, this);
    phone.setOnline(this.connection.ok);
    this.phones.set(info.openid, phone);
    byId("stations").append(phone.root);
    this.#placeTrays();
  }

  #fillSelect(phones, chosen) {
    const key = JSON.stringify(phones);
    if (this.select.dataset.key !== key) {
      this.select.dataset.key = key;
      this.select.replaceChildren(...phones.map((phone) => new Option(`${phone.nickname}${phone.following ? "" : "（未关注）"}`, phone.openid)));
    }
    this.select.value = chosen;
  }

  choose(openid) {
    this.#remember(openid);
    if (this.state) this.#apply();
    this.inspector.filter();
    this.toggleTools(false);
  }

  // In the address, so that a reload and a second window can each keep their own person.
  #remember(openid) {
    this.#wanted = openid;
    history.replaceState(history.state, "", `#phone=${encodeURIComponent(openid)}`);
  }

  async #addPhone() {
    const taken = new Set(this.state?.phones.map((phone) => phone.nickname));
    try {
      const phone = await api.addPhone(NAMES.find((name) => !taken.has(name)));
      this.#wanted = phone.openid;
      await this.refresh();
      this.choose(phone.openid);
    } catch (error) {
      this.complain(error);
    }
  }

  complain(error) {
    this.phones.forEach((phone) => phone.toast(error.message));
  }

  // On a narrow window the tray has no place under the phone; it moves into the sheet with the other tools.
  #placeTrays() {
    for (const phone of this.phones.values()) {
      (this.narrow.matches ? byId("rail-tray") : phone.root).append(phone.part.tray);
      // On the desk the pill is only part of the drawing; the keyboard must not stop at it.
      phone.part.island.disabled = !this.narrow.matches;
    }
  }

  toggleTools(open = !document.body.classList.contains("tools-open")) {
    document.body.classList.toggle("tools-open", open);
    for (const phone of this.phones.values()) phone.part.island.setAttribute("aria-expanded", String(open));
    if (open) this.select.focus();
  }

  #showConnection() {
    for (const phone of this.phones.values()) phone.setOnline(this.connection.ok);
    // A simulator that comes back counts its exchanges from one again.
    if (this.connection.ok) this.inspector.clear();
  }

  get openid() {
    return this.#wanted;
  }

  get accountUrl() {
    return this.state?.account.url || "";
  }

  nameOf(openid) {
    // What no follower caused comes in the name of WeChat itself.
    if (openid === this.state?.assistant) return "微信";
    return this.state?.phones.find((phone) => phone.openid === openid)?.nickname || "某部手机";
  }
}

new Desk().run();
