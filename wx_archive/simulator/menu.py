"""The account's menu: WeChat's limits on it, and finding a button by its name.

Source: reference section 1.6; error codes as WeChat's global list numbers them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.simulator.errors import ApiError, RefusedError

MAX_TOP: Final = 3
MAX_SUB: Final = 5
MAX_NAME_BYTES: Final = (16, 60)
MAX_KEY_BYTES: Final = 128
MAX_URL_BYTES: Final = 1024

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "click": ("key",),
    "view": ("url",),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
    "miniprogram": ("url", "appid", "pagepath"),
}
"""What a button of each type must carry beside its name."""

# Every error of a sub-button is the code of a top button plus seven.
_COUNT, _TYPE, _NAME, _KEY, _URL = 40016, 40017, 40018, 40019, 40020
_SUB_OFFSET, _LEVEL, _MEDIA = 7, 40022, 40007


@dataclass(frozen=True, slots=True)
class Button:
    """One button: it acts by its ``type`` and ``values``, or opens its ``buttons``."""

    name: str
    type: str
    values: Mapping[str, str]
    buttons: tuple["Button", ...]

    def as_json(self) -> dict[str, object]:
        """Return the button as accounts push it and `menu/get` repeats it."""
        if self.buttons:
            return {"name": self.name, "sub_button": [each.as_json() for each in self.buttons]}
        return {"type": self.type, "name": self.name, **self.values, "sub_button": []}


def read_menu(payload: object) -> tuple[Button, ...]:
    """Return the buttons of a pushed menu.

    Raises:
        ApiError: the menu breaks one of WeChat's limits.
    """
    pushed = payload.get("button") if isinstance(payload, Mapping) else None
    if not isinstance(pushed, Sequence) or not 1 <= len(pushed) <= MAX_TOP:
        raise ApiError(_COUNT, f"invalid button size: 1 to {MAX_TOP} top buttons")
    return tuple(_read_button(each, depth=0) for each in pushed)


def _read_button(pushed: object, *, depth: int) -> Button:
    if not isinstance(pushed, Mapping):
        raise ApiError(_TYPE + _SUB_OFFSET * depth, "invalid button type: not an object")
    name = _text(pushed, "name")
    if not 1 <= len(name.encode()) <= MAX_NAME_BYTES[depth]:
        limit = MAX_NAME_BYTES[depth]
        raise ApiError(_NAME + _SUB_OFFSET * depth, f"invalid button name size: 1 to {limit} bytes")
    below = pushed.get("sub_button")
    if below:
        return Button(name, "", {}, _read_below(below, depth=depth))
    return Button(name, _text(pushed, "type"), _read_values(pushed, depth=depth), ())


def _read_below(below: object, *, depth: int) -> tuple[Button, ...]:
    if depth:
        raise ApiError(_LEVEL, "invalid sub_menu level: two levels at most")
    if not isinstance(below, Sequence) or len(below) > MAX_SUB:
        raise ApiError(_COUNT + _SUB_OFFSET, f"invalid sub button size: 1 to {MAX_SUB} sub-buttons")
    return tuple(_read_button(each, depth=1) for each in below)


def _read_values(pushed: Mapping[str, object], *, depth: int) -> dict[str, str]:
    offset = _SUB_OFFSET * depth
    kind = _text(pushed, "type")
    if kind not in NEEDS:
        raise ApiError(_TYPE + offset, f"invalid button type: {kind or 'missing'}")
    values = {name: _text(pushed, name) for name in NEEDS[kind]}
    if "key" in values and not 1 <= len(values["key"].encode()) <= MAX_KEY_BYTES:
        raise ApiError(_KEY + offset, f"invalid button key size: 1 to {MAX_KEY_BYTES} bytes")
    if "url" in values:
        _check_url(values["url"], offset=offset)
    if not all(values.values()):
        raise ApiError(_MEDIA, f"invalid {kind} button: a value is missing")
    return values


def _check_url(url: str, *, offset: int) -> None:
    if not 1 <= len(url.encode()) <= MAX_URL_BYTES:
        raise ApiError(_URL + offset, f"invalid button url size: 1 to {MAX_URL_BYTES} bytes")
    if not url.startswith(("http://", "https://")):
        raise ApiError(40054 if offset else 40055, "invalid button url domain: http(s) only")


def _text(pushed: Mapping[str, object], name: str) -> str:
    value = pushed.get(name)
    return value if isinstance(value, str) else ""


def find_button(menu: Sequence[Button], path: str) -> Button:
    """Return the button at a path of names such as 「服务大厅/档案查询」.

    Raises:
        RefusedError: there is no such button, or it only opens a sub-menu.
    """
    level, found = menu, None
    for name in path.split("/"):
        found = next((button for button in level if button.name == name), None)
        if found is None:
            raise RefusedError(f"菜单里没有「{path}」。", status=404)
        level = found.buttons
    if found is None or found.buttons:
        raise RefusedError(f"「{path}」下面还有子菜单，请再选一项。", status=404)
    return found
