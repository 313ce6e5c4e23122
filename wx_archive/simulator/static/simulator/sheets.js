// Everything that covers the phone's screen for a moment: action sheets and small forms.

import { el } from "./dom.js";

/** Lays a node over the screen, makes the rest inert, returns a function that takes it away again. */
export function cover(screen, node, { onescape } = {}) {
  const before = document.activeElement;
  const behind = [...screen.children].filter((child) => !child.inert && child !== node && !child.matches(".toast, .home"));
  for (const child of behind) child.inert = true;
  screen.append(node);
  const onkey = (event) => {
    if (event.key !== "Escape" || node.inert) return;
    event.stopPropagation();
    onescape?.();
  };
  node.addEventListener("keydown", onkey);
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    node.remove();
    for (const child of behind) child.inert = false;
    // Coming back to the place where one was; but a phone's keyboard should not pop up for it.
    if (before?.isConnected && !before.matches("textarea")) before.focus({ preventScroll: true });
  };
}

/** A white sheet from below; resolves with what `build` hands to its callback, or null when dismissed. */
export function openSheet(screen, label, build) {
  return new Promise((resolve) => {
    const sheet = el("div.sheet", { role: "dialog", "aria-modal": "true", "aria-label": label, testid: "sheet" });
    const overlay = el("div.overlay", {}, sheet);
    const finish = (value) => {
      uncover();
      resolve(value);
    };
    sheet.append(...build(finish).filter(Boolean));
    overlay.addEventListener("click", (event) => event.target === overlay && finish(null));
    const uncover = cover(screen, overlay, { onescape: () => finish(null) });
    sheet.querySelector("input, textarea, button")?.focus({ preventScroll: true });
  });
}

/** Action sheet: actions are { id, label, danger?, testid? }. Resolves with an id or null. */
export function chooseAction(screen, { note, label, actions }) {
  return openSheet(screen, label || note, (finish) => [
    note && el("p.sheet-note", {}, note),
    ...actions.map((action) =>
      el(`button.sheet-action${action.danger ? ".sheet-danger" : ""}`, { type: "button", testid: action.testid, onclick: () => finish(action.id) }, action.label)),
    el("button.sheet-action.sheet-cancel", { type: "button", testid: "sheet-cancel", onclick: () => finish(null) }, "取消"),
  ]);
}

/** Small form: fields are { name, label, value?, type?, rows?, required?, placeholder?, step?, min?, max? }. */
export function askForm(screen, { title, help, fields, submit }) {
  return openSheet(screen, title, (finish) => {
    const form = el("form.sheet-form", { autocomplete: "off" },
      el("h3.sheet-title", {}, title),
      help ? el("p.sheet-help", {}, help) : null,
      fields.map(drawField),
      el("div.sheet-buttons", {},
        el("button.plain", { type: "button", testid: "sheet-cancel", onclick: () => finish(null) }, "取消"),
        el("button.follow", { type: "submit", testid: "sheet-submit" }, submit)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      finish(Object.fromEntries(new FormData(form)));
    });
    return [form];
  });
}

function drawField({ name, label, value = "", rows, ...rest }) {
  const input = el(rows ? "textarea" : "input", { name, testid: `field-${name}`, rows, type: rows ? null : "text", ...rest });
  input.value = value;
  return el("label.sheet-field", {}, label, input);
}
