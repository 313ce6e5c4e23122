"""One tokenizer for both databases: normalise, then overlapping pairs of characters.

No dictionary cuts words: a dictionary loses names and half-words (measured in docs/sources.md
#search). Every piece of text of two characters or more is found; longer ones are verified by a
substring test on the normalised text.

Token alphabet (all alphanumeric, so that neither FTS5 nor tsvector needs quoting rules):
    公积        a pair of characters       l2023     a whole Latin or digit run
    t公积 tl2023  the same, in a title or number    b公   a title begins with this character
    y1985       dated in that year         kd / kr   a current document / an archive record
    x0f3a       sixteen bits of the whole title's hash: few enough to be cheap, enough to be rare
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


def title_hash(exact: str) -> int:
    """Return 63 bits that stand for a title in the form of `exact_title`."""
    return int.from_bytes(hashlib.blake2b(exact.encode(), digest_size=8).digest(), "big") >> 1


def title_token(hashed: int) -> str:
    """Return the token that entries with this `title_hash` bear, and one in 65,536 others."""
    return f"x{hashed & 0xFFFF:04x}"


def year_token(year: int | None) -> str:
    """Return the token of entries dated in ``year``; ``y0`` where there is no date."""
    return f"y{year or 0}"


def run_tokens(normal: str) -> Iterator[str]:
    """Yield the tokens of a normalised text in their order, as often as they stand there."""
    for han, latin in RUN.findall(normal):
        if latin:
            yield "l" + latin[:LATIN_LENGTH]
            continue
        for index in range(len(han) - 1):
            yield han[index : index + 2]


def text_tokens(title: str, rest: str) -> list[str]:
    """Return the distinct tokens of an entry's words.

    Args:
        title: normalised title and number.
        rest: every other normalised field.
    """
    titled = dict.fromkeys(run_tokens(title))
    found = titled | dict.fromkeys(run_tokens(rest)) | dict.fromkeys("t" + one for one in titled)
    first = RUN.search(title)
    if first and first.group(1):
        found["b" + first.group(1)[0]] = None
    return list(found)


def query_tokens(word: str) -> list[str]:
    """Return the tokens that every entry containing ``word`` has; may be empty for one character.

    A lone character between digits (第3条) has no token of its own: it may stand inside a longer
    run of the text; the substring test covers it.
    """
    return list(dict.fromkeys(run_tokens(word)))


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
