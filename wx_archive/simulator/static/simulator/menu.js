// The account's menu at the bottom: three columns, sub-menus that rise as a sheet. Drawn from the JSON the account pushed.

import { el, icon } from "./dom.js";

/** The pushed JSON may come as {button: […]}, {menu: {button: […]}} or as the bare list. */
export function menuButtons(menu) {
  const list = menu?.menu?.button || menu?.button || menu;
  return Array.isArray(list) ? list : [];
}

const subButtons = (button) => {
  const sub = button.sub_button?.list || button.sub_button;
  return Array.isArray(sub) ? sub : [];
};

export class Menu {
  #drawn = null;
  #open = null;

  constructor(root, ontap) {
    this.root = root;
    this.ontap = ontap;
    this.onoutside = (event) => {
      if (this.#open && !this.#open.column.contains(event.target)) this.close();
    };
    document.addEventListener("pointerdown", this.onoutside);
    root.addEventListener("keydown", (event) => this.#onkey(event));
  }

  destroy() {
    document.removeEventListener("pointerdown", this.onoutside);
  }

  /** Draws again only when the account pushed something else. Says whether there is a menu. */
  draw(menu) {
    const buttons = menuButtons(menu);
    const key = JSON.stringify(buttons);
    if (key !== this.#drawn) {
      this.#drawn = key;
      this.#open = null;
      this.root.replaceChildren(...buttons.map((button) => this.#column(button)));
    }
    return buttons.length > 0;
  }

  #column(button) {
    const subs = subButtons(button);
    const top = el("button.menu-top", { type: "button", testid: "menu-top" }, subs.length ? icon("lines") : null, el("span", {}, button.name));
    const column = el("div.menu-column", {}, top);
    if (subs.length) {
      top.setAttribute("aria-haspopup", "true");
      top.setAttribute("aria-expanded", "false");
      top.addEventListener("click", () => this.#toggle(column, top, button, subs));
    } else {
      top.addEventListener("click", () => this.#tap([button.name], button));
    }
    return column;
  }

  #toggle(column, top, button, subs) {
    const wasOpen = this.#open?.column === column;
    this.close();
    if (wasOpen) return;
    const items = subs.map((sub) =>
      el("button.menu-item", { type: "button", testid: "menu-item", onclick: () => this.#tap([button.name, sub.name], sub) }, sub.name));
    const sheet = el("div.menu-sheet", { testid: "menu-sheet", role: "group", "aria-label": button.name }, items);
    // At the edges the sheet leaves the middle of its column; the tail stays there.
    sheet.style.setProperty("--tail", `${column.clientWidth / 2 - 4}px`);
    column.append(sheet);
    top.setAttribute("aria-expanded", "true");
    this.#open = { column, top, sheet };
  }

  #tap(path, button) {
    this.close();
    this.ontap(path.join("/"), button);
  }

  #onkey(event) {
    if (!this.#open) return;
    if (event.key === "Escape") {
      const { top } = this.#open;
      this.close();
      top.focus();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const items = [...this.#open.sheet.children];
      const here = items.indexOf(document.activeElement);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = here < 0 && step < 0 ? items.length - 1 : (here + step + items.length) % items.length;
      items[next].focus();
      event.preventDefault();
    }
  }

  close() {
    if (!this.#open) return;
    this.#open.sheet.remove();
    this.#open.top.setAttribute("aria-expanded", "false");
    this.#open = null;
  }
}
