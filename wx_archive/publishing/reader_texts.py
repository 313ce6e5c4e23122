"""What readers are told about the columns in the chat."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from wx_archive.core import clock
from wx_archive.core.text import escape_label, tap_link
from wx_archive.publishing.latest import Newest
from wx_archive.publishing.rules import KIND_NAMES, TITLES, Column, Kind

EMPTY: Final = "《{column}》还没有文章。想查档案和文件，直接打字就行；别的文章，回“往期”。"
ALL: Final = "往期：全部{column}"
ALL_LINE: Final = "按月份、按词找以前的文章"
ALL_LINE_MINE: Final = "上面先排您感兴趣的主题；以前的文章按月份、按词找"
USEFUL: Final = "有用"
USELESS: Final = "没用"
QUIET: Final = "不说了"
_LOOKED_UP: Final = 20
"""A word of so many characters may have been meant for the lookup."""


def chinese_day(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def day_of(piece: Newest) -> str:
    """Return since when a piece is out."""
    return chinese_day(clock.day_of(piece.out_at))


def described(piece: Newest) -> str:
    """Return what stands below a card's title."""
    kind = "" if piece.kind is Kind.ARTICLE else f"{KIND_NAMES[piece.kind]} · "
    return f"{kind}{piece.summary}" if piece.summary else f"{kind}{day_of(piece)}"


def column_list(
    column: Column, pieces: Sequence[Newest], address: str, *, list_address: str, mine: str = ""
) -> str:
    """Return a column's newest pieces as words with links, for who typed its name.

    Args:
        column: which.
        pieces: the newest first, or those of the reader's topics first.
        address: of the pieces' pages, with {pid} in it.
        list_address: of the whole list.
        mine: signed address of the list of the reader's topics; empty for who chose none.
    """
    lines = [f"《{TITLES[column]}》最近的文章："]
    lines += [
        f'{number} <a href="{address.format(pid=one.pid)}">{escape_label(one.title)}</a>'
        f"（{day_of(one)}）"
        for number, one in enumerate(pieces, 1)
    ]
    if mine:
        lines.append(f'您感兴趣的排在前面，<a href="{mine}">只看感兴趣的</a>（链接 30 分钟内有效）')
    lines.append(f'<a href="{list_address}">全部{TITLES[column]}</a>，可以按月份、按词找')
    newest = pieces[0]
    lines.append(f"第 1 篇对您{_asked(newest.pid)}？")
    return "\n".join(lines)


def _asked(pid: str) -> str:
    return f"{opinion_link(pid, is_useful=True)}还是{opinion_link(pid, is_useful=False)}"


def opinion_link(pid: str, *, is_useful: bool) -> str:
    """Return what to tap to say whether a piece was of use."""
    word = USEFUL if is_useful else USELESS
    return tap_link(word, word, f"opinion.{int(is_useful)}{pid}")


def every_list(pieces: Sequence[Newest], list_address: str) -> str:
    """Return where the pieces of all columns are."""
    columns = " ".join(tap_link(name, name) for name in TITLES.values())
    newest = [f"最近一篇：《{escape_label(pieces[0].title)}》"] if pieces else []
    return "\n".join(
        [
            f'往期文章都在<a href="{list_address}">这一页</a>，可以按栏目、按月份、按词找。',
            *newest,
            f"看一个栏目：{columns}",
        ]
    )


def which_one(pieces: Sequence[Newest]) -> str:
    """Ask which piece was meant."""
    if not pieces:
        return "还没有可以评的文章。想查档案和文件，直接打字就行；看文章，回“往期”。"
    lines = ["您说的是哪一篇？点后面的字就行："]
    lines += [
        f"《{escape_label(one.title)}》"
        f"{opinion_link(one.pid, is_useful=True)} {opinion_link(one.pid, is_useful=False)}"
        for one in pieces
    ]
    lines.append("不在这里的，把标题写在后面，中间空一格，如：有用 标题。")
    return "\n".join(lines)


def thanked(title: str, *, is_useful: bool, may_say_why: bool) -> str:
    """Thank for an opinion, and offer to say why."""
    verdict = USEFUL if is_useful else USELESS
    head = f"记下了：《{escape_label(title)}》，您说“{verdict}”。谢谢，编辑会看到。"
    if not may_say_why:
        return head + "改主意了，再点一次就行。"
    return (
        f"{head}\n愿意的话，十分钟里打一句为什么，会转给编辑，不带您的身份；"
        f"要查东西，请在前面加“查”字；不说就回{tap_link(QUIET, QUIET)}。"
    )


def taken_down(words: str) -> str:
    """Say that the word about a piece was kept; offer to look it up, if that was what was meant."""
    head = "这句话已经转给编辑，谢谢。"
    if len(words) > _LOOKED_UP:
        return head + "想查什么，接着打字就行。"
    return f"{head}\n本来是想查的？点{tap_link(f'查“{escape_label(words)}”', f'查 {words}')}。"


NOT_SAID: Final = "好的。想查什么，接着打字就行；看文章，回“往期”。"
GONE: Final = "这一篇已经不在了。别的文章，回“往期”；想查什么，直接打字就行。"
