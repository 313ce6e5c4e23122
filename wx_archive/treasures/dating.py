"""When a piece is from: what its sender says, as the catalogue writes dates.

What the catalogue cannot read is left out there: the piece's own page has the sender's words.
"""

import re
from typing import Final

from wx_archive.catalogue.files.dates import read_span

_BESIDE: Final = re.compile(r"[，,、；;。\s]+")
"""Between what the sender chose of the decades and their own words."""
_DIGITS: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
_SPELT: Final = re.compile(r"(?<![〇零一二三四五六七八九])[〇零一二三四五六七八九]{4}(?=年)")
_OPEN: Final = r"(?:以|之)?[前后]"
_YEAR: Final = re.compile(rf"(?<!\d)((?:1[5-9]|20)\d\d)(?!\d|年代|年?{_OPEN}(?!后))")
"""A year; neither a decade nor one before or after which it was."""
_DECADE: Final = re.compile(
    r"(?<![〇零一二三四五六七八九到至或、\d—~-])(?:([二三四五六七八九])十|((?:1[5-9]|20)\d|[2-9])0)年代"
    rf"(?!{_OPEN}|[到至或—~-])"
)
_OTHER_CENTURY: Final = re.compile(r"民国|(?<!上)(?<!20)(?<!二十)世纪")


def catalogued(told: str) -> str:
    """Return a sender's words for when as a date of the catalogue; empty where it reads none.

    Their own words count before the decade that they chose. What is not a date by itself is
    one that the house inferred, in brackets (DA/T 18): 七十年代 gives [1970-1979].
    """
    words = _SPELT.sub(lambda spelt: spelt[0].translate(_DIGITS), told)
    if read_span(words):
        return words
    dates = [part for part in _BESIDE.split(words) if part and read_span(part)]
    if len(dates) == 1 and set(_YEAR.findall(words)) <= set(_YEAR.findall(dates[0])):
        return dates[0]
    return _year(words) or _decade(words)


def _year(words: str) -> str:
    """Return the one year that is named, as inferred."""
    years = set(_YEAR.findall(words))
    return f"[{years.pop()}]" if len(years) == 1 else ""


def _decade(words: str) -> str:
    """Return the one decade that is named, by its years; of the 20th century if none is told."""
    found = {tens.translate(_DIGITS) or figure for tens, figure in _DECADE.findall(words)}
    if len(found) != 1 or _YEAR.search(words) or _OTHER_CENTURY.search(words):
        return ""
    tens = found.pop()
    first = int(tens if len(tens) > 1 else f"19{tens}") * 10
    return f"[{first}-{first + 9}]"
