"""Reading in a text which other texts it repeals: 《…》（…号）同时废止, lists, 现决定废止《…》.

Pure: what is said, in the words that say it. Whether it is so is for staff to decide (`repeals`).
A text that is repealed in part (《…》第三条、《…》中关于…的规定) is left out: it stays in force.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

SENTENCE_LENGTH: Final = 500
TITLE_LENGTH: Final = 200
_TITLE: Final = "\ue000"
"""Stands for a title in the masked text, so that nothing inside a title is taken for grammar."""
_NOTE: Final = r"(?:\s*[（(][^（）()]*(?:[（(][^（）()]*[）)][^（）()]*)*[）)])"
_NUMBER: Final = r"[\u4e00-\u9fff]{2,12}\s*[〔\[［【（(]\s*\d{4}\s*[〕\]］】）)]\s*\d{1,5}\s*号"
_OBJECT: Final = re.compile(
    rf"(?:(?P<title>{_TITLE})|(?P<bare>{_NUMBER})(?:文件|文|通知)?)(?P<note>{_NOTE}*)"
)
_VERB: Final = re.compile(
    r"[，,]?(?:自[^，,。；;]{2,20}起)?(?:等?[两二三四五六七八九十\d]*[个件部项]?(?:文件|法规|规章|规定|办法|通知|条例)?)?"
    r"(?:也|均|都|一并|随之|相应)?(?:同时|即行|立即|自行|即)?(?:予以)?废止\s*(?=[。；;，,：:]|$)"
)
_JOINED: Final = re.compile(rf"\s*(?:(?:[、，,；;]|以及|和|及|与)+|(?={_TITLE})|$)\s*")
_NO_QUALIFIER: Final = re.compile(r"施行[，,；]|起施行[^的]|为准|废止|[。：:]")
_CITED: Final = re.compile(r"(?:根据|依照|按照|依据|违反|适用|执行|参照|依|按)\s*$")
_COMMAND: Final = re.compile(rf"(?:^|[，,；;：:、.）)]|决定|现|将|予以|宣布)\s*废止\s*(?={_TITLE})")
_NAMED_NEXT: Final = re.compile(rf"[、，,和及与以]*(?P<title>{_TITLE})(?P<note>{_NOTE}*)")
_LIST_HEAD: Final = re.compile(
    r"(?:(?:下列|以下|如下)[^。；]{0,60}废止|废止(?:下列|以下|如下)[^。；]{0,60})\s*[:：。]?\s*$"
)
_LIST_ITEM: Final = re.compile(
    rf"\s*(?:[（(]?[一二三四五六七八九十百\d]+[）)、.]?\s*)?[^{_TITLE}。；]{{0,60}}"
    rf"{_TITLE}{_NOTE}*\s*[。；;，,、]?\s*$"
)
_PART: Final = re.compile(r"\s*(?:中|第[一二三四五六七八九十百零\d]+[章节条款项]|的(?:有关|部分))")
_HAN: Final = "〇一二三四五六七八九"
_HAN_DAY: Final = rf"[{_HAN}零○十\d]"
_DAY: Final = re.compile(
    rf"(?P<year>[{_HAN}零○\d]{{4}})\s*年\s*(?P<month>{_HAN_DAY}{{1,3}})\s*月\s*"
    rf"(?P<day>{_HAN_DAY}{{1,3}})\s*日"
)
_FROM_DAY: Final = re.compile(
    rf"自\s*{_DAY.pattern}\s*起(?:正式)?(?:施行|实施|执行|生效|(?:同时)?废止)(?!的)"
)
_FROM_NOW: Final = re.compile(
    r"自\s*(?:本[\u4e00-\u9fff]{1,4}?)?(?:公布|发布|印发|颁布|下发|通过|签发)之日起"
    r"(?:(?:正式)?(?:施行|实施|执行|生效)(?!的)|[，,])"
)
_SENTENCE: Final = re.compile(r"[^。\n]*[。\n]?")


@dataclass(frozen=True, slots=True)
class Announcement:
    """One text says that another one is repealed.

    Attributes:
        title: as printed, without its brackets; empty where only a number is given.
        number: as printed; empty where none is given.
        sentence: what says so.
        repealed_on: first day on which it is repealed, if the text says so.
        days: days on which the other text was passed or published, as far as the sentence tells.
    """

    title: str
    number: str
    sentence: str
    repealed_on: date | None
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class _Named:
    """A text named in a sentence, with the words that tell which one is meant."""

    title: str
    bare: str
    told: str


def announcements(
    body: str, *, dated: date | None, effective_from: date | None = None
) -> tuple[Announcement, ...]:
    """Return every repeal that a text announces, in its order.

    Args:
        body: the text.
        dated: when it was issued: it may say no more than 自公布之日起施行.
        effective_from: first day in force, where that is known.
    """
    if "废止" not in body:
        return ()
    masked, titles = _masked(body)
    since = effective_from or _since(masked, dated)
    found = []
    for sentence, first in _sentences(masked):
        names = titles[first : first + sentence.count(_TITLE)]
        shown = _unmasked(sentence, names).strip()[:SENTENCE_LENGTH]
        own = _stated_day(sentence)
        for named in _named(sentence, names):
            number = re.search(_NUMBER, named.bare or named.told)
            found.append(
                Announcement(
                    named.title,
                    re.sub(r"^(?:原|我院)", "", number[0]) if number else "",
                    shown,
                    own or since,
                    _days(named.told),
                )
            )
    return tuple(dict.fromkeys(found))


def _masked(body: str) -> tuple[str, list[str]]:
    """Return the text with one sign for each title, and the titles."""
    text: list[str] = []
    titles: list[str] = []
    depth, begin = 0, 0
    for place, char in enumerate(body):
        if char == "《":
            depth += 1
            begin = place + 1 if depth == 1 else begin
        elif char == "》" and depth:
            depth -= 1
            if depth == 0:
                titles.append("".join(body[begin:place].split()))
                text.append(_TITLE)
        elif depth and place - begin > TITLE_LENGTH:  # never closed
            depth = 0
            text.append(body[begin : place + 1])
        elif depth == 0 and char != _TITLE:
            text.append(char)
    return "".join(text), titles


def _unmasked(sentence: str, titles: list[str]) -> str:
    names = iter(titles)
    return re.sub(_TITLE, lambda _match: f"《{next(names)}》", sentence)


def _sentences(masked: str) -> Iterator[tuple[str, int]]:
    """Yield what speaks of repeal, and how many titles stand before it.

    The lines of a list follow their head: 「下列文件同时废止：」.
    """
    before, in_list = 0, False
    for match in _SENTENCE.finditer(masked):
        sentence = match[0]
        if "废止" in sentence:
            in_list = bool(_LIST_HEAD.search(sentence))
            yield sentence, before
        elif in_list and sentence.strip():
            in_list = bool(_LIST_ITEM.match(sentence))
            if in_list:
                yield sentence.rstrip().rstrip("。；;，,、") + "废止", before
        before += sentence.count(_TITLE)


def _named(sentence: str, titles: list[str]) -> list[_Named]:
    """Return what the sentence repeals."""
    named_at = dict(zip(_places(sentence), titles, strict=False))
    objects = [
        match
        for match in _OBJECT.finditer(sentence)
        if _JOINED.match(sentence, match.end()) or _VERB.match(sentence, match.end())
    ]
    meant: dict[int, _Named] = {}
    for verb in _VERB.finditer(sentence):
        for match, told in _chain(sentence, objects, verb):
            title = named_at.get(match.start(), "")
            meant[match.start()] = _Named(title, match["bare"] or "", told + match["note"])
    for command in _COMMAND.finditer(sentence):
        for match in _commanded(sentence, command.end()):
            title = named_at[match.start("title")]
            meant.setdefault(match.start("title"), _Named(title, "", match["note"]))
    return [meant[place] for place in sorted(meant)]


def _places(sentence: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(_TITLE, sentence))


def _commanded(sentence: str, place: int) -> Iterator[re.Match[str]]:
    """Walk on from 废止 through the list after it: 《…》、《…》和《…》."""
    while match := _NAMED_NEXT.match(sentence, place):
        if _PART.match(sentence, match.end()):
            return
        yield match
        place = match.end()


def _chain(
    sentence: str, objects: list[re.Match[str]], verb: re.Match[str]
) -> Iterator[tuple[re.Match[str], str]]:
    """Walk back from 同时废止 through the list before it: 《…》、《…》和1990年发布的《…》."""
    follows = verb.end()
    for place in range(bisect_right(objects, follows, key=_end) - 1, -1, -1):
        match = objects[place]
        if follows == verb.end():
            last = _VERB.match(sentence, match.end())
            if last is None or last.end() != follows:
                return
        elif not _is_joined(sentence[match.end() : follows]):
            return
        earlier = objects[place - 1].end() if place else 0
        told = sentence[earlier : match.start()]
        if _CITED.search(told):
            return
        yield match, told
        follows = match.start()


def _end(match: re.Match[str]) -> int:
    return match.end()


def _is_joined(between: str) -> bool:
    """Tell whether the words between two titles only join them and say which one is meant."""
    match = _JOINED.match(between)
    if match is None:
        return False
    told = between[match.end() :].strip()
    if not told or told == "原":
        return True
    if _NO_QUALIFIER.search(told):
        return False
    return told.endswith("的") or (len(told) <= 30 and not re.search(r"[，,；;]", told))


# -- days -------------------------------------------------------------------------------------


def _since(masked: str, dated: date | None) -> date | None:
    """Return the first day in force as the text says it about itself, last words first."""
    stated = list(_FROM_DAY.finditer(masked))
    if stated:
        return _to_day(stated[-1])
    return dated if _FROM_NOW.search(masked) else None


def _stated_day(sentence: str) -> date | None:
    match = _FROM_DAY.search(sentence)
    return _to_day(match) if match else None


def _days(told: str) -> frozenset[date]:
    """Return the days named, without those since which something applies."""
    found = set()
    for match in _DAY.finditer(told):
        if told[: match.start()].rstrip().endswith("自"):
            continue
        if day := _to_day(match):
            found.add(day)
    return frozenset(found)


def _to_day(match: re.Match[str]) -> date | None:
    try:
        return date(_number(match["year"]), _number(match["month"]), _number(match["day"]))
    except ValueError:
        return None


def _number(text: str) -> int:
    """Return a number in either kind of digits: 2001, 二〇〇一, 二十一."""
    text = text.replace("零", _HAN[0]).replace("○", _HAN[0])
    if "十" not in text:
        return int("".join(str(_HAN.index(char)) if char in _HAN else char for char in text))
    tens, _ten, ones = text.partition("十")
    return 10 * (_number(tens) if tens else 1) + (_number(ones) if ones else 0)
