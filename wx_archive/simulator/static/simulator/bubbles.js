// One drawing per kind of message. Every text goes through textContent.

import { asset, avatar, el, icon } from "./dom.js";

/** A row of the log for one message; `ctx` says who talks and what a tap does. */
export function drawMessage(message, ctx) {
  const row = el("div.row", { testid: "bubble", data: { from: message.from, kind: message.kind, seq: message.seq } });
  if (message.kind === "notice" || message.from === "system") {
    row.className = "notice";
    row.textContent = message.text || "";
    return row;
  }
  const content = (KINDS[message.kind] || unknown)(message, ctx);
  row.classList.add(message.from === "me" ? "row-me" : "row-account");
  if (message.kind === "news") {
    row.classList.add("row-wide");
    row.append(el("div.body", {}, content));
    return row;
  }
  const face = message.from === "me" ? avatar(ctx.nickname) : avatar(ctx.accountName, { account: true });
  row.append(face, el("div.body", {}, content));
  return row;
}

const KINDS = { text, image, voice, video, location: place, link, file, music, news };

function unknown(message) {
  return el("div.bubble", {}, `［手机上暂时显示不了这种消息：${message.kind}］`);
}

// Text ----------------------------------------------------------------------

function text(message, ctx) {
  const spans = message.spans?.length ? message.spans : [{ text: message.text || "" }];
  return el("div.bubble", {}, spans.flatMap((span) => drawSpan(span, message, ctx)));
}

function drawSpan(span, message, ctx) {
  if (span.menu) return [liveLink(span, ctx)];
  if (span.href !== undefined) return [hyperlink(span.text, span.href, ctx)];
  return linkify(span.text || "", ctx);
}

// An <a role=button> and not a <button>: only inline text breaks over lines like the rest of the sentence.
function liveLink(span, ctx) {
  const send = () => ctx.sendText(span.menu.content, span.menu.id);
  return el("a.link", { role: "button", tabindex: "0", testid: "link-menu", onclick: send, onkeydown: pressLikeButton(send) }, span.text);
}

function hyperlink(label, href, ctx) {
  const open = (event) => {
    event.preventDefault();
    ctx.openUrl(href, label);
  };
  const web = webAddress(href);
  const props = { testid: "link-href", onclick: open };
  // Only web addresses become a real href; for any other scheme the context decides what a tap says.
  if (web) Object.assign(props, { href: web, target: "_blank", rel: "noopener noreferrer" });
  else Object.assign(props, { role: "link", tabindex: "0", onkeydown: pressLikeButton(open) });
  return el("a.link", props, label);
}

const pressLikeButton = (action) => (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  action(event);
};

export function webAddress(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

// Bare addresses in a text are live in WeChat too.
const BARE = /https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]+[A-Za-z0-9/=#&%_-]/g;

function linkify(plain, ctx) {
  const nodes = [];
  let end = 0;
  for (const match of plain.matchAll(BARE)) {
    nodes.push(plain.slice(end, match.index), hyperlink(match[0], match[0], ctx));
    end = match.index + match[0].length;
  }
  nodes.push(plain.slice(end));
  return nodes.filter((node) => node !== "");
}

// Picture, voice, video -------------------------------------------------------

function image(message, ctx) {
  const picture = el("img", { src: message.url, alt: "图片", onload: ctx.settled, onerror: () => replacePicture(picture) });
  return el("button.picture", { type: "button", testid: "picture", "aria-label": "看大图", onclick: () => ctx.viewPicture(message.url) }, picture);
}

function replacePicture(picture) {
  picture.replaceWith(el("span.card-sign", { role: "img", "aria-label": "图片没有取到" }, icon("photo")));
}

function voice(message, ctx) {
  const seconds = Math.max(1, Math.round(message.seconds || 1));
  const share = Math.min(1, seconds / 60);
  const bars = el("span.voice-bars", { "aria-hidden": "true" });
  for (let i = 0; i < Math.min(34, 4 + Math.round(seconds / 2)); i += 1) bars.append(el("i"));
  const bubble = el("button.bubble.voice", { type: "button", testid: "voice", "aria-label": `语音，${seconds} 秒` },
    icon("waves"), bars, el("span", {}, `${seconds}″`));
  bubble.style.setProperty("--share", share);
  bubble.addEventListener("click", () => ctx.play(bubble, message.url, seconds));
  if (!message.recognition) return [bubble];
  return [bubble, el("div.words", { testid: "voice-words" }, message.recognition)];
}

function video(message, ctx) {
  const seconds = Number(message.seconds) || 0;
  return el(
    "button.film", { type: "button", testid: "video", "aria-label": "播放视频", onclick: () => ctx.viewVideo(message.url) },
    message.title ? el("span.film-title", {}, message.title) : null,
    icon("play"),
    seconds ? el("span.film-length", {}, clockLength(seconds)) : null,
  );
}

const clockLength = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;

// Cards -----------------------------------------------------------------------

function place(message, ctx) {
  return el(
    "button.card", { type: "button", testid: "location-card", onclick: () => ctx.viewPlace(message) },
    el("span.card-text", {}, el("span.card-title", {}, message.label || "位置"), el("span.card-note", {}, coordinates(message))),
    el("span.place-map", {}, el("img", { src: asset("map.svg"), alt: "" }), icon("pin", "place-pin")),
  );
}

export const coordinates = ({ latitude, longitude }) => `北纬 ${Number(latitude).toFixed(4)}，东经 ${Number(longitude).toFixed(4)}`;

function link(message, ctx) {
  return el(
    "button.card", { type: "button", testid: "link-card", onclick: () => ctx.openUrl(message.url, message.title) },
    el("span.card-text", {}, el("span.card-title", {}, message.title || message.url), split(message.description, icon("link"))),
  );
}

function file(message) {
  return el(
    "div.card", { testid: "file-card" },
    el("span.card-text", {}, split(message.title || "文件", icon("file"), "span.card-title"), message.description ? el("span.card-note", {}, message.description) : null),
  );
}

function music(message, ctx) {
  const url = message.url || message.music_url || message.hq_url;
  return el(
    "button.card", { type: "button", testid: "music-card", onclick: () => ctx.openUrl(url, message.title) },
    el("span.card-text", {}, el("span.card-title", {}, message.title || "音乐"), split(message.description, icon("music"))),
    el("span.card-foot", {}, "音乐"),
  );
}

function split(words, sign, kind = "span.card-note") {
  return el("span.card-split", {}, el(kind, {}, words || ""), el("span.card-sign", {}, sign));
}

// Articles ----------------------------------------------------------------------

function news(message, ctx) {
  const articles = message.articles || [];
  const box = el("div.news");
  if (articles.length === 1) box.append(singleArticle(articles[0], ctx));
  else articles.forEach((article, index) => box.append(index ? listedArticle(article, ctx) : leadArticle(article, ctx)));
  return box;
}

const card = (className, article, ctx, ...children) =>
  el(`button.news-card${className}`, { type: "button", testid: "news-card", onclick: () => ctx.openUrl(article.url, article.title) }, children);

function singleArticle(article, ctx) {
  return card("", article, ctx,
    article.picurl ? cover(article, ctx) : null,
    el("span.news-text", {}, el("span.news-title", {}, article.title || "无标题"), article.description ? el("span.news-digest", {}, article.description) : null));
}

function leadArticle(article, ctx) {
  const lead = cover(article, ctx);
  lead.append(el("span.news-over", {}, article.title || "无标题"));
  return card("", article, ctx, lead);
}

function listedArticle(article, ctx) {
  const thumb = el("span.news-thumb");
  fillPicture(thumb, article.picurl, "file", ctx);
  return card(".news-item", article, ctx, el("span.news-title", {}, article.title || "无标题"), thumb);
}

function cover(article, ctx) {
  const box = el("span.news-cover");
  fillPicture(box, article.picurl, "photo", ctx);
  return box;
}

// Without a picture, or when its server is away, a quiet plate keeps the card's shape.
function fillPicture(box, url, sign, ctx) {
  const plate = () => el("span.news-plate", {}, icon(sign));
  if (!webAddress(new URL(url || "x:", location.href).href)) {
    box.prepend(plate());
    return;
  }
  const picture = el("img", { src: url, alt: "", referrerpolicy: "no-referrer", onload: ctx.settled, onerror: () => picture.replaceWith(plate()) });
  box.prepend(picture);
}
