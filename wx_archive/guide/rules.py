"""Keyword replies and unanswered words: what may stand in them, what belongs together. No I/O."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol
from urllib.parse import urlsplit

from wx_archive.core.text import fold, plain_taps, with_taps, xml_safe

TEXT_LIMIT_BYTES: Final = 600
"""As in `content/replies.yaml`: about two hundred characters."""
MOST_WORDS: Final = 20
LONGEST_WORD: Final = 30
BLANK: Final = "（在这里写答复，两三句话说清）"
"""Stands in the skeleton; a text that still has it is not written yet."""
IGNORED_FOR: Final = timedelta(days=90)
WEEK: Final = timedelta(days=7)
RISING_TIMES: Final = 2
_TRAILING: Final = "。.!！?？,，~～ "
_PLACEHOLDER: Final = re.compile(r"\{[^{}\n]*\}")
_ADDRESS: Final = re.compile(r"https?://[^\s，。；）)】]+")
_TAP_BEGINS, _SAYS, _TAP_ENDS = "\x02", "\x1f", "\x03"


def key_of(word: str) -> str:
    """Return a word as the bot compares it: width, case and closing marks make no difference."""
    return fold(word).rstrip(_TRAILING)


def words_of(typed: str) -> tuple[str, ...]:
    """Return the words of a form's field, one a line, each spelling once."""
    found: dict[str, str] = {}
    for line in typed.splitlines():
        word = " ".join(line.split())
        if key := key_of(word):
            found.setdefault(key, word)
    return tuple(found.values())


def word_problem(word: str) -> str | None:
    """Return why a word can be no keyword by itself, or None."""
    key = key_of(word)
    if len(key) < 2:
        return f"“{word}”太短，至少两个字"
    if len(word) > LONGEST_WORD or len(key) > LONGEST_WORD:
        return f"“{word[:10]}…”太长，最多 {LONGEST_WORD} 个字"
    if key.isdigit():
        return f"“{word}”全是数字，读者打数字是在选清单里的条目"
    if xml_safe(word) != word:
        return f"“{word}”里有看不见的控制字符，请删去"
    return None


def text_problems(text: str, *, filled: str, domains: Iterable[str], limit_bytes: int) -> list[str]:
    """Return what is wrong with a reply's text.

    Args:
        text: as typed.
        filled: the same as it would be sent.
        domains: outside addresses may lead here.
        limit_bytes: of what is sent.
    """
    problems = []
    if (size := size_of(text)) > TEXT_LIMIT_BYTES:
        problems.append(f"现在 {size} 字节，最多 {TEXT_LIMIT_BYTES} 字节（约 200 个汉字），请缩短")
    elif size_of(filled) > limit_bytes:
        problems.append("填入本馆资料以后太长，一条消息放不下，请缩短")
    if BLANK in text:
        problems.append(f"还没有写答复：请把“{BLANK}”换成要说的话")
    if xml_safe(text) != text:
        problems.append("里面有看不见的控制字符，请删去后重新打一遍")
    return [*problems, *_marking_problems(text, filled), *_address_problems(text, domains)]


def _marking_problems(text: str, filled: str) -> Iterator[str]:
    if "<" in text or ">" in text:
        yield "不要写尖括号；可点的字写成 [[帮助]] 或 [[显示的字|点了发的字]]"
    if any(mark in plain_taps(text) for mark in ("[[", "]]")):
        yield "有一处 [[ ]] 没有写成对，或者里面是空的"
    if unknown := _PLACEHOLDER.findall(filled):
        yield f"没有“{unknown[0]}”这个占位，能用的见下面的说明"


def _address_problems(text: str, domains: Iterable[str]) -> Iterator[str]:
    allowed = set(domains)
    hosts = [urlsplit(found).hostname or "" for found in _ADDRESS.findall(text)]
    if outside := [host for host in hosts if host not in allowed]:
        yield f"“{outside[0]}”不在本馆资料“允许出现的外部域名”里，请先请管理员加上"


def size_of(text: str) -> int:
    """Return how many bytes a text takes."""
    return len(text.encode("utf-8", errors="replace"))


def seal(words: str, text: str) -> str:
    """Return what a release is bound to: another text has another seal."""
    return hashlib.sha256(f"{words}\0{text}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a reply as the phone shows it.

    Attributes:
        says: what a tap on it sends; empty where it is no link.
    """

    text: str
    says: str = ""


def pieces(text: str) -> list[Piece]:
    """Cut a filled text where its live links begin and end."""
    marked = with_taps(
        xml_safe(text), lambda label, says: f"{_TAP_BEGINS}{label}{_SAYS}{says}{_TAP_ENDS}"
    )
    found = []
    for part in re.split(f"({_TAP_BEGINS}[^{_TAP_ENDS}]*{_TAP_ENDS})", marked):
        label, _says, says = part.strip(_TAP_BEGINS + _TAP_ENDS).partition(_SAYS)
        found += [Piece(label, says)] if part else []
    return found


# -- unanswered words ---------------------------------------------------------------------------


class Asked(Protocol):
    """Words that found nothing, asked for by enough people to be read by staff."""

    @property
    def words(self) -> str:
        """As they are kept: normalised."""

    @property
    def empties(self) -> int:
        """How often they found nothing."""

    @property
    def people(self) -> int:
        """At least so many different followers asked for them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Words that are likely the same, mistyped or not.

    Attributes:
        key: how they sound.
        words: the one asked for most comes first.
        empties: how often they found nothing.
        people: at least so many different followers.
        by_week: how often in each week, the oldest first; weeks with too few people are 0.
        begins: the first day of the oldest of these weeks.
    """

    key: str
    words: tuple[str, ...]
    empties: int
    people: int
    by_week: tuple[int, ...]
    begins: date

    @property
    def first_week(self) -> date | None:
        """When the first week begins in which enough people asked."""
        return self._week(next((n for n, count in enumerate(self.by_week) if count), None))

    @property
    def last_week(self) -> date | None:
        """When the last such week begins."""
        late = (n for n in range(len(self.by_week) - 1, -1, -1) if self.by_week[n])
        return self._week(next(late, None))

    @property
    def trend(self) -> str:
        """Whether it is asked for more than before."""
        *before, now = self.by_week
        times = now * len(before)
        if now and times >= RISING_TIMES * sum(before):
            return "在增加"
        return "在减少" if sum(before) >= RISING_TIMES * max(times, 1) else "差不多"

    def _week(self, number: int | None) -> date | None:
        return None if number is None else self.begins + number * WEEK


def group(
    asked: Iterable[Asked],
    weeks: Sequence[Sequence[Asked]],
    *,
    begins: date,
    sound: Callable[[str], str],
) -> list[Group]:
    """Put words together that sound the same or swap two characters; the commonest come first.

    Args:
        asked: over the whole time.
        weeks: the same week by week, the oldest first.
        begins: the first day of the oldest week.
        sound: tells how a word sounds.
    """
    members: dict[str, list[Asked]] = {}
    for one in sorted(asked, key=lambda one: (-one.empties, one.words)):
        word = "".join(one.words.split())
        key = sound(word)
        swapped = (known for known, ones in members.items() if is_swap(ones[0].words, word))
        members.setdefault(key if key in members else next(swapped, key), []).append(one)
    counts = [{one.words: one.empties for one in week} for week in weeks]
    groups = [
        Group(
            key,
            tuple(one.words for one in ones),
            sum(one.empties for one in ones),
            max(one.people for one in ones),
            tuple(sum(week.get(one.words, 0) for one in ones) for week in counts),
            begins,
        )
        for key, ones in members.items()
    ]
    return sorted(groups, key=lambda one: (-one.empties, one.words))


def is_swap(one: str, other: str) -> bool:
    """Tell whether two texts of three characters or more differ in two neighbours' order only."""
    if len(one) != len(other) or len(one) < 3 or one == other:
        return False
    first = next(n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    swapped = one[:first] + one[first : first + 2][::-1] + one[first + 2 :]
    return swapped == other


def weeks_of(last: date, count: int) -> list[tuple[date, date]]:
    """Return the first and last days of the ``count`` weeks that end with ``last``."""
    ends = [last - number * WEEK for number in range(count - 1, -1, -1)]
    return [(end - WEEK + timedelta(days=1), end) for end in ends]
