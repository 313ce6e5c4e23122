"""What every citizen page shares: badges with word and shape, the big-type switch."""

from urllib.parse import urlencode

from markupsafe import Markup

_SHAPES = {
    "开放档案": "open",
    "现行有效": "good",
    "效力待核": "warn",
    "尚未施行": "warn",
    "已失效": "over",
    "已废止": "over",
}


def badge_mark(word: str) -> Markup:
    """Return a badge: never told by colour alone."""
    return Markup('<span class="badge {}">{}</span>').format(_SHAPES.get(word, "warn"), word)


def with_big(arguments: dict[str, str]) -> str:
    """Return the page's query with big type (适老化)."""
    return urlencode(arguments | {"big": "1"})


def without_big(arguments: dict[str, str]) -> str:
    """Return the page's query with standard type."""
    return urlencode({key: value for key, value in arguments.items() if key != "big"})
