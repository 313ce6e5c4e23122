"""What keeps a season from being released, and what the second person ought to know."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select

from wx_archive.media import fonts
from wx_archive.media import service as media
from wx_archive.quiz import entries, pictures
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import CARDS, SeasonState
from wx_archive.quiz.season_plans import (
    FEW_QUESTIONS,
    RIGHT_FOR_SET,
    CardWords,
    Plan,
    card_problems,
    known_card,
    plan_problems,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a season is judged by.

    Attributes:
        bank: the questions that count.
        today: the Shanghai day.
        font: as settings name it, what cards are drawn in.
    """

    connection: Connection
    bank: Bank
    today: date
    font: Path | None = None


def problems(
    place: Place, season_id: int, plan: Plan, cards: Sequence[tuple[int, CardWords]]
) -> list[str]:
    """Return why a season cannot be released: sentences, empty when it can.

    Args:
        place: what it is judged by.
        season_id: its own days are no others'.
        plan: its days.
        cards: its cards with their ordinals, in order.
    """
    found = list(plan_problems(plan).values())
    if plan.starts_on < place.today:
        found.append("第一天已经过去，请改到今天或以后")
    found += overlaps(place.connection, season_id, plan)
    found += theme_problems(place, plan)
    if (asked := questions(place, plan)) < RIGHT_FOR_SET:
        found.append(
            f"能出的题只有 {asked} 道，集齐 {CARDS} 张卡要答对 {RIGHT_FOR_SET} 道；"
            "请多选几个主题，或先补题"
        )
    return found + cards_problems(cards) + glyph_problems(place, plan.name, cards)


def cards_problems(cards: Sequence[tuple[int, CardWords]]) -> list[str]:
    """Return why these cards are no ten cards of a season."""
    found = []
    if missing := sorted(set(range(1, CARDS + 1)) - {ordinal for ordinal, _words in cards}):
        found.append(f"还缺第 {'、'.join(map(str, missing))} 张卡，一季正好 {CARDS} 张")
    for ordinal, words in cards:
        if bad := card_problems(words):
            found.append(f"第 {ordinal} 张卡：{'；'.join(bad.values())}")
    for name, label in (("number", "编号"), ("title", "标题")):
        values = [getattr(words, name) for _ordinal, words in cards]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            found.append(f"有卡的{label}相同：{'、'.join(twice)}")
    return found


def glyph_problems(
    place: Place, season_name: str, cards: Sequence[tuple[int, CardWords]]
) -> list[str]:
    """Return which cards nobody could draw: their typeface lacks a character.

    Without any typeface nothing is known of them; the pages of the cards tell of that.
    """
    found = []
    for ordinal, words in cards:
        card = known_card(ordinal, words)
        with suppress(fonts.NoFontError):
            if lacking := pictures.lacking(card, season_name, place.font):
                found.append(f"第 {ordinal} 张卡画不出来：字体里没有“{lacking}”，请换一种写法")
    return found


def overlaps(connection: Connection, season_id: int, plan: Plan) -> list[str]:
    """Return with which released seasons this one would share a day."""
    rows = connection.execute(
        select(Season.name, Season.starts_on, Season.ends_on)
        .where(
            Season.state == SeasonState.RELEASED,
            Season.id != season_id,
            Season.starts_on <= plan.ends_on,
            Season.ends_on >= plan.starts_on,
        )
        .order_by(Season.starts_on)
    )
    return [
        f"和已放行的“{row.name}”（{row.starts_on} 至 {row.ends_on}）有同一天，两季不能同时答"
        for row in rows
    ]


def theme_problems(place: Place, plan: Plan) -> list[str]:
    """Return which themes the bank does not have."""
    unknown = [slug for slug in plan.themes if slug not in place.bank.themes]
    return [f"题库里没有这个主题：{'、'.join(unknown)}"] if unknown else []


def questions(place: Place, plan: Plan) -> int:
    """Return how many questions can be dealt on some day of a season, of those that are left."""
    first = max(place.today, plan.starts_on)
    return sum(
        one.since <= plan.ends_on
        and (one.retired is None or first < one.retired)
        and (not plan.themes or one.theme in plan.themes)
        for one in place.bank.questions.values()
    )


def warnings(place: Place, plan: Plan, cards: Sequence[tuple[int, CardWords]]) -> list[str]:
    """Return what is allowed and yet worth a second look."""
    found = []
    asked, needed = questions(place, plan), plan.daily_cap * plan.days
    if asked < FEW_QUESTIONS:
        found.append(f"能出的题有 {asked} 道，少于 {FEW_QUESTIONS} 道：答错几道的人可能集不齐")
    elif asked < needed:
        lasts = math.ceil(asked / plan.daily_cap)
        found.append(
            f"能出的题有 {asked} 道；每天答满 {plan.daily_cap} 道的人，第 {lasts} 天就答完了，"
            f"这一季有 {plan.days} 天"
        )
    pictures = media.find(place.connection, [one.asset_pid for _n, one in cards if one.asset_pid])
    for ordinal, words in cards:
        if words.entry and entries.named(place.connection, words.entry, today=place.today) is None:
            found.append(f"第 {ordinal} 张卡的 {words.entry} 公众现在查不到，卡上不会有链接")
        if words.asset_pid and words.asset_pid not in pictures:
            found.append(f"第 {ordinal} 张卡的图片已经从媒体库撤下，卡面会用大字代替")
    return found
