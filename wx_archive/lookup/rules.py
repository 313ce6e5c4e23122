"""What is asked for: scope words, polite prefixes, livelihood matters, days; words in a title."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.tokens import normalise, words
from wx_archive.core.text import fold

PAGE: Final = 5
SCOPES: Final = {"文件": Kind.DOCUMENT, "档案": Kind.RECORD}
IN_FORCE: Final = "有效"
"""«有效 公积金»: only documents that are known to be in force."""
TOPIC: Final = "主题"
"""«主题 住房保障», «主题 住房保障 提取»: what the words of a topic find."""
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
_DAY: Final = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?", re.ASCII)
_CLUSTER: Final = re.compile("(?s:.[\u0300-\u036f\u3099\u309a]*)")
"""A character with the marks that belong to it."""
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


def take_word(text: str, word: str) -> str | None:
    """Return what stands behind a word at the beginning, or None where it does not stand there."""
    head, space, rest = text.strip().replace("\u3000", " ").partition(" ")
    return rest.strip() if space and rest.strip() and fold(head) == word else None


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


def decade_of(year: int) -> str:
    """Return the decade as one types it: 1960年代."""
    return f"{year // 10 * 10}年代"


def commonest_decade(days: Iterable[date | None]) -> str | None:
    """Return the decade of most of the days, the older one of two; None without any day."""
    decades = Counter(day.year // 10 for day in days if day)
    if not decades:
        return None
    return decade_of(10 * max(decades, key=lambda decade: (decades[decade], -decade)))


def day_asked(text: str) -> date | None:
    """Return the day that someone named (2015-01-01, 2015年1月1日, 20150101), or None."""
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def marked(title: str, spellings: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Cut a title where searched words begin and end; True marks a piece that was asked for.

    Args:
        title: as catalogued, in any width and script.
        spellings: the searched words, normalised as the index is.

    The pieces together are the title: a word is found in the normalised title and marked at the
    place it came from, so that 住房公積金 is marked for 公积金.
    """
    clusters = _CLUSTER.findall(title)
    forms = [normalise(cluster) for cluster in clusters]
    normal = normalise("".join(forms))
    places = [place for place, form in enumerate(forms) for _char in form]
    if len(normal) != len(places):  # characters that only together have another form
        return ((title, False),)
    chosen = {
        places[place]
        for word in spellings
        for start in _starts(normal, word)
        for place in range(start, start + len(word))
    }
    pieces: list[tuple[str, bool]] = []
    for place, cluster in enumerate(clusters):
        is_chosen = place in chosen
        if not forms[place] and pieces:  # what the index ignores belongs to what is before it
            is_chosen = pieces[-1][1]
        if pieces and pieces[-1][1] is is_chosen:
            pieces[-1] = (pieces[-1][0] + cluster, is_chosen)
        else:
            pieces.append((cluster, is_chosen))
    return tuple(pieces)


def _starts(normal: str, word: str) -> Iterable[int]:
    start = normal.find(word) if word else -1
    while start >= 0:
        yield start
        start = normal.find(word, start + 1)
