// What a person can do with the phone besides typing. The tray under the phone and the + panel offer the same things.

import { askForm, chooseAction } from "./sheets.js";

// A few spoken lines a citizen might really say; the first one is only a suggestion in the form.
const SPOKEN = "我想查一下公积金的文件";
const PLACE = { label: "十堰市茅箭区北京中路", latitude: "32.6292", longitude: "110.7980" };

/** In the order of WeChat's own panel. */
export const PANEL = [
  ["photo", "照片", "photo"], ["camera", "拍摄", "camera"], ["video", "视频", "video"], ["location", "位置", "location"],
  ["voice", "语音", "mic"], ["link", "链接", "link"], ["file", "文件", "file"], ["scan", "扫一扫", "scan"],
];

export const TRAY = [
  ["scan", "扫码", "scan"], ["photo", "照片", "photo"], ["voice", "语音", "mic"],
  ["video", "视频", "video"], ["location", "位置", "location"], ["link", "链接", "link"],
];

/** `phone` offers screen, perform(action, body), sendFiles(files), pickFiles(camera). */
export const ACTIONS = {
  async photo(phone) {
    const choice = await chooseAction(phone.screen, {
      label: "发照片",
      actions: [
        { id: "camera", label: "拍照", testid: "photo-take" },
        { id: "album", label: "从相册选择", testid: "photo-album" },
        { id: "sample", label: "用一张示例图片", testid: "photo-sample" },
      ],
    });
    if (choice === "sample") return phone.perform("image", { sample: true });
    if (choice) phone.pickFiles(choice === "camera");
    return null;
  },

  camera: async (phone) => phone.pickFiles(true),

  async voice(phone) {
    const values = await askForm(phone.screen, {
      title: "发一段语音",
      help: "微信会把识别出的文字一起交给公众号；留空就是没有识别出来。",
      fields: [
        { name: "recognition", label: "说了什么", rows: 3, value: SPOKEN },
        { name: "seconds", label: "几秒（1–60，空着就按字数估）", type: "number", min: 1, max: 60 },
      ],
      submit: "发送",
    });
    if (!values) return null;
    const recognition = values.recognition.trim();
    // People say about four characters in a second.
    const seconds = Number(values.seconds) || Math.min(60, Math.max(2, Math.round(recognition.length / 4)));
    return phone.perform("voice", { recognition, seconds });
  },

  async video(phone) {
    const choice = await chooseAction(phone.screen, {
      note: "发送一段示例视频",
      actions: [{ id: "video", label: "视频", testid: "video-long" }, { id: "short", label: "小视频", testid: "video-short" }],
    });
    return choice && phone.perform("video", { short: choice === "short" });
  },

  async location(phone) {
    const values = await askForm(phone.screen, {
      title: "发送位置",
      fields: [
        { name: "label", label: "地名", value: PLACE.label, required: true },
        { name: "latitude", label: "纬度", value: PLACE.latitude, type: "number", step: "any", min: -90, max: 90, required: true },
        { name: "longitude", label: "经度", value: PLACE.longitude, type: "number", step: "any", min: -180, max: 180, required: true },
      ],
      submit: "发送",
    });
    return values && phone.perform("location", { label: values.label, latitude: Number(values.latitude), longitude: Number(values.longitude) });
  },

  async link(phone) {
    const values = await askForm(phone.screen, {
      title: "发送链接",
      fields: [
        { name: "title", label: "标题", required: true },
        { name: "description", label: "简介" },
        { name: "url", label: "网址", type: "url", value: "https://", required: true },
      ],
      submit: "发送",
    });
    return values && phone.perform("link", values);
  },

  async file(phone) {
    const values = await askForm(phone.screen, {
      title: "发送文件",
      fields: [{ name: "title", label: "文件名", value: "家谱.pdf", required: true }],
      submit: "发送",
    });
    return values && phone.perform("file", values);
  },

  async scan(phone) {
    const values = await askForm(phone.screen, {
      title: "扫带参数的二维码",
      help: phone.following ? "已关注：公众号会收到“扫码”。" : "未关注：扫码就会关注，公众号会收到“关注”和码里的参数。",
      fields: [{ name: "scene", label: "码里的参数", required: true, maxlength: 64, placeholder: "例如：kiosk-1" }],
      submit: "扫这个码",
    });
    return values && phone.perform("scan", { scene: values.scene.trim() });
  },

  follow: (phone) => phone.perform("follow", {}),

  async unfollow(phone) {
    const choice = await chooseAction(phone.screen, {
      note: `不再关注“${phone.accountName}”后，将收不到它发来的消息。`,
      actions: [{ id: "yes", label: "不再关注", danger: true, testid: "unfollow-confirm" }],
    });
    return choice && phone.perform("unfollow", {});
  },
};
