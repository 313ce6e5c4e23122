"""What is no mistake in a question but worth a look before it is asked. No I/O."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS

_ARTICLE: Final = re.compile("第.+条")
_ENDS: Final = ("。", "？")
_MUCH_LONGER: Final = 2
_AT_LEAST_LONGER: Final = 6
"""Characters: among short options twice as long says nothing."""


def hints(
    question: Question, is_borne: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield column (`bank_rows.COLUMNS`) and what to look at.

    Args:
        question: the question.
        is_borne: tells whether the public finds something by a 档号 or 文号.
    """
    if not question.text.endswith(_ENDS):
        yield "text", "题干没有以句号或问号结尾"
    if longest := _much_longer(question.options):
        yield f"option_{longest.lower()}", f"选项 {longest} 比别的长得多，答的人会猜到它"
    article = question.source.article
    if article and not _ARTICLE.search(article):
        yield "article", "条款里没有“第…条”，读者不好查"
    if question.entry and is_borne and not is_borne(question.entry):
        yield "entry", f"公众现在查不到 {question.entry}，答完不会有打开它的链接"


def _much_longer(options: tuple[str, ...]) -> str:
    """Return the letter of an option that gives itself away; empty if none does."""
    if len(options) < 2:
        return ""
    by_length = sorted(range(len(options)), key=lambda place: len(options[place]))
    longest, next_one = len(options[by_length[-1]]), len(options[by_length[-2]])
    stands_out = longest >= _MUCH_LONGER * next_one and longest - next_one >= _AT_LEAST_LONGER
    return LETTERS[by_length[-1]] if stands_out else ""
