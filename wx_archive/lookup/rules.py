"""What is asked for: scope words, polite prefixes, livelihood matters."""

import re
from collections.abc import Callable
from typing import Final

from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.tokens import normalise, words
from wx_archive.core.text import fold

PAGE: Final = 5
SCOPES: Final = {"文件": Kind.DOCUMENT, "档案": Kind.RECORD}
_ASKING: Final = re.compile(
    r"^(?:请问|麻烦|帮我|帮忙|我想|我要|想)*(?:查一下|查一查|查询|查找|搜索|查|搜|找)(?:一下)?\s*"
)
LIVELIHOOD: Final = (
    "婚姻", "结婚", "离婚", "知青", "知识青年", "上山下乡", "下乡", "招工", "学籍", "毕业生登记",
    "独生子女", "退伍", "复员", "老兵", "参军", "入伍", "收养", "户籍底册",
)  # fmt: skip
"""Matters of private life whose records are never shown or counted here, open or not."""

_PERSONAL: Final = re.compile(
    "(?:我|他|她|本人|自己)(?:家|的)|爷爷|奶奶|外公|外婆|父亲|母亲|爸|妈|老伴|家里"
)
"""Whose records they are; «我想查…的档案» says only who is asking."""
_ASKED_WITH: Final = """
    你好 您好 请问 麻烦 谢谢 帮忙 帮我 我想 我要 想要 我能 能不能 可不可以 可以 需要 怎么办
    怎么样 怎么 怎样 如何 什么时候 什么 哪些 哪里 哪儿 哪个 多少 是谁 是不是 有没有 一下 关于 相关
    有关 我们 你们 知道 了解 查询 查找 搜索 还是 现在 这个 那个 的 了 吗 呢 呀 啊 吧 是 在 和 与
    我 你 您 他 她 有 要 想 查 找 搜 办 到 去 来 看 把 给 谁 哪 几 能 会 都 就 还 请 放
"""
FILLERS: Final = tuple(sorted(_ASKED_WITH.split(), key=len, reverse=True))
"""Words of asking rather than of what is asked for; the longest first."""
SENTENCE_LENGTH: Final = 5
PARTICLES: Final = frozenset("的了吗呢呀啊吧")
GENERIC: Final = frozenset(
    (
        *("文件", "规定", "政策", "资料", "情况", "条件", "手续", "流程", "办理", "通知", "问题"),
        *("档案", "工作", "意见", "办法", "加强", "标准"),
    )
)
"""What nearly every title is about: alone it says nothing."""


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
    normal = normalise(text)
    return any(word in normal for word in LIVELIHOOD) or (
        "档案" in normal and _PERSONAL.search(normal) is not None
    )


def spell_years(years: tuple[int, int] | None) -> list[str]:
    """Return the years as one types them: nothing, 1978年, or 2010-2019."""
    if years is None:
        return []
    first, last = years
    return [f"{first}年" if first == last else f"{first}-{last}"]


def content_words(text: str, is_known: Callable[[str], bool]) -> list[str]:
    """Return the words of a sentence that titles know, without the words of asking.

    Reads from the left: a word of asking is passed over, else the longest known word of two
    characters or more is taken. A short word is no sentence: part of it is something else
    (公基金 is not about 基金). ``is_known`` must hold for every beginning of a known word.
    """
    found: list[str] = []
    runs = words(normalise(text))
    if len(runs) == 1 and len(runs[0]) < SENTENCE_LENGTH:
        return []
    for run in runs:
        place = 0
        while place < len(run):
            filler = next((len(word) for word in FILLERS if run.startswith(word, place)), 0)
            known = 0
            if filler < 2 and run[place] not in PARTICLES:
                known = _known_length(run[place:], is_known)
            if known > 1 + filler:  # a single character of asking gives way only to a longer word
                found.append(run[place : place + known])
                place += known
            else:
                place += filler or 1
    return [word for word in dict.fromkeys(found) if word not in GENERIC]


def _known_length(text: str, is_known: Callable[[str], bool]) -> int:
    length = 1
    while length < len(text) and text[length] not in PARTICLES and is_known(text[: length + 1]):
        length += 1
    return length if length > 1 else 0
