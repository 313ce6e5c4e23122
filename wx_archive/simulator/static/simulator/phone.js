// One phone: a follower-to-be with a screen. The desk may set up several of them.

import { ACTIONS, TRAY } from "./actions.js";
import { api } from "./api.js";
import { ChatLog } from "./chat.js";
import { hourMinute, now } from "./clock.js";
import { Composer } from "./composer.js";
import { el, icon, parts, sleep } from "./dom.js";
import { H5 } from "./h5.js";
import { drawProfile } from "./profile.js";
import { Viewer, playVoice } from "./viewer.js";

const WAIT = 20; // seconds the server may hold the long poll
const TOAST_MS = 2600;
// Most answers come at once; the title should not flicker for them.
const TYPING_AFTER_MS = 250;

export class Phone {
  #stop = new AbortController();
  #waiting = 0;
  #profileOpen = false;
  #profileDrawn = "";

  /** `desk` offers connection, refresh() and toggleTools(). */
  constructor(template, info, account, desk) {
    this.openid = info.openid;
    this.nickname = info.nickname;
    this.accountName = account.name;
    this.account = account;
    this.following = info.following;
    this.desk = desk;

    this.root = template.content.firstElementChild.cloneNode(true);
    this.screen = this.root.querySelector(".screen");
    this.part = parts(this.root);
    this.root.querySelector(".device").dataset.openid = info.openid;
    this.root.setAttribute("aria-label", `${info.nickname}的手机`);
    this.part["account-name"].textContent = account.name;

    this.viewer = new Viewer(this.screen);
    this.h5 = new H5(this.screen, (text) => this.toast(text), (address) => api.browse(this.openid, address));
    this.chat = new ChatLog({ log: this.part.log, scroll: this.part.scroll, newBelow: this.part["new-below"] }, {
      nickname: info.nickname,
      accountName: account.name,
      sendText: (content, menuId) => this.sendText(content, menuId),
      openUrl: (url, title) => this.h5.open(url, title),
      viewPicture: (url) => this.viewer.picture(url),
      viewVideo: (url) => this.viewer.video(url),
      viewPlace: (message) => this.viewer.place(message),
      play: playVoice,
    });
    this.composer = new Composer(this.part, {
      text: (content) => this.sendText(content),
      // The simulator itself picks what a scan, picture or place button needs, and sends it.
      tap: (path, button) => this.perform("tap", { path }, button.name),
      action: (id) => this.run(id),
    });
    this.#bind();
    this.#drawTray();
    this.#watch();
  }

  #bind() {
    const { part } = this;
    part["profile-open"].addEventListener("click", () => this.#openProfile(true));
    part.island.addEventListener("click", () => this.desk.toggleTools());
    part.scroll.addEventListener("pointerdown", () => this.composer.closePanels());
    for (const input of [part.file, part.camera]) {
      input.addEventListener("change", () => {
        this.sendFiles([...input.files]);
        input.value = "";
      });
    }
  }

  /** New facts from /sim/state. */
  update(info, account, menu) {
    this.following = info.following;
    this.account = account;
    this.accountName = account.name;
    this.part["account-name"].textContent = account.name;
    this.composer.drawMenu(menu);
    this.#drawTray();
    this.#drawProfile();
    this.tick();
  }

  tick() {
    this.part.clock.textContent = hourMinute(now());
  }

  setOnline(online) {
    this.part.offline.hidden = online;
  }

  // Doing -----------------------------------------------------------------------

  sendText(content, menuId) {
    return this.perform("text", menuId === undefined || menuId === null || menuId === "" ? { content } : { content, menu_id: menuId });
  }

  run(id) {
    return ACTIONS[id](this);
  }

  pickFiles(camera) {
    (camera ? this.part.camera : this.part.file).click();
  }

  async sendFiles(files) {
    // One after the other, as a phone uploads them; their order matters to whoever tells a story.
    for (const file of files.slice(0, 9)) {
      if (!(await this.#guard(() => api.sendFile(this.openid, "image", file)))) return;
    }
  }

  /** True when the server took it. `title` names the page that the answer may open. */
  perform(action, body, title) {
    return this.#guard(() => api.act(this.openid, action, body), title);
  }

  async #guard(request, title) {
    this.#wait(1);
    try {
      const result = await request();
      this.chat.add((result.shown || []).filter((message) => Number.isInteger(message.seq)));
      if (result.open) this.h5.open(result.open, title);
      return true;
    } catch (error) {
      this.toast(error.message);
      return false;
    } finally {
      this.#wait(-1);
      this.desk.refresh();
    }
  }

  #wait(step) {
    this.#waiting += step;
    clearTimeout(this.typingTimer);
    if (this.#waiting > 0) this.typingTimer = setTimeout(() => this.#showTyping(true), TYPING_AFTER_MS);
    else this.#showTyping(false);
  }

  #showTyping(on) {
    this.part.typing.hidden = !on;
    this.part["account-name"].hidden = on;
  }

  toast(text) {
    clearTimeout(this.toastTimer);
    this.part.toast.textContent = text;
    this.part.toast.hidden = false;
    this.toastTimer = setTimeout(() => { this.part.toast.hidden = true; }, TOAST_MS);
  }

  // Profile and tray --------------------------------------------------------------

  #openProfile(open) {
    this.#profileOpen = open;
    this.#drawProfile();
    if (open) this.part.profile.querySelector("button")?.focus({ preventScroll: true });
    else this.part["profile-open"].focus({ preventScroll: true });
  }

  #drawProfile() {
    // A stranger sees the card and nothing else; following leads straight into the chat.
    const shown = !this.following || this.#profileOpen;
    const key = JSON.stringify([this.account.name, this.account.original_id, this.following]);
    if (key !== this.#profileDrawn) {
      this.#profileDrawn = key;
      drawProfile(this.part.profile, {
        account: this.account,
        following: this.following,
        closable: this.following,
        onfollow: () => { this.#profileOpen = false; return this.run("follow"); },
        onunfollow: () => { this.run("unfollow"); },
        onhistory: () => this.h5.open(`${location.origin}/s/history`, `${this.account.name} · 历史消息`),
        onclose: () => this.#openProfile(false),
      });
    }
    if (!this.following) this.#profileOpen = false;
    const wasHidden = this.part.chat.hidden;
    this.part.profile.hidden = !shown;
    this.part.chat.hidden = shown;
    this.screen.dataset.page = shown ? "profile" : "chat";
    if (wasHidden && !shown) this.chat.toEnd();
  }

  #drawTray() {
    const key = String(this.following);
    if (this.part.tray.dataset.following === key) return;
    this.part.tray.dataset.following = key;
    const follow = this.following ? ["unfollow", "取消关注", "unfollow"] : ["follow", "关注", "follow"];
    this.part.tray.replaceChildren(...[follow, ...TRAY].map(([id, label, sign]) => this.#trayButton(id, label, sign)));
  }

  #trayButton(id, label, sign) {
    const testid = id === "unfollow" ? "tray-follow" : `tray-${id}`;
    // A stranger can only follow or scan.
    const disabled = !this.following && id !== "follow" && id !== "scan";
    const act = () => {
      this.desk.toggleTools(false);
      this.run(id);
    };
    return el("button.tray-button", { type: "button", testid, disabled, onclick: act }, icon(sign), label);
  }

  // Hearing -------------------------------------------------------------------------

  async #watch() {
    const { signal } = this.#stop;
    let after = 0;
    let whole = true; // the first look, and every look after the server was away, takes the whole transcript
    let pause = 500;
    while (!signal.aborted) {
      const began = performance.now();
      const firstLook = whole;
      try {
        const answer = await api.messages(this.openid, after, whole ? 0 : this.#patience(), signal);
        if (whole) this.chat.replace(answer.messages);
        else this.chat.add(answer.messages);
        // A smaller number than before: the simulator was reset meanwhile.
        whole = answer.next < after;
        after = whole ? 0 : answer.next;
        pause = 500;
        this.desk.connection.report(this.openid, true);
        // A server that does not hold the poll must not be asked a thousand times a second.
        const hasty = performance.now() - began < 400 && !answer.messages.length && !firstLook;
        if (hasty) await sleep(document.hidden ? 2000 : 500);
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 404) this.desk.refresh();
        else this.desk.connection.report(this.openid, false);
        after = 0;
        whole = true;
        await sleep(pause);
        pause = Math.min(pause * 1.6, 4000);
      }
    }
  }

  // A browser gives one server six connections; a window in the background must not keep one occupied.
  #patience() {
    return document.hidden ? 0 : WAIT;
  }

  destroy() {
    this.#stop.abort();
    clearTimeout(this.typingTimer);
    clearTimeout(this.toastTimer);
    this.desk.connection.report(this.openid, true);
    this.h5.destroy();
    this.chat.destroy();
    this.composer.destroy();
    this.part.tray.remove();
    this.root.remove();
  }
}
