// 「时钟与故障」: moves the clock of everything, and switches on what can go wrong.

import { api } from "./api.js";
import { fullDay, hourMinuteSecond, now } from "./clock.js";
import { el } from "./dom.js";

const STEPS = [["1 分钟", 60], ["1 小时", 3600], ["1 天", 86400], ["3 天", 259200]];

/** A fault strikes every call of the account until it is switched off again. */
const FAULTS = [
  { id: "busy", label: "接口忙 −1", fault: "errcode", errcode: -1 },
  { id: "token", label: "令牌失效 40001", fault: "errcode", errcode: 40001 },
  { id: "truncated", label: "回答被截断", fault: "truncated" },
];
const DISORDERS = [
  { id: "twice", label: "每条消息重发一遍", on: { duplicate: "at_once" }, off: { duplicate: "none" }, is: (wire) => wire.duplicate !== "none" },
  // Goes off by itself as soon as an answer was lost.
  { id: "lost", label: "下一条回答丢失", on: { drop_answer: 1 }, off: { drop_answer: 0 }, is: (wire) => wire.drop_answer > 0 },
];

export class Troubles {
  #state = null;
  #switches = new Map();

  /** `desk` offers refresh(), complain(error) and phones. */
  constructor(desk) {
    this.desk = desk;
    const root = document.getElementById("troubles");
    this.time = root.querySelector("time");
    this.ahead = root.querySelector(".troubles-ahead");
    this.reset = this.#button("复原", "clock-reset", { reset: true });
    root.querySelector(".troubles-steps").append(
      ...STEPS.map(([label, seconds]) => this.#button(label, `clock-${seconds}`, { advance_s: seconds }, `快进 ${label}`)), this.reset);
    root.querySelector(".troubles-switches").append(
      ...FAULTS.map((wanted) => this.#switch(wanted, (on) => this.#setFault(wanted, on))),
      ...DISORDERS.map((wanted) => this.#switch(wanted, (on) => api.upsetWire(on ? wanted.on : wanted.off))));
    setInterval(() => this.#showTime(), 1000);
  }

  #button(label, testid, how, name) {
    const button = el("button", { type: "button", testid, "aria-label": name }, label);
    button.addEventListener("click", () => this.#change(button, () => api.moveClock(how)));
    return button;
  }

  #switch({ id, label }, act) {
    const box = el("input", { type: "checkbox", role: "switch", testid: `trouble-${id}` });
    box.addEventListener("change", () => this.#change(box, () => act(box.checked)));
    this.#switches.set(id, box);
    return el("label", {}, el("span", {}, label), box);
  }

  /** Asks the simulator for a change and shows what became of it, also when it refused. */
  async #change(control, act) {
    control.disabled = true;
    try {
      await act();
    } catch (error) {
      this.desk.complain(error);
    }
    control.disabled = false;
    await this.desk.refresh();
    if (document.activeElement === document.body) control.focus({ preventScroll: true });
    this.desk.phones.forEach((phone) => phone.tick());
  }

  #setFault(wanted, on) {
    if (on) return api.addFault({ path: "*", fault: wanted.fault, errcode: wanted.errcode, times: null });
    return Promise.all(this.#present(wanted).map((fault) => api.removeFault(fault.id)));
  }

  #present(wanted) {
    return this.#state.faults.filter((fault) => fault.path === "*" && fault.fault === wanted.fault && fault.errcode === wanted.errcode);
  }

  /** New facts from /sim/state. */
  update(state) {
    this.#state = state;
    for (const wanted of FAULTS) this.#show(wanted.id, this.#present(wanted).length > 0);
    for (const wanted of DISORDERS) this.#show(wanted.id, wanted.is(state.wire));
    this.ahead.textContent = ahead(state.offset_s);
    this.#showTime();
  }

  // While a change is under way the switch shows what the person wants, not what was before.
  #show(id, on) {
    const box = this.#switches.get(id);
    if (!box.disabled) box.checked = on;
  }

  #showTime() {
    if (!this.#state) return;
    const date = now();
    this.time.dateTime = date.toISOString();
    this.time.replaceChildren(el("span", {}, fullDay(date)), el("span.troubles-clock", {}, hourMinuteSecond(date)));
  }
}

/** 比本机快 3 天 1 小时 */
function ahead(seconds) {
  const minutes = Math.round(Math.abs(seconds) / 60);
  if (!minutes) return "与本机时间一致";
  const parts = [[Math.floor(minutes / 1440), "天"], [Math.floor(minutes / 60) % 24, "小时"], [minutes % 60, "分钟"]];
  const words = parts.filter(([count]) => count).slice(0, 2).map(([count, unit]) => `${count} ${unit}`);
  return `比本机${seconds > 0 ? "快" : "慢"} ${words.join(" ")}`;
}
