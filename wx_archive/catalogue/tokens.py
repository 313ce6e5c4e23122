"""One tokenizer for both databases: normalise, then overlapping pairs of characters.

No dictionary cuts words: a dictionary loses names and half-words (measured in docs/sources.md
#search). Every piece of text of two characters or more is found; longer ones are verified by a
substring test on the normalised text.

Token alphabet (all alphanumeric, so that neither FTS5 nor tsvector needs quoting rules):
    公积        a pair of characters       金        the last character of a run
    l2023       a whole Latin or digit run
    t公积 tl2023  the same, in a title or number    b公   a title begins with this character
    y1985       dated in that year         kd / kr   a current document / an archive record
    x0f3a…      the whole title, hashed
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from opencc import OpenCC

_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ebe0"
RUN: Final = re.compile(f"([{_HAN}]+)|([0-9a-z]+)")
_WORD: Final = re.compile(f"[{_HAN}0-9a-z]+")
_CHINESE_YEAR: Final = re.compile("[〇零一二三四五六七八九]{4}(?=年|〕|$)")
_DIGIT_OF: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
_OPENING: Final = "[【〖［（(「『〈《{〔"
_CLOSING: Final = "]】〗］）)」』〉》}〕"
_DASHES: Final = "‐‑‒–—―－﹣⁃\u2212"
_EDITION: Final = re.compile("(?<=.)〔[^〕]*〕$")
LATIN_LENGTH: Final = 40
_IGNORED: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


@cache
def _simplifying() -> dict[int, str | None]:
    """Return the table that turns traditional characters, brackets and dashes into one form."""
    han = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    simple = OpenCC("t2s").convert("\n".join(han)).split("\n")
    table: dict[int, str | None] = {
        ord(old): new for old, new in zip(han, simple, strict=True) if old != new and len(new) == 1
    }
    table |= dict.fromkeys(map(ord, _OPENING), "〔") | dict.fromkeys(map(ord, _CLOSING), "〕")
    table |= dict.fromkeys(map(ord, _DASHES), "-") | dict.fromkeys(map(ord, _IGNORED), None)
    table |= dict.fromkeys(map(ord, "・•‧"), "·")
    table |= dict.fromkeys((0x25CB, 0x25EF), "\u3007")  # circles that typists used as a zero
    return table


def normalise(text: str) -> str:
    """Return ``text`` in the one form that is searched: width, case, script, brackets, years."""
    plain = unicodedata.normalize("NFKC", text).lower().translate(_simplifying())
    return _CHINESE_YEAR.sub(lambda match: match.group().translate(_DIGIT_OF), plain)


def words(normal: str) -> list[str]:
    """Split normalised text at spaces and punctuation."""
    return _WORD.findall(normal)


def exact_title(normal: str) -> str:
    """Return a normalised title without punctuation and the parts that people leave out.

    Left out: 中华人民共和国…, …〔2020年修订〕.
    """
    return "".join(words(_EDITION.sub("", normal.removeprefix("中华人民共和国"))))


def title_token(exact: str) -> str:
    """Return the token of entries whose `exact_title` is ``exact``."""
    return "x" + hashlib.blake2b(exact.encode(), digest_size=8).hexdigest()


def _run_tokens(normal: str, *, tails: bool) -> Iterator[str]:
    for han, latin in RUN.findall(normal):
        if latin:
            yield "l" + latin[:LATIN_LENGTH]
            continue
        for index in range(len(han) - 1):
            yield han[index : index + 2]
        if tails:
            yield han[-1]


def index_tokens(title: str, hay: str, *, year: int | None, kind: str) -> list[str]:
    """Return the distinct tokens of one entry.

    Args:
        title: normalised title and number.
        hay: every normalised field, title included.
        year: year of the date, if there is one.
        kind: ``d`` or ``r``.
    """
    tokens = dict.fromkeys(_run_tokens(hay, tails=True))
    tokens |= dict.fromkeys("t" + token for token in _run_tokens(title, tails=True))
    first = RUN.search(title)
    if first and first.group(1):
        tokens["b" + first.group(1)[0]] = None
    tokens[title_token(exact_title(title.partition("\n")[0]))] = None
    if year is not None:
        tokens[f"y{year}"] = None
    tokens["k" + kind] = None
    return list(tokens)


def query_tokens(word: str) -> list[str]:
    """Return the tokens that every entry containing ``word`` has; may be empty for one character.

    A lone character between digits (第3条) has no token of its own: it may stand inside a longer
    run of the text; the substring test covers it.
    """
    return list(dict.fromkeys(_run_tokens(word, tails=False)))


def needs_verification(word: str) -> bool:
    """Tell whether the tokens alone may let through an entry that does not contain ``word``."""
    runs = RUN.findall(word)
    if len(runs) != 1:
        return True
    han, latin = runs[0]
    return len(han) > 2 or len(latin) > LATIN_LENGTH


def is_single_character(word: str) -> bool:
    """Tell whether ``word`` is one Chinese character: too little for a search in all text."""
    return len(word) == 1 and bool(RUN.match(word)) and not word.isascii()


def join(tokens: Iterable[str]) -> str:
    """Return the tokens as both databases take them."""
    return " ".join(tokens)
