"""What requests may say, and how long; `core.wording` takes their words down."""

import re
import unicodedata
from typing import Final

from wx_archive.catalogue.tokens import normalise
from wx_archive.core.wording import HIDDEN, take_down, tidy

__all__ = [
    "CORRECTION_LENGTH",
    "HIDDEN",
    "ITEM_COSTS",
    "NOTE_LENGTH",
    "RATING_LENGTH",
    "SEARCH_LENGTH",
    "is_private",
    "note_bound",
    "sameness",
    "says_something",
    "take_down",
    "tidy",
]

SEARCH_LENGTH: Final = 200
CORRECTION_LENGTH: Final = 500
NOTE_LENGTH: Final = 400
ITEM_COSTS: Final = 55
"""Characters of the note that each attached entry takes: an answer is one message."""
RATING_LENGTH: Final = 200

_MEANT: Final = 2
"""Characters that can be looked for."""

_MATTERS: Final = (
    "婚姻", "结婚", "离婚", "知青", "知识青年", "上山下乡", "下乡", "招工", "学籍", "毕业生登记",
    "独生子女", "退伍", "复员", "老兵", "参军", "入伍", "收养", "户籍底册",
)  # fmt: skip
_WHOSE: Final = re.compile(
    "(?:我|他|她|本人|自己)(?:家|的)|爷爷|奶奶|外公|外婆|父亲|母亲|爸|妈|老伴|家里"
)
_ABOUT_DOCUMENTS: Final = re.compile("^文件 |条例|办法|规定|政策")


def note_bound(items: int) -> int:
    """Return how long a note may be beside so many attached entries."""
    return NOTE_LENGTH - ITEM_COSTS * items


def says_something(words: str) -> bool:
    """Tell whether the words taken down name anything that could be looked for."""
    return sum(char.isalnum() for char in words.replace(HIDDEN, "")) >= _MEANT


def sameness(words: str) -> str:
    """Return what two ways of writing the same request have in common."""
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


def is_private(words: str) -> bool:
    """Tell whether the words ask for somebody's own records: answered at the desk alone.

    Decided by the words alone, so that the answer tells nothing of what is held.
    """
    normal = normalise(words)
    is_somebodys = _WHOSE.search(normal) is not None
    if _ABOUT_DOCUMENTS.search(words) and not is_somebodys:
        return False
    return any(matter in normal for matter in _MATTERS) or ("档案" in normal and is_somebodys)
