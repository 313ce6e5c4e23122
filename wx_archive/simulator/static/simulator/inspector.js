// What went over the wire: every exchange with its XML both ways, its deliveries, and a command to repeat it.

import { api } from "./api.js";
import { hourMinuteSecond } from "./clock.js";
import { copyText, el } from "./dom.js";

const EVERY_MS = 1500;
const KEEP = 200;

const KIND_NAMES = {
  text: "文字", image: "图片", voice: "语音", video: "视频", shortvideo: "小视频", location: "位置", link: "链接", file: "文件",
  subscribe: "关注", unsubscribe: "取消关注", SCAN: "扫码", CLICK: "点菜单", VIEW: "开网页",
  MASSSENDJOBFINISH: "群发结束", PUBLISHJOBFINISH: "发布结束",
};

export class Inspector {
  #last = 0;
  #seen = new Map();
  #timer = null;

  /** `desk` offers state, current openid and account url. */
  constructor(desk) {
    this.desk = desk;
    this.root = document.getElementById("inspector");
    this.list = document.getElementById("exchanges");
    this.empty = document.getElementById("exchanges-empty");
    this.mine = document.getElementById("inspector-mine");
    this.toggleButton = document.getElementById("inspector-toggle");
    this.toggleButton.addEventListener("click", () => this.toggle());
    document.getElementById("inspector-close").addEventListener("click", () => this.toggle(false));
    this.mine.addEventListener("change", () => this.filter());
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
  }

  get isOpen() {
    return document.body.classList.contains("inspecting");
  }

  toggle(open = !this.isOpen) {
    document.body.classList.toggle("inspecting", open);
    this.root.inert = !open;
    this.toggleButton.setAttribute("aria-expanded", String(open));
    clearTimeout(this.#timer);
    if (open) {
      this.desk.toggleTools(false);
      this.#poll();
      document.getElementById("inspector-close").focus();
    } else if (this.root.contains(document.activeElement) || document.activeElement === document.body) {
      this.toggleButton.focus();
    }
  }

  async #poll() {
    try {
      const exchanges = await api.exchanges(this.#last);
      this.#add(exchanges);
    } catch {
      // The phone already says that the connection is gone; here the list simply waits.
    }
    clearTimeout(this.#timer);
    if (this.isOpen) this.#timer = setTimeout(() => this.#poll(), EVERY_MS);
  }

  /** After a reset of the simulator the old exchanges are of no use. */
  clear() {
    this.#last = 0;
    this.#seen.clear();
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  #add(exchanges) {
    for (const exchange of exchanges) {
      this.#last = exchange.id;
      if (this.#seen.has(exchange.id)) continue;
      const node = this.#draw(exchange);
      this.#seen.set(exchange.id, node);
      this.list.prepend(node);
    }
    while (this.list.children.length > KEEP) this.list.lastElementChild.remove();
    if (exchanges.length) this.filter();
  }

  filter() {
    const only = this.mine.checked ? this.desk.openid : null;
    for (const node of this.list.children) node.hidden = Boolean(only) && node.dataset.openid !== only;
    this.empty.hidden = [...this.list.children].some((node) => !node.hidden);
  }

  #draw(exchange) {
    const deliveries = exchange.deliveries || [];
    const took = deliveries.reduce((sum, delivery) => sum + (delivery.elapsed_ms || 0), 0);
    const good = deliveries.length === 1 && deliveries[0].status === 200 && !exchange.fault;
    const details = el("details.exchange", { testid: "exchange", data: { exchange: exchange.id } },
      el("summary", {},
        el("span.exchange-time", {}, hourMinuteSecond(new Date(exchange.at))),
        el("span.exchange-kind", {}, `${this.desk.nameOf(exchange.openid)} · ${KIND_NAMES[exchange.kind] || exchange.kind}`),
        el("span.exchange-took", {}, `${deliveries.length > 1 ? `投递 ${deliveries.length} 次 · ` : ""}${Math.round(took)} ms`),
        el("span.exchange-brief", {}, brief(exchange))));
    details.classList.toggle("exchange-bad", !good);
    // Drawn when opened: two hundred folded exchanges cost nothing.
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(this.#body(exchange, deliveries));
    });
    return el("li", { data: { openid: exchange.openid } }, details);
  }

  #body(exchange, deliveries) {
    const encrypted = exchange.request_body && exchange.request_body !== exchange.request_xml;
    const replyEncrypted = exchange.reply_body && exchange.reply_body !== exchange.reply_xml;
    return el("div.exchange-body", {},
      el("h3", {}, "投递"), deliveryTable(deliveries),
      exchange.fault ? [el("h3", {}, "为什么没有显示回复"), el("p.exchange-fault", { testid: "exchange-fault" }, exchange.fault)] : null,
      el("h3", {}, "查询串"), queryTable(exchange.query),
      el("h3", {}, "微信 → 公众号（明文）"), el("pre", { testid: "request-xml", tabindex: "0" }, pretty(exchange.request_xml)),
      encrypted ? [el("h3", {}, "微信 → 公众号（实际发出）"), el("pre", { testid: "request-body", tabindex: "0" }, exchange.request_body)] : null,
      el("h3", {}, "公众号 → 微信（明文）"), el("pre", { testid: "reply-xml", tabindex: "0" }, pretty(exchange.reply_xml || exchange.reply_body) || "（空）"),
      replyEncrypted && exchange.reply_xml ? [el("h3", {}, "公众号 → 微信（实际收到）"), el("pre", { testid: "reply-body", tabindex: "0" }, exchange.reply_body)] : null,
      el("div.exchange-tools", {},
        copyButton("复制为 curl", "copy-curl", () => asCurl(this.desk.accountUrl, exchange)),
        copyButton("复制请求 XML", "copy-xml", () => exchange.request_xml)));
  }
}

function copyButton(label, testid, text) {
  const button = el("button", { type: "button", testid }, label);
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(text())) ? "已复制" : "没能复制";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}

function deliveryTable(deliveries) {
  const row = (delivery) => el("tr", {},
    el("td", {}, `第 ${delivery.attempt} 次`),
    el("td", {}, delivery.status ? `HTTP ${delivery.status}` : "没有回应"),
    el("td", {}, `${Math.round(delivery.elapsed_ms || 0)} ms`),
    el("td", {}, delivery.outcome || ""));
  return el("table", { testid: "deliveries" }, el("tbody", {}, deliveries.map(row)));
}

function queryTable(query) {
  const pairs = typeof query === "string" ? [...new URLSearchParams(query)] : Object.entries(query || {});
  return el("table", { testid: "query" }, el("tbody", {}, pairs.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, String(value))))));
}

/** One line that tells exchanges apart: what was said and what came back. */
function brief(exchange) {
  const said = pick(exchange.request_xml, ["Content", "Recognition", "EventKey", "Label", "Title"]);
  const answered = pick(exchange.reply_xml, ["Content", "Title", "MsgType"]);
  return [said, answered].filter(Boolean).map((text) => text.replace(/\s+/g, " ").slice(0, 40)).join("  →  ") || "—";
}

function pick(xml, names) {
  const found = xml && readXml(xml);
  for (const name of found ? names : []) {
    const text = found.querySelector(name)?.textContent.replace(/<[^>]*>/g, "").trim();
    if (text) return text;
  }
  return "";
}

function readXml(xml) {
  const found = new DOMParser().parseFromString(xml, "text/xml");
  return found.querySelector("parsererror") ? null : found;
}

/** Indented for reading; as it came when it is not XML. */
function pretty(xml) {
  const found = xml && readXml(xml);
  return found ? lines(found.documentElement, "").join("\n") : xml || "";
}

function lines(node, indent) {
  const children = [...node.children];
  if (!children.length) return [`${indent}<${node.nodeName}>${[...node.childNodes].map(source).join("").trim()}</${node.nodeName}>`];
  return [`${indent}<${node.nodeName}>`, ...children.flatMap((child) => lines(child, `${indent}  `)), `${indent}</${node.nodeName}>`];
}

const source = (node) => (node.nodeType === Node.CDATA_SECTION_NODE ? `<![CDATA[${node.data}]]>` : node.textContent);

const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** The very request, signature and all: the account sees a retry of the same message. */
export function asCurl(accountUrl, exchange) {
  const query = typeof exchange.query === "string" ? exchange.query.replace(/^\?/, "") : new URLSearchParams(exchange.query || {}).toString();
  const address = `${accountUrl.replace(/\/$/, "")}/wechat?${query}`;
  return `curl -sS -X POST ${quote(address)} \\\n  -H 'Content-Type: text/xml' \\\n  --data-binary ${quote(exchange.request_body || exchange.request_xml)}`;
}
