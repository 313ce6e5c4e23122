"""Changing a season that is released: one person proposes, another agrees; never its past.

What is proposed is kept as JSON beside the season: ``{"plan": {field: value}, "cards": {"3":
{field: value}}}``. Cards may be corrected, none is added or removed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live
from wx_archive.quiz import season_checks, season_desk
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import SeasonState
from wx_archive.quiz.season_checks import Place
from wx_archive.quiz.season_plans import (
    CardWords,
    Plan,
    card_problems,
    change_problems,
    changed,
    with_changes,
)
from wx_archive.staff.rules import Person

_NOTHING: Final = "这一季没有提出的改动"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A released season as it would be.

    Attributes:
        cards: those that would change, by ordinal.
    """

    plan: Plan
    cards: Mapping[int, CardWords]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that would change.

    Attributes:
        ordinal: of the card; 0 for the season itself.
        name: of the field.
    """

    ordinal: int
    name: str
    before: str
    after: str


def read(season: Season, cards: Sequence[CardKind]) -> Proposed:
    """Return a season as it would be; as it is where nothing is proposed."""
    told = json.loads(season.proposal) if season.proposal else {}
    plan = with_changes(season_desk.current_plan(season), told.get("plan", {}))
    own = dict(season_desk.words_of(cards))
    changes: Mapping[str, Any] = told.get("cards", {})
    return Proposed(
        plan,
        {
            int(ordinal): CardWords(**asdict(own[int(ordinal)]) | dict(values))
            for ordinal, values in changes.items()
            if int(ordinal) in own
        },
    )


def changes(season: Season, cards: Sequence[CardKind]) -> list[Change]:
    """Return what is proposed, field by field."""
    proposed, own = read(season, cards), dict(season_desk.words_of(cards))
    found = _differences(0, season_desk.current_plan(season), proposed.plan)
    for ordinal in sorted(proposed.cards):
        found += _differences(ordinal, own[ordinal], proposed.cards[ordinal])
    return found


def propose_plan(
    session: Session, season: Season, plan: Plan, *, seen: int, by: str, today: date
) -> None:
    """Propose other days, themes or words of a season; what was proposed of its cards stays.

    Raises:
        RefusedError: it is not released, was changed meanwhile, or its past would change.
    """
    season_desk.require(season, SeasonState.RELEASED, seen=seen)
    before = season_desk.current_plan(season)
    if found := change_problems(before, plan, today):
        raise RefusedError("；".join(found.values()))
    told = _told(season)
    told["plan"] = changed(before, plan)
    _keep(session, season, told, by=by)


def propose_card(
    session: Session, season: Season, card: CardKind, words: CardWords, *, seen: int, by: str
) -> None:
    """Propose other words or another picture of a card; what else was proposed stays.

    Raises:
        RefusedError: the season is not released, was changed meanwhile, or something is missing.
    """
    season_desk.require(season, SeasonState.RELEASED, seen=seen)
    if found := card_problems(words):
        raise RefusedError("；".join(found.values()))
    told = _told(season)
    told["cards"].pop(str(card.ordinal), None)
    if different := changed(CardWords.of(card), words):
        told["cards"][str(card.ordinal)] = different
    _keep(session, season, told, by=by)


def agree(
    session: Session,
    season: Season,
    place: Place,
    *,
    seen: int,
    person: Person,
    now: datetime,
    known: Live | None = None,
) -> None:
    """Let what was proposed count, in every process within two seconds.

    Raises:
        RefusedError: nothing is proposed any more, it was changed meanwhile, is the person's own,
            or cannot be any more: another season has these days, or they have passed.
    """
    season_desk.hold(session, season, known)
    _require_proposed(season, seen=seen)
    season_desk.require_other(season.proposed_by, person)
    cards = season_desk.cards_of(session, season)
    proposed, before = read(season, cards), season_desk.current_plan(season)
    found = list(change_problems(before, proposed.plan, place.today).values())
    found += season_checks.overlaps(place.connection, season.id, proposed.plan)
    found += season_checks.theme_problems(place, proposed.plan)
    after = dict(season_desk.words_of(cards)) | dict(proposed.cards)
    in_order = sorted(after.items(), key=lambda one: one[0])
    found += season_checks.cards_problems(in_order)
    found += season_checks.glyph_problems(place, proposed.plan.name, in_order)
    if found:
        raise RefusedError("；".join(found))
    _apply(season, cards, proposed)
    season.released_by, season.released_at = person.login, now
    _drop(session, season)
    if proposed.cards or proposed.plan.name != before.name:
        season_desk.have_drawn(session, season, now=now)


def refuse(session: Session, season: Season, note: str, *, seen: int, person: Person) -> None:
    """Give a proposal back, kept for its writer to go on from; the season stays as it is.

    Raises:
        RefusedError: nothing is proposed any more, it was changed meanwhile, or is their own.
    """
    _require_proposed(season, seen=seen)
    season_desk.require_other(season.proposed_by, person)
    season.note = note
    season.version += 1
    session.flush()


def propose_again(session: Session, season: Season, *, seen: int, by: str) -> None:
    """Propose what was given back once more, as it is.

    Raises:
        RefusedError: nothing was given back, or it was changed meanwhile.
    """
    season_desk.require(season, SeasonState.RELEASED, seen=seen)
    if not is_refused(season):
        raise RefusedError("这一季没有退回的改动")
    _keep(session, season, _told(season), by=by)


def is_refused(season: Season) -> bool:
    """Tell whether what is proposed was given back: its note says why, until it comes again."""
    return bool(season.proposal and season.note)


def take_back(session: Session, season: Season, *, seen: int) -> None:
    """Drop a proposal; the season stays as it is.

    Raises:
        RefusedError: nothing is proposed any more, or it was changed meanwhile.
    """
    season_desk.require(season, SeasonState.RELEASED, seen=seen)
    if not season.proposal:
        raise RefusedError(_NOTHING)
    _drop(session, season)


def _apply(season: Season, cards: Sequence[CardKind], proposed: Proposed) -> None:
    is_renamed = proposed.plan.name != season.name
    season_desk.set_plan(season, proposed.plan)
    for card in cards:
        if words := proposed.cards.get(card.ordinal):
            season_desk.set_words(card, words)
        elif is_renamed:
            card.art_pid = None  # the season's name stands on it


def _require_proposed(season: Season, *, seen: int) -> None:
    season_desk.require(season, SeasonState.RELEASED, seen=seen)
    if not season.proposal or season.note:
        raise RefusedError(_NOTHING)


def _told(season: Season) -> dict[str, dict[str, Any]]:
    told = json.loads(season.proposal) if season.proposal else {}
    return {"plan": told.get("plan", {}), "cards": told.get("cards", {})}


def _keep(session: Session, season: Season, told: Mapping[str, Any], *, by: str) -> None:
    if not told["plan"] and not told["cards"]:
        if not season.proposal:
            raise RefusedError("和现在的一样，没有改动")
        _drop(session, season)
        return
    season.proposal = json.dumps(told, ensure_ascii=False, sort_keys=True)
    season.proposed_by, season.note = by, ""
    season.version += 1
    session.flush()


def _drop(session: Session, season: Season) -> None:
    season.proposal, season.proposed_by, season.note = "", "", ""
    season.version += 1
    session.flush()


def _differences(ordinal: int, before: Plan | CardWords, after: Plan | CardWords) -> list[Change]:
    old = asdict(before)
    return [
        Change(ordinal, name, _said(old[name]), _said(value))
        for name, value in changed(before, after).items()
    ]


def _said(value: object) -> str:
    if value is None:
        return ""
    return "、".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
