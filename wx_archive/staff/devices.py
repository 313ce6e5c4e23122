"""What a browser calls itself, in words its owner recognises; no I/O."""

from typing import Final

_BROWSERS: Final = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ 浏览器"),
    ("360SE", "360 浏览器"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓手机"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows 电脑"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux 电脑"),
)


def described(agent: str) -> str:
    """Return a browser and its machine: «Chrome，Windows 电脑»."""
    found = [
        next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)
    ]
    return "，".join(filter(None, found)) or "认不出的浏览器"
