"""What somebody typed or tapped, read as an answer, and whether it is right. No I/O."""

import re
from typing import Final

from wx_archive.core.text import fold
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind

TYPED_LENGTH: Final = 20
_YES: Final = frozenset(
    {"a", "对", "对的", "是", "是的", "正确", "没错", "√", "✓", "✔", "t", "true", "yes"}
)
_NO: Final = frozenset(
    {"b", "错", "错的", "不对", "不是", "否", "错误", "\u00d7", "✗", "✘", "x", "f", "false", "no"}
)
_LETTERS: Final = re.compile(r"(?:我?选|答案是?|就选)?[\s:：]*((?:[a-d][\s,、.和]*)+)")
_YEAR: Final = re.compile(r"(?:公元)?(?:(\d{3,4})年?|(\d{1,4})年)")
"""One or two digits alone are the place of an entry in a list, not a year."""
_PLACE: Final = re.compile(r"\d{1,2}")
_ORDINAL: Final = re.compile("第([一二三四1-4])[个项]?")
_NTH: Final = dict(zip("一二三四1234", "abcdabcd", strict=True))
_AROUND: Final = " 。.!?~,、"
_DIGITS: Final = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_IGNORED: Final = re.compile(r"[\s《》〈〉“”‘’\"'「」（）()，。、；：,.;:·!！?？_-]+")


def understand(question: Question, order: str, typed: str) -> str | None:
    """Return what was answered, as the ledger keeps it; None for what is no answer.

    Args:
        question: the one that is open.
        order: of its options as shown.
        typed: words, or the letters of a tap.
    """
    words = fold(typed)
    match question.kind:
        case Kind.SINGLE:
            letters = read_letters(typed, len(order))
            return in_bank(order, letters) if len(letters) == 1 else None
        case Kind.MULTIPLE:
            letters = read_letters(typed, len(order))
            return in_bank(order, letters) if len(letters) > 1 else None
        case Kind.JUDGE:
            tidy = words.strip(_AROUND)
            return "对" if tidy in _YES else "错" if tidy in _NO else None
        case Kind.YEAR:
            found = _YEAR.fullmatch(words.strip(_AROUND).translate(_DIGITS).replace(" ", ""))
            return str(int(found.group(1) or found.group(2))) if found else None
        case Kind.FILL:
            tidy = _tidy(typed)
            return typed.strip() if tidy and len(typed.strip()) <= TYPED_LENGTH else None


def read_letters(typed: str, options: int) -> str:
    """Return the letters that were typed, in order and once each; empty for other words.

    «选C», «a、c», «b.», «第二个» are letters; a letter that no option has makes it no answer.
    """
    words = fold(typed).strip(_AROUND)
    words = _ORDINAL.sub(lambda found: _NTH[found.group(1)], words)
    found = _LETTERS.fullmatch(words)
    if not found:
        return ""
    letters = {one.upper() for one in found.group(1) if one.isalpha() and one.isascii()}
    return "".join(sorted(letters)) if letters <= set(LETTERS[:options]) else ""


def is_letter(typed: str) -> bool:
    """Tell whether a single Latin letter was typed, one that no option has perhaps."""
    words = fold(typed).strip(_AROUND)
    return len(words) == 1 and "a" <= words <= "z"


def is_place(typed: str) -> bool:
    """Tell whether words may be the place of an entry in a list."""
    return _PLACE.fullmatch(fold(typed)) is not None


def in_bank(order: str, shown: str) -> str:
    """Return the bank's letters of letters as shown, sorted."""
    return "".join(sorted(order[LETTERS.index(one)] for one in shown))


def as_shown(order: str, letters: str) -> str:
    """Return the letters as shown of the bank's letters, sorted."""
    return "".join(sorted(LETTERS[order.index(one)] for one in letters))


def is_right(question: Question, given: str) -> bool:
    """Tell whether an answer, as `understand` returned it, is right."""
    match question.kind:
        case Kind.SINGLE | Kind.MULTIPLE:
            return tuple(given) == question.answer
        case Kind.JUDGE:
            return given == question.answer[0]
        case Kind.YEAR:
            return given.isdigit() and abs(int(given) - int(question.answer[0])) <= (
                question.tolerance
            )
        case Kind.FILL:
            return _tidy(given) in {_tidy(one) for one in question.answer}


def _tidy(words: str) -> str:
    return _IGNORED.sub("", fold(words))
