// The browser inside the phone: title bar, back, ×, 「…」 and the page in a frame.

import { copyText, el, icon } from "./dom.js";
import { cover, openSheet } from "./sheets.js";
import { webAddress } from "./bubbles.js";

const SIZES = [0.85, 1, 1.15, 1.3, 1.5, 1.75];
const SIZE_NAMES = ["小", "标准", "较大", "大", "更大", "特大"];

/** Only pages on this computer are put into the frame; the others mostly refuse it and would leave a blank. */
export function canFrame(address) {
  const host = new URL(address).hostname;
  return host === "127.0.0.1" || host === "localhost" || host === "[::1]" || host.endsWith(".localhost");
}

let visits = 0;

export class H5 {
  #view = null;
  #size = 1;

  /** `entrance` gives the address under which a page begins in this phone. */
  constructor(screen, toast, entrance) {
    this.screen = screen;
    this.toast = toast;
    this.entrance = entrance;
    this.onpopstate = (event) => {
      if (this.#view && event.state?.h5 !== this.#view.visit) this.#close();
    };
    window.addEventListener("popstate", this.onpopstate);
  }

  destroy() {
    window.removeEventListener("popstate", this.onpopstate);
    this.#close();
  }

  open(url, title) {
    const address = webAddress(url);
    if (!address) {
      this.toast(String(url || "").startsWith("tel:") ? `在真手机上会拨打 ${String(url).slice(4)}` : "这个地址在微信里打不开。");
      return;
    }
    this.#close();
    visits += 1;
    // One entry of our own lies under the pages of the frame. So 「back」 is the browser's own back: it walks
    // through the pages of a foreign origin that we cannot see, and falls out of the frame at the end.
    history.pushState({ ...history.state, h5: visits }, "");
    this.#view = { visit: visits, address, title: title || new URL(address).host };
    this.#draw();
  }

  #draw() {
    const { address, title } = this.#view;
    const button = (name, label, testid, onclick) => el("button", { type: "button", testid, "aria-label": label, onclick }, icon(name));
    const bar = el("header.h5-bar", {}, el("div.h5-row", {},
      el("div.h5-buttons", {},
        button("back", "返回", "h5-back", () => this.#back()),
        button("close", "关闭网页", "h5-close", () => this.#close())),
      el("h2.h5-title", { testid: "h5-title" }, title),
      el("div.h5-buttons", {}, button("more", "更多", "h5-more", () => this.#menu()))));
    const body = el("div.h5-body", {}, canFrame(address) ? this.#frame(bar.firstChild) : this.#outside());
    const node = el("section.h5", { testid: "h5", role: "dialog", "aria-label": title }, bar, body, el("div.h5-foot"));
    this.#view.node = node;
    this.#view.body = body;
    this.#view.uncover = cover(this.screen, node, { onescape: () => this.#back() });
    this.#applySize();
    bar.querySelector("button").focus({ preventScroll: true });
  }

  #frame(bar) {
    const progress = el("div.h5-progress");
    bar.append(progress);
    const frame = el("iframe", {
      src: this.entrance(this.#view.address), title: this.#view.title, testid: "h5-frame", allow: "clipboard-write",
      // The page may do what a page in WeChat may, but it must not replace the simulator around it.
      sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads",
    });
    frame.addEventListener("load", () => {
      progress.remove();
      this.#readTitle(frame);
    });
    this.#view.frame = frame;
    return frame;
  }

  // Only a page of our own origin lets us look; for the others the card's title stands.
  #readTitle(frame) {
    let title = "";
    try {
      title = frame.contentDocument?.title || "";
    } catch {
      return;
    }
    if (title && this.#view) this.#view.node.querySelector(".h5-title").textContent = title;
  }

  #outside() {
    const { address } = this.#view;
    return el("div.h5-outside", { testid: "h5-outside" },
      icon("window"),
      el("h3", {}, "网页在新窗口打开"),
      el("p", {}, "这个网页不在本机，放不进这部手机的画面里。"),
      el("p.h5-address", { testid: "h5-address" }, address),
      el("a.follow", { href: address, target: "_blank", rel: "noopener noreferrer", testid: "h5-outside-open" }, "在新窗口打开"));
  }

  #back() {
    // Whatever comes back, the frame or our own entry: onpopstate decides.
    history.back();
  }

  #close() {
    const view = this.#view;
    if (!view) return;
    this.#view = null;
    view.uncover();
  }

  // 「…」 ------------------------------------------------------------------------

  async #menu() {
    const { address } = this.#view;
    const tools = [
      ["copy", "复制链接", "h5-copy"], ["window", "在新窗口打开", "h5-open"],
      this.#view.frame && ["type", "字体大小", "h5-font"], this.#view.frame && ["refresh", "刷新", "h5-refresh"],
    ].filter(Boolean);
    const choice = await openSheet(this.screen, "网页菜单", (finish) => [
      el("p.sheet-note", {}, `网页由 ${new URL(address).host} 提供`),
      el("div.h5-tools", {}, tools.map(([name, label, testid]) =>
        el("button.panel-button", { type: "button", testid, onclick: () => finish(name) }, el("span.panel-tile", {}, icon(name)), label))),
      el("button.sheet-action.sheet-cancel", { type: "button", testid: "sheet-cancel", onclick: () => finish(null) }, "取消"),
    ]);
    if (!choice || !this.#view) return;
    if (choice === "copy") await this.#copy();
    else if (choice === "window") window.open(address, "_blank", "noopener,noreferrer");
    else if (choice === "type") await this.#chooseSize();
    else this.#refresh();
  }

  async #copy() {
    const done = await copyText(this.#view.address);
    this.toast(done ? "地址已复制" : "没能复制，请在新窗口里复制地址。");
  }

  #chooseSize() {
    return openSheet(this.screen, "字体大小", (finish) => {
      const name = el("output", {}, SIZE_NAMES[SIZES.indexOf(this.#size)]);
      const range = el("input", { type: "range", min: 0, max: SIZES.length - 1, step: 1, "aria-label": "字体大小", testid: "h5-size" });
      range.value = SIZES.indexOf(this.#size);
      range.addEventListener("input", () => {
        this.#size = SIZES[range.value];
        name.textContent = SIZE_NAMES[range.value];
        range.setAttribute("aria-valuetext", name.textContent);
        this.#applySize();
      });
      return [
        el("div.h5-sizes", {}, el("div.h5-marks", { "aria-hidden": "true" }, el("span", {}, "A"), el("span", {}, "A")), range, name),
        el("button.sheet-action.sheet-cancel", { type: "button", testid: "sheet-cancel", onclick: () => finish(null) }, "好了"),
      ];
    });
  }

  #applySize() {
    this.#view?.body.style.setProperty("--zoom", this.#size);
  }

  #refresh() {
    // A foreign page keeps its present address to itself; replace() at least leaves no trace in the history.
    let address = this.#view.address;
    try {
      address = this.#view.frame.contentWindow.location.href;
    } catch { /* another origin: back to the address that was opened */ }
    this.#view.frame.contentWindow.location.replace(address);
  }
}
