"""Template messages: the templates an account has, and WeChat's rules on what fills them.

Source: reference section 1.13 and WeChat's page on template messages; docs/sources.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from wx_archive.simulator.bubbles import Bubble, Sender, text_bubble
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.service_messages import Json, text_of

ALERT: Final = "simulated_template_of_alerts_000000000001"
"""The one template that every simulated account has."""
SAME_FOR: Final = timedelta(minutes=10)
"""For so long a `client_msg_id` that was used before sends nothing more."""
_MAX_NUMBER: Final = 32
_TIME: Final = re.compile(r"(\d{4}[-年]\d{1,2}[-月]\d{1,2}日? ?)?\d{1,2}:\d{2}(:\d{2})?")


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its title, and what stands before each of its fields."""

    title: str
    fields: Mapping[str, str]


TEMPLATES: Final = {ALERT: Template("运行提醒", {"thing1": "事项", "time2": "时间"})}


def read_template_message(payload: Json) -> Bubble:
    """Return the bubble of a template message.

    Raises:
        ApiError: 40037 no such template, 47001 no data, 47003 a value breaks its field's rules.
    """
    template = TEMPLATES.get(text_of(payload, "template_id"))
    if template is None:
        raise ApiError(40037, "invalid template_id")
    if len(text_of(payload, "client_msg_id")) > _MAX_NUMBER:
        raise ApiError(47003, "argument invalid! client_msg_id is too long")
    data = payload.get("data")
    if not isinstance(data, Mapping):
        raise ApiError(47001, "data format error")
    lines = [template.title]
    for name, label in template.fields.items():
        lines.append(f"{label}：{_value(name, data.get(name))}")
    if url := text_of(payload, "url"):
        lines.append(f'<a href="{url}">详情</a>')
    return text_bubble(Sender.ACCOUNT, "\n".join(lines))


def _value(name: str, given: object) -> str:
    value = text_of(given, "value") if isinstance(given, Mapping) else ""
    is_good = bool(_TIME.fullmatch(value)) if name.startswith("time") else 1 <= len(value) <= 20
    if not is_good:
        raise ApiError(47003, f"argument invalid! data.{name}.value invalid")
    return value


class NumberDesk:
    """Remembers which `client_msg_id` of whom was used; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._used: dict[tuple[str, str], tuple[int, datetime]] = {}
        self._last = 0

    def claim(self, openid: str, number: str, *, now: datetime) -> tuple[int, bool]:
        """Return the msgid, and whether it is a new one."""
        with self._lock:
            known = self._used.get((openid, number)) if number else None
            if known is not None and now - known[1] < SAME_FOR:
                return known[0], False
            self._last += 1
            self._used[openid, number] = self._last, now
            return self._last, True

    def clear(self) -> None:
        """Forget all numbers."""
        with self._lock:
            self._used.clear()
