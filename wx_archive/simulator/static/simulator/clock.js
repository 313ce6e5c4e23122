// Time as the phone shows it: the server's clock (it may be moved in a demonstration), Beijing time.

const ZONE = "Asia/Shanghai";
const format = (options) => new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hourCycle: "h23", ...options });
const HM = format({ hour: "2-digit", minute: "2-digit" });
const HMS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });
const WEEKDAY = format({ weekday: "long" });
const DATE = format({ month: "long", day: "numeric" });
const FULL = format({ year: "numeric", month: "long", day: "numeric" });

let offset = 0;

export function setServerTime(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) offset = server - Date.now();
}

export const now = () => new Date(Date.now() + offset);
export const hourMinute = (date) => HM.format(date);
export const fullDay = (date) => `${FULL.format(date)} ${WEEKDAY.format(date)}`;
export const hourMinuteSecond = (date) => HMS.format(date);

/** 15:04 · 昨天 15:04 · 星期三 15:04 · 4月2日 15:04 · 2004年4月2日 15:04 */
export function stamp(date) {
  const days = dayNumber(now()) - dayNumber(date);
  const time = HM.format(date);
  if (days <= 0) return time;
  if (days === 1) return `昨天 ${time}`;
  if (days < 7) return `${WEEKDAY.format(date)} ${time}`;
  const sameYear = DAY.format(date).slice(0, 4) === DAY.format(now()).slice(0, 4);
  return `${(sameYear ? DATE : FULL).format(date)} ${time}`;
}

const dayNumber = (date) => Math.round(Date.parse(DAY.format(date)) / 86400000);
