"""What staff decide of a season, and what may still be changed once it is released. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import CARDS, RIGHT_FOR_CARD
from wx_archive.quiz.seasons import KnownCard

NAME_LENGTH: Final = 40
RULES_LENGTH: Final = 4_000
NUMBER_LENGTH: Final = 24
TITLE_LENGTH: Final = 40
STORY_LENGTH: Final = 400
SOURCE_LENGTH: Final = 200
ENTRY_LENGTH: Final = 120
NOTE_LENGTH: Final = 200
MOST_DAYS: Final = 366
MOST_A_DAY: Final = 200
RIGHT_FOR_SET: Final = CARDS * RIGHT_FOR_CARD
"""Fewer questions than these, and nobody can have all ten cards."""
FEW_QUESTIONS: Final = 120
"""With fewer, whoever errs now and then runs out before the tenth card."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A season's days and what is asked in it; see `models.Season`."""

    name: str
    starts_on: date
    ends_on: date
    pick_up_until: date
    daily_cap: int
    themes: tuple[str, ...] = ()
    rules: str = ""

    @property
    def days(self) -> int:
        """On how many days questions are dealt."""
        return (self.ends_on - self.starts_on).days + 1


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a card says and shows; see `models.CardKind`."""

    number: str
    title: str
    story: str
    source: str = ""
    entry: str = ""
    asset_pid: str | None = None

    @classmethod
    def of(cls, card: CardKind) -> "CardWords":
        """Return a card's."""
        return cls(**{one.name: getattr(card, one.name) for one in fields(cls)})


def plan_of(season: Season, themes: Sequence[str]) -> Plan:
    """Return a season's plan; its themes as they were read from its JSON."""
    return Plan(
        season.name,
        season.starts_on,
        season.ends_on,
        season.pick_up_until,
        season.daily_cap,
        tuple(themes),
        season.rules,
    )


def plan_problems(plan: Plan) -> dict[str, str]:
    """Return why a plan cannot be kept, by field; empty when it can."""
    found: dict[str, str] = {}
    if not plan.name:
        found["name"] = "请写这一季的名称"
    elif len(plan.name) > NAME_LENGTH:
        found["name"] = f"名称最多 {NAME_LENGTH} 个字"
    if plan.ends_on < plan.starts_on:
        found["ends_on"] = "答题的最后一天不能早于第一天"
    elif plan.days > MOST_DAYS:
        found["ends_on"] = f"一季最多 {MOST_DAYS} 天，现在是 {plan.days} 天"
    if plan.pick_up_until < plan.ends_on:
        found["pick_up_until"] = "领取的最后一天不能早于答题的最后一天"
    if not 1 <= plan.daily_cap <= MOST_A_DAY:
        found["daily_cap"] = f"每天的题数要在 1 到 {MOST_A_DAY} 之间"
    if len(plan.rules) > RULES_LENGTH:
        found["rules"] = f"规则最多 {RULES_LENGTH} 个字，现在有 {len(plan.rules)} 个"
    return found


def card_problems(words: CardWords) -> dict[str, str]:
    """Return what is missing or too long on a card, by field."""
    found: dict[str, str] = {}
    named = {"number": "编号", "title": "标题", "story": "故事", "source": "出处"}
    for name, label in named.items():
        if not getattr(words, name):
            found[name] = f"请写{label}"
    bounds = {
        "number": NUMBER_LENGTH,
        "title": TITLE_LENGTH,
        "story": STORY_LENGTH,
        "source": SOURCE_LENGTH,
        "entry": ENTRY_LENGTH,
    }
    for name, most in bounds.items():
        if (length := len(getattr(words, name))) > most:
            found[name] = f"最多 {most} 个字，现在有 {length} 个"
    return found


def change_problems(before: Plan, after: Plan, today: date) -> dict[str, str]:
    """Return what may not be changed any more in a released season: its past, and its promises."""
    found = plan_problems(after)
    if after.starts_on != before.starts_on:
        if before.starts_on <= today:
            found["starts_on"] = "这一季已经开始，第一天不能再改"
        elif after.starts_on < today:
            found["starts_on"] = "第一天不能改到过去"
    if after.ends_on != before.ends_on and after.ends_on < today:
        found["ends_on"] = "最后一天不能改到过去；今天就想结束，请填今天"
    if after.pick_up_until < before.pick_up_until:
        found["pick_up_until"] = "领取的最后一天已经告诉读者，只能往后改"
    return found


def next_plan(like: Plan, *, after: date) -> Plan:
    """Return a plan of the same lengths that begins on the day after another day."""
    moved = after + timedelta(days=1) - like.starts_on
    return Plan(
        f"{like.name[: NAME_LENGTH - 4]}（新季）",
        like.starts_on + moved,
        like.ends_on + moved,
        like.pick_up_until + moved,
        like.daily_cap,
        like.themes,
        like.rules,
    )


def known_card(ordinal: int, words: CardWords) -> KnownCard:
    """Return a card as it is drawn."""
    return KnownCard(
        ordinal,
        words.number,
        words.title,
        words.story,
        words.source,
        words.entry,
        words.asset_pid,
        None,
    )


def changed(before: Plan | CardWords, after: Plan | CardWords) -> dict[str, Any]:
    """Return the fields in which two differ, as the later one has them; JSON values."""
    new, old = asdict(after), asdict(before)
    return {name: _plain(value) for name, value in new.items() if value != old[name]}


def with_changes(plan: Plan, told: Mapping[str, Any]) -> Plan:
    """Return a plan with what `changed` told."""
    values = asdict(plan) | dict(told)
    for name in ("starts_on", "ends_on", "pick_up_until"):
        value = values[name]
        values[name] = date.fromisoformat(value) if isinstance(value, str) else value
    return Plan(**values | {"themes": tuple(values["themes"])})


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
