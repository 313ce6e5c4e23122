// Small helpers to build the page. Text always goes in as text nodes: message text is hostile.

const ICONS = new URL("./icons.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/** el("button.send", { type: "button", testid: "send-button", onclick }, "发送") */
export function el(selector, props = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "testid") node.dataset.testid = value;
  else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "data") Object.assign(node.dataset, value);
  else node.setAttribute(name, value === true ? "" : value);
}

export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

export const asset = (file) => new URL(`./${file}`, import.meta.url).pathname;

/** The nodes a template marks with data-part, by name. */
export function parts(root) {
  const found = {};
  for (const node of root.querySelectorAll("[data-part]")) found[node.dataset.part] = node;
  return found;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

// navigator.clipboard exists only on https and on the loopback; a phone in the same room has neither.
function copyBySelection(text) {
  const area = el("textarea", { class: "visually-hidden", readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** The square beside a bubble. Four characters of an account's name make a seal; a person gets one. */
export function avatar(name, { account = false } = {}) {
  const letters = [...(name || "·")];
  const four = account && letters.length >= 4;
  const node = el("span.avatar", { role: "img", "aria-label": name });
  node.dataset.letters = letters.slice(0, four ? 4 : 1).join("");
  node.classList.toggle("avatar-account", account);
  node.classList.toggle("avatar-four", four);
  const hue = letters.reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  node.style.setProperty("--hue", hue);
  return node;
}
