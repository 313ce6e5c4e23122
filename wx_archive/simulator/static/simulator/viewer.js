// Pictures, videos and places on the whole screen of the phone; voice that plays in its bubble.

import { asset, el, icon } from "./dom.js";
import { cover } from "./sheets.js";
import { coordinates } from "./bubbles.js";

export class Viewer {
  constructor(screen) {
    this.screen = screen;
  }

  #show(label, className, ...children) {
    const close = el("button.viewer-close", { type: "button", testid: "viewer-close", "aria-label": "关闭" }, icon("close"));
    const node = el(`div.viewer${className}`, { role: "dialog", "aria-modal": "true", "aria-label": label, testid: "viewer" }, close, ...children);
    const uncover = cover(this.screen, node, { onescape: () => uncover() });
    close.addEventListener("click", uncover);
    close.focus({ preventScroll: true });
    return uncover;
  }

  picture(url) {
    const picture = el("img", { src: url, alt: "图片" });
    const uncover = this.#show("图片", "", picture);
    picture.addEventListener("click", () => uncover());
    picture.addEventListener("error", () => picture.replaceWith(el("p.viewer-note", {}, "这张图片没有取到。")));
  }

  video(url) {
    const film = el("video", { src: url, controls: true, playsinline: true, autoplay: true });
    const note = el("p.viewer-note", {}, "这是一段示意视频，浏览器放不出画面；报文里它和真的一样。");
    film.addEventListener("error", () => film.replaceWith(note));
    this.#show("视频", "", film);
  }

  place(message) {
    this.#show("位置", ".viewer-place",
      el("div.viewer-map", {}, el("img", { src: asset("map.svg"), alt: "示意地图" }), icon("pin", "place-pin")),
      el("div.viewer-foot", {}, el("h3", {}, message.label || "位置"), el("p", {}, `${coordinates(message)} · 地图为示意`)));
  }
}

let playing = null;

/** WeChat's voice is AMR, which browsers cannot play: then the bubble keeps the time without sound. */
export function playVoice(bubble, url, seconds) {
  const again = playing?.bubble === bubble;
  playing?.stop();
  if (again) return;
  const audio = new Audio();
  const stop = () => {
    clearTimeout(timer);
    audio.pause();
    bubble.classList.remove("voice-playing");
    if (playing?.bubble === bubble) playing = null;
  };
  const timer = setTimeout(stop, seconds * 1000);
  bubble.classList.add("voice-playing");
  playing = { bubble, stop };
  if (!url) return;
  audio.src = url;
  audio.play().catch(() => {});
}
