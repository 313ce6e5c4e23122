"""WeChat's rules for menus, to the byte. Source: docs/sources.md#menu."""

from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from wx_archive.core.yamlfile import FileModel

MAX_TOP: Final = 3
MAX_SUB: Final = 5
TOP_NAME_BYTES: Final = 16
SUB_NAME_BYTES: Final = 60
KEY_BYTES: Final = 128
URL_BYTES: Final = 1_024


class Entry(FileModel):
    """One entry that does something: a key that the account answers, or an address."""

    name: str = Field(min_length=1)
    key: str | None = None
    url: str | None = None

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        return _within(value, SUB_NAME_BYTES, "名称")

    @field_validator("key")
    @classmethod
    def _key(cls, value: str | None) -> str | None:
        return None if value is None else _within(value, KEY_BYTES, "key")

    @field_validator("url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://", "{")):
            message = "网址要以 https:// 开头，或写 {portal}、{weibo}"
            raise ValueError(message)
        return _within(value, URL_BYTES, "网址")

    @model_validator(mode="after")
    def _one_action(self) -> "Entry":
        if (self.key is None) == (self.url is None):
            message = f"“{self.name}”要写 key 或 url，二者选一"
            raise ValueError(message)
        return self


class Top(FileModel):
    """One of the three columns: a group of entries, or an entry itself."""

    name: str = Field(min_length=1)
    key: str | None = None
    url: str | None = None
    sub_button: list[Entry] = Field(default_factory=list)

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        return _within(value, TOP_NAME_BYTES, "一级菜单名称")

    @model_validator(mode="after")
    def _one_action(self) -> "Top":
        if len(self.sub_button) > MAX_SUB:
            message = f"“{self.name}”下面最多 {MAX_SUB} 项，现在有 {len(self.sub_button)} 项"
            raise ValueError(message)
        if self.sub_button:
            if self.key or self.url:
                message = f"“{self.name}”下面已有子菜单，不能再写 key 或 url"
                raise ValueError(message)
        else:
            Entry(name=self.name, key=self.key, url=self.url)
        return self


class Menu(FileModel):
    """A whole menu file."""

    button: list[Top]

    @model_validator(mode="after")
    def _one_to_three(self) -> "Menu":
        if not 1 <= len(self.button) <= MAX_TOP:
            message = f"一级菜单要有 1 到 {MAX_TOP} 个，现在有 {len(self.button)} 个"
            raise ValueError(message)
        return self

    def answered_keys(self) -> list[str]:
        """Return the keys that the account must answer."""
        entries: list[Top | Entry] = [*self.button]
        entries += [entry for top in self.button for entry in top.sub_button]
        return [entry.key for entry in entries if entry.key]


def to_wechat(menu: Menu) -> list[dict[str, Any]]:
    """Return the buttons as WeChat's `menu/create` takes them."""
    return [
        {"name": top.name, "sub_button": [_button(entry) for entry in top.sub_button]}
        if top.sub_button
        else _button(top)
        for top in menu.button
    ]


def canonical(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return buttons without what WeChat adds in its answers, for comparison."""
    kept = ("type", "name", "key", "url")
    return [
        {key: button[key] for key in kept if button.get(key) and not button.get("sub_button")}
        | ({"name": button["name"]} if button.get("sub_button") else {})
        | ({"sub_button": canonical(button["sub_button"])} if button.get("sub_button") else {})
        for button in buttons
    ]


def outline(buttons: list[dict[str, Any]]) -> list[str]:
    """Return one line for each entry: path and what it does, for reading and comparing."""
    lines = []
    for top in buttons:
        for button in top.get("sub_button") or [top]:
            path = top["name"] if button is top else f"{top['name']}/{button['name']}"
            lines.append(f"{path} → {button.get('key') or button.get('url') or button.get('type')}")
    return lines


def _button(entry: Top | Entry) -> dict[str, Any]:
    if entry.url:
        return {"type": "view", "name": entry.name, "url": entry.url}
    return {"type": "click", "name": entry.name, "key": entry.key}


def _within(value: str, limit: int, what: str) -> str:
    size = len(value.encode())
    if size > limit:
        message = f"{what}“{value[:20]}”有 {size} 字节，最多 {limit} 字节"
        raise ValueError(message)
    return value
