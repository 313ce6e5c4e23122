// The account's card: what one sees before following, and behind the person sign afterwards.

import { avatar, el, icon } from "./dom.js";

export function drawProfile(root, { account, following, closable, onfollow, onunfollow, onhistory, onclose }) {
  const back = closable
    ? el("button.titlebar-button", { type: "button", testid: "profile-close", "aria-label": "回到聊天", onclick: onclose }, icon("back"))
    : null;
  const actions = following
    ? [
        el("button.plain.plain-danger", { type: "button", testid: "unfollow-button", onclick: onunfollow }, "不再关注"),
        el("button.follow", { type: "button", testid: "profile-chat", onclick: onclose }, "发消息"),
      ]
    : [el("button.follow", { type: "button", testid: "follow-button", onclick: onfollow }, "关注公众号")];
  root.replaceChildren(
    el("div.profile-bar", {}, back),
    el("div.profile-head", {},
      el("div.profile-id", {},
        avatar(account.name, { account: true }),
        el("div", {}, el("h2.profile-name", {}, account.name), el("p.profile-wxid", {}, `微信号：${account.original_id}`))),
      el("p.profile-about", {}, "这是模拟器里的公众号，用来试用和演练。消息只在本机往来，不会发到微信。"),
      el("div.profile-actions", {}, actions)),
    el("button.profile-history", { type: "button", testid: "history-button", onclick: onhistory }, "历史消息"),
    el("p.profile-rest", {}, following ? "已关注" : "关注后，就可以收到它的消息。"),
  );
}
