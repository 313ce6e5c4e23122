"""What people write, as it is taken down: no marks that hide, no numbers of persons.

A request needs neither an ID number nor a telephone number, so that none is ever kept: who must
say who they are does so at the desk.
"""

import re
import unicodedata
from typing import Final

from wx_archive.catalogue.tokens import normalise

SEARCH_LENGTH: Final = 200
CORRECTION_LENGTH: Final = 500
NOTE_LENGTH: Final = 400
ITEM_COSTS: Final = 55
"""Characters of the note that each attached entry takes: an answer is one message."""
RATING_LENGTH: Final = 200
HIDDEN: Final = "［号码已隐去］"

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_GAP: Final = "[ .·‐‑–—-]"
_LONG: Final = re.compile(r"(?<![0-9])[0-9]{14,18}[0-9Xx](?![0-9Xx])")
"""15 to 19 digits in one: ID numbers, old and new, and bank cards; no 档号 has that many."""
_GROUPED: Final = re.compile(
    rf"(?<![0-9-])[0-9]{{6}}{_GAP}?(?:1[89]|20)[0-9]{{2}}{_GAP}?(?:0[1-9]|1[0-2]){_GAP}?"
    rf"(?:0[1-9]|[12][0-9]|3[01]){_GAP}?[0-9]{{3}}{_GAP}?[0-9Xx](?![0-9Xx-])"
)
"""An ID number in pieces: place, day of birth, running number."""
_MOBILE: Final = re.compile(r"(?<![0-9])(?:[+]?86|0086)?1[3-9][0-9]{9}(?![0-9])")
_MOBILE_GROUPED: Final = re.compile(
    rf"(?<![0-9-])(?:[+]?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}(?![0-9-])"
)
"""Not inside a longer code with dashes: 档号 look like this too."""
_PERSONAL_NUMBERS: Final = (_LONG, _GROUPED, _MOBILE, _MOBILE_GROUPED)
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


def take_down(text: str, *, lines: bool = False) -> str:
    """Return the words as they are kept: readable characters, single spaces, numbers hidden.

    Args:
        text: as typed or sent.
        lines: keep line ends; else they become spaces.
    """
    kept = tidy(text, lines=lines)
    for pattern in _PERSONAL_NUMBERS:
        kept = pattern.sub(HIDDEN, kept)
    return kept


def tidy(text: str, *, lines: bool = False) -> str:
    """Return readable characters and single spaces, with or without line ends."""
    kept = [" ".join(_readable(line).split()) for line in text.splitlines()]
    return ("\n" if lines else " ").join(line for line in kept if line)


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


def _readable(line: str) -> str:
    """Return a line without what nobody sees, its digits, letters and signs in one width."""
    return "".join(map(_one_width, line))


def _one_width(char: str) -> str:
    kind = unicodedata.category(char)
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if "\uff0b" <= char <= "\uff5a" and (char.isalpha() or char in "\uff0b\uff0d"):
        return unicodedata.normalize("NFKC", char)
    if char.isspace():
        return " "
    return "" if kind in _UNSEEN else char
