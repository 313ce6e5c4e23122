"""What is asked for: scope words, polite prefixes, livelihood matters."""

import re
from typing import Final

from wx_archive.catalogue.rules import Kind
from wx_archive.core.text import fold

PAGE: Final = 5
SCOPES: Final = {"文件": Kind.DOCUMENT, "档案": Kind.RECORD}
_ASKING: Final = re.compile(
    r"^(?:请问|麻烦|帮我|帮忙|我想|我要|想)*(?:查一下|查一查|查询|查找|搜索|查|搜|找)(?:一下)?\s*"
)
LIVELIHOOD: Final = (
    "婚姻", "结婚", "离婚", "知青", "知识青年", "上山下乡", "下乡", "招工", "学籍", "毕业生登记",
    "独生子女", "退伍", "复员", "收养", "户籍底册",
)  # fmt: skip
"""Matters of private life whose records are never shown or counted here, open or not."""


def split_scope(text: str) -> tuple[str, Kind | None]:
    """Take an explicit scope word off the front: «文件 公积金», «档案 公路»."""
    head, space, rest = text.strip().replace("\u3000", " ").partition(" ")
    if space and rest.strip() and fold(head) in SCOPES:
        return rest.strip(), SCOPES[fold(head)]
    return text.strip(), None


def scope_word(kind: Kind) -> str:
    """Return the word that asks for one kind only."""
    return next(word for word, scope in SCOPES.items() if scope is kind)


def without_asking(text: str) -> str | None:
    """Return what is left without «我想查一下», or None where nothing was asked that way."""
    rest = _ASKING.sub("", text.strip())
    return rest if rest != text.strip() and len(rest) >= 2 else None


def touches_livelihood(text: str) -> bool:
    """Tell whether the words are about private life; decided by the words alone."""
    return any(word in text for word in LIVELIHOOD)
