// The control interface of the simulator (/sim/…), and the watch over the connection to it.

export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
  /** Nobody answered, or the server is just starting: worth trying again. */
  get away() {
    return this.status === 0 || this.status >= 500;
  }
}

async function request(path, { method = "GET", json, form, signal, timeout = 8000 } = {}) {
  const signals = [AbortSignal.timeout(timeout), signal].filter(Boolean);
  const init = { method, signal: AbortSignal.any(signals), cache: "no-store" };
  if (form) init.body = form;
  else if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { "Content-Type": "application/json" };
  }
  let response, text;
  try {
    response = await fetch(`/sim/${path}`, init);
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("没连上模拟器，请稍后再试。");
  }
  const body = parse(text);
  if (!response.ok) throw new ApiError(body?.error || "刚才没办成，请过一会儿再试。", response.status);
  // A proxy's page in place of JSON counts as away, not as an answer.
  if (body === undefined) throw new ApiError("模拟器的回答看不懂，请稍后再试。");
  return body;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const phonePath = (openid, rest) => `phones/${encodeURIComponent(openid)}/${rest}`;

// The account has up to four times five seconds, so a send may take twenty and a bit.
const PATIENCE = 60000;

export const api = {
  state: () => request("state"),
  addPhone: (nickname) => request("phones", { method: "POST", json: nickname ? { nickname } : {} }),
  act: (openid, action, json = {}) => request(phonePath(openid, action), { method: "POST", json, timeout: PATIENCE }),
  sendFile: (openid, action, file) => {
    const form = new FormData();
    form.append("file", file);
    return request(phonePath(openid, action), { method: "POST", form, timeout: PATIENCE });
  },
  messages: (openid, after, wait, signal) =>
    request(`${phonePath(openid, "messages")}?after=${after}&wait=${wait}`, { signal, timeout: (wait + 10) * 1000 }),
  /** Where a page begins in the phone's frame, so that WeChat knows there whose phone it is. */
  browse: (openid, address) => `/sim/${phonePath(openid, "browse")}?url=${encodeURIComponent(address)}`,
  moveClock: (how) => request("clock", { method: "POST", json: how }),
  addFault: (fault) => request("faults", { method: "POST", json: fault }),
  removeFault: (id) => request(`faults/${id}`, { method: "DELETE" }),
  upsetWire: (disorder) => request("wire", { method: "POST", json: disorder }),
  switchPublishing: (switches) => request("publishing", { method: "POST", json: switches }),
  confirmSend: (msg_id, approve) => request("publishing/confirm", { method: "POST", json: { msg_id, approve } }),
  exchanges: (after) => request(`exchanges?after=${encodeURIComponent(after)}`),
};

/** Several loops talk to the server; the page is connected when all of them are. */
export class Connection extends EventTarget {
  #lost = new Set();
  get ok() {
    return this.#lost.size === 0;
  }
  report(source, ok) {
    const before = this.ok;
    if (ok) this.#lost.delete(source);
    else this.#lost.add(source);
    if (before !== this.ok) this.dispatchEvent(new Event("change"));
  }
}
