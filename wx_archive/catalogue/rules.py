"""Pure facts of the catalogue: codes and numbers in one spelling, validity on a day, visibility."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from wx_archive.catalogue.tokens import normalise


class Kind(StrEnum):
    """The two things citizens look up."""

    DOCUMENT = "document"
    RECORD = "record"


class Disclosure(StrEnum):
    """How far a current document is open: 完全公开, 部分公开, 不公开."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Openness(StrEnum):
    """The access decision on an archive record (DA/T 18: 开放标识)."""

    UNREVIEWED = "unreviewed"
    OPEN = "open"
    DEFERRED = "deferred"
    CONTROLLED = "controlled"


class Secrecy(StrEnum):
    """密级 of a record; 秘密 and above never comes in: 涉密不上网."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Access(StrEnum):
    """How a citizen gets at an entry that may be listed: one badge on every result."""

    ONLINE = "在线看"
    BOOK = "可预约"
    APPLY = "需申请"


class Validity(StrEnum):
    """Whether a document is in force on a day, as citizens read it."""

    NOT_YET = "尚未施行"
    IN_FORCE = "现行有效"
    AMENDED = "已修改"
    EXPIRED = "已失效"
    REPEALED = "已废止"
    UNKNOWN = "效力待核"


@dataclass(frozen=True, slots=True)
class Period:
    """What is known of a document's life.

    Attributes:
        effective_from: first day in force, if known.
        effective_to: last day in force, if it was limited.
        repealed_on: first day on which another document had repealed it.
        amended_on: first day on which another document had changed it.
    """

    effective_from: date | None = None
    effective_to: date | None = None
    repealed_on: date | None = None
    amended_on: date | None = None


def validity(period: Period, *, on: date) -> Validity:
    """Return the validity on a day; what nobody has stated is never guessed.

    A document that was changed is in force as changed, also where nobody stated since when: only
    what is in force can be changed.
    """
    if period.repealed_on and period.repealed_on <= on:
        return Validity.REPEALED
    if period.effective_to and period.effective_to < on:
        return Validity.EXPIRED
    if period.effective_from and on < period.effective_from:
        return Validity.NOT_YET
    if period.amended_on and period.amended_on <= on:
        return Validity.AMENDED
    return Validity.IN_FORCE if period.effective_from else Validity.UNKNOWN


_NUMBER: Final = re.compile(
    r"^(?:(?:发文字号|文号|发文号)\s*[::]?)?\s*"
    r"(?P<body>[^\W\d_][^\s\d〔〕]{0,19}?)\s*"
    r"(?:〔\s*)?(?P<year>(?:19|20)\d{2})\s*(?:〕|年|-|\s)?\s*"
    r"第?\s*(?:(?P<serial>\d{1,5})\s*号?|(?P<spelled>[一二三四五六七八九十百零〇]{1,7})\s*号)$"
)
_DECREE: Final = re.compile(
    r"^(?P<body>[^\W\d_][^\s\d]{1,29}?)(?P<form>令|公告)\s*〔?\s*第?\s*"
    r"(?:(?P<serial>\d{1,5})|(?P<spelled>[一二三四五六七八九十百零〇]{1,7}))\s*号\s*〕?$"
)
_YEARS: Final = re.compile(r"(?:19|20)\d{2}\s*-\s*(?:19|20)\d{2}$")
_DIGITS: Final = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
_CODE_NOISE: Final = re.compile(r"[\s]+")


def document_number(text: str) -> str | None:
    """Return a document number in canonical form (``十政发|2004|12``), or None if it is none.

    Every bracket, width and Chinese-digit spelling gives the same key. Numbers are not unique:
    several documents may bear one.
    """
    normal = normalise(text).strip()
    if "〔" in normal:  # brackets leave no doubt that spaces mean nothing
        normal = re.sub(r"\s+", "", normal)
    if (match := _NUMBER.match(normal)) and not _YEARS.search(normal):
        return f"{match['body']}|{match['year']}|{_serial(match)}"
    if match := _DECREE.match(normal):
        return f"{match['body']}{match['form']}||{_serial(match)}"
    return None


def _serial(match: re.Match[str]) -> int:
    """Return the number's last part, also where it is spelled out: 第三十五号."""
    if match["serial"]:
        return int(match["serial"])
    value, digit = 0, 0
    for char in match["spelled"]:
        if char in "十百":
            value, digit = value + (digit or 1) * (10 if char == "十" else 100), 0
        else:
            digit = _DIGITS[char] if "十" in match["spelled"] else digit * 10 + _DIGITS[char]
    return value + digit


def reference_code(text: str) -> str:
    """Return a 档号 for comparison; the catalogued spelling is kept beside it, verbatim."""
    return _CODE_NOISE.sub("", normalise(text)).replace("〔", "").replace("〕", "")


def looks_like_reference_code(text: str) -> bool:
    """Tell whether someone may have typed a 档号: digits, dashes, at least two parts."""
    code = reference_code(text)
    parts = [part for part in code.split("-") if part]
    return len(parts) >= 2 and any(char.isdigit() for char in code) and " " not in text.strip()


def record_is_public(
    *,
    openness: Openness,
    secrecy: Secrecy,
    open_on: date | None,
    livelihood: bool | None,
    closed_above: bool | None,
    today: date,
) -> bool:
    """Decide whether the public may see a record; anything unsaid means no.

    Livelihood records (民生) are never public, open or not. A deferred record (延期开放) opens on
    the day its archive has stated, never without one; twenty-five years alone open nothing.
    ``today`` is a day of the Shanghai calendar.

    Source: 《中华人民共和国档案法》(2020) art. 27, 《个人信息保护法》; docs/sources.md#visibility.
    """
    if secrecy is not Secrecy.PUBLIC or livelihood is not False or closed_above is not False:
        return False
    if openness is Openness.OPEN:
        return open_on is None or open_on <= today
    return openness is Openness.DEFERRED and open_on is not None and open_on <= today


def document_is_public(disclosure: Disclosure) -> bool:
    """Decide whether the public may see that a document exists."""
    return disclosure in (Disclosure.FULL, Disclosure.PARTIAL)


def document_access(disclosure: Disclosure) -> Access:
    """Return how a citizen gets at a document that may be listed."""
    return Access.ONLINE if disclosure is Disclosure.FULL else Access.APPLY
